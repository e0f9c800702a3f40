use std::io::IsTerminal;

use anyhow::anyhow;
use store::{DirectoryError, Store, StoreError};

use crate::consent::Consent;
use crate::failure::{AwsCallError, FailureCause};
use crate::output::Output;
use crate::target::{Target, TargetKind};

/// The operator who runs a command: the target stack, the output format, and whether to ask before removals.
pub(crate) struct Operator {
    pub(crate) place: Target,
    pub(crate) store: Store,
    pub(crate) output: Output,
    pub(crate) consent: Consent,
}

impl Operator {
    pub(crate) fn new(place: Target, output: Output, yes: bool) -> Self {
        let terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        let consent = match (yes, terminal) {
            (true, _) => Consent::Given,
            (false, true) => Consent::Asked,
            (false, false) => Consent::Lacking,
        };
        Self { store: place.store(), place, output, consent }
    }

    /// Converts a directory error into a message: nothing was changed, the reason, and the next step for the operator.
    pub(crate) fn error_of(&self, refused: &DirectoryError) -> anyhow::Error {
        let next = match refused {
            DirectoryError::Store(error) => return self.failed(error),
            DirectoryError::CompanyExists
            | DirectoryError::CompanyRemoved
            | DirectoryError::CompanyReserved
            | DirectoryError::NoCompany => "`company list` shows the companies.",
            DirectoryError::CompanyHasStaff
            | DirectoryError::StaffExists
            | DirectoryError::NoStaff
            | DirectoryError::LoginTaken => "`staff list` shows the staff.",
            DirectoryError::LineTaken | DirectoryError::LineReserved | DirectoryError::NoLine => {
                "`line list` shows the lines."
            }
            DirectoryError::FirstLine => "`line first` sets another.",
            DirectoryError::CallsOnly => "`line list` shows the other lines.",
        };
        anyhow!("Nothing was changed: {refused}. {next}")
    }

    /// Returns the advice for the phone numbers of removed lines. Empty for the local stack.
    pub(crate) fn next_for_numbers(&self) -> &'static str {
        match self.place.kind {
            TargetKind::Local(_) => "",
            TargetKind::Deployed(_) => {
                " Release the number, or turn its two-way SMS off: messages to it end in the dead-letter queue."
            }
        }
    }

    /// Returns the error for a failed request to the table.
    pub(crate) fn failed(&self, error: &StoreError) -> anyhow::Error {
        self.not_done(AwsCallError::of_store(error))
    }

    /// Returns the error for a failed call. If the local stack is unreachable, the error says how to start it.
    pub(crate) fn not_done(&self, failure: AwsCallError) -> anyhow::Error {
        match (&self.place.kind, &failure.why) {
            (TargetKind::Local(address), FailureCause::NotReached) => not_running(address),
            _ => anyhow!(failure),
        }
    }
}

/// Returns the error for a local stack that does not answer.
pub(crate) fn not_running(address: &str) -> anyhow::Error {
    anyhow!(
        "No local stack answers at {address}. Start it with `cargo run`, or set its address with --local=http://localhost:PORT."
    )
}
