//! Who owns which fields of an object: `metadata.managedFields`, read, asked and rewritten.
//!
//! *Source*: structured-merge-diff v6 `fieldpath/{set,serialize}.go` for the form, client-go v0.37 `util/csaupgrade` for the
//! step from client-side to server-side apply, which helm v4.3.1 does with `--server-side=true` and on every rollback.
//!
//! Depth here is that of stored managed fields: the API server derives them from typed objects and bounds them.

use serde_json::{Map, Value, json};
use wire::{Owner, OwnerOperation};

use crate::fieldpath::{Path, Step};
use crate::object::Object;

/// Helm's name as a field manager, whatever the binary that runs is called.
pub const HELM: &str = "helm";

/// Fields, as a tree of steps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldSet {
    /// Whether the field at this point itself belongs to the set, apart from what is under it.
    member: bool,
    children: Vec<(Step, FieldSet)>,
}

impl FieldSet {
    /// The set of a `fieldsV1`. Keys that are not known are passed over.
    #[must_use]
    pub fn parse(fields: &Value) -> Self {
        let mut set = Self::default();
        let Value::Object(fields) = fields else { return set };
        for (key, below) in fields {
            if key == "." {
                set.member = true;
            } else if let Some(step) = Step::parse(key) {
                let mut child = Self::parse(below);
                // A field with nothing under it is a member; one with something under it only by its dot.
                child.member |= child.children.is_empty();
                set.children.push((step, child));
            }
        }
        set
    }

    /// The `fieldsV1` of the set.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut fields = Map::new();
        if self.member && !self.children.is_empty() {
            fields.insert(".".to_owned(), json!({}));
        }
        for (step, child) in &self.children {
            fields.insert(step.key(), child.to_value());
        }
        Value::Object(fields)
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.member && self.children.iter().all(|(_, child)| child.is_empty())
    }

    /// The steps from the root of the set.
    #[must_use]
    pub fn children(&self) -> &[(Step, Self)] {
        &self.children
    }

    /// Whether the field at this point itself is a member.
    #[must_use]
    pub fn is_member(&self) -> bool {
        self.member
    }

    fn child(&self, step: &Step) -> Option<&Self> {
        self.children.iter().find(|(known, _)| known == step).map(|(_, child)| child)
    }

    fn child_or_new(&mut self, step: &Step) -> &mut Self {
        let at = self.children.iter().position(|(known, _)| known == step).unwrap_or_else(|| {
            self.children.push((step.clone(), Self::default()));
            self.children.len() - 1
        });
        &mut self.children[at].1
    }

    /// Whether the set has the field, something under it, or a field above it that is owned as a whole.
    #[must_use]
    pub fn touches(&self, path: &Path) -> bool {
        let mut set = self;
        for step in &path.0 {
            if set.member && set.children.is_empty() {
                return true;
            }
            match set.child(step) {
                Some(child) => set = child,
                None => return false,
            }
        }
        !set.is_empty()
    }

    /// Puts in a field with all under it that `other` has; the field alone when it has nothing there.
    fn take(&mut self, path: &Path, other: &Self) {
        let target = path.0.iter().fold(self, |set, step| set.child_or_new(step));
        let source = path.0.iter().try_fold(other, |set, step| set.child(step));
        match source {
            Some(source) => target.union(source),
            None => target.member = true,
        }
    }

    /// Takes out a field with all under it.
    fn remove(&mut self, path: &Path) {
        match path.0.split_first() {
            None => *self = Self::default(),
            Some((step, rest)) => {
                let rest = Path(rest.to_vec());
                for (known, child) in &mut self.children {
                    if known == step {
                        child.remove(&rest);
                    }
                }
                self.children.retain(|(_, child)| !child.is_empty());
            }
        }
    }

    /// Adds all of `other`.
    pub fn union(&mut self, other: &Self) {
        self.member |= other.member;
        for (step, child) in &other.children {
            self.child_or_new(step).union(child);
        }
    }

    /// The fields of this set that have nothing under them in it: what holds values.
    #[must_use]
    pub fn leaves(&self) -> Vec<Path> {
        let mut leaves = Vec::new();
        self.collect(&Path::default(), &mut leaves);
        leaves
    }

    fn collect(&self, path: &Path, leaves: &mut Vec<Path>) {
        if self.children.is_empty() && self.member {
            leaves.push(path.clone());
        }
        for (step, child) in &self.children {
            child.collect(&path.then(step.clone()), leaves);
        }
    }
}

/// One entry of `managedFields`.
#[derive(Clone, Debug, PartialEq)]
pub struct Manager {
    /// Who, how, when.
    pub owner: Owner,
    /// The version its fields are named in.
    pub api_version: String,
    /// Its fields.
    pub fields: FieldSet,
}

