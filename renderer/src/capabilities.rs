//! What a template learns of the cluster and of Helm: `.Capabilities`.
//!
//! Source: helm v4.3.1 `pkg/chart/common/capabilities.go`; k8s.io/apimachinery v0.37.1 `pkg/util/version/version.go`, `ParseGeneric`.

use std::any::Any;
use std::fmt;
use std::rc::Rc;

use value::{Field, Kind, List, Method, Object, Text, Type, Value};

use crate::show::quote;

/// The version of Helm whose behaviour this is.
pub const HELM_VERSION: &str = "v4.3.1";

/// The API versions that Helm v4.3.1 knows without a cluster, in its order.
const DEFAULT_API_VERSIONS: [&str; 57] = [
    "v1",
    "admissionregistration.k8s.io/v1",
    "admissionregistration.k8s.io/v1alpha1",
    "admissionregistration.k8s.io/v1beta1",
    "internal.apiserver.k8s.io/v1alpha1",
    "apps/v1",
    "apps/v1beta1",
    "apps/v1beta2",
    "authentication.k8s.io/v1",
    "authentication.k8s.io/v1alpha1",
    "authentication.k8s.io/v1beta1",
    "authorization.k8s.io/v1",
    "authorization.k8s.io/v1beta1",
    "autoscaling/v1",
    "autoscaling/v2",
    "batch/v1",
    "batch/v1beta1",
    "certificates.k8s.io/v1",
    "certificates.k8s.io/v1beta1",
    "certificates.k8s.io/v1alpha1",
    "coordination.k8s.io/v1alpha2",
    "coordination.k8s.io/v1beta1",
    "coordination.k8s.io/v1",
    "discovery.k8s.io/v1",
    "discovery.k8s.io/v1beta1",
    "events.k8s.io/v1",
    "events.k8s.io/v1beta1",
    "extensions/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1",
    "flowcontrol.apiserver.k8s.io/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1beta2",
    "flowcontrol.apiserver.k8s.io/v1beta3",
    "lifecycle.k8s.io/v1alpha1",
    "networking.k8s.io/v1",
    "networking.k8s.io/v1beta1",
    "node.k8s.io/v1",
    "node.k8s.io/v1alpha1",
    "node.k8s.io/v1beta1",
    "policy/v1",
    "policy/v1beta1",
    "rbac.authorization.k8s.io/v1",
    "rbac.authorization.k8s.io/v1beta1",
    "rbac.authorization.k8s.io/v1alpha1",
    "resource.k8s.io/v1",
    "resource.k8s.io/v1beta2",
    "resource.k8s.io/v1beta1",
    "resource.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1beta1",
    "scheduling.k8s.io/v1",
    "storage.k8s.io/v1beta1",
    "storage.k8s.io/v1",
    "storage.k8s.io/v1alpha1",
    "storagemigration.k8s.io/v1",
    "storagemigration.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1",
];

/// A version of Kubernetes, as `--kube-version` gives it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KubeVersion {
    /// With a leading `v`, otherwise as given: `v1.33.4-gke.1245000`.
    pub version: String,
    /// Its numbers alone: `v1.33.4`; empty for the version of a cluster, see [`KubeVersion::text`].
    pub normalized: String,
    /// First number.
    pub major: String,
    /// Second number.
    pub minor: String,
}

impl Default for KubeVersion {
    fn default() -> Self {
        let version = "v1.37.0".to_owned();
        Self { normalized: version.clone(), version, major: "1".to_owned(), minor: "37".to_owned() }
    }
}

impl KubeVersion {
    /// Reads a version: optional white space and `v`, at least two numbers separated by dots, then anything.
    ///
    /// # Errors
    /// The sentence of Kubernetes' parser.
    pub fn parse(text: &str) -> Result<Self, String> {
        let trimmed = text.trim_start_matches(['\t', '\n', '\x0c', '\r', ' ']);
        let trimmed = trimmed.strip_prefix('v').unwrap_or(trimmed);
        let numbers_end = numbers_len(trimmed);
        if numbers_end == 0 {
            return Err(format!("could not parse {} as version", quote(text)));
        }
        let components: Vec<&str> = trimmed[..numbers_end].split('.').collect();
        if components.len() < 2 {
            return Err(format!("illegal version string {}", quote(text)));
        }
        for component in &components {
            if component.len() > 1 && component.starts_with('0') {
                let component = quote(component);
                return Err(format!(
                    "illegal zero-prefixed version component {component} in {}",
                    quote(text)
                ));
            }
            if component.parse::<u64>().is_err() {
                return Err(format!(
                    "illegal non-numeric version component {0} in {1}: strconv.ParseUint: parsing {0}: value out of range",
                    quote(component),
                    quote(text)
                ));
            }
        }
        Ok(Self {
            version: if text.starts_with('v') { text.to_owned() } else { format!("v{text}") },
            normalized: format!("v{}", components.join(".")),
            major: components[0].to_owned(),
            minor: components[1].to_owned(),
        })
    }
}

