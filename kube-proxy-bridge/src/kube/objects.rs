//! What is done to objects.
//!
//! Paths are built here from parts that were looked at, each encoded once: nothing a client sent becomes a path as it is.

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use wire::{Cascade, ObjectRef};

use super::call::{Call, Verb};
use super::{Cluster, Error, FIELD_MANAGER, Resource};
use crate::object::Object;

const LOG_TIMEOUT: Duration = Duration::from_secs(10);
const METADATA_LIST: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
const JSON: &str = "application/json";

/// How an object is applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ApplyOptions {
    /// Try it, write nothing.
    pub dry_run: bool,
    /// Take fields that other managers own.
    pub force: bool,
}

/// An object after an apply.
#[derive(Clone, Debug)]
pub struct Applied {
    /// As it is on the server, or would be.
    pub object: Object,
    /// Whether it was not there before.
    pub created: bool,
    /// What the server warns of.
    pub warnings: Vec<String>,
    /// Which try it was, from 1.
    pub attempt: u32,
}

/// Which objects of a kind.
#[derive(Clone, Debug, Default)]
pub struct ListOptions {
    /// A label selector.
    pub labels: String,
    /// A field selector.
    pub fields: String,
    /// At most so many at once; 0: all.
    pub limit: u32,
    /// [`List::next`] of the page before.
    pub next: Option<String>,
    /// Only `metadata` of each.
    pub metadata_only: bool,
}

/// Some objects of a kind.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// The objects. The server leaves out `apiVersion` and `kind` in a list; they are put back.
    pub items: Vec<Object>,
    /// Where a watch goes on.
    pub resource_version: String,
    /// Goes into the next page's [`ListOptions::next`].
    pub next: Option<String>,
}

/// A change of a part of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patch {
    /// RFC 6902: a list of operations.
    Json,
    /// RFC 7396: what differs.
    Merge,
}

/// How an object is deleted.
#[derive(Clone, Debug)]
pub struct DeleteOptions {
    /// What happens to its dependents.
    pub cascade: Cascade,
    /// Only if it still is this one.
    pub uid: Option<String>,
    /// Try it, write nothing.
    pub dry_run: bool,
}

/// Which lines of a container.
#[derive(Clone, Copy, Debug)]
pub struct LogOptions {
    /// The last so many.
    pub tail_lines: u32,
    /// At most so many bytes.
    pub limit_bytes: u32,
    /// Of the container before its last restart.
    pub previous: bool,
}

impl Default for DeleteOptions {
    /// As Helm deletes.
    fn default() -> Self {
        Self { cascade: Cascade::Background, uid: None, dry_run: false }
    }
}

impl Default for LogOptions {
    /// A screen of it.
    fn default() -> Self {
        Self { tail_lines: 200, limit_bytes: 256 << 10, previous: false }
    }
}

