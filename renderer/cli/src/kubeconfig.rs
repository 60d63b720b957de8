//! The namespace that a kubeconfig names.
//!
//! Source: k8s.io/client-go v0.37.1 `tools/clientcmd/loader.go`, `client_config.go`, `merged_client_builder.go`,
//! `validation.go`. A kubeconfig that is wrong in any way counts as none, as it does for Helm.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use renderer::value::{Map, Text, Value};
use renderer::yaml;

/// The namespace of the context at hand; `None` where nothing useful is said. `explicit` is the path of `--kubeconfig`,
/// `context` the name of `--kube-context`, both empty when they are not given.
pub(crate) fn namespace(explicit: &str, context: &str) -> Option<String> {
    let config = Config::load(explicit).ok()?;
    let wanted = if context.is_empty() { config.current.as_str() } else { context };
    let found = config.contexts.get(wanted);
    if found.is_none() && !wanted.is_empty() {
        return None;
    }
    let found = found.cloned().unwrap_or_default();
    if !config.is_usable(&found) {
        return None;
    }
    match found.namespace.as_str() {
        "" => in_cluster(),
        name => Some(name.to_owned()),
    }
}

/// The namespace of the pod that this runs in.
fn in_cluster() -> Option<String> {
    const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
    let set = |name| env::var(name).ok().filter(|value| !value.is_empty());
    set("KUBERNETES_SERVICE_HOST")?;
    set("KUBERNETES_SERVICE_PORT")?;
    if !Path::new(ACCOUNT).join("token").is_file() {
        return None;
    }
    let of_account = || {
        let name = fs::read_to_string(Path::new(ACCOUNT).join("namespace")).ok()?;
        Some(name.trim().to_owned()).filter(|name| !name.is_empty())
    };
    set("POD_NAMESPACE").or_else(of_account)
}

/// A file, or several merged.
#[derive(Debug, Default)]
struct Config {
    current: String,
    contexts: BTreeMap<String, Context>,
    /// Of each cluster what can make it unusable.
    clusters: BTreeMap<String, Cluster>,
    users: BTreeMap<String, User>,
}

#[derive(Clone, Debug, Default)]
struct Context {
    namespace: String,
    cluster: String,
    user: String,
}

#[derive(Clone, Debug, Default)]
struct Cluster {
    ca_file: Option<PathBuf>,
    has_ca_data: bool,
}

#[derive(Clone, Debug, Default)]
struct User {
    has_token: bool,
    has_password: bool,
    certificate: Option<PathBuf>,
    has_certificate_data: bool,
    key: Option<PathBuf>,
    has_key_data: bool,
    /// A program that signs in, and what it needs is not said.
    has_bad_program: bool,
}

/// A file is not what a kubeconfig should be.
struct Wrong;

impl Config {
    fn load(explicit: &str) -> Result<Self, Wrong> {
        let paths: Vec<PathBuf> = if explicit.is_empty() {
            match env::var_os("KUBECONFIG").filter(|list| !list.is_empty()) {
                Some(list) => env::split_paths(&list).collect(),
                None => vec![PathBuf::from(env::var_os("HOME").unwrap_or_default()).join(".kube/config")],
            }
        } else {
            vec![PathBuf::from(explicit)]
        };
        let mut merged = Self::default();
        for path in paths.iter().filter(|path| !path.as_os_str().is_empty()) {
            let bytes = match fs::read(path) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::NotFound && explicit.is_empty() => continue,
                Err(_) => return Err(Wrong),
            };
            let base = path.parent().unwrap_or(Path::new(""));
            merged.add(Self::parse(&bytes, base)?);
        }
        Ok(merged)
    }

    /// What is there already wins.
    fn add(&mut self, other: Self) {
        if self.current.is_empty() {
            self.current = other.current;
        }
        for (name, context) in other.contexts {
            self.contexts.entry(name).or_insert(context);
        }
        for (name, cluster) in other.clusters {
            self.clusters.entry(name).or_insert(cluster);
        }
        for (name, user) in other.users {
            self.users.entry(name).or_insert(user);
        }
    }

    /// Paths in the file are relative to `base`.
    fn parse(bytes: &[u8], base: &Path) -> Result<Self, Wrong> {
        let root = match yaml::read(bytes).map_err(|_| Wrong)? {
            Value::Nil => return Ok(Self::default()),
            Value::Map(root) => root,
            _ => return Err(Wrong),
        };
        if !matches!(text(&root, "kind")?.as_str(), "" | "Config")
            || !matches!(text(&root, "apiVersion")?.as_str(), "" | "v1")
        {
            return Err(Wrong);
        }
        let file = |fields: &Map, key| {
            let path = text(fields, key)?;
            Ok((!path.is_empty()).then(|| base.join(path)))
        };
        let has = |fields: &Map, key| Ok(!text(fields, key)?.is_empty());
        Ok(Self {
            current: text(&root, "current-context")?,
            contexts: named(&root, "contexts", "context", &|fields| {
                Ok(Context {
                    namespace: text(fields, "namespace")?,
                    cluster: text(fields, "cluster")?,
                    user: text(fields, "user")?,
                })
            })?,
            clusters: named(&root, "clusters", "cluster", &|fields| {
                Ok(Cluster {
                    ca_file: file(fields, "certificate-authority")?,
                    has_ca_data: has(fields, "certificate-authority-data")?,
                })
            })?,
            users: named(&root, "users", "user", &|fields| {
                Ok(User {
                    has_token: has(fields, "token")?,
                    has_password: has(fields, "username")? || has(fields, "password")?,
                    certificate: file(fields, "client-certificate")?,
                    has_certificate_data: has(fields, "client-certificate-data")?,
                    key: file(fields, "client-key")?,
                    has_key_data: has(fields, "client-key-data")?,
                    has_bad_program: match fields.get("exec") {
                        None | Some(Value::Nil) => false,
                        Some(program) => is_bad_program(program.as_map().ok_or(Wrong)?)?,
                    },
                })
            })?,
        })
    }

    /// Whether cluster and user of a context make sense. That they exist is not asked.
    fn is_usable(&self, context: &Context) -> bool {
        let opens = |path: &Option<PathBuf>| path.as_ref().is_none_or(|path| fs::File::open(path).is_ok());
        let cluster = self.clusters.get(&context.cluster).cloned().unwrap_or_default();
        let user = self.users.get(&context.user).cloned().unwrap_or_default();
        let twice = |file: &Option<PathBuf>, data: bool| file.is_some() && data;
        let certified = user.certificate.is_some() || user.has_certificate_data;
        let certificate_fits = !certified
            || !twice(&user.certificate, user.has_certificate_data)
                && !twice(&user.key, user.has_key_data)
                && (user.key.is_some() || user.has_key_data)
                && opens(&user.certificate)
                && opens(&user.key);
        if !certificate_fits || user.has_bad_program || (user.has_token && user.has_password) {
            return false;
        }
        !twice(&cluster.ca_file, cluster.has_ca_data) && opens(&cluster.ca_file)
    }
}

