//! Failed calls to AWS, with messages for operators.

use std::fmt;

use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};
use store::StoreError;

/// A failed call to AWS.
///
/// Contains only the names of the action and the error, because the services' own messages can quote keys and policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AwsCallError {
    /// The action in an IAM policy, such as `sqs:GetQueueAttributes`.
    action: String,
    pub(crate) why: FailureCause,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FailureCause {
    NotReached,
    TooLate,
    Denied,
    /// The credentials have expired, or were never valid.
    NotSignedIn,
    NotThere,
    Other(String),
}

impl AwsCallError {
    pub(crate) fn new(action: &str, code: &str) -> Self {
        let why = match code {
            "not reached" => FailureCause::NotReached,
            "timed out" => FailureCause::TooLate,
            code if code.starts_with("AccessDenied") || code.starts_with("AuthorizationError") => FailureCause::Denied,
            "UnauthorizedOperation" => FailureCause::Denied,
            "ExpiredToken"
            | "ExpiredTokenException"
            | "InvalidClientTokenId"
            | "UnrecognizedClientException"
            | "InvalidSignatureException"
            | "SignatureDoesNotMatch"
            | "IncompleteSignature" => FailureCause::NotSignedIn,
            code if code.contains("NotFound") || code.contains("NonExistent") => FailureCause::NotThere,
            code => FailureCause::Other(code.to_owned()),
        };
        Self { action: action.to_owned(), why }
    }

    pub(crate) fn of_store(error: &StoreError) -> Self {
        match error {
            StoreError::Unavailable { operation, code } => Self::new(&format!("dynamodb:{operation}"), code),
            StoreError::SignedOut => Self::new("the session check", &error.to_string()),
            StoreError::Contended { operation } => {
                Self::new(&format!("dynamodb:{operation}"), "other writers changed the same items; try again")
            }
            StoreError::Misshapen { operation } => Self::new(
                &format!("dynamodb:{operation}"),
                "this version cannot parse an item; use the version that is deployed",
            ),
        }
    }
}

/// Returns a function for `map_err` that turns an SDK error of this action into a [`Failure`].
pub(crate) fn failure<E, R>(action: &'static str) -> impl FnOnce(SdkError<E, R>) -> AwsCallError
where
    E: ProvideErrorMetadata,
{
    move |error| {
        let code = match &error {
            SdkError::ServiceError(service) => service.err().code().unwrap_or("an error without a code"),
            SdkError::TimeoutError(_) => "timed out",
            SdkError::DispatchFailure(_) => "not reached",
            SdkError::ConstructionFailure(_) => "the request cannot be built",
            _ => "the response is invalid",
        };
        AwsCallError::new(action, code)
    }
}

impl fmt::Display for AwsCallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let action = &self.action;
        match &self.why {
            FailureCause::NotReached => {
                write!(f, "Cannot reach AWS for {action}. Check the network, the region and AWS_ENDPOINT_URL.")
            }
            FailureCause::TooLate => write!(f, "{action} timed out. Try again."),
            FailureCause::Denied => write!(
                f,
                "These credentials do not allow {action}. infra/admin/README.md lists the permissions of an operator."
            ),
            FailureCause::NotSignedIn => {
                write!(
                    f,
                    "AWS rejects these credentials: they are invalid or have expired. Sign in again (`aws sso login`)."
                )
            }
            FailureCause::NotThere => write!(f, "{action} failed: the resource does not exist."),
            FailureCause::Other(code) => write!(f, "{action} failed: {code}."),
        }
    }
}

impl std::error::Error for AwsCallError {}
