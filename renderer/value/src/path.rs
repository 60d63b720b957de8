//! Paths into values: `web.ports[0].name`.

use std::fmt;

use crate::Text;

/// One step down.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Step {
    /// To an element of a list.
    Index(u32),
    /// To an entry of a map.
    Key(Text),
}

/// A path from a map down to a value. Empty for the map itself.
///
/// Prints as Helm's users write it; a key that is no plain name stands quoted in brackets: `annotations["a.b/c"]`.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct ValuePath(pub Vec<Step>);

impl ValuePath {
    /// Reads what [`fmt::Display`] prints; `None` for what it never prints.
    pub fn parse(text: &str) -> Option<Self> {
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(inner) = rest.strip_prefix("[\"") {
                let (mut key, mut characters) = (String::new(), inner.char_indices());
                let end = loop {
                    match characters.next()? {
                        (_, '\\') => key.push(characters.next()?.1),
                        (at, '"') => break at,
                        (_, other) => key.push(other),
                    }
                };
                rest = inner[end + 1..].strip_prefix(']')?;
                steps.push(Step::Key(key.into()));
            } else if let Some(inner) = rest.strip_prefix('[') {
                let (number, after) = inner.split_once(']')?;
                steps.push(Step::Index(number.parse().ok()?));
                rest = after;
            } else {
                let name = if steps.is_empty() { rest } else { rest.strip_prefix('.')? };
                let end = name.bytes().position(|byte| !is_plain(byte)).unwrap_or(name.len());
                if end == 0 {
                    return None;
                }
                steps.push(Step::Key(name[..end].into()));
                rest = &name[end..];
            }
        }
        Some(Self(steps))
    }
}

/// Whether a byte can stand in a key without brackets.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

impl fmt::Display for ValuePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) if !key.is_empty() && key.as_bytes().iter().copied().all(is_plain) => {
                    write!(f, "{}{key}", if at > 0 { "." } else { "" })?;
                }
                Step::Key(key) => {
                    let key = key.to_string_lossy().replace('\\', "\\\\").replace('"', "\\\"");
                    write!(f, "[\"{key}\"]")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_print_and_read_back() {
        for text in ["", "a", "web.ports[0].name", "a-b[\"x.y/z\"].c", "[\"\"][3][\"q\\\"\\\\\"]"] {
            let path = ValuePath::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(path.to_string(), text);
        }
        for text in [".", "a.", "a[", "a[x]", "a[\"b", "a b", "a[\"b\"c"] {
            assert_eq!(ValuePath::parse(text), None, "{text}");
        }
    }
}
