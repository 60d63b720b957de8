//! A chart without the files that nobody reads from a record, for releases that would not fit.

use super::{Chart, File};

/// Files that people read in a chart and no program in a record.
const FOR_PEOPLE: &[&str] =
    &["license", "license.md", "license.txt", "notice", "readme", "readme.md", "changelog.md"];

impl Chart {
    /// Drops files that are neither under `crds/` nor named in a template, and those for people.
    ///
    /// Helm reads such a record without complaint; the chart in it renders as before, unless a template puts a file's name
    /// together from pieces. Cost: one search of each template for each file.
    pub fn slim(&mut self) {
        let templates = self.templates.as_deref().unwrap_or_default();
        let Some(files) = &mut self.files else { return };
        files.retain(|file| {
            file.name.starts_with("crds/") || !is_for_people(file) && is_named(file, templates)
        });
    }
}

fn is_for_people(file: &File) -> bool {
    FOR_PEOPLE.contains(&file.name.to_ascii_lowercase().as_str())
}

/// Whether a template holds the file's path, or the path of its folder as a pattern would.
fn is_named(file: &File, templates: &[File]) -> bool {
    let folder = file.name.rfind('/').map(|end| &file.name[..=end]);
    templates.iter().filter_map(|template| template.data.as_ref()).any(|data| {
        let text = String::from_utf8_lossy(&data.0);
        text.contains(&file.name) || folder.is_some_and(|folder| text.contains(folder))
    })
}
