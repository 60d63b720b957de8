//! What only a cluster or a network knows: `lookup` and `getHostByName`.
//!
//! Source: helm v4.3.1 `pkg/engine/lookup_func.go`, `pkg/engine/engine.go`.

use gotemplate::{Call, Failure, FuncMap};
use sprig::outside::ResolveHost;
use value::{Map, Text};

use crate::world::{Found, Lookup};

pub(super) fn add(funcs: &mut FuncMap) {
    funcs.add("lookup", lookup);
    funcs.add("getHostByName", host_by_name);
}

/// The object, or the list of objects, as the cluster has it; empty without a cluster.
fn lookup(
    call: &mut Call<'_>,
    api_version: Text,
    kind: Text,
    namespace: Text,
    name: Text,
) -> Result<Map, Failure> {
    let mut question = Lookup { api_version, kind, namespace, name, answer: Found::Nothing };
    call.ask(&mut question);
    match question.answer {
        Found::Failed(sentence) => Err(Failure::Error(sentence)),
        Found::Nothing => Ok(Map::new()),
        Found::Objects(map) => Ok(map),
    }
}

/// The first address of a host; empty unless the world resolves names (`--enable-dns`).
fn host_by_name(call: &mut Call<'_>, name: Text) -> Text {
    let mut question = ResolveHost { name: name.to_string_lossy().into_owned(), answer: None };
    call.ask(&mut question);
    question.answer.unwrap_or_default().into()
}
