/// Why somebody is not signed in. The sign-in page has a sentence for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureReason {
    /// The identity provider, or what we need to ask it, is out of reach, or does not take us for its
    /// client: nobody can sign in.
    Unavailable,
    /// This browser has begun no such sign-in, or too long ago.
    Stale,
    /// The identity provider, or what it said, did not prove who it is.
    Refused,
    /// Known to the identity provider, and to no company here.
    Stranger,
}

impl FailureReason {
    /// The part of the sign-in page that says it.
    pub(crate) fn anchor(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::Stale => "stale",
            Self::Refused => "refused",
            Self::Stranger => "stranger",
        }
    }
}

/// The same with what an operator needs to know. Holds nothing of what was sent either way: that
/// can be a token, an address or a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SignInFailure {
    pub(crate) reason: FailureReason,
    pub(crate) what: &'static str,
}

pub(crate) const STALE: SignInFailure =
    SignInFailure { reason: FailureReason::Stale, what: "a callback without its attempt" };

pub(crate) const fn unavailable(what: &'static str) -> SignInFailure {
    SignInFailure { reason: FailureReason::Unavailable, what }
}

pub(crate) const fn rejected(what: &'static str) -> SignInFailure {
    SignInFailure { reason: FailureReason::Refused, what }
}

pub(crate) const fn stranger(what: &'static str) -> SignInFailure {
    SignInFailure { reason: FailureReason::Stranger, what }
}
