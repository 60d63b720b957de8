//! Helm's release records, read without our own code: base64 in base64 around gzip around JSON.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use serde_json::Value;

use crate::kube::Api;

/// The records of a namespace, by the names of their Secrets (`sh.helm.release.v1.NAME.vN`), each with its Secret.
///
/// # Errors
/// What the API server said instead, or a record that cannot be read.
pub fn records(api: &Api, namespace: &str) -> Result<Vec<(String, Value, Value)>, String> {
    let path = format!("/api/v1/namespaces/{namespace}/secrets?fieldSelector=type%3Dhelm.sh%2Frelease.v1");
    let list = api.get(&path)?;
    let mut records = Vec::new();
    for secret in list["items"].as_array().into_iter().flatten() {
        let name = secret["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let record = decode(secret).ok_or_else(|| format!("{name} is not a record"))?;
        records.push((name, record, secret.clone()));
    }
    Ok(records)
}

/// The record of one revision.
///
/// # Errors
/// When it is not there or cannot be read.
pub fn record(api: &Api, namespace: &str, release: &str, revision: u32) -> Result<Value, String> {
    let name = format!("sh.helm.release.v1.{release}.v{revision}");
    let secret = api.get(&format!("/api/v1/namespaces/{namespace}/secrets/{name}"))?;
    decode(&secret).ok_or_else(|| format!("{name} is not a record"))
}

/// The record in a Secret.
#[must_use]
pub fn decode(secret: &Value) -> Option<Value> {
    let outer = STANDARD.decode(secret["data"]["release"].as_str()?).ok()?;
    let inner = STANDARD.decode(outer).ok()?;
    let mut json = Vec::new();
    GzDecoder::new(inner.as_slice()).read_to_end(&mut json).ok()?;
    serde_json::from_slice(&json).ok()
}
