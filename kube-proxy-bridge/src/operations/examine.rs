//! One object of a plan: read, tried by the API server's own dry run, and compared.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;
use wire::{Cause, Class, Code, Decision, FieldConflict, ObjectRef, Owner, Problem};

use super::attempt::Attempt;
use super::decide::{self, Choices, Settled};
use super::fields::Change;
use super::ownership::Policy;
use super::plan::Request;
use super::{managed, normalise, ownership};
use crate::documents::{HookItem, Item};
use crate::fieldpath::Path;
use crate::kube::{ApplyOptions, Cluster, Error, Resource};
use crate::object::Object;

/// What identifies an object across versions of its API.
pub(super) type Identity = (String, String, Option<String>, String);

/// Whose objects are one: group, kind, place and name.
pub(super) fn identity(object: &ObjectRef) -> Identity {
    (object.group().to_owned(), object.kind.clone(), object.namespace.clone(), object.name.clone())
}

/// A live object as it was when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// `metadata.uid`
    pub uid: String,
    /// `metadata.resourceVersion`
    pub resource_version: String,
}

impl Seen {
    /// Of this object.
    #[must_use]
    pub fn of(live: &Object) -> Self {
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
    fn new(object: ObjectRef, source: &str, class: Class) -> Self {
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

    fn saw(&mut self, live: &Object) {
        self.action.seen = Some(Seen::of(live));
        self.keep_secret(live);
    }

    fn keep_secret(&mut self, object: &Object) {
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

/// What every object of a plan is looked at with.
#[derive(Debug)]
pub(super) struct Context<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) request: &'a Request<'a>,
    /// The base manifest's objects.
    base: BTreeMap<Identity, &'a Item>,
    /// Kinds that definitions of this operation bring: group, kind, whether they live in namespaces.
    brought: Vec<(String, String, bool)>,
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
        let text = |item: &Item, pointer: &str| {
            item.object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let brought = request
            .crds
            .iter()
            .chain(request.new)
            .filter(|item| item.object.kind() == "CustomResourceDefinition")
            .map(|item| {
                let kind = (text(item, "/spec/group"), text(item, "/spec/names/kind"));
                (kind.0, kind.1, text(item, "/spec/scope") == "Namespaced")
            })
            .collect();
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

    /// Reads which objects the base manifest has; before any object of it is looked at.
    ///
    /// # Errors
    /// Discovery failed.
    pub(super) async fn read_base(&mut self) -> Result<(), Problem> {
        for item in self.request.base {
            let reference = match self.place(&item.object).await {
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

    fn choices(&self, object: &ObjectRef) -> Choices<'a> {
        decide::choices(&self.request.options.conflicts, object, None)
    }

    pub(super) fn may_recreate(&self, object: &ObjectRef) -> bool {
        self.request.options.recreate.iter().any(|named| identity(named) == identity(object))
    }

    /// Looks at an object of the new manifest: two calls, three when a field is another's.
    ///
    /// # Errors
    /// The cluster does not answer, or does not know the caller: then the whole plan ends.
    pub(super) async fn examine(&self, item: &Item) -> Result<Examined, Problem> {
        let (reference, resource) = match self.place(&item.object).await {
            Ok(place) => place,
            Err(error) if error.is_not_found() => return Ok(self.unknown_kind(item, &error)),
            Err(error) => return Err(error.problem()),
        };
        let mut examined = Examined::new(reference.clone(), &item.source, Class::Unchanged);
        let live = match self.cluster.get(&reference).await {
            Ok(live) => live,
            Err(error) if error.is_forbidden() => {
                return Ok(examined.refused(Class::Forbidden, error.problem()));
            }
            Err(error) => return Err(error.problem()),
        };
        let mut send = item.object.clone();
        if let Some(namespace) = &reference.namespace {
            send.set_metadata("namespace", namespace);
        }
        ownership::mark(&mut send, self.request.namespace, self.request.release);
        examined.keep_secret(&send);
        let mut adopts = false;
        if let Some(live) = &live {
            examined.saw(live);
            let ours = ownership::owns(live, self.request.namespace, self.request.release);
            adopts = !ours && !self.base.contains_key(&identity(&reference));
        }
        if adopts
            && !self.request.options.take_ownership
            && let Some(live) = &live
        {
            let (namespace, release) = (self.request.namespace, self.request.release);
            let class =
                if ownership::is_anothers(live, namespace, release) { Class::Foreign } else { Class::Adopt };
            let sentence = ownership::refusal(&reference, live, namespace, release);
            return Ok(examined.refused(class, Problem::new(Code::Ownership, sentence)));
        }
        let managers = live.as_ref().map(managed::managers).unwrap_or_default();
        let settled = match &live {
            None => Settled::default(),
            Some(live) => match decide::settle(&mut send, live, &self.choices(&reference)) {
                Ok(settled) => settled,
                Err(problem) => return Ok(examined.refused(Class::Conflict, problem)),
            },
        };
        examined.decisions.clone_from(&settled.decisions);
        examined.action.client_side = managed::is_client_side(&managers);
        let attempt = Attempt {
            context: self,
            base: self.base.get(&identity(&reference)).map(|item| normalise::document(&item.object)),
            document: normalise::document(&send),
            has_status: resource.subresources.iter().any(|name| name == "status"),
            live,
            send,
            managers,
            settled,
        };
        let mut examined = attempt.run(examined).await?;
        if adopts && matches!(examined.action.class, Class::Update | Class::Unchanged) {
            examined.action.class = Class::Adopt;
        }
        Ok(examined)
    }

    fn unknown_kind(&self, item: &Item, error: &Error) -> Examined {
        let mut reference = item.object.reference();
        let brought = self
            .brought
            .iter()
            .find(|(group, kind, _)| *group == reference.group() && *kind == reference.kind);
        let class = match brought {
            Some((_, _, namespaced)) => {
                if *namespaced && reference.namespace.is_none() {
                    reference.namespace = Some(self.request.namespace.to_owned());
                }
                Class::Unverifiable
            }
            None => Class::Invalid,
        };
        let examined = Examined::new(reference, &item.source, class);
        let problem = match class {
            Class::Unverifiable => Problem::new(
                Code::Unverifiable,
                format!("{}: its kind is defined by this very operation", error.message),
            ),
            _ => {
                Problem::new(Code::UnknownKind, format!("{}; ensure CRDs are installed first", error.message))
            }
        };
        examined.refused(class, problem)
    }

    /// Looks at an object that the new manifest no longer has: one call.
    ///
    /// # Errors
    /// As [`Context::examine`].
    pub(super) async fn examine_old(&self, item: &Item, is_uninstall: bool) -> Result<Examined, Problem> {
        let (reference, resource) = match self.place(&item.object).await {
            Ok(place) => place,
            Err(error) if error.is_not_found() => {
                return Ok(Examined::new(item.object.reference(), &item.source, Class::Gone));
            }
            Err(error) => return Err(error.problem()),
        };
        let mut examined = Examined::new(reference.clone(), &item.source, Class::Delete);
        let live = match self.cluster.get(&reference).await {
            Ok(Some(live)) => live,
            Ok(None) => {
                examined.action.class = Class::Gone;
                return Ok(examined);
            }
            Err(error) if error.is_forbidden() => {
                return Ok(examined.refused(Class::Forbidden, error.problem()));
            }
            Err(error) => return Err(error.problem()),
        };
        examined.saw(&live);
        let policy = ownership::policy(if is_uninstall { &item.object } else { &live }, is_uninstall);
        if policy == Policy::Unknown {
            examined.warnings.push(format!(
                "{reference}: helm.sh/resource-policy says something else than keep, and is passed over"
            ));
        }
        examined.action.class = if policy == Policy::Keep || !(is_uninstall || self.request.options.prune) {
            Class::Keep
        } else if ownership::owns(&live, self.request.namespace, self.request.release) {
            Class::Delete
        } else {
            Class::Foreign
        };
        let has_status = resource.subresources.iter().any(|name| name == "status");
        examined.live = Some(normalise::live(&live, has_status));
        Ok(examined)
    }

    /// Tries a hook: whether it fits its schema, and whether the caller may create it. What lives in its place is
    /// deleted before it runs, so nothing else matters.
    ///
    /// # Errors
    /// As [`Context::examine`].
    pub(super) async fn examine_hook(
        &self,
        hook: &HookItem,
    ) -> Result<(ObjectRef, Option<Problem>), Problem> {
        let reference = match self.place(&hook.object).await {
            Ok((reference, _)) => reference,
            Err(error) if error.is_not_found() => {
                let reference = hook.object.reference();
                let is_brought = self
                    .brought
                    .iter()
                    .any(|(group, kind, _)| *group == reference.group() && *kind == reference.kind);
                let problem = (!is_brought).then(|| Problem::new(Code::UnknownKind, error.message.clone()));
                return Ok((reference, problem));
            }
            Err(error) => return Err(error.problem()),
        };
        let mut send = hook.object.clone();
        if let Some(namespace) = &reference.namespace {
            send.set_metadata("namespace", namespace);
        }
        let error = match self.cluster.apply(&send, ApplyOptions { dry_run: true, force: true }).await {
            Ok(_) => return Ok((reference, None)),
            Err(error) => error,
        };
        let matters = match self.refusal(&reference, &error)? {
            Refusal::Unverifiable(_) => false,
            Refusal::Forbidden => true,
            Refusal::Invalid => !error.is_immutable(),
        };
        Ok((reference, matters.then(|| error.problem())))
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

/// What an error of a dry run says of an object.
pub(super) enum Refusal {
    Unverifiable(&'static str),
    Forbidden,
    Invalid,
}
