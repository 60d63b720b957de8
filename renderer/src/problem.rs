//! What is wrong with a chart, in the terms of an editor.

use std::ops::Range;

/// How grave a problem is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Helm goes on, but a person should look.
    Warning,
    /// Helm stops, or `helm lint` fails.
    Error,
}

/// One thing that is wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    /// How grave it is.
    pub severity: Severity,
    /// Stable, in kebab case; reads well behind "allow".
    pub code: &'static str,
    /// Helm's sentence where Helm has one.
    pub message: String,
    /// Path of the file in the chart.
    pub file: Option<String>,
    /// Bytes of that file.
    pub range: Option<Range<u32>>,
    /// Whether this is the error at which Helm would stop.
    pub helm_first: bool,
    /// What to do, or a fact that helps.
    pub hint: Option<String>,
}

impl Problem {
    /// Whether this is the same finding in other words around it: a sentence of the render inside one of lint, or vice versa.
    pub(crate) fn says(&self, text: &str) -> bool {
        self.message.contains(text) || text.contains(&self.message)
    }
}

/// The bytes of a line, counted from 1, without its line feed; `None` past the end.
pub(crate) fn place_of_line(text: &[u8], line: u32) -> Option<Range<u32>> {
    let mut start = 0;
    for (number, bytes) in (1_u32..).zip(text.split(|byte| *byte == b'\n')) {
        if number == line {
            return Some(start as u32..(start + bytes.len()) as u32);
        }
        start += bytes.len() + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_by_its_number() {
        assert_eq!(place_of_line(b"a\nbc\n", 2), Some(2..4));
        assert_eq!(place_of_line(b"a", 2), None);
    }
}
