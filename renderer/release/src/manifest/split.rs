//! One rendered file into its documents.
//!
//! Source: helm v4.3.1 `pkg/release/v1/util/manifest.go`, `SplitManifests`.

use value::{Text, find_byte};

/// Splits at every line that starts with `---`; what follows on that line belongs to the next document.
///
/// Shape: documents without leading white space, blank ones left out; trailing line feeds stay. The documents share the
/// bytes of `file` and keep its origins.
pub fn split(file: &Text) -> Vec<Text> {
    let bytes = file.as_bytes();
    let mut documents = Vec::new();
    let mut start = bytes.len() - trim_space_start(bytes).len();
    let mut push = |from: usize, to: usize| {
        let rest = trim_space_start(&bytes[from..to]);
        if !rest.is_empty() {
            documents.push(file.slice(to - rest.len()..to));
        }
    };
    let mut line = start;
    while line < bytes.len() {
        if bytes[line..].starts_with(b"---") {
            push(start, line);
            line += 3;
            while matches!(bytes.get(line), Some(b' ' | b'\t')) {
                line += 1;
            }
            start = line;
        }
        line = match find_byte(&bytes[line..], b'\n') {
            Some(offset) => line + offset + 1,
            None => bytes.len(),
        };
    }
    push(start, bytes.len());
    documents
}

/// Whether there is nothing but white space.
pub fn is_blank(bytes: &[u8]) -> bool {
    trim_space_start(bytes).is_empty()
}

/// The bytes without white space at both ends, as Go's `strings.TrimSpace`.
pub fn trim_space(bytes: &[u8]) -> &[u8] {
    let mut rest = trim_space_start(bytes);
    while let [head @ .., last] = rest {
        if last.is_ascii() {
            if !is_ascii_space(*last) {
                break;
            }
            rest = head;
            continue;
        }
        // White space beyond ASCII takes two or three bytes.
        let tail = (2..=3.min(rest.len())).find_map(|len| {
            let text = std::str::from_utf8(&rest[rest.len() - len..]).ok()?;
            let mut runes = text.chars();
            let rune = runes.next()?;
            (runes.next().is_none() && rune.is_whitespace()).then_some(len)
        });
        match tail {
            Some(len) => rest = &rest[..rest.len() - len],
            None => break,
        }
    }
    rest
}

/// The bytes without white space at their start: what Unicode calls so.
pub fn trim_space_start(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    while let [first, tail @ ..] = rest {
        if first.is_ascii() {
            if !is_ascii_space(*first) {
                break;
            }
            rest = tail;
            continue;
        }
        let head = &rest[..rest.len().min(4)];
        let rune = head.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next());
        match rune {
            Some(rune) if rune.is_whitespace() => rest = &rest[rune.len_utf8()..],
            _ => break,
        }
    }
    rest
}

fn is_ascii_space(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(file: &str, documents: &[&str]) {
        let split: Vec<String> =
            split(&Text::from(file)).iter().map(|document| document.to_string_lossy().into_owned()).collect();
        assert_eq!(split, documents);
    }

    #[test]
    fn a_file_splits_as_helm_splits_it() {
        check("", &[]);
        check("\n ---\n", &[]);
        check("a: 1\n---\nb: 2\n", &["a: 1\n", "b: 2\n"]);
        check("---\n---\n\n  a: 1\n\n", &["a: 1\n\n"]);
        check("--- # c\na: 1", &["# c\na: 1"]);
        check("---foo: 1\n----\n", &["foo: 1\n", "-\n"]);
        check("a: 1\r\n---\r\nb: 2", &["a: 1\r\n", "b: 2"]);
        check("\u{a0}\u{2028}a", &["a"]);
    }

    #[test]
    fn space_is_trimmed_at_both_ends() {
        assert_eq!(trim_space("\u{85} a b\u{3000}\n".as_bytes()), b"a b");
        assert_eq!(trim_space(b"\xff \xff"), b"\xff \xff");
        assert!(is_blank(b" \n\t"));
    }
}
