//! Colours a line of YAML output: keys, quoted text, numbers, booleans, comments. By eye, not by grammar.

/// What a piece of a line is; `None` keeps the colour of text.
pub(crate) type Piece<'a> = (Option<&'static str>, &'a str);

/// Whether a line starts a block of text (`key: |`), and how far its key is indented.
pub(crate) fn opens_block(line: &str) -> Option<usize> {
    let text = line.trim_end().trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+'));
    let opens = [" |", " >"].iter().any(|end| text.ends_with(end)) && !line.trim_start().starts_with('#');
    opens.then(|| indent(line))
}

/// Whether a line belongs to a block of text that was opened at this indentation.
pub(crate) fn is_in_block(line: &str, block: usize) -> bool {
    line.trim().is_empty() || indent(line) > block
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// The pieces of a line outside blocks of text. They are the whole line, in order.
pub(crate) fn pieces(line: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut at = indent(line);
    while line[at..].starts_with("- ") {
        at += 2;
        at += indent(&line[at..]);
    }
    push(&mut pieces, None, &line[..at]);
    let rest = &line[at..];
    if rest.starts_with('#') {
        push(&mut pieces, Some("tok-comment"), rest);
        return pieces;
    }
    match key_end(rest) {
        Some(end) => {
            push(&mut pieces, Some("tok-propertyName"), &rest[..end]);
            let value = &rest[end + 1..];
            let space = indent(value);
            push(&mut pieces, None, &rest[end..end + 1 + space]);
            scalar(&mut pieces, &value[space..]);
        }
        None => scalar(&mut pieces, rest),
    }
    pieces
}

/// Where a key ends: before a `:` that ends the line or stands before a space.
fn key_end(text: &str) -> Option<usize> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    let from = match quote {
        Some(quote) => text[1..].find(quote)? + 2,
        None => 0,
    };
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        at += text[at..].find(':')?;
        if at + 1 == bytes.len() || bytes[at + 1] == b' ' {
            // `- "text": …` has a key, `"text" and more: …` has not.
            return (quote.is_none() || at == from).then_some(at);
        }
        at += 1;
    }
}

fn scalar<'a>(pieces: &mut Vec<Piece<'a>>, text: &'a str) {
    if text.starts_with(['"', '\'']) {
        return push(pieces, Some("tok-string"), text);
    }
    let (value, comment) = match text.find(" #") {
        Some(at) => text.split_at(at),
        None if text.starts_with('#') => ("", text),
        None => (text, ""),
    };
    let word = value.trim_end();
    let class = match word {
        "true" | "false" | "null" | "~" => Some("tok-bool"),
        _ if is_number(word) => Some("tok-number"),
        _ => None,
    };
    push(pieces, class, value);
    push(pieces, Some("tok-comment"), comment);
}

fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.')
        && word.ends_with(|c: char| c.is_ascii_digit())
        && word.parse::<f64>().is_ok()
}

fn push<'a>(pieces: &mut Vec<Piece<'a>>, class: Option<&'static str>, text: &'a str) {
    if !text.is_empty() {
        pieces.push((class, text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(line: &str) -> Vec<Piece<'_>> {
        let found = pieces(line);
        assert_eq!(found.iter().map(|(_, text)| *text).collect::<String>(), line);
        found.into_iter().filter(|(class, _)| class.is_some()).collect()
    }

    #[test]
    fn keys_and_values_have_their_colours() {
        assert_eq!(
            classes("  replicas: 3"),
            [(Some("tok-propertyName"), "replicas"), (Some("tok-number"), "3")]
        );
        assert_eq!(
            classes("  - name: \"a: b\""),
            [(Some("tok-propertyName"), "name"), (Some("tok-string"), "\"a: b\"")]
        );
        assert_eq!(
            classes("enabled: true # yes"),
            [
                (Some("tok-propertyName"), "enabled"),
                (Some("tok-bool"), "true"),
                (Some("tok-comment"), " # yes")
            ]
        );
        assert_eq!(classes("# a: b"), [(Some("tok-comment"), "# a: b")]);
    }

    #[test]
    fn words_with_colons_are_no_keys() {
        assert_eq!(classes("- http://example.com/ä"), []);
        assert_eq!(classes("image: nginx:1.27"), [(Some("tok-propertyName"), "image")]);
        assert_eq!(classes("- \"a\": 1"), [(Some("tok-propertyName"), "\"a\""), (Some("tok-number"), "1")]);
        assert_eq!(classes("- 1.2.3"), []);
    }

    #[test]
    fn blocks_of_text_open_and_end_by_indentation() {
        assert_eq!(opens_block("  script: |-"), Some(2));
        assert_eq!(opens_block("  a: b"), None);
        assert!(is_in_block("    x: 1", 2));
        assert!(is_in_block("", 2));
        assert!(!is_in_block("  y: 1", 2));
    }
}
