//! From YAML to objects: what a page sent, and what a release's record holds.
//!
//! The page's own idea of hooks, order and scope is not asked: documents are read, told apart and sorted here, by the
//! code that renders them in the page. Reading is Go's, so that `yes` and `017` mean what they mean to Helm.

use std::rc::Rc;

use release::manifest::{self, Event};
use serde_json::{Map, Value};
use wire::{Code, Document, ObjectRef, Problem};

use crate::object::Object;

/// One document of a release.
pub const DOCUMENT_LIMIT_BYTES: usize = 3 << 19;
/// Documents of a release.
pub const DOCUMENT_LIMIT: usize = 5_000;
/// Aliases may write a document out so many times.
const ALIAS_EXPANSION: usize = 10;
const SOURCE_LINE: &str = "# Source: ";

/// An object and where it was rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// As the document says it: no namespace added, no mark.
    pub object: Object,
    /// The template: `web/templates/deployment.yaml`; empty when the record does not say.
    pub source: String,
}

/// A hook and when it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookItem {
    /// The object it creates.
    pub object: Object,
    /// The template.
    pub source: String,
    /// The document, as the record keeps it.
    pub text: String,
    /// `pre-install`, `test`
    pub events: Vec<String>,
    /// Lower runs earlier.
    pub weight: i64,
    /// `before-hook-creation`; none written means that one.
    pub delete_policies: Vec<String>,
    /// `hook-failed`
    pub output_log_policies: Vec<String>,
}

/// A render, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Set {
    /// What is installed, in install order.
    pub items: Vec<Item>,
    /// Hooks, sorted by kind as records keep them.
    pub hooks: Vec<HookItem>,
    /// The manifest as the record keeps it.
    pub manifest: String,
    /// Documents that are dropped because their hook annotation names no event of Helm's: template and annotation.
    pub dropped: Vec<(String, String)>,
}

/// Reads the documents of a render.
///
/// Shape: lists are taken apart; documents without content are left out.
///
/// # Errors
/// `too-many-documents`, `too-large`, `invalid-document` (with the template and Helm's sentence), `duplicate-object`.
pub fn read(documents: &[Document]) -> Result<Set, Problem> {
    if documents.len() > DOCUMENT_LIMIT {
        let detail = format!("{} documents; at most {DOCUMENT_LIMIT} are taken", documents.len());
        return Err(Problem::new(Code::TooManyDocuments, detail));
    }
    let mut files: Vec<(Rc<str>, manifest::Documents)> = Vec::with_capacity(documents.len());
    for document in documents {
        check_size(document)?;
        let source = Rc::from(document.source.as_str());
        files.push((source, manifest::documents(&document.yaml.as_str().into())));
    }
    let (sorted, errors) = manifest::sort(&files);
    if let Some(error) = errors.first() {
        return Err(Problem::new(Code::InvalidDocument, error.to_string()));
    }
    let mut set = Set::default();
    for manifest in &sorted.manifests {
        let text = manifest.content.to_string_lossy();
        set.manifest.push_str("---\n");
        set.manifest.push_str(SOURCE_LINE);
        set.manifest.push_str(&manifest.path);
        set.manifest.push('\n');
        set.manifest.push_str(&text);
        set.manifest.push('\n');
        set.items.extend(
            objects(&text, &manifest.path)?
                .into_iter()
                .map(|object| Item { object, source: manifest.path.to_string() }),
        );
    }
    for hook in &sorted.hooks {
        let text = hook.content.to_string_lossy().into_owned();
        for object in objects(&text, &hook.path)? {
            set.hooks.push(HookItem {
                object,
                source: hook.path.to_string(),
                text: text.clone(),
                events: hook.events.iter().map(|event| Event::name(*event).to_owned()).collect(),
                weight: hook.weight,
                delete_policies: hook.delete_policies.clone(),
                output_log_policies: hook.output_log_policies.clone(),
            });
        }
    }
    set.dropped =
        sorted.unknown_hooks.iter().map(|hook| (hook.path.to_string(), hook.events.clone())).collect();
    refuse_duplicates(set.items.iter().map(|item| (&item.object, item.source.as_str())))?;
    Ok(set)
}

/// Reads files of `crds/`, in the order given: definitions, which live in no namespace.
///
/// # Errors
/// As [`read`]; `invalid-document` for anything but a CustomResourceDefinition. Helm sends whatever is there, without its
/// marks, and so nobody ever finds it again.
pub fn read_crds(files: &[Document]) -> Result<Vec<Item>, Problem> {
    let mut items = Vec::new();
    for file in files {
        check_size(file)?;
        for text in manifest::split(&file.yaml.as_str().into()) {
            for mut object in objects(&text.to_string_lossy(), &file.source)? {
                if !is_definition(&object) {
                    let detail = format!(
                        "{}: {} is no CustomResourceDefinition; nothing else is taken from crds/",
                        file.source,
                        object.reference()
                    );
                    return Err(Problem::new(Code::InvalidDocument, detail));
                }
                if let Some(Value::Object(metadata)) = object.as_map_mut().get_mut("metadata") {
                    metadata.remove("namespace");
                }
                items.push(Item { object, source: file.source.clone() });
            }
        }
    }
    Ok(items)
}

