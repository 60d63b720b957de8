//! A difference between two texts that a person can read.

use crate::program::Run;

/// Shows what `want`, which is Helm's, and `got`, which is ours, do not have in common.
#[must_use]
pub fn runs(want: &Run, got: &Run) -> String {
    let mut text = String::new();
    for (name, want, got) in [("stdout", &want.stdout, &got.stdout), ("stderr", &want.stderr, &got.stderr)] {
        if want != got {
            text.push_str(&format!("{name}:\n{}", lines(&readable(want), &readable(got), 20)));
        }
    }
    if want.written != got.written {
        text.push_str(&format!("files:\n{}", lines(&want.written, &got.written, 20)));
    }
    if want.code != got.code {
        text.push_str(&format!("exit code: helm {}, chartroom {}\n", want.code, got.code));
    }
    text
}

/// Text, with the bytes that are none written out.
fn readable(bytes: &[u8]) -> String {
    bytes.utf8_chunks().fold(String::new(), |text, chunk| {
        format!("{text}{}{}", chunk.valid(), chunk.invalid().escape_ascii())
    })
}

/// Shows where `got` leaves `want`: two lines of context, the lines that differ, at most `limit` lines of each.
#[must_use]
pub fn lines(want: &str, got: &str, limit: usize) -> String {
    let want: Vec<&str> = want.split('\n').collect();
    let got: Vec<&str> = got.split('\n').collect();
    let head = want.iter().zip(&got).take_while(|(a, b)| a == b).count();
    let room = want.len().min(got.len()) - head;
    let tail = want.iter().rev().zip(got.iter().rev()).take(room).take_while(|(a, b)| a == b).count();
    let mut out = String::new();
    for line in &want[head.saturating_sub(2)..head] {
        out.push_str(&format!("      {line}\n"));
    }
    for (mark, all) in [("want", &want), ("got ", &got)] {
        let differing = &all[head..all.len() - tail];
        for line in differing.iter().take(limit) {
            out.push_str(&format!("{mark}| {}\n", visible(line)));
        }
        if differing.len() > limit {
            out.push_str(&format!("{mark}| … {} more lines\n", differing.len() - limit));
        }
        if differing.is_empty() {
            out.push_str(&format!("{mark}| (nothing, at line {})\n", head + 1));
        }
    }
    out
}

/// A line with its trailing white space and control characters made visible, cut when it is very long.
fn visible(line: &str) -> String {
    let trimmed = line.trim_end_matches([' ', '\t']);
    let mut out = String::new();
    for (count, c) in trimmed.chars().enumerate() {
        if count == 2000 {
            out.push('…');
            break;
        }
        match c {
            '\t' => out.push('\t'),
            c if c.is_control() => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out.extend(line[trimmed.len()..].chars().map(|c| if c == ' ' { '␠' } else { '⇥' }));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_lines_around_the_difference_are_left_out() {
        assert_eq!(lines("a\nb\nc\nd\n", "a\nb\nx \nd\n", 9), "      a\n      b\nwant| c\ngot | x␠\n");
    }

    #[test]
    fn bytes_that_are_no_text_differ_visibly() {
        let run = |stdout: &[u8]| Run { stdout: stdout.to_vec(), ..Run::default() };
        assert_eq!(runs(&run(b"a\xff"), &run(b"a\xfe")), "stdout:\nwant| a\\xff\ngot | a\\xfe\n");
    }

    #[test]
    fn a_missing_line_is_named() {
        assert_eq!(lines("a\nb\nc", "a\nc", 9), "      a\nwant| b\ngot | (nothing, at line 2)\n");
    }
}
