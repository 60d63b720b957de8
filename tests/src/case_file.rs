//! A Markdown case file: a heading is a test, prose says why, blocks are the chart, the command and what comes of it.
//!
//! The info string of a block says what it is:
//!
//! | info string | meaning |
//! |---|---|
//! | `yaml values.yaml`, `gotmpl templates/a.yaml` | a file of the chart `c`; `/prod.yaml` lies beside the chart |
//! | … `no-eol`, `crlf`, `escaped` | the file without its last line break; with CRLF; with `\n`, `\xff` and the like in it |
//! | … `base64` | the bytes of an archive |
//! | `sh` | a command: `helm lint c`, with `NAME=value` before it, and commands in lines above that come first. Without one it is `helm template x c` |
//! | `yaml output` | all of stdout of the command before it |
//! | `yaml output templates/a.yaml` | what that file rendered to |
//! | `text error` | all of stderr. The exit code is then 1 when a line begins with `Error` or says `command failed`, else 0 |
//! | `text written` | what the command wrote ([`crate::written`]) |
//! | | A last line without its break ends in `⏎ missing` |
//! | | A repetition in a very long line is written `⟨part⟩×count`, without loss ([`crate::fold`]) |
//! | `gotmpl cases` | one expression (or template text) per line, each with its answer below ([`crate::answer`]) |
//! | `sh runs` | one line of further arguments to `helm template x c` per line, with answers as above |
//!
//! Files that stand below a heading are seen by all headings under it. `Chart.yaml` may be left out. A heading with files
//! and neither a command nor headings under it is a case too. A case whose expectation is left out gets it from
//! `cargo xtask oracle --update`, which asks Helm, never us.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::answer::{self, Answer};
use crate::chart_fixture::Fixture;
use crate::fence::{self, Block, Item};
use crate::program::Run;

/// A case file and its checks, in their order.
#[derive(Debug, Clone)]
pub struct CaseFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// What it asks for.
    pub checks: Vec<Check>,
}

/// One run and what should come of it.
#[derive(Debug, Clone)]
pub struct Check {
    /// `functions/strings.md › upper › upper "é"`; names of checks are unique in a file.
    pub id: String,
    /// Line in the file, from 1.
    pub line: usize,
    /// What is run.
    pub fixture: Fixture,
    /// What is expected.
    pub expectation: Expectation,
}

/// What a check expects, with its place in the file.
#[derive(Debug, Clone)]
pub enum Expectation {
    /// The lines below a one-line case; empty when nothing is recorded yet.
    Line {
        /// The lines.
        answer: Answer,
        /// Their bytes in the file.
        place: Range<usize>,
    },
    /// Blocks with parts of the output; none when nothing is recorded yet.
    Blocks {
        /// The blocks.
        blocks: Vec<Expected>,
        /// Where a missing block goes.
        end: usize,
    },
}

/// A block that a part of the output must equal.
#[derive(Debug, Clone)]
pub struct Expected {
    /// Which part.
    pub part: Part,
    /// What it must be.
    pub text: String,
    info: String,
    place: Range<usize>,
}

/// A part of what a command prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// All of stderr.
    Stderr,
    /// All of stdout.
    Stdout,
    /// The documents of one file in stdout, without the lines that name the file.
    File(String),
    /// What was written.
    Written,
}

impl CaseFile {
    /// Reads a case file; `root` is the directory that its id is relative to.
    ///
    /// # Errors
    /// A sentence with the file's name and the line.
    pub fn read(path: &Path, root: &Path) -> Result<CaseFile, String> {
        let text = fs::read_to_string(path).map_err(|err| format!("{}: {err}", path.display()))?;
        let name = path.strip_prefix(root).unwrap_or(path).display().to_string();
        let checks = checks(&name, &text).map_err(|err| format!("{}: {err}", path.display()))?;
        Ok(CaseFile { path: path.to_path_buf(), text, checks })
    }

