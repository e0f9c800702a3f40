use std::io::IsTerminal;

use anyhow::anyhow;
use store::{Refused, Store, StoreError};

use crate::consent::Consent;
use crate::failure::{Failure, Why};
use crate::output::Output;
use crate::place::{Kind, Place};

/// Whoever gives a command, with what it needs: where, how to answer, and whether to ask first.
pub(crate) struct Operator {
    pub(crate) place: Place,
    pub(crate) store: Store,
    pub(crate) output: Output,
    pub(crate) consent: Consent,
}

impl Operator {
    pub(crate) fn new(place: Place, output: Output, yes: bool) -> Self {
        let terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        let consent = match (yes, terminal) {
            (true, _) => Consent::Given,
            (false, true) => Consent::Asked,
            (false, false) => Consent::Lacking,
        };
        Self { store: place.store(), place, output, consent }
    }

    /// Why nothing was changed, and what to do about it.
    pub(crate) fn refused(&self, refused: &Refused) -> anyhow::Error {
        let next = match refused {
            Refused::Store(error) => return self.failed(error),
            Refused::CompanyExists | Refused::CompanyRemoved | Refused::CompanyReserved | Refused::NoCompany => {
                "`company list` shows the companies."
            }
            Refused::CompanyHasStaff | Refused::StaffExists | Refused::NoStaff | Refused::LoginTaken => {
                "`staff list` shows who there is."
            }
            Refused::LineTaken | Refused::LineReserved | Refused::NoLine => "`line list` shows the lines.",
            Refused::FirstLine => "`line first` gives it another.",
            Refused::CallsOnly => "`line list` shows which others it has.",
        };
        anyhow!("Nothing was changed: {refused}. {next}")
    }

    /// What is left to do about numbers that are lines no more.
    pub(crate) fn next_for_numbers(&self) -> &'static str {
        match self.place.kind {
            Kind::Local(_) => "",
            Kind::Deployed(_) => {
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
            (Kind::Local(address), Why::NotReached) => not_running(address),
            _ => anyhow!(failure),
        }
    }
}

pub(crate) fn not_running(address: &str) -> anyhow::Error {
    anyhow!(
        "No local stack answers at {address}. Start it with `cargo run`, or say where it is with --local=http://localhost:PORT."
    )
}
