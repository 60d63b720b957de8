//! Names in paths: checked once, on the way in, so that no part of a client's path reaches the API server unread.
//!
//! `POST …/releases/web:apply` is one segment for the router; the arguments here take it apart.

use std::collections::HashMap;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use wire::{Code, Problem};

use super::error::Failure;

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

/// Checks a namespace.
///
/// # Errors
/// `invalid-name`.
pub fn namespace(name: &str) -> Result<(), Problem> {
    wire::check_namespace(name).map_err(|sentence| Problem::new(Code::InvalidName, sentence))
}

/// Checks a release's name.
///
/// # Errors
/// `invalid-name`.
pub fn release(name: &str) -> Result<(), Problem> {
    wire::check_release(name).map_err(|sentence| Problem::new(Code::InvalidName, sentence))
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
    fn ids_are_what_the_bridge_makes_up() {
        assert!(id("op_01J-x").is_ok());
        assert!(id("op/1").is_err() && id("").is_err() && id("op.1").is_err());
    }
}
