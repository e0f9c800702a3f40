//! TLS in front of a local server, with its own certificate authority.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// The certificate authority of the local servers.
pub(crate) struct CertificateAuthority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl CertificateAuthority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        // This name differs from that of the server certificates. Otherwise Node would consider those self-signed.
        params.distinguished_name.push(DnType::CommonName, "Authority of a benchmark");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { issuer }
    }

    /// Writes the authority's certificate and other root certificates to a file.
    pub(crate) fn write(&self, file: &Path, others: &str) {
        std::fs::write(file, format!("{}\n{others}", self.issuer.pem())).unwrap();
    }

    /// Accepts TLS connections and forwards their content to `server`.
    pub(crate) async fn terminate(&self, server: SocketAddr) -> SocketAddr {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let _ = stream.set_nodelay(true);
                tokio::spawn(hand_on(acceptor.clone(), stream, server));
            }
        });
        address
    }
}

/// Forwards data until one side closes the connection. A function can be stopped while its connection is open.
async fn hand_on(acceptor: TlsAcceptor, stream: TcpStream, server: SocketAddr) -> std::io::Result<()> {
    let mut inside = acceptor.accept(stream).await?;
    let mut onward = TcpStream::connect(server).await?;
    onward.set_nodelay(true)?;
    copy_bidirectional(&mut inside, &mut onward).await?;
    Ok(())
}
