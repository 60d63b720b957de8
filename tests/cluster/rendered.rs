//! What the page would send: a chart rendered by Helm, in the shape of an apply.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tests::scene::{Bridge, Helm, Scene};

/// Real applies of ConfigMaps, not the dry runs before.
pub(crate) const APPLY: &str = r"/configmaps/[^?]*\?fieldManager=helm";

/// The body of an apply. `verb` is `install`, or `upgrade` when the release exists.
pub(crate) fn apply(
    helm: &Helm,
    verb: &str,
    release: &str,
    chart: &str,
    sets: &[&str],
    options: Value,
) -> Result<Value, String> {
    apply_with(helm, verb, release, chart, sets, &[], options)
}

/// The same with more arguments for Helm.
pub(crate) fn apply_with(
    helm: &Helm,
    verb: &str,
    release: &str,
    chart: &str,
    sets: &[&str],
    more: &[&str],
    options: Value,
) -> Result<Value, String> {
    let mut args = vec![verb, release, chart, "--dry-run=client", "-o", "json"];
    args.extend(more);
    args.extend(sets.iter().flat_map(|set| ["--set", set]));
    let rendered = helm.json(&args)?;
    let mut documents = Vec::new();
    // Helm ends each document with a line feed of its own; between two it is the one before `---`.
    let manifest = rendered["manifest"].as_str().unwrap_or_default();
    let manifest = format!("\n{}", manifest.strip_suffix('\n').unwrap_or(manifest));
    for part in manifest.split("\n---\n# Source: ").skip(1) {
        let (source, yaml) = part.split_once('\n').ok_or("a document without a line")?;
        documents.push(json!({ "source": source, "yaml": yaml }));
    }
    for hook in rendered["hooks"].as_array().into_iter().flatten() {
        documents.push(json!({ "source": hook["path"], "yaml": hook["manifest"] }));
    }
    let chart = &rendered["chart"];
    let parts = |files: &Value| -> Vec<Value> {
        let files = files.as_array().into_iter().flatten();
        files.map(|file| json!({ "name": file["name"], "data": file["data"] })).collect()
    };
    let files = parts(&chart["files"]);
    let crds: Vec<Value> = files
        .iter()
        .filter(|file| file["name"].as_str().is_some_and(|name| name.starts_with("crds/")))
        .map(|file| {
            let data = STANDARD.decode(file["data"].as_str().unwrap_or_default()).unwrap_or_default();
            json!({ "source": file["name"], "yaml": String::from_utf8_lossy(&data) })
        })
        .collect();
    let config = if rendered["config"].is_null() { json!({}) } else { rendered["config"].clone() };
    Ok(json!({
        "chart": {
            "metadata": chart["metadata"], "values": chart["values"], "lock": chart["lock"], "schema": chart["schema"],
            "templates": parts(&chart["templates"]), "files": files,
        },
        "config": config, "documents": documents, "crds": crds, "world": "exact", "options": options,
        "notes": rendered["info"]["notes"].as_str().unwrap_or_default(),
    }))
}

/// The path of a release's verb in the scene's namespace.
pub(crate) fn path(scene: &Scene<'_>, release: &str, verb: &str) -> String {
    format!("/v1/namespaces/{}/releases/{release}:{verb}", scene.namespace)
}

/// Carries out an operation that must succeed; its events.
pub(crate) fn succeed(bridge: &Bridge, path: &str, body: &Value) -> Result<Vec<Value>, String> {
    let (operation, events) = bridge.operate(path, body)?;
    if operation["state"] == "done" { Ok(events) } else { Err(format!("{operation}")) }
}

/// Carries out an operation that must not; the operation and its events.
pub(crate) fn fail(bridge: &Bridge, path: &str, body: &Value) -> Result<(Value, Vec<Value>), String> {
    let (operation, events) = bridge.operate(path, body)?;
    if operation["state"] == "done" {
        Err(format!("it succeeded: {operation}"))
    } else {
        Ok((operation, events))
    }
}

/// The statuses of a release's history, as Helm lists them.
pub(crate) fn statuses(helm: &Helm, release: &str) -> Result<Vec<String>, String> {
    let history = helm.json(&["history", release, "-o", "json"])?;
    let entries = history.as_array().into_iter().flatten();
    Ok(entries.map(|entry| entry["status"].as_str().unwrap_or_default().to_owned()).collect())
}
