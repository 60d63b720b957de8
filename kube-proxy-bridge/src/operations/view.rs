//! What every object of a plan is looked at with, and what is found out about one.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;
use wire::{Cause, Class, Decision, FieldConflict, ObjectRef, Owner, Problem};

use super::decide::{self, Choices};
use super::fields::Change;
use super::identity::{Identity, identity};
use super::request::Request;
use super::unserved::another_version;
use crate::documents::Item;
use crate::fieldpath::Path;
use crate::kube::{Cluster, Error, Resource};
use crate::object::Object;

/// A live object as it was when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// `metadata.uid`
    pub(super) uid: String,
    /// `metadata.resourceVersion`
    pub(super) resource_version: String,
}

impl Seen {
    /// Of this object.
    #[must_use]
    pub(super) fn of(live: &Object) -> Self {
        Self { uid: live.uid().to_owned(), resource_version: live.resource_version().to_owned() }
    }
}

/// What a plan says of one object: what would happen to it, and what that is made from.
#[derive(Clone, Debug)]
pub(super) struct Action {
    /// Which, with the namespace it lives in.
    pub(super) object: ObjectRef,
    /// The template it was rendered from; empty when there is none.
    pub(super) source: String,
    /// What would happen to it.
    pub(super) class: Class,
    /// Whether it comes from client-side apply and is moved first: see [`managed::upgrade_patch`].
    pub(super) client_side: bool,
    /// Whether it is deleted and created anew, as the person asked.
    pub(super) recreate: bool,
    /// As it was; `None` when it was not there.
    pub(super) seen: Option<Seen>,
}

/// One object, looked at.
#[derive(Clone, Debug)]
pub(super) struct Examined {
    pub(super) action: Action,
    pub(super) problem: Option<Problem>,
    pub(super) conflicts: Vec<(FieldConflict, Path)>,
    pub(super) decisions: Vec<Decision>,
    pub(super) changes: Vec<Change>,
    pub(super) causes: Vec<(Cause, Option<Owner>)>,
    pub(super) live: Option<Value>,
    pub(super) predicted: Option<Value>,
    pub(super) propose_recreate: bool,
    pub(super) approximate: bool,
    pub(super) warnings: Vec<String>,
    /// The Secrets among what was read and sent.
    pub(super) secrets: Vec<Object>,
}

impl Examined {
    pub(super) fn new(object: ObjectRef, source: &str, class: Class) -> Self {
        Self {
            action: Action {
                object,
                source: source.to_owned(),
                class,
                client_side: false,
                recreate: false,
                seen: None,
            },
            problem: None,
            conflicts: Vec::new(),
            decisions: Vec::new(),
            changes: Vec::new(),
            causes: Vec::new(),
            live: None,
            predicted: None,
            propose_recreate: false,
            approximate: false,
            warnings: Vec::new(),
            secrets: Vec::new(),
        }
    }

    pub(super) fn orphan(object: ObjectRef) -> Self {
        Self::new(object, "", Class::Orphan)
    }

    pub(super) fn refused(mut self, class: Class, problem: Problem) -> Self {
        self.action.class = class;
        self.problem = Some(Problem { objects: vec![self.action.object.clone()], ..problem });
        self
    }

    pub(super) fn saw(&mut self, live: &Object) {
        self.action.seen = Some(Seen::of(live));
        self.keep_secret(live);
    }

    pub(super) fn keep_secret(&mut self, object: &Object) {
        if object.kind() == "Secret" && object.api_version() == "v1" {
            self.secrets.push(object.clone());
        }
    }

    /// What would make the plan another one: the class and who is in the way of which field.
    pub(super) fn verdict(&self) -> (Class, Vec<(&str, &str)>) {
        let mut conflicts: Vec<_> = self
            .conflicts
            .iter()
            .map(|(conflict, _)| (conflict.field.as_str(), conflict.owner.manager.as_str()))
            .collect();
        conflicts.sort_unstable();
        (self.action.class, conflicts)
    }
}

/// What an error of a dry run says of an object.
pub(super) enum Refusal {
    Unverifiable(&'static str),
    Forbidden,
    Invalid,
}

/// What every object of a plan is looked at with.
#[derive(Debug)]
pub(super) struct Context<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) request: &'a Request<'a>,
    /// The base manifest's objects.
    pub(super) base: BTreeMap<Identity, &'a Item>,
    /// Kinds that definitions of this operation bring: group, kind, whether they live in namespaces.
    pub(super) brought: Vec<(String, String, bool)>,
    /// Namespaces that this operation creates.
    created: HashSet<&'a str>,
}