fn is_bad_program(program: &Map) -> Result<bool, Wrong> {
    let version = text(program, "apiVersion")?;
    let mode = text(program, "interactiveMode")?;
    let mode_fits = match mode.as_str() {
        // Only the stable version wants it to be said.
        "" => version != "client.authentication.k8s.io/v1",
        mode => matches!(mode, "Always" | "IfAvailable" | "Never"),
    };
    Ok(text(program, "command")?.is_empty() || version.is_empty() || !mode_fits)
}

/// The entries of a list of `{name: …, KEY: {…}}`; a name that comes twice is an error.
fn named<T: Default>(
    root: &Map,
    list: &str,
    key: &str,
    read: &dyn Fn(&Map) -> Result<T, Wrong>,
) -> Result<BTreeMap<String, T>, Wrong> {
    let mut entries = BTreeMap::new();
    let items = match root.get(list) {
        None | Some(Value::Nil) => return Ok(entries),
        Some(value) => value.as_list().cloned().ok_or(Wrong)?,
    };
    for item in items.iter() {
        let item = item.as_map().ok_or(Wrong)?;
        let entry = match item.get(key) {
            None | Some(Value::Nil) => T::default(),
            Some(value) => read(value.as_map().ok_or(Wrong)?)?,
        };
        if entries.insert(text(item, "name")?, entry).is_some() {
            return Err(Wrong);
        }
    }
    Ok(entries)
}

/// A text; empty when it is not there.
fn text(fields: &Map, key: &str) -> Result<String, Wrong> {
    match fields.get(key) {
        None | Some(Value::Nil) => Ok(String::new()),
        Some(value) => {
            value.as_text().map(Text::to_string_lossy).map(std::borrow::Cow::into_owned).ok_or(Wrong)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn namespace_in(text: &str) -> Option<String> {
        let config = Config::parse(text.as_bytes(), Path::new("/nowhere")).ok()?;
        let context = config.contexts.get(&config.current)?;
        config.is_usable(context).then(|| context.namespace.clone())
    }

    #[test]
    fn the_current_context_names_the_namespace() {
        let head = "current-context: b\ncontexts:\n- {name: a, context: {namespace: one}}\n";
        assert_eq!(
            namespace_in(&format!("{head}- {{name: b, context: {{namespace: two}}}}")),
            Some("two".to_owned())
        );
        for wrong in [
            "- {name: b, context: {namespace: 3}}",
            "- {name: a, context: {namespace: two}}",
            "- {name: b, context: {namespace: two, user: u}}\nusers: [{name: u, user: {token: t, username: n}}]",
            "- {name: b, context: {namespace: two, cluster: c}}\nclusters: [{name: c, cluster: {certificate-authority: no}}]",
            "- {name: b, context: {namespace: two}}\nkind: Pod",
        ] {
            assert_eq!(namespace_in(&format!("{head}{wrong}")), None, "{wrong}");
        }
    }

    #[test]
    fn the_first_file_wins() {
        let parse = |text: &str| Config::parse(text.as_bytes(), Path::new("")).ok().unwrap();
        let mut config = parse("contexts: [{name: a, context: {namespace: one}}]");
        config.add(parse("current-context: a\ncontexts: [{name: a, context: {namespace: two}}]"));
        assert_eq!((config.current.as_str(), config.contexts["a"].namespace.as_str()), ("a", "one"));
    }
}