    /// The file's text with the expectations of `runs`, which go with [`CaseFile::checks`].
    #[must_use]
    pub fn updated(&self, runs: &[Run]) -> String {
        let mut edits: Vec<(Range<usize>, String)> = Vec::new();
        for (check, run) in self.checks.iter().zip(runs) {
            match &check.expectation {
                Expectation::Line { place, .. } => edits.push((place.clone(), Answer::of(run).0)),
                Expectation::Blocks { blocks, end } => {
                    for block in blocks {
                        let text = block.part.of(run);
                        edits.push((block.place.clone(), fence::write(&block.info, &text)));
                    }
                    let has = |part: &Part| blocks.iter().any(|block| block.part == *part);
                    let asks_stdout =
                        blocks.iter().any(|block| matches!(block.part, Part::Stdout | Part::File(_)));
                    // A command that says nothing gets an empty block, so that its silence is recorded.
                    let silent = blocks.is_empty() && run.stderr.is_empty() && run.written.is_empty();
                    if !asks_stdout && (silent || !run.stdout.is_empty()) {
                        edits.push((*end..*end, fence::write("yaml output", &Part::Stdout.of(run))));
                    }
                    if !has(&Part::Stderr) && !run.stderr.is_empty() {
                        edits.push((*end..*end, fence::write("text error", &Part::Stderr.of(run))));
                    }
                    if !has(&Part::Written) && !run.written.is_empty() {
                        edits.push((*end..*end, fence::write("text written", &run.written)));
                    }
                }
            }
        }
        let mut out = String::new();
        let mut at = 0;
        for (place, text) in edits {
            out.push_str(&self.text[at..place.start]);
            out.push_str(&text);
            at = place.end;
        }
        out.push_str(&self.text[at..]);
        out
    }
}

impl Check {
    /// What is wrong with `run`, as text to read; `None` when it is as expected.
    #[must_use]
    pub fn mismatch(&self, run: &Run) -> Option<String> {
        match &self.expectation {
            Expectation::Line { answer, .. } if answer.0.is_empty() => Some(NOT_RECORDED.to_owned()),
            Expectation::Line { answer, .. } => {
                let got = Answer::of(run);
                (got != *answer).then(|| crate::diff::lines(&answer.0, &got.0, 40))
            }
            Expectation::Blocks { blocks, .. } => {
                if blocks.is_empty() {
                    return Some(NOT_RECORDED.to_owned());
                }
                let mut wrong = String::new();
                let mut compare = |part: &Part, want: &str| {
                    let got = part.of(run);
                    if got != want {
                        wrong.push_str(&format!("{part}\n{}", crate::diff::lines(want, &got, 40)));
                    }
                };
                for block in blocks {
                    compare(&block.part, &block.text);
                }
                for part in [Part::Stderr, Part::Written] {
                    if !blocks.iter().any(|block| block.part == part) {
                        compare(&part, "");
                    }
                }
                if blocks.iter().all(|block| matches!(block.part, Part::Stderr | Part::Written)) {
                    compare(&Part::Stdout, "");
                }
                let tells_failure =
                    |line: &str| line.starts_with("Error") || line.contains(" msg=\"command failed\"");
                let failed = Part::Stderr.of(run).lines().any(tells_failure);
                if run.code != i32::from(failed) {
                    wrong.push_str(&format!("the exit code is {}\n", run.code));
                }
                (!wrong.is_empty()).then_some(wrong)
            }
        }
    }
}

const NOT_RECORDED: &str = "nothing is recorded yet: cargo xtask oracle --update\n";

impl Part {
    fn of(&self, run: &Run) -> String {
        match self {
            Part::Stderr => crate::fold::fold(&ended(&run.stderr)),
            Part::Stdout => crate::fold::fold(&ended(&run.stdout)),
            Part::File(path) => file_of(&String::from_utf8_lossy(&run.stdout), path),
            Part::Written => run.written.clone(),
        }
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Part::Stderr => f.write_str("stderr:"),
            Part::Stdout => f.write_str("stdout:"),
            Part::File(path) => write!(f, "{path}:"),
            Part::Written => f.write_str("files:"),
        }
    }
}

/// A text for a block: a last line without its break says so.
fn ended(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "⏎ missing\n" };
    format!("{text}{end}")
}