impl KubeVersion {
    /// What a cluster says of itself: Helm takes it as it is and normalizes nothing.
    pub fn live(version: impl Into<String>, major: impl Into<String>, minor: impl Into<String>) -> Self {
        Self { version: version.into(), normalized: String::new(), major: major.into(), minor: minor.into() }
    }

    /// What it prints as, and what constraints are checked against.
    pub fn text(&self) -> &str {
        if self.normalized.is_empty() { &self.version } else { &self.normalized }
    }

    /// What reflection copies: `normalizedVersion` is not exported.
    fn without_normalized(&self) -> Self {
        Self { normalized: String::new(), ..self.clone() }
    }
}

/// Length of the leading `d.d.d`; a trailing point does not belong to it.
fn numbers_len(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut end = 0;
    let mut at = 0;
    loop {
        let digits = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return end;
        }
        end = at + digits;
        if bytes.get(end) != Some(&b'.') {
            return end;
        }
        at = end + 1;
    }
}

/// What the cluster can do, as a template asks it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Capabilities {
    /// The version of Kubernetes.
    pub kube_version: KubeVersion,
    /// Versions of API groups, and kinds where the user named them.
    pub api_versions: Vec<String>,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self {
            kube_version: KubeVersion::default(),
            api_versions: DEFAULT_API_VERSIONS.map(str::to_owned).to_vec(),
        }
    }
}

impl Capabilities {
    /// The value of `.Capabilities`.
    pub fn to_value(&self) -> Value {
        Value::Object(Rc::new(Shown {
            capabilities: self.clone(),
            kube_version: Value::Object(Rc::new(self.kube_version.clone())),
            api_versions: Value::Object(Rc::new(VersionSet(self.api_versions.as_slice().into()))),
        }))
    }
}

/// Capabilities with the values of their fields, which templates ask for again and again.
#[derive(Debug)]
struct Shown {
    capabilities: Capabilities,
    kube_version: Value,
    api_versions: Value,
}