impl Manager {
    fn is(&self, name: &str, operation: OwnerOperation) -> bool {
        self.owner.manager == name && self.owner.operation == operation
    }

    fn is_main(&self, name: &str, operation: OwnerOperation) -> bool {
        self.is(name, operation) && self.owner.subresource.is_none()
    }
}

/// The managers of an object, in its order: the API server sorts by operation, then time.
#[must_use]
pub fn managers(object: &Object) -> Vec<Manager> {
    entries(object).iter().map(manager).collect()
}

fn entries(object: &Object) -> &[Value] {
    object.pointer("/metadata/managedFields").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn manager(entry: &Value) -> Manager {
    let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
    let some = |name: &str| Some(text(name)).filter(|text| !text.is_empty()).map(str::to_owned);
    Manager {
        owner: Owner {
            manager: text("manager").to_owned(),
            operation: match text("operation") {
                "Apply" => OwnerOperation::Apply,
                _ => OwnerOperation::Update,
            },
            subresource: some("subresource"),
            time: some("time"),
        },
        api_version: text("apiVersion").to_owned(),
        fields: FieldSet::parse(entry.get("fieldsV1").unwrap_or(&Value::Null)),
    }
}

/// Who owns a field, Helm last: who else touches it is what a person wants to know.
#[must_use]
pub fn owner<'a>(managers: &'a [Manager], path: &Path) -> Option<&'a Owner> {
    let mut owners = managers.iter().filter(|manager| manager.fields.touches(path));
    let first = owners.next()?;
    if first.owner.manager != HELM {
        return Some(&first.owner);
    }
    Some(owners.find(|manager| manager.owner.manager != HELM).map_or(&first.owner, |manager| &manager.owner))
}

/// Whether anybody but Helm owns the field.
#[must_use]
pub fn has_other_owner(managers: &[Manager], path: &Path) -> bool {
    managers.iter().any(|manager| manager.owner.manager != HELM && manager.fields.touches(path))
}

/// Whether the object was written by client-side apply and not moved to server-side apply yet.
#[must_use]
pub fn is_client_side(managers: &[Manager]) -> bool {
    managers.iter().any(|manager| manager.is_main(HELM, OwnerOperation::Update))
}

/// The managers after the step from client-side to server-side apply; `None` when there is nothing to do.
///
/// Helm's own Update entry of the same version joins its Apply entry; entries of other versions are dropped, and what they
/// owned belongs to nobody.
#[must_use]
pub fn upgraded(managers: &[Manager]) -> Option<Vec<Manager>> {
    if !is_client_side(managers) {
        return None;
    }
    let update = |manager: &Manager| manager.is_main(HELM, OwnerOperation::Update);
    let target = managers
        .iter()
        .position(|manager| manager.is_main(HELM, OwnerOperation::Apply))
        .or_else(|| managers.iter().position(update))?;
    let mut result: Vec<Manager> = managers.to_vec();
    result[target].owner.operation = OwnerOperation::Apply;
    let version = result[target].api_version.clone();
    let joined =
        managers.iter().enumerate().find(|(_, manager)| update(manager) && manager.api_version == version);
    if let Some((_, joined)) = joined {
        result[target].fields.union(&joined.fields);
    }
    result.retain(|manager| !update(manager));
    Some(result)
}

/// The JSON patch that moves a live object from client-side to server-side apply; `None` when there is nothing to do.
///
/// It names the resource version, so that a change in between is a conflict and not a loss.
#[must_use]
pub fn upgrade_patch(live: &Object) -> Option<Value> {
    let managers = upgraded(&managers(live))?;
    Some(patch(live, &managers))
}

/// The JSON patch by which Helm takes these fields from a manager that writes by update; `None` when it owns none of them.
#[must_use]
pub fn take_over_patch(live: &Object, fields: &[(Owner, Path)]) -> Option<Value> {
    let (managers, moved) = taken_over(&managers(live), fields, live.api_version());
    moved.then(|| patch(live, &managers))
}

/// The managers after Helm took these fields, and whether that changes anything.
#[must_use]
pub fn taken_over(managers: &[Manager], fields: &[(Owner, Path)], api_version: &str) -> (Vec<Manager>, bool) {
    let mut result = managers.to_vec();
    let mut gained = FieldSet::default();
    for (owner, path) in fields {
        let from = result.iter_mut().filter(|manager| {
            manager.is(&owner.manager, OwnerOperation::Update)
                && manager.owner.subresource == owner.subresource
                && manager.owner.manager != HELM
        });
        for manager in from {
            if manager.fields.touches(path) {
                gained.take(path, &manager.fields);
                manager.fields.remove(path);
            }
        }
    }
    if gained.is_empty() {
        return (result, false);
    }
    result.retain(|manager| !manager.fields.is_empty());
    match result.iter_mut().find(|manager| manager.is_main(HELM, OwnerOperation::Apply)) {
        Some(helm) => helm.fields.union(&gained),
        None => result.push(Manager {
            owner: Owner {
                manager: HELM.to_owned(),
                operation: OwnerOperation::Apply,
                subresource: None,
                time: None,
            },
            api_version: api_version.to_owned(),
            fields: gained,
        }),
    }
    (result, true)
}

