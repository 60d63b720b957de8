//! Statements that write nothing: a condition that does not hold decides about the bytes around the place where it stands.

use std::rc::Rc;

use value::{Origin, Text, TextBuilder};

/// Nothing, written by each of these in turn.
pub(super) fn text(statements: &[Origin]) -> Text {
    let mut made = TextBuilder::new();
    push(&mut made, statements);
    made.finish()
}

/// Two texts in one.
pub(super) fn joined(before: &Text, after: &Text) -> Text {
    let mut made = TextBuilder::with_capacity(before.len() + after.len());
    made.push(before);
    made.push(after);
    made.finish()
}

/// Adds to the end of a text what has written nothing there.
pub(super) fn append(to: &mut Text, statements: &[Origin]) {
    if !statements.is_empty() {
        *to = joined(to, &text(statements));
    }
}

fn push(made: &mut TextBuilder, statements: &[Origin]) {
    for statement in statements {
        let from: Rc<[Origin]> = Rc::new([*statement]);
        made.push_from(b"", &from);
    }
}

/// Whether what a statement writes, as it stands in the file, starts or ends a line: then it neither continues what stands before
/// it nor begins what stands behind it.
pub(super) fn is_lines(statement: &[u8]) -> bool {
    let find = |from: &[u8]| from.windows(2).position(|pair| pair == b"}}");
    let starts = find(statement).is_some_and(|at| {
        let trims = statement[..at].ends_with(b"-");
        !trims && first_of_line(&statement[at + 2..])
    });
    let end = statement.windows(2).rposition(|pair| pair == b"{{");
    let ends = end.is_some_and(|at| {
        let trims = statement[at + 2..].starts_with(b"-");
        !trims && last_of_line(&statement[..at])
    });
    starts || ends
}

/// Whether only blanks stand before the first line feed.
fn first_of_line(text: &[u8]) -> bool {
    text.iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r')) == Some(&b'\n')
}

/// Whether only blanks stand behind the last line feed.
fn last_of_line(text: &[u8]) -> bool {
    text.iter().rfind(|byte| !matches!(byte, b' ' | b'\t' | b'\r')) == Some(&b'\n')
}

#[cfg(test)]
mod tests {
    use super::is_lines;

    #[test]
    fn a_statement_on_lines_of_its_own_is_known_by_its_text() {
        for (text, want) in [
            ("{{ if .x }}\n  a: b\n  {{- end }}", true),
            ("{{ if .x }}  \n  a: b{{ end }}", true),
            ("{{ if .x -}}\n  a: b\n{{ end }}", true),
            ("{{ if .x -}}\n  a: b\n  {{ end }}", true),
            ("{{ if .x -}}\n  b\n{{- end }}", false),
            ("{{ if .x }}-{{ .x }}{{ end }}", false),
            ("{{ .x }}", false),
        ] {
            assert_eq!(is_lines(text.as_bytes()), want, "{text}");
        }
    }
}
