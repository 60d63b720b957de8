//! What differs between two revisions, as their records tell it: values and objects, secrets hidden.

use std::collections::BTreeMap;

use release::record::Record;
use serde_json::Value;
use wire::{Cause, Class, FieldChange, ObjectRef, PlannedObject, Problem};

use super::fields::{Shape, diff};
use super::normalise;
use crate::documents::{Item, read_stored};
use crate::redact::Redaction;

/// Fields of one object; more are cut off, with a mark.
const FIELDS: usize = 1000;

/// Values and objects that differ from `old` to `new`; objects in the order of the new manifest, then those that are gone.
///
/// `namespace` is where documents go that name none. Cost: both manifests are read; linear in them.
///
/// # Errors
/// `invalid-document` when a stored manifest cannot be read.
pub fn revisions(
    old: &Record,
    new: &Record,
    namespace: &str,
    hidden: &Redaction,
) -> Result<(Vec<FieldChange>, Vec<PlannedObject>), Problem> {
    let values =
        ObjectRef { api_version: String::new(), kind: String::new(), namespace: None, name: String::new() };
    let (config_old, config_new) = (Value::Object(old.config.clone()), Value::Object(new.config.clone()));
    let (values, _) = changes(&values, &config_old, &config_new, hidden);
    let mut before: BTreeMap<_, Item> = BTreeMap::new();
    let mut order = Vec::new();
    for item in read_stored(&old.manifest)? {
        let key = key(&item, namespace);
        order.push(key.clone());
        before.insert(key, item);
    }
    let mut objects = Vec::new();
    for item in read_stored(&new.manifest)? {
        match before.remove(&key(&item, namespace)) {
            None => objects.push(planned(&item, Class::Create, namespace)),
            Some(old) => {
                let mut planned = planned(&item, Class::Update, namespace);
                let (old, new) = (normalise::document(&old.object), normalise::document(&item.object));
                (planned.fields, planned.truncated) = changes(&planned.object, &old, &new, hidden);
                if !planned.fields.is_empty() {
                    objects.push(planned);
                }
            }
        }
    }
    objects.extend(
        order.iter().filter_map(|key| before.get(key)).map(|item| planned(item, Class::Delete, namespace)),
    );
    Ok((values, objects))
}

/// Group, kind, namespace, name: another version of an API is the same object.
fn key(item: &Item, namespace: &str) -> (String, String, String, String) {
    let object = &item.object;
    let group = object.api_version().split_once('/').map_or("", |(group, _)| group);
    let namespace = if object.namespace().is_empty() { namespace } else { object.namespace() };
    (group.to_owned(), object.kind().to_owned(), namespace.to_owned(), object.name().to_owned())
}

fn planned(item: &Item, class: Class, namespace: &str) -> PlannedObject {
    let mut object = item.object.reference();
    // Whether its kind lives in namespaces no record tells; the release's is what `kubectl` would show for most.
    object.namespace.get_or_insert_with(|| namespace.to_owned());
    PlannedObject {
        object,
        class,
        source: (!item.source.is_empty()).then(|| item.source.clone()),
        fields: Vec::new(),
        truncated: false,
        conflicts: Vec::new(),
        decisions: Vec::new(),
        problem: None,
        recreate: false,
        approximate: false,
    }
}

fn changes(object: &ObjectRef, old: &Value, new: &Value, hidden: &Redaction) -> (Vec<FieldChange>, bool) {
    let mut found = diff(old, new, &Shape::default());
    let truncated = found.len() > FIELDS;
    found.truncate(FIELDS);
    let changes = found.into_iter().map(|change| {
        let cause = if change.new.is_none() { Cause::Removed } else { Cause::Chart };
        let mut shown = FieldChange {
            path: change.path.to_string(),
            old: change.old,
            new: change.new,
            cause,
            owner: None,
        };
        hidden.change(object, &change.path, &mut shown);
        shown
    });
    (changes.collect(), truncated)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::redact::Redactor;

    fn record(values: Value, manifest: &str) -> Record {
        let mut record = Record { manifest: manifest.to_owned(), ..Record::default() };
        if let Value::Object(values) = values {
            record.config = values;
        }
        record
    }

    #[test]
    fn changed_new_and_gone_objects_are_told_and_unchanged_ones_are_not() {
        let old = record(
            json!({"replicas": 1, "password": "one"}),
            "---\n# Source: a/templates/x.yaml\napiVersion: apps/v1beta1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 1}\n\
             ---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: same}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: gone}\n",
        );
        let new = record(
            json!({"replicas": 2, "password": "two"}),
            "---\n# Source: a/templates/x.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 2}\n\
             ---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: same, namespace: shop}\n---\n\
             apiVersion: v1\nkind: Secret\nmetadata: {name: new}\n",
        );
        let hidden = Redactor::new().expect("randomness").known([]);
        let (values, objects) = revisions(&old, &new, "shop", &hidden).expect("manifests");
        let paths: Vec<_> = values.iter().map(|change| change.path.as_str()).collect();
        assert_eq!(paths, [".password", ".replicas"]);
        assert!(!serde_json::to_string(&values[0]).expect("JSON").contains("two"));
        let told: Vec<_> = objects.iter().map(|object| (object.object.to_string(), object.class)).collect();
        assert_eq!(
            told,
            [
                ("apps/Deployment/shop/web".to_owned(), Class::Update),
                ("ConfigMap/shop/same".to_owned(), Class::Update),
                ("Secret/shop/new".to_owned(), Class::Create),
                ("ConfigMap/shop/gone".to_owned(), Class::Delete),
            ]
        );
        let paths: Vec<_> = objects[0].fields.iter().map(|change| change.path.as_str()).collect();
        assert_eq!(paths, [".apiVersion", ".spec.replicas"]);
    }
}
