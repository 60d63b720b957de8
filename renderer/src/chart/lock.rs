//! `Chart.lock`: which versions the declared dependencies stood for.
//!
//! Source: helm v4.3.1 `pkg/chart/v2/dependency.go`, `Lock`.

use value::{Map, Value};

use super::Dependency;

/// The lock file of a chart.
#[derive(Clone, Debug, Default)]
pub struct Lock {
    /// When it was written: RFC 3339, as in the file; empty when the file does not say.
    pub generated: String,
    /// Digest of the declared and the locked dependencies.
    pub digest: String,
    /// The locked dependencies; a `None` is a null in the list. `None` for the whole when the file has no such field.
    pub dependencies: Option<Vec<Option<Dependency>>>,
}

impl Lock {
    /// The value that the file is written from.
    pub fn to_yaml_value(&self) -> Value {
        let generated = if self.generated.is_empty() { "0001-01-01T00:00:00Z" } else { &self.generated };
        let dependencies = self.dependencies.as_ref().map_or(Value::Nil, |dependencies| {
            let entries =
                dependencies.iter().map(|entry| entry.as_ref().map_or(Value::Nil, Dependency::to_yaml_value));
            Value::from(entries.collect::<Vec<_>>())
        });
        Value::Map(Map::from_iter([
            ("generated", Value::from(generated)),
            ("digest", Value::from(self.digest.as_str())),
            ("dependencies", dependencies),
        ]))
    }
}
