//! Reading a kubeconfig's current context, and writing one.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::net::{Endpoint, tls};

/// A server and who one is there. The names of the file are kept in no place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// `https://127.0.0.1:6443`.
    pub server: String,
    /// The authority in PEM; empty where the server speaks plain HTTP.
    pub ca: String,
    /// The bearer token.
    pub token: Option<String>,
    /// A certificate and its key, in PEM.
    pub certificate: Option<(String, String)>,
}

impl Access {
    /// Reads the current context of the file.
    ///
    /// # Errors
    /// What is missing from it, or the way of signing in that is not understood here.
    pub fn read(file: &Path) -> Result<Self, String> {
        let wrong = |what: &str| format!("{}: {what}", file.display());
        let text = fs::read_to_string(file).map_err(|error| wrong(&error.to_string()))?;
        let config: Value = serde_yaml::from_str(&text).map_err(|error| wrong(&error.to_string()))?;
        let named = |list: &str, name: &Value, what: &str| {
            let list = config[list].as_array().map(Vec::as_slice).unwrap_or_default();
            list.iter().find(|entry| entry["name"] == *name).map(|entry| entry[what].clone())
        };
        let context = named("contexts", &config["current-context"], "context")
            .ok_or_else(|| wrong("it has no current context"))?;
        let cluster =
            named("clusters", &context["cluster"], "cluster").ok_or_else(|| wrong("no such cluster"))?;
        let user = named("users", &context["user"], "user").unwrap_or_default();
        let folder = file.parent().unwrap_or(Path::new("."));
        let pem = |place: &Value, name: &str| -> Result<Option<String>, String> {
            if let Some(data) = place[format!("{name}-data")].as_str() {
                let bytes = STANDARD.decode(data).map_err(|_| wrong(&format!("{name}-data")))?;
                return Ok(Some(String::from_utf8_lossy(&bytes).into_owned()));
            }
            let Some(path) = place[name].as_str() else { return Ok(None) };
            fs::read_to_string(folder.join(path))
                .map(Some)
                .map_err(|error| wrong(&format!("{path}: {error}")))
        };
        let token = match (user["token"].as_str(), user["tokenFile"].as_str()) {
            (Some(token), _) => Some(token.to_owned()),
            (None, Some(path)) => {
                let token = fs::read_to_string(folder.join(path))
                    .map_err(|error| wrong(&format!("{path}: {error}")))?;
                Some(token.trim().to_owned())
            }
            (None, None) => None,
        };
        let certificate = pem(&user, "client-certificate")?.zip(pem(&user, "client-key")?);
        if token.is_none() && certificate.is_none() && user.as_object().is_some_and(|user| !user.is_empty()) {
            return Err(wrong("the tests sign in with a token or a certificate, and its user has neither"));
        }
        let server = cluster["server"].as_str().ok_or_else(|| wrong("no server"))?.to_owned();
        Ok(Self {
            server: server.trim_end_matches('/').to_owned(),
            ca: pem(&cluster, "certificate-authority")?.unwrap_or_default(),
            token,
            certificate,
        })
    }

    /// The same server for somebody else.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), certificate: None, ..self.clone() }
    }

    /// Where requests go.
    ///
    /// # Errors
    /// A server that is no `http` or `https` address, or certificates that are none.
    pub fn endpoint(&self) -> Result<Endpoint, String> {
        if let Some(address) = self.server.strip_prefix("http://") {
            return Ok(Endpoint::plain(&with_port(address, 80)));
        }
        let address = self
            .server
            .strip_prefix("https://")
            .ok_or_else(|| format!("{} is neither http nor https", self.server))?;
        let shown = self.certificate.as_ref().map(|(certificate, key)| (certificate.as_str(), key.as_str()));
        Ok(Endpoint { address: with_port(address, 443), tls: Some(tls::client(&self.ca, shown)?) })
    }

    /// Writes a kubeconfig whose only context is this, `namespace` being the one of commands that name none.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write(&self, file: &Path, namespace: &str) -> Result<(), String> {
        write_contexts(file, "chartroom-test", &[("user", namespace, self)])
    }
}

/// Writes a kubeconfig with a context for each of these (name, namespace, access), the first being the current one. All are
/// users of one server.
///
/// # Errors
/// Those of the file system.
pub fn write_contexts(file: &Path, cluster: &str, contexts: &[(&str, &str, &Access)]) -> Result<(), String> {
    let Some((first, _, access)) = contexts.first() else { return Ok(()) };
    let mut server = json!({ "server": access.server });
    if !access.ca.is_empty() {
        server["certificate-authority-data"] = STANDARD.encode(access.ca.as_bytes()).into();
    }
    let users: Vec<Value> = contexts
        .iter()
        .map(|(name, _, access)| {
            let mut user = json!({});
            if let Some(token) = &access.token {
                user["token"] = token.as_str().into();
            }
            if let Some((certificate, key)) = &access.certificate {
                user["client-certificate-data"] = STANDARD.encode(certificate.as_bytes()).into();
                user["client-key-data"] = STANDARD.encode(key.as_bytes()).into();
            }
            json!({ "name": name, "user": user })
        })
        .collect();
    let contexts: Vec<Value> = contexts
        .iter()
        .map(|(name, namespace, _)| {
            json!({ "name": name, "context": { "cluster": cluster, "user": name, "namespace": namespace } })
        })
        .collect();
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{ "name": cluster, "cluster": server }],
        "users": users,
        "contexts": contexts,
        "current-context": first,
    });
    // JSON is YAML too.
    let text = format!("{config:#}\n");
    write_private(file, &text).map_err(|error| format!("{}: {error}", file.display()))
}

/// Writes a file that nobody else can read.
///
/// # Errors
/// Those of the file system.
pub fn write_private(file: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)?.write_all(text.as_bytes())
}

fn with_port(address: &str, port: u16) -> String {
    let has_port = address
        .rsplit_once(':')
        .is_some_and(|(_, end)| !end.is_empty() && end.bytes().all(|b| b.is_ascii_digit()));
    if has_port { address.to_owned() } else { format!("{address}:{port}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart_fixture::Scratch;

    #[test]
    fn what_was_written_is_read() {
        let scratch = Scratch::new("kubeconfig").expect("a folder");
        let file = scratch.path().join("kubeconfig");
        let admin = Access {
            server: "https://127.0.0.1:6443".to_owned(),
            ca: "-----BEGIN".to_owned(),
            token: None,
            certificate: Some(("one".to_owned(), "two".to_owned())),
        };
        write_contexts(&file, "c", &[("a", "x", &admin), ("b", "", &admin.with_token("t"))])
            .expect("written");
        assert_eq!(Access::read(&file), Ok(admin));
    }
}
