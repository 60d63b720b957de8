//! `tests/oracle/known.toml`: the differences from Helm that are accepted, each with its reason.

use std::fs;
use std::path::{Path, PathBuf};

use crate::program::Run;

/// One accepted difference.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// A short name, used in `renderer/COMPATIBILITY.md` too.
    pub id: String,
    /// The check it is about: its id, or the beginning of several. Empty where `prints` says which.
    pub case: String,
    /// What ours prints in every case it is about. Empty where `case` says which.
    pub prints: String,
    /// Why it stays.
    pub reason: String,
}

impl Known {
    /// Whether the difference of the check `id` is this one, ours having printed `run`.
    #[must_use]
    pub fn covers(&self, id: &str, run: &Run) -> bool {
        let printed = |text: &[u8]| String::from_utf8_lossy(text).contains(&self.prints);
        id.starts_with(&self.case) && (self.prints.is_empty() || printed(&run.stdout) || printed(&run.stderr))
    }
}

/// Where the list is.
#[must_use]
pub fn path() -> PathBuf {
    crate::program::root().join("tests/oracle/known.toml")
}

/// Reads the list. It is the part of TOML that the list needs: `[[difference]]` and `key = "text"`.
///
/// # Errors
/// The first line that is neither, a difference without id, reason, or something that says which cases it is about, or the
/// file system's own.
pub fn read(path: &Path) -> Result<Vec<Known>, String> {
    let text = fs::read_to_string(path).map_err(|err| format!("{}: {err}", path.display()))?;
    parse(&text).map_err(|err| format!("{}: {err}", path.display()))
}

fn parse(text: &str) -> Result<Vec<Known>, String> {
    let mut list: Vec<Known> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line == "[[difference]]" {
            list.push(Known::default());
            continue;
        }
        let entry = line.split_once('=').map(|(key, value)| (key.trim(), value.trim()));
        let known =
            list.last_mut().ok_or_else(|| format!("line {}: expected `[[difference]]`", index + 1))?;
        let value = entry.and_then(|(_, value)| text_of(value));
        match (entry.map(|(key, _)| key), value) {
            (Some("id"), Some(value)) => known.id = value,
            (Some("case"), Some(value)) => known.case = value,
            (Some("prints"), Some(value)) => known.prints = value,
            (Some("reason"), Some(value)) => known.reason = value,
            _ => {
                return Err(format!(
                    "line {}: expected `id`, `case`, `prints` or `reason` and a text",
                    index + 1
                ));
            }
        }
    }
    let lacks = |known: &&Known| {
        known.id.is_empty() || known.reason.is_empty() || (known.case.is_empty() && known.prints.is_empty())
    };
    match list.iter().find(lacks) {
        Some(known) => Err(format!("the difference `{}` lacks its id, its reason, or its case", known.id)),
        None => Ok(list),
    }
}

/// A basic string with `\"` and `\\`, or a literal one.
fn text_of(value: &str) -> Option<String> {
    if let Some(literal) = value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        return Some(literal.to_owned());
    }
    let inner = value.strip_prefix('"')?.strip_suffix('"')?;
    Some(inner.replace("\\\"", "\"").replace("\\\\", "\\"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_covers_a_case_or_what_ours_prints() {
        let run = Run { stderr: b"Error: no such thing\n".to_vec(), code: 1, ..Run::default() };
        let list = parse("[[difference]]\nid = \"a\"\nprints = \"such\"\nreason = \"r\"\n").unwrap();
        assert!(list[0].covers("any.md › case", &run));
        let list = parse("[[difference]]\nid = \"a\"\ncase = \"x.md\"\nreason = \"r\"\n").unwrap();
        assert!(list[0].covers("x.md › case", &run) && !list[0].covers("y.md › case", &run));
    }

    #[test]
    fn a_difference_needs_all_three() {
        let list =
            parse("# why\n[[difference]]\nid = \"a\"\ncase = 'x.md › `y`'\nreason = \"because\"\n").unwrap();
        assert_eq!(list[0].case, "x.md › `y`");
        assert!(parse("[[difference]]\nid = \"a\"\n").is_err());
        assert!(parse("id = \"a\"\n").is_err());
    }
}
