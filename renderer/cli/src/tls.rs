//! The files of TLS that a command names. Nothing is fetched with them; Helm reads them before it knows whether it fetches.
//!
//! Source: helm v4.3.1 `pkg/cmd/root.go`, `newRegistryClient`; `internal/tlsutil/tls.go`; go1.27 `crypto/tls`, `X509KeyPair`.

use renderer::value::fmt::quote;

use crate::flags::Given;
use crate::{Failure, files};

/// Reads what the flags name.
///
/// # Errors
/// Helm's sentences. Of PEM it is looked whether there is any, not whether certificates and keys in it are good.
pub(crate) fn check(given: &Given) -> Result<(), Failure> {
    let [certificate, key, authority] = ["cert-file", "key-file", "ca-file"].map(|name| given.text(name));
    let is_asked = !certificate.is_empty() && !key.is_empty()
        || !authority.is_empty()
        || given.is_on("insecure-skip-tls-verify");
    if !is_asked {
        return Ok(());
    }
    configure(certificate, key, authority)
        .map_err(|why| Failure(format!("missing registry client: can't create TLS config for client: {why}")))
}

fn configure(certificate: &str, key: &str, authority: &str) -> Result<(), String> {
    let read = |what: &str, path: &str| {
        let shown = String::from_utf8_lossy(&quote(path.as_bytes())).into_owned();
        files::read(path).map_err(|why| format!("{what}: {shown}: {why}"))
    };
    let pair = || {
        let certificate = read("unable to read cert file", certificate)?;
        read("unable to read key file", key).map(|key| (certificate, key))
    };
    let has_pair = !certificate.is_empty() || !key.is_empty();
    let pair = has_pair.then(pair).transpose();
    let authority = (!authority.is_empty()).then(|| read("can't read CA file", authority)).transpose();
    let (pair, authority) = match (pair, authority) {
        (Ok(pair), Ok(authority)) => (pair, authority),
        (Err(first), Err(second)) => return Err(format!("{first}\n{second}")),
        (Err(why), Ok(_)) | (Ok(_), Err(why)) => return Err(why),
    };
    if let Some((certificate, key)) = pair.filter(|(first, second)| !first.is_empty() && !second.is_empty()) {
        for (bytes, what) in [(&certificate, "certificate"), (&key, "key")] {
            if !has(bytes, "-----BEGIN ") {
                let why = format!("tls: failed to find any PEM data in {what} input");
                return Err(format!("unable to load cert from key pair: {why}"));
            }
        }
    }
    match authority {
        Some(bytes) if !bytes.is_empty() && !has(&bytes, "-----BEGIN CERTIFICATE-----") => {
            Err("failed to append certificates from pem block".to_owned())
        }
        _ => Ok(()),
    }
}

fn has(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
