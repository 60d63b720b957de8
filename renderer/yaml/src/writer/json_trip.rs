//! What happens to a string on the way through JSON text and go-yaml's reader, without either.
//!
//! *Source*: sigs.k8s.io/yaml v1.6.0 `Marshal` and `JSONToYAML`; go1.27 `encoding/json`; go.yaml.in/yaml/v2 v2.4.4 `readerc.go`,
//! `scannerc.go`, `parserc.go`.

use value::{Text, Value, json};

use super::WriteError;

/// No simple key is longer than this, in characters of its JSON form, quotes included.
const LONGEST_KEY: usize = 1024;

/// NEL, a line break to the reader that JSON does not escape.
const NEXT_LINE: char = '\u{85}';

/// The trip ends in an error; which one, [`error_of`] finds out.
pub(super) struct Fails;

/// What a string that is not plain ASCII is when it arrives. `None`: unchanged.
pub(super) fn arrive(text: &Text) -> Result<Option<Text>, Fails> {
    let bytes = text.as_bytes();
    let Some(valid) = text.as_str() else {
        // Each byte that is no UTF-8 becomes U+FFFD, then the same holds as for any other text.
        let mut repaired = Vec::with_capacity(bytes.len() + 16);
        for chunk in bytes.utf8_chunks() {
            repaired.extend_from_slice(chunk.valid().as_bytes());
            for _ in chunk.invalid() {
                repaired.extend_from_slice("\u{fffd}".as_bytes());
            }
        }
        let repaired = Text::derived(repaired, &[text]);
        return Ok(Some(arrive(&repaired)?.unwrap_or(repaired)));
    };
    let mut next_lines = false;
    for character in valid.chars() {
        next_lines |= character == NEXT_LINE;
        if is_control(character) {
            return Err(Fails);
        }
    }
    if !next_lines {
        return Ok(None);
    }
    Ok(Some(Text::derived(fold_next_lines(valid)?, &[text])))
}

/// A NEL is a line break to the reader: alone it folds to a space, of several all but the first become line feeds, and
/// spaces around them go. All other breaks were escaped.
fn fold_next_lines(text: &str) -> Result<String, Fails> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(NEXT_LINE) {
        out.push_str(rest[..at].trim_end_matches(' '));
        let blank = rest[at..].trim_start_matches([NEXT_LINE, ' ']);
        let breaks = rest[at..rest.len() - blank.len()].chars().filter(|&c| c == NEXT_LINE).count();
        let at_line_start = rest[..rest.len() - blank.len()].ends_with(NEXT_LINE);
        if at_line_start && is_document_marker(blank) {
            return Err(Fails);
        }
        if breaks == 1 {
            out.push(' ');
        } else {
            out.extend(std::iter::repeat_n('\n', breaks - 1));
        }
        rest = blank;
    }
    out.push_str(rest);
    Ok(out)
}

/// Whether a key that is `Ok` as a string can be read as a key.
pub(super) fn is_possible_key(key: &[u8]) -> bool {
    // A byte takes at most six characters, `\u003c`; a NEL ends the line and with it a simple key.
    let short = key.len() * 6 + 2 <= LONGEST_KEY;
    (short || json_characters(key) <= LONGEST_KEY) && !key.windows(2).any(|pair| pair == [0xc2, 0x85])
}

fn json_characters(key: &[u8]) -> usize {
    let text = Value::Str(Text::from(key));
    // A string always has a JSON text.
    json::encode(&text, json::Style::COMPACT)
        .map_or(usize::MAX, |text| text.as_bytes().iter().filter(|&&byte| byte & 0xc0 != 0x80).count())
}

/// The error of a value that cannot be written, in the order in which Helm meets them: JSON first, then reading it back.
///
/// Cost: writes the value as JSON and scans that; only for values known to fail.
#[cold]
pub(super) fn error_of(value: &Value) -> WriteError {
    let text = match json::encode(value, json::Style::COMPACT) {
        Ok(text) => text,
        Err(error) => return WriteError::new(format!("error marshaling into JSON: {error}")),
    };
    // JSON text is UTF-8.
    WriteError::new(
        first_problem(&text.to_string_lossy())
            .unwrap_or_else(|| "yaml: unknown problem parsing YAML content".into()),
    )
}

fn first_problem(json: &str) -> Option<String> {
    let control = json.find(is_control);
    let found = first_structural_problem(json, control.unwrap_or(json.len()));
    match (control, found) {
        // The reader decodes 512 bytes at a time, so it may meet the character before the scanner meets its problem.
        (Some(control), Some((at, _))) if control < decoded_until(json, at) => None,
        (_, Some((_, problem))) => Some(problem),
        (_, None) => None,
    }
    .or_else(|| control.map(|_| "yaml: control characters are not allowed".into()))
}

fn is_control(character: char) -> bool {
    matches!(character, '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
}

/// How far the text was decoded when the scanner looked at the four characters from `at` on.
fn decoded_until(json: &str, at: usize) -> usize {
    let looked_at: usize = json[at..].chars().take(4).map(char::len_utf8).sum();
    let mut decoded = 0;
    while decoded < at + looked_at {
        decoded = json.floor_char_boundary(decoded + 512);
    }
    decoded
}

/// The first key that cannot be one, or document marker inside a string, in front of `end`.
fn first_structural_problem(json: &str, end: usize) -> Option<(usize, String)> {
    let mut lines = 0;
    // Of the string that is open, and of the last one: its length in characters, and the line on which it began.
    let mut string: Option<(usize, usize)> = None;
    let mut last = (0, 0);
    let mut escaped = false;
    let mut line_start = false;
    for (at, character) in json[..end].char_indices() {
        let Some((length, first_line)) = &mut string else {
            if character == '"' {
                string = Some((1, lines));
            } else if character == ':' && (last.0 > LONGEST_KEY || last.1 < lines) {
                let place = if lines > 0 { format!("line {lines}: ") } else { String::new() };
                return Some((at, format!("yaml: {place}did not find expected ',' or '}}'")));
            }
            continue;
        };
        *length += 1;
        if line_start && is_document_marker(&json[at..]) {
            return Some((at, format!("yaml: line {}: found unexpected document indicator", lines + 1)));
        }
        line_start = character == NEXT_LINE;
        lines += usize::from(line_start);
        if escaped {
            escaped = false;
        } else if character == '\\' {
            escaped = true;
        } else if character == '"' {
            last = (*length, *first_line);
            string = None;
        }
    }
    None
}

/// Whether the scanner takes what stands at the start of a line for the end of the document.
fn is_document_marker(text: &str) -> bool {
    let rest = text.strip_prefix("---").or_else(|| text.strip_prefix("..."));
    rest.is_some_and(|rest| rest.starts_with([' ', NEXT_LINE]))
}
