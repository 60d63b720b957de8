//! Who may call: names of ours, origins, tokens, launch codes, sessions, rates. Pure; `http::guard` asks them in order.

pub mod bearer;
pub mod host;
pub mod launch;
pub mod origin;
pub mod rate;
pub mod session;

use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;
use sha2::{Digest as _, Sha256};

use crate::kube::Credential;

/// A caller who proved who they are. Put into the request by the guard; routes take it as an argument.
#[derive(Clone)]
pub struct Caller {
    identity: Arc<str>,
    credential: Credential,
}

impl Caller {
    /// The one person of `local` mode, whichever tab asks; the cluster sees the kubeconfig's user.
    #[must_use]
    pub fn local() -> Self {
        Self::with(Credential::Kubeconfig)
    }

    /// Whoever holds this Kubernetes token.
    #[must_use]
    pub fn passthrough(token: SecretString) -> Self {
        Self::with(Credential::Token(token))
    }

    fn with(credential: Credential) -> Self {
        Self { identity: Arc::from(credential.identity()), credential }
    }

    /// Names the caller in caches, operations, plans and the audit log: a hash of the token.
    #[must_use]
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Who the cluster sees.
    #[must_use]
    pub fn credential(&self) -> &Credential {
        &self.credential
    }
}

impl fmt::Debug for Caller {
    /// Without the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("identity", &self.identity).finish_non_exhaustive()
    }
}

/// 256 random bits as text: launch codes, session tokens.
///
/// # Errors
/// When the system gives no randomness; nobody signs in then.
pub fn secret() -> Result<SecretString, getrandom::Error> {
    use base64::Engine as _;
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(SecretString::from(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)))
}

/// What is kept of a secret: enough to know it again, nothing to use it by.
#[derive(Clone, Copy, Debug)]
pub struct Print([u8; 32]);

impl Print {
    /// Of this text.
    #[must_use]
    pub fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// Whether it is of the same text; takes as long either way.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        use subtle::ConstantTimeEq as _;
        self.0.ct_eq(&other.0).into()
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_caller_is_known_by_the_hash_of_the_token_and_never_prints_it() {
        let caller = Caller::passthrough(SecretString::from("abc"));
        assert_eq!(caller.identity(), "token-ba7816bf8f01cfea414140de5dae2223");
        let other = Caller::passthrough(SecretString::from("abd"));
        assert_ne!(caller.identity(), other.identity());
        let printed = format!("{caller:?}");
        assert!(!printed.contains("abc") && printed.contains("ba7816bf"), "{printed}");
    }

    #[test]
    fn secrets_hold_256_bits_and_never_repeat() {
        let (one, two) = (secret().expect("randomness"), secret().expect("randomness"));
        assert_eq!(one.expose_secret().len(), 43);
        assert_ne!(one.expose_secret(), two.expose_secret());
        assert!(Print::of("a").matches(&Print::of("a")) && !Print::of("a").matches(&Print::of("b")));
    }
}
