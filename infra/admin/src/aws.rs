//! Configures the AWS SDK from the same profiles, sign-ins and environment variables as the AWS CLI.

use std::time::Duration;

use anyhow::{anyhow, bail};
use aws_config::BehaviorVersion;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;

/// Returns timeouts that suit an operator who waits at a terminal: 3 seconds to connect, 20 seconds for an operation.
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(Duration::from_secs(3)).operation_timeout(Duration::from_secs(20)).build()
}

pub(crate) async fn deployed(profile: Option<&str>, region: Option<&str>) -> anyhow::Result<SdkConfig> {
    let mut loader =
        aws_config::defaults(BehaviorVersion::latest()).http_client(runtime::http_client()).timeout_config(timeouts());
    if let Some(profile) = profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = region {
        loader = loader.region(Region::new(region.to_owned()));
    }
    let aws = loader.load().await;
    if aws.region().is_none() {
        bail!("No AWS region is configured. Set --aws-region, AWS_REGION or the profile's `region`.");
    }
    let Some(provider) = aws.credentials_provider() else { bail!(NO_CREDENTIALS) };
    // Resolve the credentials once: the SDK clients would each run the credential process or sign-in again.
    let credentials = provider.provide_credentials().await.map_err(|error| not_signed_in(&error, profile))?;
    Ok(aws.into_builder().credentials_provider(SharedCredentialsProvider::new(credentials)).build())
}

pub(crate) fn local(address: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("local"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::from_keys("local", "local", None)))
        .http_client(runtime::http_client())
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .timeout_config(timeouts())
        .endpoint_url(address)
        .build()
}

const NO_CREDENTIALS: &str = "No AWS credentials were found. Sign in as for the AWS CLI (`aws configure`, or `aws configure \
                              sso` and `aws sso login`), or name a profile with --profile.";

/// Returns the error for credentials that could not be loaded.
///
/// The error does not quote the cause, which can contain the output of a credential process.
fn not_signed_in(error: &CredentialsError, profile: Option<&str>) -> anyhow::Error {
    let option = profile.map_or_else(String::new, |profile| format!(" --profile {profile}"));
    match (error, profile) {
        (CredentialsError::CredentialsNotLoaded(_), None) => anyhow!(NO_CREDENTIALS),
        (CredentialsError::CredentialsNotLoaded(_), Some(profile)) => anyhow!(
            "The AWS configuration has no profile {profile}, or the profile has no credentials. `aws configure list{option}` \
             shows the configuration."
        ),
        (CredentialsError::ProviderTimedOut(_), _) => {
            anyhow!("The provider of the AWS credentials timed out. Try `aws sts get-caller-identity{option}`.")
        }
        (CredentialsError::InvalidConfiguration(_), _) => anyhow!(
            "The AWS configuration is invalid, or has no such profile. `aws configure list{option}` shows the configuration."
        ),
        _ => anyhow!(
            "The AWS credentials cannot be loaded; the sign-in may have expired. Try `aws sso login{option}`. If only the AWS \
             CLI can load them, for example with a second factor, run `eval \"$(aws configure export-credentials --format \
             env{option})\"` first."
        ),
    }
}