#[derive(Deserialize)]
struct Items {
    #[serde(default)]
    metadata: ListMeta,
    /// `null` where there are none, in lists of metadata.
    items: Option<Vec<Value>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ListMeta {
    resource_version: String,
    #[serde(rename = "continue")]
    next: String,
}

impl Cluster {
    /// The object as it is, `None` when there is none, or when its kind is not served.
    ///
    /// # Errors
    /// The call's.
    pub async fn get(&self, object: &ObjectRef) -> Result<Option<Object>, Error> {
        let resource = match self.resource(&object.api_version, &object.kind).await {
            Ok(resource) => resource,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error),
        };
        let (target, about) = locate(&resource, object.namespace.as_deref(), Some(&object.name))?;
        match self.send(Call::read(Verb::Get, target, about.clone())).await {
            Ok(answer) => read_object(&about, &answer.body).map(Some),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Objects of a kind: of one namespace, or of all.
    ///
    /// # Errors
    /// The call's.
    pub async fn list(
        &self,
        api_version: &str,
        kind: &str,
        namespace: Option<&str>,
        options: &ListOptions,
    ) -> Result<List, Error> {
        let resource = self.resource(api_version, kind).await?;
        let (mut target, about) = locate(&resource, namespace, None)?;
        let limit = options.limit.to_string();
        push_query(
            &mut target,
            &[
                ("labelSelector", &options.labels),
                ("fieldSelector", &options.fields),
                ("limit", if options.limit == 0 { "" } else { &limit }),
                ("continue", options.next.as_deref().unwrap_or_default()),
            ],
        );
        let accept = options.metadata_only.then_some(METADATA_LIST);
        let answer = self.send(Call { accept, ..Call::read(Verb::List, target, about.clone()) }).await?;
        let read: Items =
            serde_json::from_slice(&answer.body).map_err(|error| Error::unreadable(&about, error))?;
        let items =
            read.items.unwrap_or_default().into_iter().filter_map(Object::from_value).map(|mut object| {
                object.as_map_mut().insert("apiVersion".to_owned(), api_version.into());
                object.as_map_mut().insert("kind".to_owned(), kind.into());
                object
            });
        Ok(List {
            items: items.collect(),
            resource_version: read.metadata.resource_version,
            next: (!read.metadata.next.is_empty()).then_some(read.metadata.next),
        })
    }

    /// Server-side apply as Helm does it: manager `helm`, unknown fields refused. Creates or changes.
    ///
    /// Sent again after a lost answer: applying twice is the same as applying once.
    ///
    /// # Errors
    /// The call's; see [`Error::is_field_conflict`] and [`Error::is_schema_error`].
    pub async fn apply(&self, object: &Object, options: ApplyOptions) -> Result<Applied, Error> {
        let resource = self.resource(object.api_version(), object.kind()).await?;
        let namespace = object.namespace();
        let (mut target, about) =
            locate(&resource, (!namespace.is_empty()).then_some(namespace), Some(object.name()))?;
        push_query(
            &mut target,
            &[
                ("dryRun", if options.dry_run { "All" } else { "" }),
                ("fieldManager", FIELD_MANAGER),
                ("fieldValidation", "Strict"),
                ("force", if options.force { "true" } else { "false" }),
            ],
        );
        let body = ("application/apply-patch+yaml", to_bytes(object));
        let call = Call {
            is_idempotent: true,
            dry_run: options.dry_run,
            ..Call::write(Verb::Apply, target, about.clone(), body)
        };
        let answer = self.send(call).await?;
        Ok(Applied {
            object: read_object(&about, &answer.body)?,
            created: answer.status == StatusCode::CREATED,
            warnings: answer.warnings,
            attempt: answer.attempt,
        })
    }

    /// Creates an object. Never sent twice: after a lost answer the caller has to look.
    ///
    /// # Errors
    /// The call's; see [`Error::is_already_exists`].
    pub async fn create(&self, object: &Object) -> Result<Object, Error> {
        let resource = self.resource(object.api_version(), object.kind()).await?;
        let namespace = object.namespace();
        let (mut target, about) = locate(&resource, (!namespace.is_empty()).then_some(namespace), None)?;
        push_query(&mut target, &[("fieldManager", FIELD_MANAGER)]);
        let about = format!("{about} {}", object.name());
        let answer =
            self.send(Call::write(Verb::Create, target, about.clone(), (JSON, to_bytes(object)))).await?;
        read_object(&about, &answer.body)
    }

    /// Replaces an object, only if it still has the `resourceVersion` that it names.
    ///
    /// # Errors
    /// The call's; see [`Error::is_conflict`].
    pub async fn replace(&self, object: &Object) -> Result<Object, Error> {
        let resource = self.resource(object.api_version(), object.kind()).await?;
        let namespace = object.namespace();
        let (mut target, about) =
            locate(&resource, (!namespace.is_empty()).then_some(namespace), Some(object.name()))?;
        push_query(&mut target, &[("fieldManager", FIELD_MANAGER)]);
        let answer =
            self.send(Call::write(Verb::Update, target, about.clone(), (JSON, to_bytes(object)))).await?;
        read_object(&about, &answer.body)
    }

    /// Changes a part of an object. Sent twice only when `patch` names a `resourceVersion` or tests for one.
    ///
    /// # Errors
    /// The call's.
    pub async fn patch(&self, object: &ObjectRef, how: Patch, patch: &Value) -> Result<Object, Error> {
        let resource = self.resource(&object.api_version, &object.kind).await?;
        let (mut target, about) = locate(&resource, object.namespace.as_deref(), Some(&object.name))?;
        push_query(&mut target, &[("fieldManager", FIELD_MANAGER)]);
        let content_type = match how {
            Patch::Json => "application/json-patch+json",
            Patch::Merge => "application/merge-patch+json",
        };
        let body = (content_type, Bytes::from(patch.to_string()));
        let answer = self.send(Call::write(Verb::Patch, target, about.clone(), body)).await?;
        read_object(&about, &answer.body)
    }

    /// Deletes an object; whether there was one.
    ///
    /// Sent again after a lost answer only with a uid: without one it could hit a successor.
    ///
    /// # Errors
    /// The call's; see [`Error::is_conflict`] for a uid that is another's.
    pub async fn delete(&self, object: &ObjectRef, options: &DeleteOptions) -> Result<bool, Error> {
        let resource = match self.resource(&object.api_version, &object.kind).await {
            Ok(resource) => resource,
            Err(error) if error.is_not_found() => return Ok(false),
            Err(error) => return Err(error),
        };
        let (target, about) = locate(&resource, object.namespace.as_deref(), Some(&object.name))?;
        let policy = match options.cascade {
            Cascade::Background => "Background",
            Cascade::Foreground => "Foreground",
            Cascade::Orphan => "Orphan",
        };
        let mut body = json!({"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": policy});
        if let Some(uid) = &options.uid {
            body["preconditions"] = json!({ "uid": uid });
        }
        if options.dry_run {
            body["dryRun"] = json!(["All"]);
        }
        let call = Call {
            is_idempotent: options.uid.is_some(),
            dry_run: options.dry_run,
            ..Call::write(Verb::Delete, target, about, (JSON, Bytes::from(body.to_string())))
        };
        match self.send(call).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The last lines of a container.
    ///
    /// # Errors
    /// The call's: the pod is gone, or its container has not started.
    pub async fn logs(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        options: LogOptions,
    ) -> Result<String, Error> {
        let mut target = format!("/api/v1/namespaces/{}/pods/{}/log", segment(namespace)?, segment(pod)?);
        let (tail, limit) = (options.tail_lines.to_string(), options.limit_bytes.to_string());
        let previous = if options.previous { "true" } else { "" };
        push_query(
            &mut target,
            &[("container", container), ("tailLines", &tail), ("limitBytes", &limit), ("previous", previous)],
        );
        let about = format!("the log of pod {namespace}/{pod}");
        let call = Call { accept: Some("*/*"), timeout: LOG_TIMEOUT, ..Call::read(Verb::Get, target, about) };
        Ok(String::from_utf8_lossy(&self.send(call).await?.body).into_owned())
    }
}

/// The path of a resource, or of one of its objects, and its name in messages.
pub(super) fn locate(
    resource: &Resource,
    namespace: Option<&str>,
    name: Option<&str>,
) -> Result<(String, String), Error> {
    let mut target = if resource.group.is_empty() {
        format!("/api/{}", segment(&resource.version)?)
    } else {
        format!("/apis/{}/{}", segment(&resource.group)?, segment(&resource.version)?)
    };
    let mut about = resource.plural.clone();
    let scope = namespace.filter(|_| resource.namespaced);
    if let Some(namespace) = scope {
        // A String takes everything.
        let _ = write!(target, "/namespaces/{}", segment(namespace)?);
    }
    let _ = write!(target, "/{}", segment(&resource.plural)?);
    if let Some(name) = name {
        let _ = write!(target, "/{}", segment(name)?);
    }
    let place = [scope, name].into_iter().flatten().collect::<Vec<_>>().join("/");
    if !place.is_empty() {
        let _ = write!(about, " {place}");
    }
    Ok((target, about))
}

/// A part of a path, encoded.
///
/// *Source*: apimachinery `pkg/api/validation/path/name.go`, `IsValidPathSegmentName`.
pub(super) fn segment(text: &str) -> Result<String, Error> {
    if text.is_empty() || text == "." || text == ".." || text.contains(['/', '%']) {
        let sentence = format!(
            "\"{}\" cannot be a name: it must not be empty, '.' or '..', nor hold '/' or '%'",
            text.escape_debug()
        );
        return Err(Error {
            status: Some(400),
            reason: "Invalid".to_owned(),
            ..Error::unreachable("name", sentence)
        });
    }
    Ok(encode(text))
}

/// Appends the pairs that have a value.
pub(super) fn push_query(target: &mut String, pairs: &[(&str, &str)]) {
    let mut separator = '?';
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        target.push(separator);
        separator = '&';
        target.push_str(name);
        target.push('=');
        target.push_str(&encode(value));
    }
}

/// Percent-encodes everything but RFC 3986's unreserved characters.
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The JSON of an object. U+2028 and U+2029 are escaped as Go does it: the server reads an apply as YAML, where they end a line.
fn to_bytes(object: &Object) -> Bytes {
    // A map of JSON values always is JSON.
    let json = serde_json::to_string(object.as_map()).unwrap_or_default();
    if !json.contains(['\u{2028}', '\u{2029}']) {
        return Bytes::from(json);
    }
    // Outside of strings JSON has neither.
    Bytes::from(json.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029"))
}

pub(super) fn read_object(about: &str, body: &[u8]) -> Result<Object, Error> {
    let value = serde_json::from_slice(body).map_err(|error| Error::unreadable(about, error))?;
    Object::from_value(value).ok_or_else(|| Error::unreadable(about, "the answer is no object"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(group: &str, namespaced: bool) -> Resource {
        Resource {
            group: group.to_owned(),
            version: "v1".to_owned(),
            kind: "Thing".to_owned(),
            plural: "things".to_owned(),
            namespaced,
            verbs: Vec::new(),
            subresources: Vec::new(),
        }
    }

    #[test]
    fn line_separators_are_escaped_for_the_servers_yaml_reader() {
        let object = Object::from_value(json!({"data": {"text": "a\u{2028}b\u{2029}é"}})).expect("a map");
        assert_eq!(to_bytes(&object), r#"{"data":{"text":"a\u2028b\u2029é"}}"#);
    }

    #[test]
    fn paths_are_built_from_parts() {
        let path = |group, namespaced, namespace, name| {
            locate(&resource(group, namespaced), namespace, name)
                .map(|(target, about)| format!("{target} {about}"))
        };
        assert_eq!(
            path("", true, Some("shop"), Some("web")).expect("a path"),
            "/api/v1/namespaces/shop/things/web things shop/web"
        );
        assert_eq!(path("a.b", true, None, None).expect("a path"), "/apis/a.b/v1/things things");
        // A kind without namespaces ignores one.
        assert_eq!(
            path("", false, Some("shop"), Some("system:x")).expect("a path"),
            "/api/v1/things/system%3Ax things system:x"
        );
    }

    #[test]
    fn names_that_would_leave_their_place_are_refused() {
        for name in ["", ".", "..", "a/b", "../secrets/x", "a%2fb", "%2e%2e"] {
            assert!(locate(&resource("", true), Some("shop"), Some(name)).is_err(), "{name}");
            assert!(locate(&resource("", true), Some(name), Some("web")).is_err(), "{name}");
        }
        let (target, _) = locate(&resource("", true), Some("a?b#c"), Some("d\r\ne f")).expect("encoded");
        assert_eq!(target, "/api/v1/namespaces/a%3Fb%23c/things/d%0D%0Ae%20f");
    }

    #[test]
    fn empty_values_are_left_out_of_the_query() {
        let mut target = String::from("/x");
        push_query(&mut target, &[("a", ""), ("b", "1,c=d"), ("e", "f")]);
        assert_eq!(target, "/x?b=1%2Cc%3Dd&e=f");
    }
}
