use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_types::sdk_config::SharedHttpClient;

/// Returns an HTTP client with one TLS library for every service.
///
/// The client trusts the root certificates of the machine: those of Lambda's runtime, which AWS updates, or of
/// `SSL_CERT_FILE` and `SSL_CERT_DIR`.
///
/// It does not limit its trust to Amazon's own five root certificates. AWS advises against pinning (ACM, "Troubleshoot
/// certificate pinning"), and pinning saved no more than a millisecond of a start (`tests/bench`).
#[must_use]
pub fn http_client() -> SharedHttpClient {
    Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}
