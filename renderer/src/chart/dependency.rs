//! A dependency as `Chart.yaml` declares it, and which chart answers to it.
//!
//! Source: helm v4.3.1 `pkg/chart/v2/dependency.go`, `pkg/chart/v2/util/compatible.go`.

use sprig::semver::{Constraint, Version};
use value::{Map, Value};

use super::metadata::{invalid, sanitize, texts};
use crate::Error;
use crate::show::quote;

/// One entry of `dependencies`.
#[derive(Clone, Debug, Default)]
pub struct Dependency {
    /// Name of the chart; the alias once dependencies are processed.
    pub name: String,
    /// Version or range of versions.
    pub version: String,
    /// URL of the repository.
    pub repository: String,
    /// Paths in values, separated by commas, of which the first boolean decides.
    pub condition: String,
    /// Tags that switch the dependency.
    pub tags: Vec<String>,
    /// Overwritten when dependencies are processed: what `Chart.yaml` says has no effect.
    pub enabled: bool,
    /// What the parent takes over from the values of this dependency: texts, or maps with `child` and `parent`.
    pub import_values: Vec<Value>,
    /// Name to use instead.
    pub alias: String,
}

impl Dependency {
    /// The alias, else the name.
    pub fn final_name(&self) -> &str {
        if self.alias.is_empty() { &self.name } else { &self.alias }
    }

    /// Cleans the texts and checks the alias.
    pub(super) fn validate(&mut self) -> Result<(), Error> {
        for text in [&mut self.name, &mut self.version, &mut self.repository, &mut self.condition] {
            sanitize(text);
        }
        self.tags.iter_mut().for_each(sanitize);
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if !self.alias.bytes().all(allowed) {
            let name = quote(&self.name);
            return Err(invalid(format!("dependency {name} has disallowed characters in the alias")));
        }
        Ok(())
    }

    /// One entry of `.Chart.Dependencies`.
    pub(super) fn to_value(&self) -> Value {
        Value::Map(Map::from_iter([
            ("Name", Value::from(self.name.as_str())),
            ("Version", Value::from(self.version.as_str())),
            ("Repository", Value::from(self.repository.as_str())),
            ("Condition", Value::from(self.condition.as_str())),
            ("Tags", texts(&self.tags)),
            ("Enabled", Value::from(self.enabled)),
            ("ImportValues", Value::from(self.import_values.clone())),
            ("Alias", Value::from(self.alias.as_str())),
        ]))
    }

    /// The fields that Go writes, in the order of Go's struct; empty ones are left out but for name and repository.
    pub(crate) fn json_fields(&self) -> Vec<(&'static str, Value)> {
        let mut fields = vec![("name", Value::from(self.name.as_str()))];
        if !self.version.is_empty() {
            fields.push(("version", Value::from(self.version.as_str())));
        }
        fields.push(("repository", Value::from(self.repository.as_str())));
        if !self.condition.is_empty() {
            fields.push(("condition", Value::from(self.condition.as_str())));
        }
        if !self.tags.is_empty() {
            fields.push(("tags", texts(&self.tags)));
        }
        if self.enabled {
            fields.push(("enabled", Value::from(true)));
        }
        if !self.import_values.is_empty() {
            fields.push(("import-values", Value::from(self.import_values.clone())));
        }
        if !self.alias.is_empty() {
            fields.push(("alias", Value::from(self.alias.as_str())));
        }
        fields
    }

    /// The value that YAML is written from.
    pub(super) fn to_yaml_value(&self) -> Value {
        Value::Map(Map::from_iter(self.json_fields()))
    }
}

/// Whether a version lies in a range; false when either cannot be read.
pub fn is_compatible_range(range: &str, version: &str) -> bool {
    match (Version::parse(version), Constraint::parse(range)) {
        (Ok(version), Ok(range)) => range.check(&version),
        _ => false,
    }
}