fn patch(live: &Object, managers: &[Manager]) -> Value {
    let entries: Vec<Value> = managers
        .iter()
        .map(|manager| {
            let owner = &manager.owner;
            let operation = match owner.operation {
                OwnerOperation::Apply => "Apply",
                OwnerOperation::Update => "Update",
            };
            let mut entry = json!({
                "manager": owner.manager, "operation": operation, "apiVersion": manager.api_version,
                "fieldsType": "FieldsV1", "fieldsV1": manager.fields.to_value(),
            });
            for (name, value) in [("subresource", &owner.subresource), ("time", &owner.time)] {
                if let Some(value) = value {
                    entry[name] = json!(value);
                }
            }
            entry
        })
        .collect();
    json!([
        {"op": "replace", "path": "/metadata/managedFields", "value": entries},
        // `replace` and not `test`: a stale version is then a conflict, which says what happened.
        {"op": "replace", "path": "/metadata/resourceVersion", "value": live.resource_version()},
    ])
}

/// What an apply of `document` would remove from a live object that is moved to server-side apply first: what the base
/// manifest set, the document does not, and nobody but Helm owns. The highest fields that go as a whole.
///
/// Client-side apply owns defaults, too; the server would set them again, so only fields of the base are looked at.
#[must_use]
pub fn dropped(upgraded: &[Manager], base: &Value, document: &Value) -> Vec<Path> {
    let (helm, others): (Vec<&Manager>, Vec<&Manager>) =
        upgraded.iter().partition(|manager| manager.is_main(HELM, OwnerOperation::Apply));
    let mut found = Vec::new();
    for manager in helm {
        drop_below(&manager.fields, &Path::default(), &others, base, document, &mut found);
    }
    found
}

