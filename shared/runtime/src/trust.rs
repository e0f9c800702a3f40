//! Whose certificates are believed.

use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_types::sdk_config::SharedHttpClient;

/// The roots of certificates that are believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Roots {
    /// Those of this machine, some 140, or of `SSL_CERT_FILE` or `SSL_CERT_DIR`.
    System,
    /// The five that AWS's own endpoints come from: nobody else can then stand in for AWS. It also
    /// saves a little at the start; `tests/bench` has the figures.
    Amazon,
}

impl Roots {
    /// For the services of AWS: Amazon's, except for whoever has other endpoints or roots of their
    /// own, and outside of the partition that Amazon Trust Services is known to serve.
    pub(crate) fn for_aws(variable: impl Fn(&str) -> Option<String>) -> Self {
        const OTHERS: [&str; 3] = ["AWS_ENDPOINT_URL", "SSL_CERT_FILE", "SSL_CERT_DIR"];
        const OTHER_PARTITIONS: [&str; 4] = ["cn-", "eusc-", "us-iso", "eu-iso"];
        let region = variable("AWS_REGION").unwrap_or_default();
        let elsewhere = OTHER_PARTITIONS.iter().any(|partition| region.starts_with(partition));
        if elsewhere || OTHERS.iter().any(|name| variable(name).is_some()) { Self::System } else { Self::Amazon }
    }

    fn store(self) -> TrustStore {
        match self {
            Self::System => TrustStore::default(),
            Self::Amazon => TrustStore::empty().with_pem_certificate(include_bytes!("amazon-roots.pem").as_slice()),
        }
    }
}

/// One HTTP client with one TLS library for every service.
pub(crate) fn http_client_trusting(roots: Roots) -> SharedHttpClient {
    let client = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring));
    match TlsContext::builder().with_trust_store(roots.store()).build() {
        Ok(context) => client.tls_context(context),
        // The builder only has this to refuse: it never does.
        Err(_) => client,
    }
    .build_https()
}

/// For a client that runs elsewhere than on Lambda: whoever the system believes is believed.
#[must_use]
pub fn http_client() -> SharedHttpClient {
    http_client_trusting(Roots::System)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roots(variables: &[(&str, &str)]) -> Roots {
        let value = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        Roots::for_aws(|name| value(name).map(str::to_owned))
    }

    #[test]
    fn only_amazons_own_endpoints_are_held_to_amazons_roots() {
        assert_eq!(roots(&[("AWS_REGION", "us-east-1")]), Roots::Amazon);
        assert_eq!(roots(&[("AWS_REGION", "eu-central-1")]), Roots::Amazon);
        assert_eq!(roots(&[("AWS_REGION", "us-gov-west-1")]), Roots::Amazon);
        for region in ["cn-north-1", "eusc-de-east-1", "us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1"] {
            assert_eq!(roots(&[("AWS_REGION", region)]), Roots::System, "{region}");
        }
        for other in ["AWS_ENDPOINT_URL", "SSL_CERT_FILE", "SSL_CERT_DIR"] {
            assert_eq!(roots(&[("AWS_REGION", "us-east-1"), (other, "something")]), Roots::System, "{other}");
        }
    }

    #[test]
    fn amazons_roots_can_be_read() {
        // It panics at one that cannot.
        let client = aws_sdk_dynamodb::Client::new(
            &aws_types::SdkConfig::builder()
                .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::latest())
                .http_client(http_client_trusting(Roots::Amazon))
                .build(),
        );
        drop(client);
        let pem = include_str!("amazon-roots.pem");
        assert_eq!(pem.matches("BEGIN CERTIFICATE").count(), 5);
    }
}
