//! The digest in a lock file: of the declared and the locked dependencies, as Go writes them in JSON.
//!
//! Source: helm v4.3.1 `internal/resolver/resolver.go`, `HashReq`, `HashV2Req`.

use value::json::{Style, encode};

use crate::chart::Dependency;
use crate::package::sha256;
use crate::show::quote;

/// The digest of a lock file; `None` is a list that is not there.
pub fn digest(declared: Option<&[Option<Dependency>]>, locked: Option<&[Option<Dependency>]>) -> String {
    let text = format!("[{},{}]", list(declared), list(locked));
    format!("sha256:{}", sha256(text.as_bytes()))
}

/// The digest that Helm 2 wrote, of the declared dependencies alone.
pub fn helm_2_digest(declared: Option<&[Option<Dependency>]>) -> String {
    let text = format!("{{\"dependencies\":{}}}", list(declared));
    format!("sha256:{}", sha256(text.as_bytes()))
}

fn list(dependencies: Option<&[Option<Dependency>]>) -> String {
    let Some(dependencies) = dependencies else { return "null".to_owned() };
    let entries = dependencies.iter().map(|entry| entry.as_ref().map_or_else(|| "null".to_owned(), object));
    format!("[{}]", entries.collect::<Vec<_>>().join(","))
}

/// The fields in the order of Go's struct, which no map of values keeps.
fn object(dependency: &Dependency) -> String {
    let fields = dependency.json_fields().into_iter().map(|(name, value)| {
        // What was read from a file holds neither functions nor cycles.
        let value = encode(&value, Style::COMPACT).unwrap_or_default();
        format!("{}:{}", quote(name), value.to_string_lossy())
    });
    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
}
