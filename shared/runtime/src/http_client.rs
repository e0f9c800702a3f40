use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_types::sdk_config::SharedHttpClient;

/// One HTTP client with one TLS library for every service. It believes whoever the machine believes: the roots of Lambda's
/// runtime, which AWS keeps up, or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`.
///
/// Not Amazon's own roots, which are five: AWS advises against pinning (ACM, "Troubleshoot certificate pinning"), and they
/// saved no more than a millisecond of a start (`tests/bench`).
#[must_use]
pub fn http_client() -> SharedHttpClient {
    Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}