/// The documents that came from `path` (without the chart's name), one after the other.
fn file_of(stdout: &str, path: &str) -> String {
    let mut out = String::new();
    let mut ours = false;
    let mut lines = stdout.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let source = lines.peek().and_then(|next| next.strip_prefix("# Source: "));
        match source {
            Some(name) if line == "---\n" => {
                ours = name.trim_end().split_once('/').is_some_and(|(_, rest)| rest == path);
                lines.next();
            }
            _ if ours => out.push_str(line),
            _ => {}
        }
    }
    out
}

/// A heading that is open while the file is read, with the files below it.
struct Level {
    depth: usize,
    title: String,
    files: BTreeMap<String, Vec<u8>>,
    /// Where the last file of this heading ends and its line, while no command has followed.
    idle: Option<(usize, usize)>,
}

impl Level {
    fn new(depth: usize, title: String) -> Level {
        Level { depth, title, files: BTreeMap::new(), idle: None }
    }
}

fn checks(name: &str, text: &str) -> Result<Vec<Check>, String> {
    let mut levels = vec![Level::new(0, name.to_owned())];
    let mut reader = Reader { text, checks: Vec::new(), pending: Vec::new() };
    for item in fence::items(text)? {
        match item {
            Item::Heading(depth, title) => {
                if levels.last().is_some_and(|level| level.depth >= depth) {
                    reader.default_command(&levels);
                }
                reader.close(&levels);
                while levels.last().is_some_and(|level| level.depth >= depth) {
                    levels.pop();
                }
                levels.push(Level::new(depth, title));
            }
            Item::Block(block) => {
                let line = block.line;
                reader.block(&block, &mut levels).map_err(|err| format!("line {line}: {err}"))?;
            }
        }
    }
    reader.default_command(&levels);
    reader.close(&levels);
    let mut seen = std::collections::BTreeSet::new();
    match reader.checks.iter().find(|check| !seen.insert(check.id.clone())) {
        Some(twice) => Err(format!("line {}: `{}` is there twice", twice.line, twice.id)),
        None => Ok(reader.checks),
    }
}

/// A command whose output blocks are still being read.
struct Pending {
    line: usize,
    before: Vec<Vec<String>>,
    command: Vec<String>,
    environment: BTreeMap<String, String>,
    blocks: Vec<Expected>,
    end: usize,
}

impl Pending {
    /// The command of a heading that has none.
    fn default(line: usize, end: usize) -> Pending {
        let (before, environment, blocks) = (Vec::new(), BTreeMap::new(), Vec::new());
        Pending { line, before, command: default_command(), environment, blocks, end }
    }
}

/// The words of a line behind `helm`; assignments before it go into the environment.
fn command(line: &str, environment: &mut BTreeMap<String, String>) -> Result<Vec<String>, String> {
    let mut rest = line.trim();
    loop {
        if let Some(words) = rest.strip_prefix("helm ") {
            return shell_words(words);
        }
        let (assignment, tail) = rest.split_once(' ').ok_or("a command begins with `helm `")?;
        let (name, value) = assignment.split_once('=').ok_or("a command begins with `helm `")?;
        environment.insert(name.to_owned(), value.to_owned());
        rest = tail.trim_start();
    }
}

struct Reader<'a> {
    text: &'a str,
    checks: Vec<Check>,
    pending: Vec<Pending>,
}

