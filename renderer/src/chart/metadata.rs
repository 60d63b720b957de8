//! `Chart.yaml`: its fields, how Helm cleans and checks them, and the map that templates see as `.Chart`.
//!
//! Source: helm v4.3.1 `pkg/chart/v2/metadata.go`; `structToMap` of `pkg/chart/common.go`.

use std::collections::{BTreeMap, BTreeSet};

use sprig::semver::Version;
use value::fmt::is_print;
use value::{List, Map, MapType, Value};

use super::Dependency;
use crate::Error;
use crate::show::quote;

/// A person who looks after a chart.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Maintainer {
    /// Name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// URL.
    pub url: String,
}

/// The fields of `Chart.yaml`. An absent field is empty.
#[derive(Clone, Debug, Default)]
pub struct Metadata {
    /// Name of the chart.
    pub name: String,
    /// URL of the project.
    pub home: String,
    /// URLs of the source code.
    pub sources: Vec<String>,
    /// Version of the chart, as written.
    pub version: String,
    /// One sentence.
    pub description: String,
    /// Keywords.
    pub keywords: Vec<String>,
    /// Maintainers; a `None` is a null in the list, which [`Metadata::validate`] rejects.
    pub maintainers: Vec<Option<Maintainer>>,
    /// URL of an icon.
    pub icon: String,
    /// `v1` or `v2`.
    pub api_version: String,
    /// Not used by Helm.
    pub condition: String,
    /// Not used by Helm.
    pub tags: String,
    /// Version of the application.
    pub app_version: String,
    /// Whether the chart should not be used any more.
    pub deprecated: bool,
    /// Annotations; `None` when there is no such field, which prints `null` in YAML.
    pub annotations: Option<BTreeMap<String, String>>,
    /// Constraint on the version of Kubernetes.
    pub kube_version: String,
    /// Declared dependencies. `None` and an empty list differ: Helm leaves a chart without the field untouched. A `None`
    /// inside is a null in the list, which [`Metadata::validate`] rejects.
    pub dependencies: Option<Vec<Option<Dependency>>>,
    /// `application`, `library`, or empty.
    pub kind: String,
}

impl Metadata {
    /// The declared dependencies without nulls.
    pub fn declared(&self) -> impl Iterator<Item = &Dependency> {
        self.dependencies.iter().flatten().flatten()
    }

    /// The declared dependencies without nulls, to be changed.
    pub(crate) fn declared_mut(&mut self) -> impl Iterator<Item = &mut Dependency> {
        self.dependencies.iter_mut().flatten().flatten()
    }

    /// Cleans the texts and checks the fields, as Helm does when it loads a chart.
    ///
    /// # Errors
    /// `chart-metadata-invalid` with Helm's sentence, which begins `validation: `.
    pub fn validate(&mut self) -> Result<(), Error> {
        for text in [
            &mut self.name,
            &mut self.description,
            &mut self.home,
            &mut self.icon,
            &mut self.condition,
            &mut self.tags,
            &mut self.app_version,
            &mut self.kube_version,
        ] {
            sanitize(text);
        }
        self.sources.iter_mut().for_each(sanitize);
        self.keywords.iter_mut().for_each(sanitize);

        if self.api_version.is_empty() {
            return Err(invalid("chart.metadata.apiVersion is required"));
        }
        if self.name.is_empty() {
            return Err(invalid("chart.metadata.name is required"));
        }
        if self.name == "." || self.name == ".." {
            return Err(invalid(format!("chart.metadata.name {} is not allowed", quote(&self.name))));
        }
        // A name equals its base name when it has no slash; "/" is its own base name.
        if self.name.contains('/') && self.name != "/" {
            return Err(invalid(format!("chart.metadata.name {} is invalid", quote(&self.name))));
        }
        if self.version.is_empty() {
            return Err(invalid("chart.metadata.version is required"));
        }
        if Version::parse(&self.version).is_err() {
            return Err(invalid(format!("chart.metadata.version {} is invalid", quote(&self.version))));
        }
        if !matches!(self.kind.as_str(), "" | "application" | "library") {
            return Err(invalid("chart.metadata.type must be application or library"));
        }
        for maintainer in &mut self.maintainers {
            let Some(maintainer) = maintainer else {
                return Err(invalid("maintainers must not contain empty or null nodes"));
            };
            sanitize(&mut maintainer.name);
            sanitize(&mut maintainer.email);
            sanitize(&mut maintainer.url);
        }
        let mut names = BTreeSet::new();
        for dependency in self.dependencies.iter_mut().flatten() {
            let Some(dependency) = dependency else {
                return Err(invalid("dependencies must not contain empty or null nodes"));
            };
            dependency.validate()?;
            if !names.insert(dependency.final_name()) {
                let name = quote(dependency.final_name());
                return Err(invalid(format!("more than one dependency with name or alias {name}")));
            }
        }
        Ok(())
    }