impl<'a> Context<'a> {
    pub(super) fn new(cluster: &'a Cluster, request: &'a Request<'a>) -> Self {
        let mut created: HashSet<&str> = request
            .new
            .iter()
            .filter(|item| item.object.kind() == "Namespace" && item.object.api_version() == "v1")
            .map(|item| item.object.name())
            .collect();
        if request.options.create_namespace {
            created.insert(request.namespace);
        }
        let definitions = request.crds.iter().chain(request.new);
        let brought = definitions.filter_map(|item| brought(&item.object)).collect();
        Self { cluster, request, base: BTreeMap::new(), brought, created }
    }

    /// Where an object lives.
    ///
    /// # Errors
    /// The kind is not served (status 404), or discovery failed.
    pub(super) async fn place(&self, object: &Object) -> Result<(ObjectRef, Resource), Error> {
        let resource = self.cluster.resource(object.api_version(), object.kind()).await?;
        let mut reference = object.reference();
        reference.namespace = resource
            .namespaced
            .then(|| reference.namespace.unwrap_or_else(|| self.request.namespace.to_owned()));
        Ok((reference, resource))
    }

    /// Where an object of the base manifest lives: one whose version is served no longer is found by another version of its
    /// kind.
    ///
    /// # Errors
    /// As [`Context::place`].
    pub(super) async fn place_old(&self, object: &Object) -> Result<(ObjectRef, Resource), Error> {
        let error = match self.place(object).await {
            Err(error) if error.is_not_found() => error,
            place => return place,
        };
        let served = self.cluster.resources().await?;
        let Some(other) = another_version(&served, &object.reference()) else { return Err(error) };
        let mut object = object.clone();
        object.as_map_mut().insert("apiVersion".to_owned(), other.api_version().into());
        self.place(&object).await
    }

    /// Whether a definition that is sent first brings the kind of an object.
    pub(super) fn is_defined_first(&self, object: &ObjectRef) -> bool {
        let kinds = self.request.crds.iter().filter_map(|item| brought(&item.object));
        kinds.into_iter().any(|(group, kind, _)| group == object.group() && kind == object.kind)
    }

    /// Reads which objects the base manifest has; before any object of it is looked at.
    ///
    /// # Errors
    /// Discovery failed.
    pub(super) async fn read_base(&mut self) -> Result<(), Problem> {
        for item in self.request.base {
            let reference = match self.place_old(&item.object).await {
                Ok((reference, _)) => reference,
                Err(error) if error.is_not_found() => item.object.reference(),
                Err(error) => return Err(error.problem()),
            };
            self.base.insert(identity(&reference), item);
        }
        Ok(())
    }

    pub(super) fn base_identities(&self) -> impl Iterator<Item = &Identity> {
        self.base.keys()
    }

    pub(super) fn choices(&self, object: &ObjectRef) -> Choices<'a> {
        decide::choices(&self.request.options.conflicts, object, None)
    }

    pub(super) fn may_recreate(&self, object: &ObjectRef) -> bool {
        self.request.options.recreate.iter().any(|named| identity(named) == identity(object))
    }

    /// What an error of a dry run means for one object.
    ///
    /// # Errors
    /// It is about the connection or the caller, and ends the plan.
    pub(super) fn refusal(&self, object: &ObjectRef, error: &Error) -> Result<Refusal, Problem> {
        if error.is_unauthorized() || (error.is_transient() && !error.is_quota_race()) {
            return Err(error.problem());
        }
        if error.status == Some(400) && error.message.contains("does not support dry run") {
            return Ok(Refusal::Unverifiable(
                "a webhook that is asked about it cannot be asked for a dry run",
            ));
        }
        let is_created = object.namespace.as_deref().is_some_and(|name| self.created.contains(name));
        if error.is_missing_namespace() && is_created {
            return Ok(Refusal::Unverifiable("its namespace is created by this very operation"));
        }
        // Admission says 403, too (a quota, a webhook); what a role does not allow names the user.
        let by_role = error.is_forbidden() && error.message.contains(" cannot ");
        Ok(if by_role { Refusal::Forbidden } else { Refusal::Invalid })
    }
}

/// The kind that a definition brings: its group, its name, and whether it lives in namespaces.
fn brought(definition: &Object) -> Option<(String, String, bool)> {
    let text = |pointer: &str| definition.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    (definition.kind() == "CustomResourceDefinition").then(|| {
        let kind = (text("/spec/group").to_owned(), text("/spec/names/kind").to_owned());
        (kind.0, kind.1, text("/spec/scope") == "Namespaced")
    })
}
