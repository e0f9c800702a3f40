//! A push service that accepts and counts all messages.

use std::collections::HashSet;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// What the service received in one run of a contestant.
#[derive(Default)]
pub(crate) struct RunTraffic {
    pub(crate) connections: usize,
    pub(crate) messages: usize,
    /// The distinct VAPID signatures.
    pub(crate) signatures: HashSet<Vec<u8>>,
    /// The first message bodies, with their paths.
    pub(crate) first: Vec<(String, Vec<u8>)>,
}

pub(crate) struct Service {
    seen: Arc<Mutex<RunTraffic>>,
}

/// The number of message bodies that are kept for decryption.
const MAX_SAMPLES: usize = 1000;

impl Service {
    /// Opens the service at port 443 of every address, and writes its root certificate to `certificate` for clients.
    pub(crate) async fn open(host: &str, certificate: &Path) -> Self {
        let acceptor = TlsAcceptor::from(Arc::new(config(host, certificate)));
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 443)).await.unwrap();
        let seen = Arc::<Mutex<RunTraffic>>::default();
        let shared = seen.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                tokio::spawn(serve(acceptor.clone(), stream, shared.clone()));
            }
        });
        Self { seen }
    }

    /// Returns what the service received since the last call.
    pub(crate) fn take(&self) -> RunTraffic {
        std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn config(host: &str, certificate: &Path) -> ServerConfig {
    let mut params = CertificateParams::default();
    // This name differs from that of the server certificate. Otherwise Node would consider that self-signed.
    params.distinguished_name.push(DnType::CommonName, "Authority of a benchmark");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    std::fs::write(certificate, issuer.pem()).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
    // Python's `ssl` follows the standard strictly and rejects certificates without it.
    params.use_authority_key_identifier_extension = true;
    let signed = params.signed_by(&key, &issuer).unwrap();
    ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![signed.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap()
}

/// Serves one connection until the client closes it.
async fn serve(acceptor: TlsAcceptor, stream: TcpStream, seen: Arc<Mutex<RunTraffic>>) -> Option<()> {
    const ANSWER: &[u8] =
        b"HTTP/1.1 201 Created\r\nlocation: https://push.example.com/m/1\r\ncontent-length: 0\r\n\r\n";
    let mut stream = acceptor.accept(stream).await.ok()?;
    lock(&seen).connections += 1;
    let mut read = Vec::with_capacity(8192);
    loop {
        while let Some(end) = note(&read, &seen) {
            read.drain(..end);
            stream.write_all(ANSWER).await.ok()?;
            stream.flush().await.ok()?;
        }
        if stream.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
    }
}

/// Counts the request at the start of `read` if it is complete. Returns the index of the request's end.
fn note(read: &[u8], seen: &Mutex<RunTraffic>) -> Option<usize> {
    let end = read.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&read[..end]).unwrap();
    let (line, headers) = head.split_once("\r\n").unwrap();
    let header = |wanted: &str| {
        let mut headers = headers.split("\r\n").filter_map(|header| header.split_once(": "));
        headers.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
    };
    let length: usize = header("content-length").unwrap().parse().unwrap();
    let whole = end + 4 + length;
    let body = read.get(end + 4..whole)?;
    let path = line.split(' ').nth(1).unwrap();
    assert!(line.starts_with("POST ") && header("content-encoding") == Some("aes128gcm"), "{head}");
    assert!(["ttl", "urgency", "topic"].into_iter().all(|name| header(name).is_some()), "{head}");
    let token = header("authorization").unwrap().as_bytes();
    let mut seen = lock(seen);
    seen.messages += 1;
    if !seen.signatures.contains(token) {
        seen.signatures.insert(token.to_vec());
    }
    if seen.first.len() < MAX_SAMPLES {
        seen.first.push((path.to_owned(), body.to_vec()));
    }
    Some(whole)
}

fn lock(seen: &Mutex<RunTraffic>) -> std::sync::MutexGuard<'_, RunTraffic> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}