    /// What templates see as `.Chart`: a map with the names of Go's fields.
    pub fn to_map(&self, is_root: bool) -> Map {
        let annotations = match &self.annotations {
            None => Map::nil(MapType::Str),
            Some(annotations) => {
                let map = Map::with_type(MapType::Str);
                for (key, text) in annotations {
                    map.insert(key.as_str(), text.as_str());
                }
                map
            }
        };
        let maintainers = self.maintainers.iter().map(|maintainer| {
            maintainer.as_ref().map_or_else(Value::default, |maintainer| {
                Value::Map(Map::from_iter([
                    ("Name", maintainer.name.as_str()),
                    ("Email", maintainer.email.as_str()),
                    ("URL", maintainer.url.as_str()),
                ]))
            })
        });
        Map::from_iter([
            ("Name", Value::from(self.name.as_str())),
            ("Home", Value::from(self.home.as_str())),
            ("Sources", texts(&self.sources)),
            ("Version", Value::from(self.version.as_str())),
            ("Description", Value::from(self.description.as_str())),
            ("Keywords", texts(&self.keywords)),
            ("Maintainers", Value::from(maintainers.collect::<Vec<_>>())),
            ("Icon", Value::from(self.icon.as_str())),
            ("APIVersion", Value::from(self.api_version.as_str())),
            ("Condition", Value::from(self.condition.as_str())),
            ("Tags", Value::from(self.tags.as_str())),
            ("AppVersion", Value::from(self.app_version.as_str())),
            ("Deprecated", Value::from(self.deprecated)),
            ("Annotations", Value::Map(annotations)),
            ("KubeVersion", Value::from(self.kube_version.as_str())),
            ("Dependencies", Value::from(self.declared().map(Dependency::to_value).collect::<Vec<_>>())),
            ("Type", Value::from(self.kind.as_str())),
            ("IsRoot", Value::from(is_root)),
        ])
    }

    /// The value that `Chart.yaml` is written from: empty fields left out, as Go's `omitempty` does.
    pub fn to_yaml_value(&self) -> Value {
        let map = Map::new();
        let text = |key: &str, text: &str| {
            if !text.is_empty() {
                map.insert(key, text);
            }
        };
        text("name", &self.name);
        text("home", &self.home);
        text("version", &self.version);
        text("description", &self.description);
        text("icon", &self.icon);
        text("apiVersion", &self.api_version);
        text("condition", &self.condition);
        text("tags", &self.tags);
        text("appVersion", &self.app_version);
        text("kubeVersion", &self.kube_version);
        text("type", &self.kind);
        if self.deprecated {
            map.insert("deprecated", true);
        }
        if !self.sources.is_empty() {
            map.insert("sources", texts(&self.sources));
        }
        if !self.keywords.is_empty() {
            map.insert("keywords", texts(&self.keywords));
        }
        if let Some(annotations) = self.annotations.as_ref().filter(|annotations| !annotations.is_empty()) {
            map.insert(
                "annotations",
                Map::from_iter(annotations.iter().map(|(key, text)| (key.as_str(), text.as_str()))),
            );
        }
        if !self.maintainers.is_empty() {
            let maintainers = self.maintainers.iter().map(|maintainer| {
                maintainer.as_ref().map_or_else(Value::default, |maintainer| {
                    let fields =
                        [("name", &maintainer.name), ("email", &maintainer.email), ("url", &maintainer.url)];
                    let present = fields.into_iter().filter(|(_, text)| !text.is_empty());
                    Value::Map(Map::from_iter(present.map(|(key, text)| (key, text.as_str()))))
                })
            });
            map.insert("maintainers", Value::from(maintainers.collect::<Vec<_>>()));
        }
        if let Some(dependencies) = self.dependencies.as_ref().filter(|list| !list.is_empty()) {
            let dependencies = dependencies
                .iter()
                .map(|it| it.as_ref().map_or_else(Value::default, Dependency::to_yaml_value));
            map.insert("dependencies", Value::from(dependencies.collect::<Vec<_>>()));
        }
        Value::Map(map)
    }
}

/// A `[]interface {}` of strings.
pub(super) fn texts(texts: &[String]) -> Value {
    Value::List(List::new(texts.iter().map(|text| Value::from(text.as_str())).collect()))
}

/// An error of validation, with Helm's prefix.
pub(super) fn invalid(message: impl std::fmt::Display) -> Error {
    Error::new("chart-metadata-invalid", format!("validation: {message}")).at("Chart.yaml", None)
}

/// Turns every white space into a space and drops what cannot be printed. Source: `sanitizeString`.
pub(super) fn sanitize(text: &mut String) {
    let clean = |c: char| c == ' ' || (is_print(c) && !c.is_whitespace());
    if text.chars().all(clean) {
        return;
    }
    *text = text
        .chars()
        .filter_map(|c| match c {
            c if c.is_whitespace() => Some(' '),
            c if is_print(c) => Some(c),
            _ => None,
        })
        .collect();
}