fn drop_below(
    set: &FieldSet,
    path: &Path,
    others: &[&Manager],
    base: &Value,
    document: &Value,
    found: &mut Vec<Path>,
) {
    for (step, child) in &set.children {
        let path = path.then(step.clone());
        if path.of(base).is_none() {
            continue;
        }
        let is_ours = !others.iter().any(|manager| manager.fields.touches(&path));
        if is_ours && path.of(document).is_none() {
            found.push(path);
        } else {
            drop_below(child, &path, others, base, document, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(manager: &str, operation: &str, version: &str, fields: Value) -> Value {
        json!({"manager": manager, "operation": operation, "apiVersion": version, "time": "2026-11-20T09:12:03Z",
            "fieldsType": "FieldsV1", "fieldsV1": fields})
    }

    fn object(entries: Vec<Value>) -> Object {
        Object::from_value(json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "resourceVersion": "7", "managedFields": entries}}))
        .expect("a map")
    }

    fn path(keys: &[&str]) -> Path {
        Path(keys.iter().map(|key| Step::parse(key).expect(key)).collect())
    }

    fn fields() -> Value {
        json!({"f:metadata": {"f:annotations": {".": {}, "f:a": {}}}, "f:spec": {"f:replicas": {},
            "f:containers": {"k:{\"name\":\"web\"}": {".": {}, "f:name": {}, "f:image": {}}}, "f:sources": {"v:\"x\"": {}}}})
    }

    #[test]
    fn fields_are_read_and_written_as_they_were() {
        assert_eq!(FieldSet::parse(&fields()).to_value(), fields());
        for odd in [json!(null), json!([]), json!({"z:": {}, "f:a": 1})] {
            assert!(!FieldSet::parse(&odd).touches(&path(&["f:b"])), "{odd}");
        }
    }

    #[test]
    fn who_touches_a_field() {
        let set = FieldSet::parse(&fields());
        for (keys, touches) in [
            (&["f:spec", "f:replicas"][..], true),
            (&["f:spec"], true),
            (&["f:spec", "f:paused"], false),
            (&["f:spec", "f:containers", "k:{\"name\":\"web\"}", "f:image"], true),
            (&["f:spec", "f:containers", "k:{\"name\":\"web\"}", "f:args"], false),
            (&["f:spec", "f:containers", "k:{\"name\":\"db\"}"], false),
            // Owned as a whole: what is inside belongs to the owner, too.
            (&["f:spec", "f:replicas", "f:deeper"], true),
            (&["f:metadata", "f:annotations", "f:b"], false),
        ] {
            assert_eq!(set.touches(&path(keys)), touches, "{keys:?}");
        }
        let live = object(vec![
            entry("helm", "Apply", "apps/v1", fields()),
            entry("kubectl-edit", "Update", "apps/v1", json!({"f:spec": {"f:replicas": {}}})),
        ]);
        let managers = managers(&live);
        let replicas = path(&["f:spec", "f:replicas"]);
        assert_eq!(owner(&managers, &replicas).map(|owner| owner.manager.as_str()), Some("kubectl-edit"));
        assert!(has_other_owner(&managers, &replicas));
        let annotation = path(&["f:metadata", "f:annotations", "f:a"]);
        assert_eq!(owner(&managers, &annotation).map(|owner| owner.manager.as_str()), Some("helm"));
        assert!(!has_other_owner(&managers, &annotation));
    }

    #[test]
    fn client_side_entries_become_one_of_server_side_apply() {
        let csa = json!({"f:spec": {"f:replicas": {}, "f:paused": {}}});
        let ssa = json!({"f:spec": {"f:replicas": {}, "f:template": {}}});
        let other = entry("kubectl-edit", "Update", "apps/v1", json!({"f:data": {}}));
        // Not moved yet: the newest entry turns into Apply.
        let live = object(vec![entry("helm", "Update", "apps/v1", csa.clone()), other.clone()]);
        let patch = upgrade_patch(&live).expect("there is work");
        assert_eq!(patch[0]["value"], json!([entry("helm", "Apply", "apps/v1", csa.clone()), other]));
        assert_eq!(patch[1]["value"], "7");
        // Both there: they are joined.
        let live = object(vec![
            entry("helm", "Apply", "apps/v1", ssa.clone()),
            entry("helm", "Update", "apps/v1", csa.clone()),
            entry("helm", "Update", "apps/v1beta1", json!({"f:spec": {"f:old": {}}})),
        ]);
        let patch = upgrade_patch(&live).expect("there is work");
        let joined = json!({"f:spec": {"f:replicas": {}, "f:template": {}, "f:paused": {}}});
        assert_eq!(patch[0]["value"], json!([entry("helm", "Apply", "apps/v1", joined)]));
        // Nothing to do.
        assert_eq!(upgrade_patch(&object(vec![entry("helm", "Apply", "apps/v1", ssa)])), None);
        let mut status = entry("helm", "Update", "apps/v1", csa);
        status["subresource"] = json!("status");
        assert_eq!(upgrade_patch(&object(vec![status])), None);
    }

    #[test]
    fn fields_are_taken_from_a_manager() {
        let live = object(vec![
            entry("helm", "Apply", "v1", json!({"f:spec": {"f:type": {}}})),
            entry(
                "kubectl-edit",
                "Update",
                "v1",
                json!({"f:spec": {"f:ports": {"k:{\"port\":81}": {".": {}, "f:port": {}}}, "f:x": {}}}),
            ),
        ]);
        let edit = managers(&live)[1].owner.clone();
        let taken = [(edit.clone(), path(&["f:spec", "f:ports", "k:{\"port\":81}"]))];
        let patch = take_over_patch(&live, &taken).expect("it owns that");
        assert_eq!(
            patch[0]["value"],
            json!([
                entry(
                    "helm",
                    "Apply",
                    "v1",
                    json!({"f:spec": {"f:type": {}, "f:ports": {"k:{\"port\":81}": {".": {}, "f:port": {}}}}})
                ),
                entry("kubectl-edit", "Update", "v1", json!({"f:spec": {"f:x": {}}})),
            ])
        );
        assert_eq!(take_over_patch(&live, &[(edit, path(&["f:data"]))]), None);
    }

    #[test]
    fn what_an_apply_would_drop() {
        let web = "k:{\"name\":\"web\"}";
        let db = "k:{\"name\":\"db\"}";
        let item = json!({".": {}, "f:name": {}, "f:image": {}, "f:policy": {}});
        let live = object(vec![
            entry(
                "helm",
                "Update",
                "v1",
                json!({"f:data": {".": {}, "f:a": {}, "f:b": {}, "f:c": {}, "f:default": {}},
                "f:containers": {web: item.clone(), db: item}}),
            ),
            entry("kubectl-edit", "Update", "v1", json!({"f:data": {"f:c": {}}})),
        ]);
        let upgraded = upgraded(&managers(&live)).expect("client-side");
        let base =
            json!({"data": {"a": "1", "b": "2", "c": "3"}, "containers": [{"name": "web"}, {"name": "db"}]});
        let new = json!({"data": {"a": "1"}, "containers": [{"name": "web"}]});
        assert_eq!(dropped(&upgraded, &base, &new), [path(&["f:containers", db]), path(&["f:data", "f:b"])]);
    }
}