fn is_definition(object: &Object) -> bool {
    object.kind() == "CustomResourceDefinition" && object.api_version().starts_with("apiextensions.k8s.io/")
}

/// Reads the manifest of a record, in the order in which it stands there.
///
/// # Errors
/// `invalid-document`: the record was written by hand, or is damaged.
pub fn read_stored(text: &str) -> Result<Vec<Item>, Problem> {
    let mut items = Vec::new();
    for document in manifest::split(&text.into()) {
        let document = document.to_string_lossy();
        let first = document.lines().next().unwrap_or_default();
        let source = first.strip_prefix(SOURCE_LINE).unwrap_or_default().to_owned();
        let objects = objects(&document, &source)?;
        items.extend(objects.into_iter().map(|object| Item { object, source: source.clone() }));
    }
    Ok(items)
}

/// The objects of one document: none when it is empty, several when it is a list.
///
/// # Errors
/// `invalid-document` with the template and the reason.
pub fn objects(text: &str, source: &str) -> Result<Vec<Object>, Problem> {
    let refuse = |reason: &dyn std::fmt::Display| {
        let place = if source.is_empty() { "a stored document" } else { source };
        Problem::new(Code::InvalidDocument, format!("{place}: {reason}"))
    };
    let limit = text.len().saturating_mul(ALIAS_EXPANSION).max(1 << 16);
    let json = manifest::to_json(text.as_bytes(), limit).map_err(|error| refuse(&error.message()))?;
    let value: Value = serde_json::from_slice(&json).map_err(|error| refuse(&error))?;
    if value.is_null() {
        return Ok(Vec::new());
    }
    let object = Object::from_value(value).ok_or_else(|| refuse(&"the document is no map"))?;
    let mut objects = Vec::new();
    // A list in a list is taken apart, too; the recursion limit of the JSON reader bounds it.
    let mut open = vec![object];
    while let Some(mut object) = open.pop() {
        // Only what is a list is taken out: `items` may be anything else in a kind of somebody's own.
        if object.as_map().get("items").is_some_and(Value::is_array)
            && let Some(Value::Array(items)) = object.as_map_mut().remove("items")
        {
            let (api_version, kind) = (object.api_version().to_owned(), object.kind().to_owned());
            let kind = kind.strip_suffix("List").unwrap_or(&kind).to_owned();
            let first = open.len();
            for item in items {
                let mut item =
                    Object::from_value(item).ok_or_else(|| refuse(&"an item of a list is no map"))?;
                if item.api_version().is_empty() && item.kind().is_empty() {
                    let map: &mut Map<String, Value> = item.as_map_mut();
                    map.insert("apiVersion".to_owned(), api_version.clone().into());
                    map.insert("kind".to_owned(), kind.clone().into());
                }
                open.push(item);
            }
            open[first..].reverse();
            continue;
        }
        let missing =
            [("apiVersion", object.api_version()), ("kind", object.kind()), ("metadata.name", object.name())];
        if let Some((field, _)) = missing.iter().find(|(_, text)| text.is_empty()) {
            return Err(refuse(&format_args!("{field} is missing, or not a text")));
        }
        objects.push(object);
    }
    Ok(objects)
}

fn check_size(document: &Document) -> Result<(), Problem> {
    if document.yaml.len() <= DOCUMENT_LIMIT_BYTES {
        return Ok(());
    }
    let detail = format!(
        "{}: a document of {} bytes; at most {DOCUMENT_LIMIT_BYTES} are taken",
        document.source,
        document.yaml.len()
    );
    Err(Problem::new(Code::TooLarge, detail))
}

