//! `helm show`: parts of a chart as text.
//!
//! Source: helm v4.3.1 `pkg/action/show.go`.

mod jsonpath;

use value::Value;

use crate::Error;
use crate::chart::Chart;

/// What to show.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Part {
    /// All of it.
    All,
    /// `Chart.yaml`
    Chart,
    /// The custom resource definitions.
    Crds,
    /// The first file that is called readme.
    Readme,
    /// `values.yaml`
    Values,
}

/// The text that `helm show` prints. `json_path` chooses among the values, when it is not empty.
///
/// # Errors
/// `chart-yaml-unwritable`, `jsonpath-invalid`, with Helm's sentences.
pub fn show(chart: &Chart, part: Part, json_path: &str) -> Result<Vec<u8>, Error> {
    let shows = |wanted: Part| part == wanted || part == Part::All;
    let head = yaml::write(&chart.metadata.to_yaml_value())
        .map_err(|error| Error::new("chart-yaml-unwritable", error.to_string()))?;
    let mut out = Vec::new();
    let mut line = |text: &[u8]| {
        out.extend_from_slice(text);
        out.push(b'\n');
    };
    if shows(Part::Chart) {
        line(head.as_bytes());
    }
    let mut chosen = None;
    if shows(Part::Values) && chart.raw_file("values.yaml").is_some() {
        if part == Part::All {
            line(b"---");
        }
        if json_path.is_empty() {
            for file in chart.raw.iter().filter(|file| &*file.name == "values.yaml") {
                line(file.data.as_bytes());
            }
        } else {
            chosen = Some(jsonpath::choose(json_path, &Value::Map(chart.values.clone()))?);
        }
    }
    if shows(Part::Readme) {
        let is_readme = |name: &str| {
            ["readme.md", "readme.txt", "readme"].iter().any(|readme| same_letters(name, readme))
        };
        if let Some(readme) = chart.files.iter().find(|file| is_readme(&file.name)) {
            if part == Part::All {
                line(b"---");
            }
            line(readme.data.as_bytes());
        }
    }
    if shows(Part::Crds) {
        for crd in chart.crds() {
            if !crd.file.data.as_bytes().starts_with(b"---") {
                line(b"---");
            }
            line(crd.file.data.as_bytes());
        }
    }
    // Only `show values` takes a path, and shows nothing else.
    Ok(chosen.unwrap_or(out))
}

/// Go's `strings.EqualFold` with a text of small ASCII letters: the Kelvin sign and the long s count as letters too.
fn same_letters(name: &str, letters: &str) -> bool {
    let fold = |rune: char| match rune {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        rune => rune.to_ascii_lowercase(),
    };
    name.chars().map(fold).eq(letters.chars())
}
