//! From a kubeconfig to callers' views of its cluster.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use ::kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig};
use ::kube::{Client, Config};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;
use wire::{ClusterInfo, TlsMode};

use super::review::Reviews;
use super::schema::Schemas;
use super::{Cluster, Inner, Observer};
use crate::hex::hex;

/// Calls in flight, of all callers: the spec's 32.
const IN_FLIGHT: usize = 32;
/// Identities remembered with their caches. Beyond, the one unused for longest goes, those first that the cluster has not
/// taken: made-up tokens push nobody out.
const IDENTITIES: usize = 256;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Who the cluster sees.
#[derive(Clone, Debug)]
pub enum Credential {
    /// Nobody: what the cluster tells everyone.
    Anonymous,
    /// The kubeconfig's user.
    Kubeconfig,
    /// The caller's own token.
    Token(SecretString),
}

impl Credential {
    /// Names the credential without telling it: hex of a hash, or `kubeconfig`.
    #[must_use]
    pub fn identity(&self) -> String {
        match self {
            Self::Anonymous => "anonymous".to_owned(),
            Self::Kubeconfig => "kubeconfig".to_owned(),
            Self::Token(token) => {
                let digest = Sha256::digest(token.expose_secret().as_bytes());
                format!("token-{}", hex(&digest[..16]))
            }
        }
    }
}

/// Where the cluster is found.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The kubeconfig; where kubectl would look when `None` (`KUBECONFIG`, then the home folder).
    pub kubeconfig: Option<PathBuf>,
    /// The context; the kubeconfig's current one when `None`.
    pub context: Option<String>,
    /// Take a cluster whose certificate is not checked, or that speaks plain HTTP.
    pub allow_insecure: bool,
}

/// Why there is no connector. The sentences name the file and the context.
#[derive(Clone, Debug)]
pub struct ConnectError(String);

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConnectError {}

/// The cluster of one context. Which it is, no request can change.
pub struct Connector {
    info: ClusterInfo,
    /// With the kubeconfig's credentials.
    own: Client,
    /// Without any.
    anonymous: Client,
    slots: Arc<Semaphore>,
    observer: Observer,
    views: Mutex<HashMap<String, (Instant, Cluster)>>,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("info", &self.info).finish_non_exhaustive()
    }
}

impl Connector {
    /// Reads the kubeconfig and prepares the connection; calls nobody.
    ///
    /// # Errors
    /// When the file or the context cannot be read, when its TLS material is broken, and when the connection would be
    /// insecure and `options` do not allow it.
    pub async fn new(options: &Options, observer: Observer) -> Result<Self, ConnectError> {
        let kubeconfig = match &options.kubeconfig {
            Some(path) => Kubeconfig::read_from(path)
                .map_err(|error| ConnectError(format!("kubeconfig {}: {}", path.display(), chain(&error))))?,
            None => Kubeconfig::read().map_err(|error| {
                ConnectError(format!("kubeconfig: {} (--kubeconfig names another)", chain(&error)))
            })?,
        };
        let context_name =
            options.context.clone().or_else(|| kubeconfig.current_context.clone()).unwrap_or_default();
        let context = kubeconfig
            .contexts
            .iter()
            .find(|context| context.name == context_name)
            .and_then(|context| context.context.clone())
            .ok_or_else(|| {
                let names: Vec<_> = kubeconfig.contexts.iter().map(|context| context.name.as_str()).collect();
                ConnectError(format!(
                    "the kubeconfig has no context \"{context_name}\"; it has: {}",
                    names.join(", ")
                ))
            })?;
        let chosen =
            KubeConfigOptions { context: Some(context_name.clone()), ..KubeConfigOptions::default() };
        let mut config = Config::from_custom_kubeconfig(kubeconfig, &chosen)
            .await
            .map_err(|error| ConnectError(format!("context \"{context_name}\": {}", chain(&error))))?;
        // Its retries repeat every method up to fifteen times; ours are in `call`.
        config.default_retry = false;
        config.connect_timeout = Some(CONNECT_TIMEOUT);
        config.read_timeout = None;
        let tls = match config.cluster_url.scheme_str() {
            Some("https") if config.accept_invalid_certs => TlsMode::Insecure,
            Some("https") => TlsMode::Verified,
            _ => TlsMode::Plaintext,
        };
        if tls != TlsMode::Verified && !options.allow_insecure {
            return Err(ConnectError(format!(
                "context \"{context_name}\" does not check who answers (plain HTTP or insecure-skip-tls-verify): \
                 --allow-insecure-cluster takes it anyway"
            )));
        }
        let info = ClusterInfo {
            name: context.cluster,
            context: context_name.clone(),
            user: context.user.unwrap_or_default(),
            namespace: config.default_namespace.clone(),
            server: config.cluster_url.authority().map(ToString::to_string).unwrap_or_default(),
            tls,
            reachable: false,
            problem: None,
        };
        let client = |config: Config| {
            Client::try_from(config)
                .map_err(|error| ConnectError(format!("context \"{context_name}\": {}", chain(&error))))
        };
        let mut anonymous = config.clone();
        anonymous.auth_info = AuthInfo::default();
        Ok(Self {
            info,
            own: client(config)?,
            anonymous: client(anonymous)?,
            slots: Arc::new(Semaphore::new(IN_FLIGHT)),
            observer,
            views: Mutex::default(),
        })
    }

