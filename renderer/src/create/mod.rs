//! `helm create`: the files of a new chart.
//!
//! The text of the files is Helm's, kept verbatim under its Apache-2.0 licence (see NOTICE), with `<CHARTNAME>` where the
//! name of the chart goes.
//!
//! Source: helm v4.3.1 `pkg/chart/v2/util/create.go`.

use crate::Error;
use crate::chart::{Chart, File, Metadata};
use crate::package::{self, Package};

/// The longest name of a new chart, in bytes.
const MAX_NAME_BYTES: usize = 250;

/// Paths and contents in the order in which Helm writes them.
const SCAFFOLD: [(&str, &str); 12] = [
    ("Chart.yaml", include_str!("scaffold/Chart.yaml")),
    ("values.yaml", include_str!("scaffold/values.yaml")),
    (".helmignore", include_str!("scaffold/helmignore")),
    ("templates/ingress.yaml", include_str!("scaffold/templates/ingress.yaml")),
    ("templates/httproute.yaml", include_str!("scaffold/templates/httproute.yaml")),
    ("templates/deployment.yaml", include_str!("scaffold/templates/deployment.yaml")),
    ("templates/service.yaml", include_str!("scaffold/templates/service.yaml")),
    ("templates/serviceaccount.yaml", include_str!("scaffold/templates/serviceaccount.yaml")),
    ("templates/hpa.yaml", include_str!("scaffold/templates/hpa.yaml")),
    ("templates/NOTES.txt", include_str!("scaffold/templates/NOTES.txt")),
    ("templates/_helpers.tpl", include_str!("scaffold/templates/_helpers.tpl")),
    ("templates/tests/test-connection.yaml", include_str!("scaffold/templates/tests/test-connection.yaml")),
];

/// The files of a new chart of this name, in the order in which Helm writes them. Helm also makes an empty `charts/`.
///
/// # Errors
/// `chart-name-invalid` with Helm's sentence.
pub fn create(name: &str) -> Result<Vec<File>, Error> {
    if name.is_empty() || name.len() > MAX_NAME_BYTES {
        let message = format!("chart name must be between 1 and {MAX_NAME_BYTES} characters");
        return Err(Error::new("chart-name-invalid", message));
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if !name.bytes().all(allowed) {
        let message = "chart name must match the regular expression \"^[a-zA-Z0-9._-]+$\"";
        return Err(Error::new("chart-name-invalid", message));
    }
    Ok(SCAFFOLD.iter().map(|(path, text)| File::new(*path, text.replace(PLACEHOLDER, name))).collect())
}

/// What Helm writes when it saves a chart as a directory.
#[derive(Clone, Debug)]
pub struct Saved {
    /// The files, in the order in which Helm writes them.
    pub files: Vec<File>,
    /// The charts inside, which go into `charts/` after them.
    pub packages: Vec<Package>,
    /// Why a chart inside cannot be packed; those before it are.
    pub error: Option<Error>,
}

/// The files of a new chart made from a starter: its own, with `<CHARTNAME>` replaced in templates and values.
///
/// # Errors
/// `values-invalid`, `chart-yaml-unwritable`, with Helm's sentences.
///
/// Source: `CreateFrom`, `save.go`, `SaveDir`.
pub fn create_from(name: &str, mut starter: Chart, now: i64) -> Result<Saved, Error> {
    let replace = |file: &mut File| {
        if file.data.as_bytes().windows(PLACEHOLDER.len()).any(|part| part == PLACEHOLDER.as_bytes()) {
            file.data = replaced(file.data.as_bytes(), name.as_bytes()).into();
        }
    };
    starter.templates.iter_mut().for_each(replace);
    // Helm replaces in the values as well, only to see whether they can be read then.
    let unread = |error: String| Error::new("values-invalid", format!("transforming values file: {error}"));
    let values = yaml::write(&starter.values.clone().into())
        .map_err(|error| Error::new("values-invalid", format!("reading values file: {error}")))?;
    yaml::read_map(&replaced(values.as_bytes(), name.as_bytes()))
        .map_err(|error| unread(error.to_string()))?;
    let is_values = |file: &&mut File| &*file.name == "values.yaml";
    starter.raw.iter_mut().filter(is_values).for_each(replace);
    let metadata = Metadata {
        name: name.to_owned(),
        description: "A Helm chart for Kubernetes".to_owned(),
        kind: "application".to_owned(),
        version: "0.1.0".to_owned(),
        app_version: "0.1.0".to_owned(),
        api_version: "v2".to_owned(),
        ..Metadata::default()
    };
    let chart_yaml = yaml::write(&metadata.to_yaml_value())
        .map_err(|error| Error::new("chart-yaml-unwritable", error.to_string()))?;
    let mut files = vec![File::new("Chart.yaml", chart_yaml)];
    files.extend(starter.raw.iter().filter(|file| &*file.name == "values.yaml").cloned());
    files.extend(starter.schema.clone());
    files.extend(starter.templates.iter().chain(&starter.files).cloned());
    let mut saved = Saved { files, packages: Vec::new(), error: None };
    for dependency in &starter.dependencies {
        match package::save(dependency, now) {
            Ok(package) => saved.packages.push(package),
            Err(error) => {
                let path = format!("{name}/charts/{}", dependency.name());
                saved.error = Some(error.within(format!("saving {path}: ")));
                break;
            }
        }
    }
    Ok(saved)
}

const PLACEHOLDER: &str = "<CHARTNAME>";

fn replaced(text: &[u8], name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.windows(PLACEHOLDER.len()).position(|part| part == PLACEHOLDER.as_bytes()) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(name);
        rest = &rest[at + PLACEHOLDER.len()..];
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::load;

    #[test]
    fn names_are_checked_as_helm_does() {
        for name in ["", &"a".repeat(251)] {
            let error = create(name).unwrap_err();
            assert_eq!(error.to_string(), "chart name must be between 1 and 250 characters");
        }
        assert!(create("a b").unwrap_err().to_string().starts_with("chart name must match"));
        assert!(create("A_B.c-1").is_ok());
    }

    /// The lengths of the files that `helm create foo` of v4.3.1 writes; the oracle tests compare the bytes.
    #[test]
    fn a_new_chart_loads() {
        let files = create("foo").unwrap();
        let lengths: Vec<usize> = files.iter().map(|file| file.data.len()).collect();
        assert_eq!(lengths, [1139, 5269, 349, 1076, 945, 2360, 349, 381, 979, 2802, 1742, 367]);
        let chart = load(files, &mut Vec::new()).unwrap();
        assert_eq!(chart.name(), "foo");
        assert_eq!(chart.templates.len(), 9);
        assert_eq!(chart.values.len(), 22);
    }
}
