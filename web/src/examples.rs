//! The charts a visitor can open, embedded: the first paint waits for no request, and they are there without a network.

/// One chart of `www/examples`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    /// The name of its folder, and of its link: `#example/<id>`.
    pub id: &'static str,
    /// Path inside the chart and content.
    pub files: &'static [(&'static str, &'static [u8])],
}

include!(concat!(env!("OUT_DIR"), "/examples.rs"));

/// What a visitor sees first.
pub const FIRST: &str = "taskflow-api";

impl Example {
    /// The example of this id.
    pub fn find(id: &str) -> Option<&'static Example> {
        EXAMPLES.iter().find(|example| example.id == id)
    }

    /// What it shows: the heading of its README without its name.
    pub fn lesson(&self) -> &'static str {
        let readme = self.files.iter().find(|(path, _)| *path == "README.md");
        let heading = readme.and_then(|(_, bytes)| std::str::from_utf8(bytes).ok()?.lines().next());
        let text = heading.unwrap_or("").trim_start_matches(['#', ' ']);
        text.split_once(": ").map_or(text, |(_, lesson)| lesson)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_a_chart_and_says_what_it_shows() {
        assert!(Example::find(FIRST).is_some());
        for example in EXAMPLES {
            assert!(example.files.iter().any(|(path, _)| *path == "Chart.yaml"), "{}", example.id);
            assert!(!example.lesson().is_empty(), "{}", example.id);
        }
    }
}
