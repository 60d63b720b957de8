//! The answer to a one-line case, and how it is written below the line.
//!
//! ```text
//! upper "é"
//! = É
//! trunc 1 "é"
//! =x \xc3
//! atoi 1
//! ! c/templates/t.yaml:3:8 …
//! ```
//! `=` is what the expression printed, line by line; `=x` the same with bytes escaped; `~` what stood on stderr beside a
//! success; `!` the error without `Error: ` before it and the hint about `--debug` after it; `!!` an error that
//! came without that hint; `?` all of stdout when the frame around the answer was broken; `code` an odd exit code.

use crate::program::Run;

/// What stands before the answer in the output of a one-line case.
pub const BEFORE: &str = "---\n# Source: c/templates/t.yaml\nx:\n...\n[";
const AFTER: &str = "]\n";
const HINT: &str = "\nUse --debug flag to render out invalid YAML\n";

/// A template whose output is `x: null` for whoever reads YAML, and then anything at all.
///
/// Helm looks at the first document of a file only, so what follows the `...` may be text that is no YAML.
#[must_use]
pub fn template(line: &str) -> String {
    let body = if line.contains("{{") { line.to_owned() } else { format!("{{{{ {line} }}}}") };
    format!("x:\n...\n[{body}]\n")
}

/// The lines below a one-line case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer(pub String);

impl Answer {
    /// Reads the answer out of a run.
    #[must_use]
    pub fn of(run: &Run) -> Answer {
        let mut lines = String::new();
        let stdout = &run.stdout;
        let framed = stdout
            .strip_prefix(BEFORE.as_bytes())
            .and_then(|rest| rest.strip_suffix(AFTER.as_bytes()))
            .filter(|_| run.code == 0);
        match framed {
            Some(text) => push(&mut lines, "=", text),
            None if stdout.is_empty() => {}
            None => push(&mut lines, "?", stdout.strip_suffix(b"\n").unwrap_or(stdout)),
        }
        let stderr = &run.stderr[..];
        if run.code == 0 {
            if !stderr.is_empty() {
                push(&mut lines, "~", stderr.strip_suffix(b"\n").unwrap_or(stderr));
            }
        } else {
            let (mark, text) = match stderr.strip_suffix(HINT.as_bytes()) {
                Some(text) => ("!", text),
                None => ("!!", stderr),
            };
            let text = text.strip_prefix(b"Error: ").unwrap_or(text);
            push(&mut lines, mark, text.strip_suffix(b"\n").unwrap_or(text));
            if run.code != 1 {
                lines.push_str(&format!("code {}\n", run.code));
            }
        }
        Answer(lines)
    }

    /// Whether the expression printed something and nothing else happened.
    #[must_use]
    pub fn is_plain_text(&self) -> bool {
        self.0.starts_with('=') && self.0.lines().all(|line| line.starts_with('='))
    }

    /// Whether a line of a case file belongs to an answer.
    #[must_use]
    pub fn owns(line: &str) -> bool {
        ["=", "=x", "~", "~x", "!", "!x", "!!", "!!x", "?", "?x", "code"]
            .iter()
            .any(|mark| line.strip_prefix(mark).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')))
    }
}

fn push(out: &mut String, mark: &str, text: &[u8]) {
    let plain = |text: &&str| !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t');
    match std::str::from_utf8(text).ok().filter(plain) {
        Some(text) => {
            for line in text.split('\n') {
                out.push_str(mark);
                if !line.is_empty() {
                    out.push(' ');
                    out.push_str(line);
                }
                out.push('\n');
            }
        }
        None => {
            out.push_str(mark);
            out.push_str("x ");
            out.push_str(&text.escape_ascii().to_string());
            out.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(stdout: &[u8], stderr: &[u8], code: i32) -> Run {
        Run { stdout: stdout.to_vec(), stderr: stderr.to_vec(), code, ..Run::default() }
    }

    #[test]
    fn text_stands_between_the_marks() {
        let mut stdout = BEFORE.as_bytes().to_vec();
        stdout.extend_from_slice(b"a\n\n b]\n");
        let answer = Answer::of(&run(&stdout, b"", 0));
        assert_eq!(answer.0, "= a\n=\n=  b\n");
        assert!(answer.is_plain_text());
    }

    #[test]
    fn an_error_says_whether_the_hint_followed() {
        let with = Answer::of(&run(b"", b"Error: no\n\nUse --debug flag to render out invalid YAML\n", 1));
        assert_eq!(with.0, "! no\n");
        let without = Answer::of(&run(b"", b"Error: no\n", 1));
        assert_eq!(without.0, "!! no\n");
    }

    #[test]
    fn bytes_that_are_no_text_are_escaped() {
        let mut stdout = BEFORE.as_bytes().to_vec();
        stdout.extend_from_slice(b"\xc3]\n");
        assert_eq!(Answer::of(&run(&stdout, b"", 0)).0, "=x \\xc3\n");
    }
}
