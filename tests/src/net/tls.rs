//! TLS for the tests: certificates made for one run, and the settings of both ends.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned};

/// An authority and a certificate for `127.0.0.1` and `localhost`, all in PEM.
#[derive(Debug, Clone)]
pub struct Certificates {
    /// The authority.
    pub ca: String,
    /// The server's certificate.
    pub certificate: String,
    /// Its key.
    pub key: String,
}

impl Certificates {
    /// New ones, valid for as long as certificates can be: they are trusted by one run alone.
    ///
    /// # Errors
    /// Those of the random numbers.
    pub fn new() -> Result<Self, String> {
        let wrong = |error: rcgen::Error| format!("certificates: {error}");
        let ca_key = KeyPair::generate().map_err(wrong)?;
        let mut ca = CertificateParams::default();
        ca.distinguished_name.push(DnType::CommonName, "chartroom test");
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let ca_pem = ca.self_signed(&ca_key).map_err(wrong)?.pem();
        let issuer = Issuer::new(ca, ca_key);
        let key = KeyPair::generate().map_err(wrong)?;
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut server = CertificateParams::new(names).map_err(wrong)?;
        server.distinguished_name.push(DnType::CommonName, "localhost");
        let certificate = server.signed_by(&key, &issuer).map_err(wrong)?.pem();
        Ok(Self { ca: ca_pem, certificate, key: key.serialize_pem() })
    }

    /// What a server shows.
    ///
    /// # Errors
    /// A certificate that is none.
    pub fn server(&self) -> Result<Arc<ServerConfig>, String> {
        let (chain, key) = identity(&self.certificate, &self.key)?;
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|error| error.to_string())?;
        // No ALPN: everyone speaks HTTP/1.1, which a proxy can read.
        Ok(Arc::new(config))
    }
}

/// A client that trusts this authority (PEM) alone, and shows a certificate (PEM, with its key) if it has one.
///
/// # Errors
/// A certificate that is none.
pub fn client(ca: &str, shown: Option<(&str, &str)>) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(ca.as_bytes()) {
        let certificate = certificate.map_err(|error| format!("the authority's certificate: {error}"))?;
        roots.add(certificate).map_err(|error| format!("the authority's certificate: {error}"))?;
    }
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots);
    let config = match shown {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let (chain, key) = identity(certificate, key)?;
            builder.with_client_auth_cert(chain, key).map_err(|error| error.to_string())?
        }
    };
    Ok(Arc::new(config))
}

fn identity(
    certificate: &str,
    key: &str,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), String> {
    let chain = CertificateDer::pem_slice_iter(certificate.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|error| format!("a certificate: {error}"))?;
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|error| format!("a key: {error}"))?;
    Ok((chain, key))
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// A connection with or without TLS.
#[derive(Debug)]
pub enum Connection {
    /// Without.
    Plain(TcpStream),
    /// We began it.
    TlsClient(Box<StreamOwned<ClientConnection, TcpStream>>),
    /// The other side began it.
    TlsServer(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Connection {
    /// The connection beneath.
    #[must_use]
    pub fn tcp(&self) -> &TcpStream {
        match self {
            Connection::Plain(tcp) => tcp,
            Connection::TlsClient(tls) => &tls.sock,
            Connection::TlsServer(tls) => &tls.sock,
        }
    }
}

impl Read for Connection {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Connection::Plain(tcp) => tcp.read(into),
            Connection::TlsClient(tls) => tls.read(into),
            Connection::TlsServer(tls) => tls.read(into),
        }
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Connection::Plain(tcp) => tcp.write(bytes),
            Connection::TlsClient(tls) => tls.write(bytes),
            Connection::TlsServer(tls) => tls.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Connection::Plain(tcp) => tcp.flush(),
            Connection::TlsClient(tls) => tls.flush(),
            Connection::TlsServer(tls) => tls.flush(),
        }
    }
}
