//! Names in paths: checked once, on the way in, so that no part of a client's path reaches the API server unread.
//!
//! `POST …/releases/web:apply` is one segment for the router; the arguments here take it apart.

use std::collections::HashMap;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use wire::{Code, Problem};

use super::error::Failure;

/// The longest release name: Helm's limit.
const RELEASE_LIMIT: usize = 53;

/// `{namespace}` and `{release}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleasePath {
    /// A namespace's name.
    pub namespace: String,
    /// A release's name.
    pub release: String,
}

/// `{namespace}` and `{release}:verb`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseVerb {
    /// A namespace's name.
    pub namespace: String,
    /// A release's name.
    pub release: String,
    /// `apply`, `rollback`
    pub verb: String,
}

/// `{id}:verb` of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationVerb {
    /// The operation's id.
    pub id: String,
    /// `cancel`, `decide`
    pub verb: String,
}

/// `{id}` of an operation or a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdPath(pub String);

/// Checks a namespace: a DNS label.
///
/// # Errors
/// `invalid-name`.
pub fn namespace(name: &str) -> Result<(), Problem> {
    if is_dns(name, 63, false) {
        return Ok(());
    }
    Err(Problem::new(Code::InvalidName, "A namespace has at most 63 lower-case letters, digits and `-`."))
}

/// Checks a release's name: a DNS subdomain of at most 53 characters.
///
/// # Errors
/// `invalid-name`.
pub fn release(name: &str) -> Result<(), Problem> {
    if is_dns(name, RELEASE_LIMIT, true) {
        return Ok(());
    }
    let sentence = "A release's name has at most 53 lower-case letters, digits, `-` and `.`.";
    Err(Problem::new(Code::InvalidName, sentence))
}

/// Whether `name` consists of DNS labels (one of them unless `dots`) and has at most `limit` characters.
#[must_use]
pub fn is_dns(name: &str, limit: usize, dots: bool) -> bool {
    let is_label = |label: &str| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !label.is_empty() && label.bytes().all(plain) && !label.starts_with('-') && !label.ends_with('-')
    };
    name.len() <= limit && (dots || !name.contains('.')) && name.split('.').all(is_label)
}

/// Checks an id: what the bridge makes up itself.
fn id(text: &str) -> Result<(), Problem> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !text.is_empty() && text.len() <= 64 && text.bytes().all(plain) {
        return Ok(());
    }
    Err(Problem::new(Code::NotFound, "That is not an id of this bridge."))
}

fn split_verb(segment: &str) -> Result<(&str, &str), Failure> {
    segment.rsplit_once(':').ok_or_else(|| {
        Failure::new(Code::MethodNotAllowed, "POST needs a verb after the name, such as `web:apply`.")
    })
}

/// The named segments of the path, decoded.
async fn segments(parts: &mut Parts) -> Result<HashMap<String, String>, Failure> {
    let Path(segments) = Path::<HashMap<String, String>>::from_request_parts(parts, &())
        .await
        .map_err(|_| Failure::new(Code::InvalidRequest, "The path is not UTF-8."))?;
    Ok(segments)
}

fn take(segments: &mut HashMap<String, String>, name: &str) -> Result<String, Failure> {
    // A route without the segment is a mistake of ours.
    segments.remove(name).ok_or_else(Failure::internal)
}

impl<S: Send + Sync> FromRequestParts<S> for ReleasePath {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let mut segments = segments(parts).await?;
        let path =
            Self { namespace: take(&mut segments, "namespace")?, release: take(&mut segments, "release")? };
        namespace(&path.namespace)?;
        release(&path.release)?;
        Ok(path)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ReleaseVerb {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let mut segments = segments(parts).await?;
        let (space, segment) = (take(&mut segments, "namespace")?, take(&mut segments, "release")?);
        let (name, verb) = split_verb(&segment)?;
        namespace(&space)?;
        release(name)?;
        Ok(Self { namespace: space, release: name.to_owned(), verb: verb.to_owned() })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for OperationVerb {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let segment = take(&mut segments(parts).await?, "id")?;
        let (name, verb) = split_verb(&segment)?;
        id(name)?;
        Ok(Self { id: name.to_owned(), verb: verb.to_owned() })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IdPath {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let name = take(&mut segments(parts).await?, "id")?;
        id(&name)?;
        Ok(Self(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_helms_and_the_clusters() {
        for good in ["shop", "a", "a-1", "x".repeat(63).as_str()] {
            assert!(namespace(good).is_ok(), "{good}");
        }
        for bad in ["", "Shop", "a.b", "-a", "a-", "a_b", "a/b", "..", "é", "x".repeat(64).as_str()] {
            assert!(namespace(bad).is_err(), "{bad}");
        }
        for good in ["web", "web.v2", "x".repeat(53).as_str()] {
            assert!(release(good).is_ok(), "{good}");
        }
        for bad in ["", "web.", ".web", "a..b", "web:apply", "web/x", "%2e", "x".repeat(54).as_str()] {
            assert!(release(bad).is_err(), "{bad}");
        }
        assert!(id("op_01J-x").is_ok());
        assert!(id("op/1").is_err() && id("").is_err() && id("op.1").is_err());
    }
}
