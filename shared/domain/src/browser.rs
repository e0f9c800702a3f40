use serde::{Deserialize, Serialize};

use crate::{CompanyId, PushSubscription, StaffId, SubscriptionId, Timestamp};

/// A browser in which a member of staff allowed notifications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Browser {
    pub company: CompanyId,
    pub staff: StaffId,
    pub subscription: PushSubscription,
    /// As it is called in a list of browsers: "Firefox on Linux".
    pub name: String,
    pub since: Timestamp,
    pub last_delivery: Option<Timestamp>,
    /// What last went wrong, be it over or not.
    pub last_problem: Option<PushProblem>,
    /// The last test that was asked for.
    pub test: Option<PushTest>,
}

impl Browser {
    #[must_use]
    pub fn id(&self) -> SubscriptionId {
        self.subscription.id()
    }

    /// What is wrong with it: whatever came before the last delivery is over.
    #[must_use]
    pub fn problem(&self) -> Option<PushProblem> {
        self.last_problem.filter(|problem| self.last_delivery.is_none_or(|delivered| delivered <= problem.at))
    }

    /// Before this it is left alone.
    #[must_use]
    pub fn not_before(&self) -> Option<Timestamp> {
        self.problem().and_then(|problem| problem.not_before)
    }
}

/// A notification that a member of staff asked for, to see whether they arrive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushTest {
    /// Names it: it comes back in the notification.
    pub nonce: String,
    pub at: Timestamp,
}

/// That a notification was not delivered to a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushProblem {
    pub what: PushFailure,
    pub at: Timestamp,
    /// When it may be tried again: its push service says so, or has kept others waiting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
}

/// Why a browser is not delivered to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PushFailure {
    /// Its push service is not there, or has too much to do. It is tried again.
    Unreachable,
    /// Its push service does not take what we send: our mistake, or a key that it does not know.
    Refused,
    /// Its push service is none that may be sent to, or not any more.
    NotAllowed,
}

impl PushFailure {
    /// Whether it stays until somebody does something about it.
    #[must_use]
    pub fn lasts(self) -> bool {
        self != Self::Unreachable
    }

    /// What happened, for whoever's browser it is.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Unreachable => "This browser's notification service could not be reached.",
            Self::Refused => "This browser's notification service did not accept a notification.",
            Self::NotAllowed => "This browser's notification service is not one that Switchboard may send to.",
        }
    }

    /// What there is to be done about it, as long as it is not over.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::Unreachable => "Notifications are tried again for a while.",
            Self::Refused => {
                "Turn notifications off and on again in that browser; if it goes on, tell your administrator."
            }
            Self::NotAllowed => "Ask your administrator.",
        }
    }
}

/// Which messages a member of staff is notified of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PushPreference {
    #[default]
    All,
    /// Those of customers whose next appointment is theirs.
    Mine,
}