/// Helm installs two documents of one object silently, and the later one removes what the earlier one set.
fn refuse_duplicates<'a>(items: impl Iterator<Item = (&'a Object, &'a str)>) -> Result<(), Problem> {
    let mut seen: std::collections::HashMap<(String, String, String, String), &str> =
        std::collections::HashMap::new();
    for (object, source) in items {
        let ObjectRef { kind, namespace, name, .. } = object.reference();
        let group = object.reference().group().to_owned();
        let key = (group, kind, namespace.unwrap_or_default(), name);
        if let Some(first) = seen.insert(key, source) {
            let reference = object.reference();
            let mut problem = Problem::new(
                Code::DuplicateObject,
                format!(
                    "{reference} is rendered twice: by {first} and by {source}; rename one, or remove it"
                ),
            );
            problem.objects = vec![reference];
            return Err(problem);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(source: &str, yaml: &str) -> Document {
        Document { source: source.to_owned(), yaml: yaml.to_owned() }
    }

    #[test]
    fn only_definitions_are_taken_from_their_folder() {
        let definition = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n\
            metadata: {name: a.b.c, namespace: kube-system}\n";
        let items = read_crds(&[document("c/crds/a.yaml", definition)]).expect("read");
        assert_eq!(items[0].object.reference().namespace, None);
        let other = "apiVersion: v1\nkind: Namespace\nmetadata: {name: kube-system, namespace: shop}\n";
        let problem = read_crds(&[document("c/crds/x.yaml", other)]).expect_err("refused");
        assert_eq!(problem.code, Code::InvalidDocument);
        assert!(problem.detail.contains("c/crds/x.yaml"), "{}", problem.detail);
    }

    #[test]
    fn documents_are_sorted_and_hooks_told_apart() {
        let set = read(&[
            document("c/templates/svc.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"),
            document("c/templates/cm.yaml", "# a comment\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {big: 9007199254740993}\n"),
            document(
                "c/templates/job.yaml",
                "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: a\n  annotations:\n    helm.sh/hook: pre-install,test\n    helm.sh/hook-weight: \"-5\"\n",
            ),
            document("c/templates/empty.yaml", "# nothing\n"),
            document(
                "c/templates/odd.yaml",
                "apiVersion: v1\nkind: Pod\nmetadata: {name: b, annotations: {helm.sh/hook: sometimes}}\n",
            ),
        ])
        .expect("read");
        let kinds: Vec<_> = set.items.iter().map(|item| item.object.kind()).collect();
        assert_eq!(kinds, ["ConfigMap", "Service"]);
        assert_eq!(set.items[0].object.pointer("/data/big"), Some(&Value::from(9_007_199_254_740_993_i64)));
        let source = "---\n# Source: c/templates/cm.yaml\n# a comment\napiVersion: v1\nkind: ConfigMap\n";
        assert!(set.manifest.contains(source), "{}", set.manifest);
        let [hook] = &set.hooks[..] else { panic!("one hook") };
        assert_eq!((hook.weight, hook.events.join(",").as_str()), (-5, "pre-install,test"));
        assert_eq!(set.dropped, [("c/templates/odd.yaml".to_owned(), "sometimes".to_owned())]);
        let stored = read_stored(&set.manifest).expect("read again");
        assert_eq!(stored, set.items);
    }

    #[test]
    fn items_that_are_no_list_stay_in_their_object() {
        let text = "kind: Menu\napiVersion: x.test/v1\nmetadata: {name: a}\nitems: {soup: 3}\n";
        let found = objects(text, "a.yaml").expect("read");
        assert_eq!(found[0].pointer("/items/soup"), Some(&Value::from(3)));
    }

    #[test]
    fn lists_are_taken_apart() {
        let text = "kind: ConfigMapList\napiVersion: v1\nitems:\n- metadata: {name: a}\n- {apiVersion: v1, kind: Secret, metadata: {name: b}}\n";
        let found = objects(text, "x").expect("objects");
        let names: Vec<_> = found.iter().map(|object| object.reference().to_string()).collect();
        assert_eq!(names, ["ConfigMap/a", "Secret/b"]);
    }

    #[test]
    fn what_is_no_object_is_refused_with_its_place() {
        for (text, reason) in [
            ("- a", "c/t.yaml: the document is no map"),
            ("kind: Pod\nmetadata: {name: a}", "c/t.yaml: apiVersion is missing, or not a text"),
            (
                "apiVersion: v1\nkind: Pod\nmetadata: {generateName: a}",
                "c/t.yaml: metadata.name is missing, or not a text",
            ),
        ] {
            assert_eq!(objects(text, "c/t.yaml").expect_err("refused").detail, reason);
        }
        let problem = read(&[document("c/t.yaml", "a: [")]).expect_err("refused");
        assert_eq!(problem.code, Code::InvalidDocument);
        assert!(problem.detail.starts_with("YAML parse error on c/t.yaml: "), "{}", problem.detail);
    }

    #[test]
    fn deep_and_shared_documents_are_refused_and_not_a_crash() {
        let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
        assert!(objects(&deep, "x").is_err());
        let mut bomb = String::from("a: &a [x,x,x,x,x,x,x,x,x,x]\n");
        for level in b'b'..=b'k' {
            let (this, last) = (char::from(level), char::from(level - 1));
            bomb.push_str(&format!("{this}: &{this} [{}]\n", vec![format!("*{last}"); 10].join(",")));
        }
        assert!(objects(&bomb, "x").is_err());
    }

    #[test]
    fn one_object_twice_is_refused_whatever_its_version() {
        let of = |version: &str, source: &str| {
            document(source, &format!("apiVersion: {version}\nkind: Deployment\nmetadata: {{name: a}}\n"))
        };
        let problem =
            read(&[of("apps/v1", "c/a.yaml"), of("apps/v1beta1", "c/b.yaml")]).expect_err("refused");
        assert_eq!(problem.code, Code::DuplicateObject);
        assert!(problem.detail.contains("c/a.yaml") && problem.detail.contains("c/b.yaml"));
    }
}
