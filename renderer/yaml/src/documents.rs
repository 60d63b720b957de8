//! A file cut into documents the way Helm cuts values files.
//!
//! *Source*: k8s.io/apimachinery v0.37.1 `pkg/util/yaml`, `YAMLReader`.

use std::ops::Range;

use crate::error::{Error, Stage};

/// One document of a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Document {
    /// Its text, with line feeds for line ends and one at the end of the last line.
    pub text: Vec<u8>,
    /// Where it stands in the file.
    pub range: Range<u32>,
}

/// The documents of a file, cut at lines that start with `---`.
///
/// A separator at the start of a document stays its first line. After an error nothing follows.
///
/// # Errors
/// A separator followed by something else than blanks and a comment; the sentence has no prefix.
pub fn documents(text: &[u8]) -> impl Iterator<Item = Result<Document, Error>> + '_ {
    let mut at = 0;
    let mut failed = false;
    std::iter::from_fn(move || {
        if failed {
            return None;
        }
        let next = next_document(text, &mut at);
        failed = matches!(next, Some(Err(_)));
        next
    })
}

fn next_document(text: &[u8], at: &mut usize) -> Option<Result<Document, Error>> {
    let mut document = Vec::new();
    let from = *at;
    while *at < text.len() {
        let start = *at;
        let rest = &text[start..];
        let length = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |feed| feed + 1);
        *at = start + length;
        let line = &rest[..length];
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if let Some(after) = line.strip_prefix(b"---") {
            let after = trim_start(after);
            if !after.is_empty() && after[0] != b'#' {
                let after = String::from_utf8_lossy(after);
                let problem = format!("invalid Yaml document separator: {}", after.trim_end());
                return Some(Err(Error::new(Stage::Documents, problem).with_offset(start as u32)));
            }
            if !document.is_empty() {
                return Some(Ok(Document { text: document, range: from as u32..start as u32 }));
            }
        }
        document.extend_from_slice(line);
        document.push(b'\n');
    }
    (!document.is_empty()).then_some(Ok(Document { text: document, range: from as u32..*at as u32 }))
}

fn trim_start(text: &[u8]) -> &[u8] {
    match std::str::from_utf8(text) {
        Ok(text) => text.trim_start().as_bytes(),
        Err(_) => text.trim_ascii_start(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let found: Vec<String> = documents(text.as_bytes())
            .map(|document| match document {
                Ok(document) => String::from_utf8_lossy(&document.text).into_owned(),
                Err(error) => format!("error: {error}"),
            })
            .collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn separators_end_documents_and_can_start_them() {
        check("a: 1\n---\nb: 2\n", &["a: 1\n", "b: 2\n"]);
        check("---\na: 1\n--- # c\nb: 2", &["---\na: 1\n", "b: 2\n"]);
        check("---\n---\na: 1\n", &["---\n", "a: 1\n"]);
        check("\n---\n", &["\n"]);
        check("", &[]);
    }

    #[test]
    fn lines_end_in_line_feeds() {
        check("a: 1\r\nb: 2\r\n---\r\nc\rd", &["a: 1\nb: 2\n", "c\rd\n"]);
    }

    #[test]
    fn text_behind_a_separator_is_refused() {
        check("a: 1\n---b: 2\nc: 3\n", &["error: invalid Yaml document separator: b: 2"]);
        check("a: 1\n---\u{a0} b \nc: 3\n", &["error: invalid Yaml document separator: b"]);
    }
}