impl Object for Shown {
    fn type_name(&self) -> &'static str {
        "*common.Capabilities"
    }

    fn kind(&self) -> Kind {
        Kind::Ptr
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("KubeVersion", self.kube_version.clone()),
            ("APIVersions", self.api_versions.clone()),
            ("HelmVersion", Value::Object(Rc::new(HelmVersion))),
        ]
    }

    fn field(&self, name: &str) -> Field {
        match name {
            "KubeVersion" => Field::Value(self.kube_version.clone()),
            "APIVersions" => Field::Value(self.api_versions.clone()),
            "HelmVersion" => Field::Value(Value::Object(Rc::new(HelmVersion))),
            _ => Field::Missing,
        }
    }

    fn method(&self, name: &str) -> Option<Method> {
        if name != "Copy" {
            return None;
        }
        let copy = self.capabilities.clone();
        Some(Method { params: &[], call: Rc::new(move |_| Ok(copy.to_value())) })
    }

    fn reflected_copy(&self) -> Option<Value> {
        let kube_version = self.capabilities.kube_version.without_normalized();
        Some(Capabilities { kube_version, ..self.capabilities.clone() }.to_value())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<Self>().is_some_and(|other| other.capabilities == self.capabilities)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Object for KubeVersion {
    fn type_name(&self) -> &'static str {
        "common.KubeVersion"
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("Version", self.version.as_str().into()),
            ("normalizedVersion", self.normalized.as_str().into()),
            ("Major", self.major.as_str().into()),
            ("Minor", self.minor.as_str().into()),
        ]
    }

    fn reflected_copy(&self) -> Option<Value> {
        Some(Value::Object(Rc::new(self.without_normalized())))
    }

    /// The methods belong to the pointer, so only a value inside the pointer's struct has them.
    fn method_addressable(&self, name: &str) -> Option<Method> {
        let text: Text = match name {
            "String" => self.text().into(),
            "GitVersion" => self.version.as_str().into(),
            _ => return None,
        };
        Some(Method { params: &[], call: Rc::new(move |_| Ok(Value::Str(text.clone()))) })
    }

    fn display_addressable(&self) -> Option<Text> {
        Some(self.text().into())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<Self>() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl fmt::Display for KubeVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// `common.VersionSet`: a list of texts with the method `Has`.
#[derive(Clone, Debug, Eq, PartialEq)]
struct VersionSet(Rc<[String]>);

impl Object for VersionSet {
    fn type_name(&self) -> &'static str {
        "common.VersionSet"
    }

    fn kind(&self) -> Kind {
        Kind::Slice
    }

    fn underlying(&self) -> Option<Value> {
        Some(List::strings(self.0.iter().map(String::as_str)).into())
    }

    fn slice(&self, start: usize, end: usize) -> Option<Value> {
        Some(Value::Object(Rc::new(Self(self.0.get(start..end)?.into()))))
    }

    fn method(&self, name: &str) -> Option<Method> {
        if name != "Has" {
            return None;
        }
        let set = self.0.clone();
        let has = move |args: &[Value]| {
            let wanted = args.first().and_then(Value::as_text).map_or(&b""[..], Text::as_bytes);
            Ok(Value::Bool(set.iter().any(|version| version.as_bytes() == wanted)))
        };
        Some(Method { params: &[Type::Str], call: Rc::new(has) })
    }

    fn json(&self) -> Option<Value> {
        self.underlying()
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<Self>() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The build of Helm that this reproduces, as `helm version --template` sees it.
pub fn helm_build() -> Value {
    Rc::new(HelmVersion).into()
}

/// The version of that build in short, as `helm version --short` prints it.
pub fn helm_short() -> String {
    let [_, (_, _, commit), ..] = HELM_BUILD;
    format!("{HELM_VERSION}+g{}", &commit[..7])
}

/// See [`helm_build`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct HelmVersion;

const HELM_BUILD: [(&str, &str, &str); 5] = [
    ("Version", "version", HELM_VERSION),
    ("GitCommit", "git_commit", "c0d08d0d6d9424d4a14febb5e8a3e51b0dd00dff"),
    ("GitTreeState", "git_tree_state", "clean"),
    ("GoVersion", "go_version", "go1.27.2"),
    ("KubeClientVersion", "kube_client_version", "v1.37"),
];

impl Object for HelmVersion {
    fn type_name(&self) -> &'static str {
        "version.BuildInfo"
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        HELM_BUILD.iter().map(|(name, _, text)| (*name, (*text).into())).collect()
    }

    fn json_fields(&self) -> Vec<(&'static str, Value)> {
        HELM_BUILD.iter().map(|(_, name, text)| (*name, (*text).into())).collect()
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().is::<Self>()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_keeps_its_suffix_and_has_a_plain_form() {
        let version = KubeVersion::parse("1.22.5-gke.3").unwrap();
        assert_eq!((version.version.as_str(), version.normalized.as_str()), ("v1.22.5-gke.3", "v1.22.5"));
        let version = KubeVersion::parse(" v1.30 ").unwrap();
        assert_eq!((version.version.as_str(), version.normalized.as_str()), ("v v1.30 ", "v1.30"));
    }

    #[test]
    fn the_version_of_a_cluster_stays_as_it_is() {
        let version = KubeVersion::live("v1.33.4-gke.1", "1", "33+");
        assert_eq!(version.to_string(), "v1.33.4-gke.1");
        assert_eq!(version.minor, "33+");
    }

    #[test]
    fn what_is_no_version_is_refused_in_kubernetes_words() {
        let error = |text| KubeVersion::parse(text).unwrap_err();
        assert_eq!(error("abc"), "could not parse \"abc\" as version");
        assert_eq!(error("1"), "illegal version string \"1\"");
        assert_eq!(error("01.2.3"), "illegal zero-prefixed version component \"01\" in \"01.2.3\"");
    }
}
