//! Node, and packages from npm.

use std::path::Path;

use crate::process::{command, output, run};
use crate::report::step;
use crate::root::root;
use crate::stamp::{self, Inputs};

/// The oldest Node that has the test runner and the Brotli we use; 20 is the one that was tried.
const OLDEST: u32 = 20;

/// Node trusts its own list of certificate authorities, and these as well.
const EXTRA_CERTIFICATES: &str = "NODE_EXTRA_CA_CERTS";

/// Makes sure that there is a Node that is new enough.
///
/// # Errors
/// A sentence that says what to install.
pub(crate) fn node() -> Result<(), String> {
    let wanted = format!("install Node.js {OLDEST} or newer, with npm");
    let version =
        output(command("node").arg("--version")).map_err(|_| format!("there is no `node`: {wanted}"))?;
    let major = version.trim_start_matches('v').split('.').next().and_then(|text| text.parse::<u32>().ok());
    if major.is_none_or(|major| major < OLDEST) {
        return Err(format!("node is {version}: {wanted}"));
    }
    output(command("npm").arg("--version")).map_err(|_| format!("there is no `npm`: {wanted}"))?;
    Ok(())
}

/// Installs the locked packages of a folder when they are missing or the lock has changed.
///
/// # Errors
/// When npm fails.
pub(crate) fn packages(folder: &str) -> Result<(), String> {
    let hash = Inputs::new()
        .path(&format!("{folder}/package.json"), &[])?
        .path(&format!("{folder}/package-lock.json"), &[])?
        .hash();
    let name = format!("npm-{}", folder.replace('/', "-"));
    if root().join(folder).join("node_modules").is_dir() && stamp::matches(&name, &hash) {
        return Ok(());
    }
    node()?;
    step(&format!("npm ci in {folder}"), || {
        // npm warns about esbuild's install script, which is not needed.
        let arguments =
            ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel", "error", "--prefix", folder];
        let mut npm = command("npm");
        if let (None, Some(store)) = (std::env::var_os(EXTRA_CERTIFICATES), system_certificates()) {
            npm.env(EXTRA_CERTIFICATES, store);
        }
        run(npm.args(arguments))
    })?;
    stamp::set(&name, &hash)
}

/// The authorities that this machine trusts, which on a closed network are more than Node's.
fn system_certificates() -> Option<&'static Path> {
    let stores =
        ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];
    stores.map(Path::new).into_iter().find(|store| store.is_file())
}
