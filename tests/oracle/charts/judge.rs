//! One case through both programs, and whether they agree where Helm agrees with itself.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use tests::{Program, Run, diff};

use super::cases::{Case, hash};
use super::report::Entry;

/// What became of a case.
pub(super) enum Verdict {
    /// The same bytes and the same exit code.
    Equal,
    /// Helm says something else each time; what it repeats, ours says too.
    Random,
    /// Not the same, for a reason that `known.toml` gives.
    Known,
    /// Not the same.
    Different { text: String, run: Run },
}

impl Verdict {
    /// Its name in the report and the table.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Verdict::Equal => "equal",
            Verdict::Random => "random",
            Verdict::Known => "known",
            Verdict::Different { .. } => "different",
        }
    }
}

/// Both programs.
pub(super) struct Judge<'a> {
    helm: &'a Program,
    ours: &'a Program,
    home: &'a Path,
    /// Which Helm it is.
    pub(super) salt: String,
    build: String,
}

/// How often Helm is asked before it is believed to say always the same.
const TIMES: usize = 4;
/// Between two questions to a Helm that does not repeat itself: what it makes of the time may be in whole seconds, and
/// answers of one second would look as if it were sure of them.
const BETWEEN: Duration = Duration::from_secs(1);

impl<'a> Judge<'a> {
    /// `home` is where the programs may keep what they like.
    ///
    /// # Errors
    /// A program that cannot be read.
    pub(super) fn new(helm: &'a Program, ours: &'a Program, home: &'a Path) -> Result<Self, String> {
        let build = fs::read(&ours.path).map_err(|err| format!("{}: {err}", ours.path.display()))?;
        Ok(Judge { helm, ours, home, salt: helm.version.clone(), build: hash(&build) })
    }

    /// Runs ours, and Helm unless it is known that it says the same.
    pub(super) fn judge(&self, case: &Case, helms: Option<&str>) -> (Verdict, Entry) {
        let run = |program: &Program| {
            program.run_at_home(&case.command, &case.dir, self.home).unwrap_or_else(|err| Run {
                stderr: err.to_string().into_bytes(),
                code: -3,
                ..Run::default()
            })
        };
        let entry =
            |helms: String, is_random| Entry { helms, build: self.build.clone(), is_random, is_done: true };
        let got = run(self.ours);
        let ours = hash(&(&got.stdout, &got.stderr, got.code));
        if helms == Some(ours.as_str()) {
            return (Verdict::Equal, entry(ours, false));
        }
        let mut wants: Vec<Run> = Vec::new();
        for _ in 0..TIMES {
            let want = run(self.helm);
            if want == got {
                // Helm's other answers are as good as this one.
                let verdict = if wants.is_empty() { Verdict::Equal } else { Verdict::Random };
                return (verdict, entry(ours, !wants.is_empty()));
            }
            let mut others = wants.iter().filter(|other| **other != want).peekable();
            let is_unsure = others.peek().is_some();
            if others.any(|other| agree(other, &want, &got)) {
                return (Verdict::Random, entry(ours, true));
            }
            if is_unsure {
                sleep(BETWEEN);
            }
            wants.push(want);
        }
        let Some(want) = wants.pop() else { return (Verdict::Equal, entry(ours, false)) };
        let helms = hash(&(&want.stdout, &want.stderr, want.code));
        let text = diff::runs(&want, &got);
        (Verdict::Different { text, run: got }, Entry { is_done: false, ..entry(helms, false) })
    }
}

/// Whether ours says what two answers of Helm have in common.
fn agree(one: &Run, two: &Run, ours: &Run) -> bool {
    one.code == two.code
        && one.code == ours.code
        && agree_text(&one.stdout, &two.stdout, &ours.stdout)
        && agree_text(&one.stderr, &two.stderr, &ours.stderr)
}

fn agree_text(one: &[u8], two: &[u8], ours: &[u8]) -> bool {
    let lines = |text| <[u8]>::split(text, |byte| *byte == b'\n').collect::<Vec<_>>();
    let (one, two, ours) = (lines(one), lines(two), lines(ours));
    if one.len() == two.len() && one.len() == ours.len() {
        return one.iter().zip(&two).zip(&ours).all(|((one, two), ours)| agree_line(one, two, ours));
    }
    // Not even the number of lines is sure: what stands before and behind is.
    let head = one.iter().zip(&two).take_while(|(one, two)| one == two).count();
    let room = one.len().min(two.len()) - head;
    let tail = one.iter().rev().zip(two.iter().rev()).take(room).take_while(|(one, two)| one == two).count();
    one.len() != two.len()
        && ours.len() >= head + tail
        && ours[..head] == one[..head]
        && ours[ours.len() - tail..] == one[one.len() - tail..]
}

/// A line that changes must keep its key.
fn agree_line(one: &[u8], two: &[u8], ours: &[u8]) -> bool {
    if one == two {
        return one == ours;
    }
    let common = one.iter().zip(two).take_while(|(one, two)| one == two).count();
    match one[..common].iter().position(|byte| *byte == b':') {
        Some(colon) => ours.starts_with(&one[..=colon]),
        None => true,
    }
}
