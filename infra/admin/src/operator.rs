use std::io::IsTerminal;

use anyhow::anyhow;
use store::{DirectoryError, Store, StoreError};

use crate::consent::Consent;
use crate::failure::{Failure, FailureCause};
use crate::output::Output;
use crate::target::{Target, TargetKind};

/// Whoever gives a command, with what it needs: where, how to answer, and whether to ask first.
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

    /// Why nothing was changed, and what to do about it.
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
            | DirectoryError::LoginTaken => "`staff list` shows who there is.",
            DirectoryError::LineTaken | DirectoryError::LineReserved | DirectoryError::NoLine => {
                "`line list` shows the lines."
            }
            DirectoryError::FirstLine => "`line first` gives it another.",
            DirectoryError::CallsOnly => "`line list` shows which others it has.",
        };
        anyhow!("Nothing was changed: {refused}. {next}")
    }

    /// What is left to do about numbers that are lines no more.
    pub(crate) fn next_for_numbers(&self) -> &'static str {
        match self.place.kind {
            TargetKind::Local(_) => "",
            TargetKind::Deployed(_) => {
                " Release the number, or turn its two-way SMS off: what is still texted to it ends in the dead-letter queue."
            }
        }
    }

    /// Why the table was not asked, or did not answer.
    pub(crate) fn failed(&self, error: &StoreError) -> anyhow::Error {
        self.not_done(Failure::of_store(error))
    }

    /// Why something was not asked, or did not answer.
    pub(crate) fn not_done(&self, failure: Failure) -> anyhow::Error {
        match (&self.place.kind, &failure.why) {
            (TargetKind::Local(address), FailureCause::NotReached) => not_running(address),
            _ => anyhow!(failure),
        }
    }
}

pub(crate) fn not_running(address: &str) -> anyhow::Error {
    anyhow!(
        "No local stack answers at {address}. Start it with `cargo run`, or say where it is with --local=http://localhost:PORT."
    )
}
