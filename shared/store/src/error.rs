use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use thiserror::Error;

/// The error for a failed operation on the table.
///
/// Contains only the name of the operation and the code of the error. The messages of DynamoDB can quote keys, and keys
/// can contain phone numbers.
#[derive(Debug, Error)]
pub enum StoreError {
    #[error("{operation} failed: {code}")]
    Unavailable { operation: &'static str, code: String },
    /// The session of the HTTP request has ended. Nothing was written.
    #[error("the session is over")]
    SignedOut,
    /// Nothing was written, because every attempt failed because of another writer.
    #[error("{operation} met other writers too often")]
    Contended { operation: &'static str },
    #[error("an item read by {operation} is not of the shape it was written in")]
    Misshapen { operation: &'static str },
}

pub(crate) fn unavailable<E, R>(operation: &'static str) -> impl FnOnce(SdkError<E, R>) -> StoreError
where
    E: ProvideErrorMetadata,
{
    move |error| match code(&error) {
        code if code == "TransactionConflictException" => StoreError::Contended { operation },
        code => StoreError::Unavailable { operation, code },
    }
}

/// Returns whether an update was made. `false` means that its condition failed and nothing has changed.
pub(crate) fn updated<R>(answer: Result<UpdateItemOutput, SdkError<UpdateItemError, R>>) -> Result<bool, StoreError> {
    match answer {
        Ok(_) => Ok(true),
        Err(error) if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) => {
            Ok(false)
        }
        Err(error) => Err(unavailable("UpdateItem")(error)),
    }
}

pub(crate) fn invalid_item<E>(operation: &'static str) -> impl FnOnce(E) -> StoreError {
    move |_| StoreError::Misshapen { operation }
}

fn code<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    match error {
        SdkError::ServiceError(service) => service.err().code().unwrap_or("unnamed").to_owned(),
        SdkError::TimeoutError(_) => "timed out".to_owned(),
        SdkError::DispatchFailure(_) => "not reached".to_owned(),
        SdkError::ConstructionFailure(_) => "not built".to_owned(),
        _ => "no valid answer".to_owned(),
    }
}