impl Reader<'_> {
    fn block(&mut self, block: &Block, levels: &mut [Level]) -> Result<(), String> {
        let words: Vec<&str> = block.info.split(' ').filter(|word| !word.is_empty()).collect();
        let level = levels.last_mut().ok_or("a block needs a heading")?;
        level.idle = None;
        match words[..] {
            [_, "cases"] => {
                self.close(levels);
                self.lines(block, levels, |line, files| {
                    files.insert("templates/t.yaml".to_owned(), answer::template(line).into_bytes());
                    Ok(default_command())
                })
            }
            ["sh", "runs"] => {
                self.close(levels);
                self.lines(block, levels, |line, files| {
                    let template = || answer::template("toJson .Values").into_bytes();
                    files.entry("templates/t.yaml".to_owned()).or_insert_with(template);
                    let mut command = default_command();
                    command.extend(shell_words(line)?);
                    Ok(command)
                })
            }
            ["sh"] => {
                let mut environment = BTreeMap::new();
                let mut before = Vec::new();
                for line in self.text[block.content.clone()].lines() {
                    before.push(command(line, &mut environment)?);
                }
                let command = before.pop().ok_or("a block of commands holds one")?;
                let end = block.whole.end;
                let line = block.line;
                self.pending.push(Pending { line, before, command, environment, blocks: Vec::new(), end });
                Ok(())
            }
            [_, "output"] => self.expect(block, Part::Stdout),
            [_, "output", path] => self.expect(block, Part::File(path.to_owned())),
            [_, "error"] => self.expect(block, Part::Stderr),
            [_, "written"] => self.expect(block, Part::Written),
            [_, path, ref attributes @ ..] => {
                let content = file_content(&self.text[block.content.clone()], attributes)?;
                level.idle = Some((block.whole.end, block.line));
                match level.files.insert(path.to_owned(), content) {
                    Some(_) => Err(format!("`{path}` is there twice")),
                    None => Ok(()),
                }
            }
            _ => Err(format!("a block needs a language and a name, and this one says `{}`", block.info)),
        }
    }

    fn expect(&mut self, block: &Block, part: Part) -> Result<(), String> {
        if self.pending.is_empty() {
            self.pending.push(Pending::default(block.line, 0));
        }
        let [.., pending] = &mut self.pending[..] else { return Err("no command".to_owned()) };
        let text = self.text[block.content.clone()].to_owned();
        pending.blocks.push(Expected { part, text, info: block.info.clone(), place: block.whole.clone() });
        pending.end = block.whole.end;
        Ok(())
    }

    /// Gives the default command to a heading that ends with its files.
    fn default_command(&mut self, levels: &[Level]) {
        if let Some((end, line)) = levels.last().and_then(|level| level.idle) {
            self.pending.push(Pending::default(line, end));
        }
    }

    /// Turns the commands read so far into checks.
    fn close(&mut self, levels: &[Level]) {
        let n_pending = self.pending.len();
        for pending in self.pending.drain(..) {
            let mut id = title(levels);
            if n_pending > 1 {
                let commands = pending.before.iter().chain([&pending.command]);
                let commands: Vec<String> = commands.map(|command| command.join(" ")).collect();
                let variables = pending.environment.iter().map(|(name, value)| format!("{name}={value} "));
                id = format!("{id} › {}{}", variables.collect::<String>(), commands.join("; "));
            }
            self.checks.push(Check {
                id,
                line: pending.line,
                fixture: Fixture {
                    files: files(levels),
                    before: pending.before,
                    command: pending.command,
                    environment: pending.environment,
                },
                expectation: Expectation::Blocks { blocks: pending.blocks, end: pending.end },
            });
        }
    }

    fn lines(
        &mut self,
        block: &Block,
        levels: &[Level],
        command: impl Fn(&str, &mut BTreeMap<String, Vec<u8>>) -> Result<Vec<String>, String>,
    ) -> Result<(), String> {
        let mut at = block.content.start;
        let mut lines = self.text[block.content.clone()].split_inclusive('\n').enumerate().peekable();
        while let Some((index, line)) = lines.next() {
            at += line.len();
            let bare = line.trim_end_matches('\n');
            if bare.trim().is_empty() || bare.starts_with("# ") {
                continue;
            }
            let start = at;
            while let Some((_, next)) = lines.next_if(|(_, next)| Answer::owns(next.trim_end_matches('\n'))) {
                at += next.len();
            }
            let mut files = files(levels);
            let command = command(bare, &mut files)?;
            let answer = Answer(self.text[start..at].to_owned());
            self.checks.push(Check {
                id: format!("{} › {bare}", title(levels)),
                line: block.line + 1 + index,
                fixture: Fixture { files, command, ..Fixture::default() },
                expectation: Expectation::Line { answer, place: start..at },
            });
        }
        Ok(())
    }
}

