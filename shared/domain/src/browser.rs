use serde::{Deserialize, Serialize};

use crate::{CompanyId, PushSubscription, StaffId, SubscriptionId, Timestamp};

/// A browser in which a member of staff has turned on push notifications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Browser {
    pub company: CompanyId,
    pub staff: StaffId,
    pub subscription: PushSubscription,
    /// The name in a list of browsers: "Firefox on Linux".
    pub name: String,
    pub since: Timestamp,
    pub last_delivery: Option<Timestamp>,
    /// The last failed delivery, even if a later delivery succeeded.
    pub last_problem: Option<PushProblem>,
    /// The last test notification that the member of staff asked for.
    pub test: Option<PushTest>,
}

impl Browser {
    /// Returns the id of the browser's push subscription.
    #[must_use]
    pub fn id(&self) -> SubscriptionId {
        self.subscription.id()
    }

    /// Returns the current problem; `None` if a delivery has succeeded since the last problem.
    #[must_use]
    pub fn problem(&self) -> Option<PushProblem> {
        self.last_problem.filter(|problem| self.last_delivery.is_none_or(|delivered| delivered <= problem.at))
    }

    /// Returns the time before which no push is sent to the browser.
    #[must_use]
    pub fn not_before(&self) -> Option<Timestamp> {
        self.problem().and_then(|problem| problem.not_before)
    }
}

/// A test notification, which a member of staff requests to check that notifications arrive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushTest {
    /// The id of the test. The notification contains it.
    pub nonce: String,
    pub at: Timestamp,
}

/// A failed delivery of a push notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushProblem {
    pub what: PushFailure,
    pub at: Timestamp,
    /// The time before which no push is sent to the browser, because the push service requested a wait or timed out. A
    /// wait stays in force when another problem follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
}

/// Why a push notification is not delivered to a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PushFailure {
    /// The push service is down or overloaded. The push is retried.
    Unreachable,
    /// The push service rejects the push: the request is wrong, or the service does not know the key.
    Refused,
    /// The push service is not, or no longer, on the list of allowed services.
    NotAllowed,
}

impl PushFailure {
    /// Returns whether the problem stays until someone fixes it.
    #[must_use]
    pub fn lasts(self) -> bool {
        self != Self::Unreachable
    }

    /// Returns what happened, as a sentence for the owner of the browser.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Unreachable => "This browser's notification service could not be reached.",
            Self::Refused => "This browser's notification service did not accept a notification.",
            Self::NotAllowed => "This browser's notification service is not one that Switchboard may send to.",
        }
    }

    /// Returns what to do about the problem while it lasts.
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

/// Which messages a member of staff gets push notifications for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PushPreference {
    #[default]
    All,
    /// Messages from customers whose next appointment is with this member of staff.
    Mine,
}
