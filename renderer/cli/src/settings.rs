//! What every command knows of the machine: flags first, then Helm's environment variables, then the kubeconfig.
//!
//! Source: helm v4.3.1 `pkg/cli/environment.go`, `pkg/cmd/root.go`.

use std::env;

use crate::files::join;
use crate::flags::{Given, truth};
use crate::kubeconfig;

/// Whether to say more.
pub(crate) fn is_debug(given: &Given) -> bool {
    if given.has("debug") {
        return given.is_on("debug");
    }
    env::var("HELM_DEBUG").is_ok_and(|text| truth(&text) == Some(true))
}

/// The namespace that a command works in.
pub(crate) fn namespace(given: &Given) -> String {
    let named = flag_or_variable(given, "namespace", "HELM_NAMESPACE");
    if !named.is_empty() {
        return named;
    }
    let context = flag_or_variable(given, "kube-context", "HELM_KUBECONTEXT");
    kubeconfig::namespace(given.text("kubeconfig"), &context).unwrap_or_else(|| "default".to_owned())
}

/// Where Helm keeps what a person has made: starters among it.
///
/// Source: helm v4.3.1 `pkg/helmpath/lazypath.go`, `lazypath_unix.go`.
pub(crate) fn data_home() -> String {
    set("HELM_DATA_HOME").unwrap_or_else(|| {
        let base = set("XDG_DATA_HOME").unwrap_or_else(|| join(&home(), ".local/share"));
        join(&base, "helm")
    })
}

/// Where Helm keeps indexes of repositories.
pub(crate) fn repository_cache(given: &Given) -> String {
    if given.has("repository-cache") {
        return given.text("repository-cache").to_owned();
    }
    set("HELM_REPOSITORY_CACHE").unwrap_or_else(|| {
        let home = set("HELM_CACHE_HOME").unwrap_or_else(|| {
            let base = set("XDG_CACHE_HOME").unwrap_or_else(|| join(&home(), ".cache"));
            join(&base, "helm")
        });
        join(&home, "repository")
    })
}

/// A variable that says something.
fn set(name: &str) -> Option<String> {
    env::var(name).ok().filter(|text| !text.is_empty())
}

/// The home directory of whoever runs the command.
pub(crate) fn home() -> String {
    env::var("HOME").unwrap_or_default()
}

/// Whether the colours asked for are ones that exist. The environment counts only when it names one of these.
pub(crate) fn wrong_color(given: &Given) -> Option<&str> {
    let mode = given.text("color");
    let known = matches!(mode, "always" | "auto" | "never");
    (given.has("color") && !known).then_some(mode)
}

/// Where Helm keeps releases: not used here, but a wrong name stops every command.
pub(crate) fn wrong_driver() -> Option<String> {
    let driver = env::var("HELM_DRIVER").unwrap_or_default();
    let known =
        matches!(driver.as_str(), "" | "configmap" | "configmaps" | "memory" | "secret" | "secrets" | "sql");
    (!known).then_some(driver)
}

fn flag_or_variable(given: &Given, flag: &str, variable: &str) -> String {
    if given.has(flag) { given.text(flag).to_owned() } else { env::var(variable).unwrap_or_default() }
}