fn default_command() -> Vec<String> {
    ["template", "x", "c"].map(str::to_owned).to_vec()
}

fn title(levels: &[Level]) -> String {
    levels.iter().map(|level| level.title.as_str()).collect::<Vec<_>>().join(" › ")
}

fn files(levels: &[Level]) -> BTreeMap<String, Vec<u8>> {
    let all = levels.iter().flat_map(|level| &level.files);
    all.map(|(path, content)| (path.clone(), content.clone())).collect()
}

fn file_content(text: &str, attributes: &[&str]) -> Result<Vec<u8>, String> {
    let mut bytes = text.as_bytes().to_vec();
    for attribute in attributes {
        match *attribute {
            "no-eol" => {
                bytes.pop();
            }
            "crlf" => bytes = text.replace('\n', "\r\n").into_bytes(),
            "escaped" => bytes = unescape(&bytes)?,
            "base64" => bytes = base64(&bytes)?,
            other => return Err(format!("a file is `no-eol`, `crlf`, `escaped` or `base64`, not `{other}`")),
        }
    }
    Ok(bytes)
}

/// `\n`, `\r`, `\t`, `\\` and `\x00` for the bytes they stand for.
fn unescape(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [first, tail @ ..] = rest {
        (rest, _) = match (first, tail) {
            (b'\\', [b'n', tail @ ..]) => (tail, out.push(b'\n')),
            (b'\\', [b'r', tail @ ..]) => (tail, out.push(b'\r')),
            (b'\\', [b't', tail @ ..]) => (tail, out.push(b'\t')),
            (b'\\', [b'\\', tail @ ..]) => (tail, out.push(b'\\')),
            (b'\\', [b'x', high, low, tail @ ..]) => {
                let digits = [*high, *low];
                let hex = std::str::from_utf8(&digits).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok());
                (tail, out.push(hex.ok_or("`\\x` needs two hexadecimal digits")?))
            }
            (b'\\', _) => return Err("an escape is one of `\\n \\r \\t \\\\ \\x00`".to_owned()),
            (byte, tail) => (tail, out.push(*byte)),
        };
    }
    Ok(out)
}

/// The bytes of standard base64, line breaks anywhere.
fn base64(text: &[u8]) -> Result<Vec<u8>, String> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut n_bits) = (0_u32, 0);
    for byte in text.iter().filter(|byte| !matches!(byte, b'\n' | b'=')) {
        let digit = DIGITS.iter().position(|digit| digit == byte).ok_or("not base64")?;
        bits = bits << 6 | digit as u32;
        n_bits += 6;
        if n_bits >= 8 {
            n_bits -= 8;
            out.push((bits >> n_bits) as u8);
        }
    }
    Ok(out)
}

/// Splits a line as a shell does: blanks separate, `'…'` and `"…"` hold together, `\` takes the next character as it is.
fn shell_words(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some('\''), _) => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (_, '\\') => {
                let next = chars.next().ok_or("a backslash ends the line")?;
                if quote.is_some() && next != '"' && next != '\\' {
                    word.get_or_insert_default().push('\\');
                }
                word.get_or_insert_default().push(next);
            }
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    match quote {
        Some(open) => Err(format!("a {open} is never closed")),
        None => Ok(words),
    }
}

