//! Certificate and key for TLS: read from files, and again when they change, or made at the start.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

use crate::config::TlsFiles;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(60);

/// The current certificate; cheap to clone.
#[derive(Clone)]
pub struct Tls {
    /// None when it was made here.
    files: Option<Arc<TlsFiles>>,
    current: Arc<RwLock<Arc<ServerConfig>>>,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// A sentence that names the file.
    pub fn load(files: TlsFiles) -> Result<Self, String> {
        let current = Arc::new(RwLock::new(Arc::new(read(&files)?)));
        Ok(Self { files: Some(Arc::new(files)), current })
    }

    /// Makes a certificate for `names` that nobody has signed, and gives its fingerprint: SHA-256, pairs of digits as browsers
    /// show it. It and its key live as long as the process.
    ///
    /// # Errors
    /// A sentence: a name that is none, or a system without randomness.
    pub fn self_signed(names: Vec<String>) -> Result<(Self, String), String> {
        let wrong = |error: rcgen::Error| format!("--tls-self-signed: {error}");
        let made = rcgen::generate_simple_self_signed(names).map_err(wrong)?;
        let chain = vec![made.cert.der().clone()];
        let fingerprint = fingerprint(&chain[0]);
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der())
            .map_err(|error| format!("--tls-self-signed: {error}"))?;
        let current = config(chain, key).map_err(|error| format!("--tls-self-signed: {error}"))?;
        Ok((Self { files: None, current: Arc::new(RwLock::new(Arc::new(current))) }, fingerprint))
    }

    /// For the next connection.
    #[must_use]
    pub fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Looks at the files for ever. New connections get what they hold, as long as it can be read.
    pub async fn watch(self) {
        let Some(files) = self.files.clone() else { return };
        let mut seen = changed(&files);
        loop {
            sleep(LOOK).await;
            let now = changed(&files);
            if now == seen {
                continue;
            }
            match read(&files) {
                Ok(config) => {
                    *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
                    seen = now;
                    tracing::info!(event = "certificate-read-again");
                }
                // The key may come a moment after the certificate.
                Err(_) => tracing::warn!(event = "certificate-unreadable"),
            }
        }
    }
}

fn changed(files: &TlsFiles) -> [Option<SystemTime>; 2] {
    let time = |path: &Path| std::fs::metadata(path).and_then(|found| found.modified()).ok();
    [time(&files.cert), time(&files.key)]
}

/// `AB:CD:…`, SHA-256.
fn fingerprint(cert: &CertificateDer<'_>) -> String {
    let pairs: Vec<String> = Sha256::digest(cert).iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("files", &self.files).finish_non_exhaustive()
    }
}

fn read(files: &TlsFiles) -> Result<ServerConfig, String> {
    let cert = files.cert.display();
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&files.cert)
        .and_then(Iterator::collect)
        .map_err(|error| format!("--tls-cert {cert}: {error}"))?;
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| format!("--tls-key {}: {error}", files.key.display()))?;
    config(chain, key).map_err(|error| format!("--tls-cert {cert}: {error}"))
}

fn config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
