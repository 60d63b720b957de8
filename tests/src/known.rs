//! `tests/oracle/known.toml`: the differences from Helm that are accepted, each with its reason.

use std::fs;
use std::path::Path;

/// One accepted difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// A short name, used in `renderer/COMPATIBILITY.md` too.
    pub id: String,
    /// The check it is about: its id, or the beginning of several.
    pub case: String,
    /// Why it stays.
    pub reason: String,
}

/// Reads the list. It is the part of TOML that the list needs: `[[difference]]` and `key = "text"`.
///
/// # Errors
/// The first line that is neither, a difference without one of its three keys, or the file system's own.
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
            list.push(Known { id: String::new(), case: String::new(), reason: String::new() });
            continue;
        }
        let entry = line.split_once('=').map(|(key, value)| (key.trim(), value.trim()));
        let known =
            list.last_mut().ok_or_else(|| format!("line {}: expected `[[difference]]`", index + 1))?;
        let value = entry.and_then(|(_, value)| text_of(value));
        match (entry.map(|(key, _)| key), value) {
            (Some("id"), Some(value)) => known.id = value,
            (Some("case"), Some(value)) => known.case = value,
            (Some("reason"), Some(value)) => known.reason = value,
            _ => return Err(format!("line {}: expected `id`, `case` or `reason` and a text", index + 1)),
        }
    }
    match list.iter().find(|known| known.id.is_empty() || known.case.is_empty() || known.reason.is_empty()) {
        Some(known) => Err(format!("the difference `{}` lacks its id, case or reason", known.id)),
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
    fn a_difference_needs_all_three() {
        let list =
            parse("# why\n[[difference]]\nid = \"a\"\ncase = 'x.md › `y`'\nreason = \"because\"\n").unwrap();
        assert_eq!(list[0].case, "x.md › `y`");
        assert!(parse("[[difference]]\nid = \"a\"\n").is_err());
        assert!(parse("id = \"a\"\n").is_err());
    }
}