/// The case files below `root`, in the order of their paths.
///
/// # Errors
/// The first that cannot be read.
pub fn read_all(root: &Path) -> Result<Vec<CaseFile>, String> {
    let mut paths = Vec::new();
    let mut pending = vec![root.to_path_buf()];
    while let Some(dir) = pending.pop() {
        let entries = fs::read_dir(&dir).map_err(|err| format!("{}: {err}", dir.display()))?;
        for entry in entries {
            let path = entry.map_err(|err| err.to_string())?.path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    paths.iter().map(|path| CaseFile::read(path, root)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> CaseFile {
        CaseFile { path: PathBuf::new(), text: text.to_owned(), checks: checks("f.md", text).unwrap() }
    }

    fn run(stdout: &str, stderr: &str, code: i32) -> Run {
        Run { stdout: stdout.into(), stderr: stderr.into(), code, ..Run::default() }
    }

    #[test]
    fn files_of_a_heading_are_seen_below_it_only() {
        let file = file(
            "# A\n```yaml values.yaml\na: 1\n```\n## B\n```gotmpl cases\n.Values.a\n= 1\n```\n# C\n```gotmpl cases\n1\n```\n",
        );
        let ids: Vec<_> = file.checks.iter().map(|check| check.id.as_str()).collect();
        assert_eq!(ids, ["f.md › A › B › .Values.a", "f.md › C › 1"]);
        assert!(file.checks[0].fixture.files.contains_key("values.yaml"));
        assert!(!file.checks[1].fixture.files.contains_key("values.yaml"));
        assert_eq!((file.checks[0].line, file.checks[1].line), (7, 12));
    }

    #[test]
    fn answers_are_written_below_their_lines() {
        let file = file("# A\n```gotmpl cases\n1\n2\n= old\n= older\n\n3\n```\n");
        let runs = ["1", "two", "3"].map(|text| run(&format!("{}{text}]\n", answer::BEFORE), "", 0));
        assert_eq!(file.updated(&runs), "# A\n```gotmpl cases\n1\n= 1\n2\n= two\n\n3\n= 3\n```\n");
    }

    #[test]
    fn a_command_gets_the_blocks_after_it() {
        let file = file("# A\n```sh\nhelm lint c --set 'a=b c'\n```\n```text output\nold\n```\n");
        assert_eq!(file.checks[0].fixture.command, ["lint", "c", "--set", "a=b c"]);
        let lint = run("new\n", "Error: 1\n", 1);
        assert!(file.checks[0].mismatch(&lint).is_some());
        let updated = file.updated(std::slice::from_ref(&lint));
        assert!(updated.ends_with("```text output\nnew\n```\n```text error\nError: 1\n```\n"), "{updated}");
        let again =
            CaseFile { checks: checks("f.md", &updated).unwrap(), text: updated, path: PathBuf::new() };
        assert_eq!(again.checks[0].mismatch(&lint), None);
        assert!(again.checks[0].mismatch(&run("new\n", "Error: 1\n", 0)).is_some());
        assert!(again.checks[0].mismatch(&run("new", "Error: 1\n", 1)).is_some());
    }

    #[test]
    fn a_heading_with_files_only_is_a_case_unless_headings_follow_under_it() {
        let file = file("# A\n```yaml a\n```\n## B\n```yaml b\n```\n## C\n```yaml c\n```\n");
        let ids: Vec<_> = file.checks.iter().map(|check| check.id.as_str()).collect();
        assert_eq!(ids, ["f.md › A › B", "f.md › A › C"]);
        assert_eq!(file.checks[0].mismatch(&run("", "", 0)).as_deref(), Some(NOT_RECORDED));
        assert!(
            file.updated(&[run("x\n", "", 0), run("", "", 0)])
                .contains("## B\n```yaml b\n```\n```yaml output\nx\n```\n")
        );
    }

    #[test]
    fn the_documents_of_one_file_are_found() {
        let stdout = "---\n# Source: c/templates/a.yaml\na: 1\n\n---\n# Source: c/templates/b.yaml\nb: 1\n";
        assert_eq!(file_of(stdout, "templates/a.yaml"), "a: 1\n\n");
        assert_eq!(file_of(stdout, "templates/b.yaml"), "b: 1\n");
    }

    #[test]
    fn bytes_are_read() {
        assert_eq!(base64(b"aGVs\nbG8=\n").unwrap(), b"hello");
        assert_eq!(base64(b"/+8").unwrap(), [0xff, 0xef]);
        assert!(base64(b"a-b").is_err());
        assert_eq!(unescape(b"a\\xff\\n\\\\").unwrap(), b"a\xff\n\\");
    }

    #[test]
    fn words_are_split_as_a_shell_does() {
        assert_eq!(
            shell_words(r#"--set 'a=\"' "b\"c" d\ e ''"#).unwrap(),
            ["--set", "a=\\\"", "b\"c", "d e", ""]
        );
    }
}