    /// The cluster, as the kubeconfig tells it; whether it answers is not known here.
    #[must_use]
    pub fn info(&self) -> &ClusterInfo {
        &self.info
    }

    /// Whether the cluster took this caller's credential when it was last shown; false for one that was not shown yet.
    #[must_use]
    pub fn accepts(&self, identity: &str) -> bool {
        let views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        views.get(identity).is_some_and(|(_, cluster)| cluster.is_accepted())
    }

    /// The view of the caller with this credential: the same one, with its caches, for the same credential.
    #[must_use]
    pub fn cluster(&self, credential: &Credential) -> Cluster {
        let identity = credential.identity();
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((used, cluster)) = views.get_mut(&identity) {
            *used = Instant::now();
            return cluster.clone();
        }
        if views.len() >= IDENTITIES {
            let age = |(_, (used, cluster)): &(&String, &(Instant, Cluster))| (cluster.is_accepted(), *used);
            let oldest = views.iter().min_by_key(age).map(|(identity, _)| identity.clone());
            oldest.and_then(|identity| views.remove(&identity));
        }
        let (client, token) = match credential {
            Credential::Anonymous => (self.anonymous.clone(), None),
            Credential::Kubeconfig => (self.own.clone(), None),
            Credential::Token(token) => (self.anonymous.clone(), Some(token.clone())),
        };
        let cluster = Cluster(Arc::new(Inner {
            client,
            token,
            identity: identity.clone(),
            slots: self.slots.clone(),
            observer: self.observer.clone(),
            discovery: RwLock::default(),
            accepted: AtomicBool::new(false),
            subject: OnceLock::new(),
            reviews: Reviews::default(),
            schemas: Schemas::default(),
            secret_writes: AtomicU64::new(0),
            ahead_seconds: AtomicI64::new(0),
        }));
        views.insert(identity, (Instant::now(), cluster.clone()));
        cluster
    }
}

/// An error with its causes on one line, each said once.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let sentence = cause.to_string();
        if !text.contains(&sentence) {
            text.push_str(": ");
            text.push_str(&sentence);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_tells_credentials_apart_and_does_not_tell_them() {
        let token = |text: &str| Credential::Token(SecretString::from(text.to_owned()));
        let (a, b) = (token("secret-a").identity(), token("secret-b").identity());
        assert_ne!(a, b);
        assert!(!a.contains("secret"));
        assert_eq!(Credential::Kubeconfig.identity(), "kubeconfig");
    }

    #[tokio::test]
    async fn a_context_that_is_not_there_is_named_with_those_that_are() {
        let dir = std::env::temp_dir().join(format!("kpb-connector-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a folder");
        let path = dir.join("kubeconfig");
        let text = "clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}]\n\
                    users: [{name: u, user: {}}]\n\
                    contexts: [{name: here, context: {cluster: c, user: u}}]\ncurrent-context: here\n";
        std::fs::write(&path, text).expect("written");
        let options = |context: Option<&str>, allow_insecure| Options {
            kubeconfig: Some(path.clone()),
            context: context.map(str::to_owned),
            allow_insecure,
        };
        let observer: Observer = Arc::new(|_| {});
        let refused = Connector::new(&options(Some("there"), false), observer.clone())
            .await
            .expect_err("no such context");
        assert!(refused.to_string().ends_with("no context \"there\"; it has: here"), "{refused}");
        let refused = Connector::new(&options(None, false), observer.clone()).await.expect_err("plain HTTP");
        assert!(refused.to_string().contains("--allow-insecure-cluster"), "{refused}");
        let connector = Connector::new(&options(None, true), observer).await.expect("taken");
        assert_eq!(connector.info().tls, TlsMode::Plaintext);
        std::fs::remove_dir_all(dir).expect("removed");
    }
}
