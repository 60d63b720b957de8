//! One line of comma-separated values.
//!
//! Source: go 1.27 `encoding/csv/reader.go`, `readRecord`, with its defaults.

/// The values of the first line that is not empty.
///
/// # Errors
/// Go's sentence for a quote in the wrong place, or for a text of nothing but line feeds.
pub(crate) fn record(text: &str) -> Result<Vec<String>, String> {
    let mut lines = text.split_inclusive('\n');
    let mut number = 0;
    let mut line = loop {
        let line = lines.next().ok_or("EOF")?;
        number += 1;
        if !matches!(line, "\n" | "\r\n") {
            break with_line_feed(line);
        }
    };
    let start = number;
    let mut items = Vec::new();
    let mut rest = line.as_str();
    // What stands before `rest` in its line, for columns, which count bytes from 1.
    let mut column = 1;
    loop {
        let Some(quoted) = rest.strip_prefix('"') else {
            let item = match rest.split_once(',') {
                Some((item, _)) => item,
                None => rest.strip_suffix('\n').unwrap_or(rest),
            };
            if let Some(at) = item.find('"') {
                return Err(format!("{}: bare \" in non-quoted-field", place(start, number, column + at)));
            }
            items.push(item.to_owned());
            column += item.len() + 1;
            match rest[item.len()..].strip_prefix(',') {
                Some(after) => rest = after,
                None => return Ok(items),
            }
            continue;
        };
        let mut item = String::new();
        rest = quoted;
        column += 1;
        loop {
            let Some((piece, after)) = rest.split_once('"') else {
                // A quoted value may go over lines.
                item.push_str(rest);
                column += rest.len();
                match lines.next() {
                    Some(next) => {
                        line = with_line_feed(next);
                        rest = line.as_str();
                        (number, column) = (number + 1, 1);
                        continue;
                    }
                    None => return Err(format!("{}: {MISPLACED}", place(start, number, column))),
                }
            };
            item.push_str(piece);
            column += piece.len() + 1;
            if let Some(after) = after.strip_prefix('"') {
                item.push('"');
                (rest, column) = (after, column + 1);
            } else if let Some(after) = after.strip_prefix(',') {
                items.push(item);
                (rest, column) = (after, column + 1);
                break;
            } else if after.is_empty() || after == "\n" {
                items.push(item);
                return Ok(items);
            } else {
                return Err(format!("{}: {MISPLACED}", place(start, number, column - 1)));
            }
        }
    }
}

const MISPLACED: &str = "extraneous or missing \" in quoted-field";

fn place(start: usize, line: usize, column: usize) -> String {
    let record = if start == line { String::new() } else { format!("record on line {start}; ") };
    format!("{record}parse error on line {line}, column {column}")
}

/// Line ends are line feeds, and a lone carriage return at the very end is none.
fn with_line_feed(line: &str) -> String {
    if let Some(line) = line.strip_suffix("\r\n") {
        return format!("{line}\n");
    }
    line.strip_suffix('\r').unwrap_or(line).to_owned()
}

#[cfg(test)]
mod tests {
    use super::record;

    #[test]
    fn commas_split_outside_of_quotes() {
        for (text, items) in [
            ("a", &["a"][..]),
            ("a,b,", &["a", "b", ""]),
            ("\"a,b\",c", &["a,b", "c"]),
            ("\"a\"\"b\"", &["a\"b"]),
            ("a b, c", &["a b", " c"]),
            ("\n\nx,y\nz", &["x", "y"]),
            ("\"x\ny\",z", &["x\ny", "z"]),
        ] {
            assert_eq!(record(text).unwrap(), items, "{text:?}");
        }
    }

    #[test]
    fn quotes_in_wrong_places_are_refused() {
        for (text, said) in [
            ("a\"b", "parse error on line 1, column 2: bare \" in non-quoted-field"),
            ("\"a\"b", "parse error on line 1, column 3: extraneous or missing \" in quoted-field"),
            ("\"a", "parse error on line 1, column 3: extraneous or missing \" in quoted-field"),
            ("\n", "EOF"),
        ] {
            assert_eq!(record(text).unwrap_err(), said, "{text:?}");
        }
    }
}
