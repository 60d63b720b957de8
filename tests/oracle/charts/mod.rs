//! Real charts: every chart of a folder through Helm and through ours, in many ways, with a report that can be resumed.
//!
//! `cargo xtask oracle --charts DIR [--repo NAME…] [--again] [TEXT…]`. A repository is a folder directly in DIR.

mod cases;
mod find;
mod judge;
mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use tests::chart_fixture::Scratch;
use tests::known::{self, Known};
use tests::{Program, pool};

use cases::Case;
use judge::{Judge, Verdict};
use report::{Entry, Report};

/// What the command line asks for.
pub(crate) struct Options {
    dir: PathBuf,
    /// Parts of the names of repositories; all when there are none.
    repositories: Vec<String>,
    /// Parts of what is run; all when there are none.
    texts: Vec<String>,
    /// Judge what was equal before once more.
    again: bool,
}

impl Options {
    /// `None` when the arguments are not about charts.
    ///
    /// # Errors
    /// An option without its value.
    pub(crate) fn of(args: &[String]) -> Result<Option<Options>, String> {
        if !args.iter().any(|arg| arg == "--charts") {
            return Ok(None);
        }
        let (mut dir, mut repositories, mut texts, mut again) = (None, Vec::new(), Vec::new(), false);
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().cloned().ok_or(format!("{arg} wants a value"));
            match arg.as_str() {
                "--charts" => dir = Some(PathBuf::from(value()?)),
                "--repo" => repositories.push(value()?),
                "--again" => again = true,
                text => texts.push(text.to_owned()),
            }
        }
        Ok(dir.map(|dir| Options { dir, repositories, texts, again }))
    }
}

/// How often the progress is told.
const TELL: Duration = Duration::from_secs(15);

/// Judges all cases; `false` when one differs.
///
/// # Errors
/// Those of the file system, and a program that is not there.
pub(crate) fn run(options: &Options) -> Result<bool, String> {
    let (helm, ours) = (Program::helm()?, Program::chartroom()?);
    let home = Scratch::new("home").map_err(|err| err.to_string())?;
    let judge = Judge::new(&helm, &ours, home.path())?;
    let dir = options.dir.canonicalize().map_err(|err| format!("{}: {err}", options.dir.display()))?;
    let mut cases = Vec::new();
    for chart in find::charts(&dir)? {
        let wanted = |parts: &[String], text: &str| {
            parts.is_empty() || parts.iter().any(|part| text.contains(part.as_str()))
        };
        if wanted(&options.repositories, &chart.repository) {
            let all = cases::of(&chart, &report::folder(), &judge.salt)?;
            cases.extend(all.into_iter().filter(|case| wanted(&options.texts, &case.id())));
        }
    }
    let known = known::read(&known::path())?;
    let report = Report::open(&report::folder().join("cases.tsv"))?;
    let n_done = cases.iter().filter(|case| !options.again && report.is_done(&case.key)).count();
    println!(
        "{} charts of {}, {} cases, {n_done} of them judged before",
        cases.iter().map(|case| &case.chart).collect::<BTreeSet<_>>().len(),
        dir.display(),
        cases.len()
    );
    let progress = Progress::new(&report, cases.len());
    let verdicts = pool::map(&cases, |case| {
        let before = report.entry(&case.key);
        if let Some(entry) = before
            && report.is_done(&case.key)
            && !options.again
        {
            let verdict = if entry.is_random { Verdict::Random } else { Verdict::Equal };
            return progress.count(case, verdict, None);
        }
        let (verdict, entry) = judge.judge(case, before.map(|entry| entry.helms.as_str()));
        progress.count(case, accept(verdict, case, &known), Some(entry))
    });
    summary(&cases, &verdicts)
}

/// A difference that `known.toml` lists is known.
fn accept(verdict: Verdict, case: &Case, known: &[Known]) -> Verdict {
    match verdict {
        Verdict::Different { run, .. } if known.iter().any(|known| known.covers(&case.id(), &run)) => {
            Verdict::Known
        }
        verdict => verdict,
    }
}

/// Tells how far it is, shows differences as they are found, and writes the report.
struct Progress<'a> {
    report: &'a Report,
    n_cases: usize,
    state: Mutex<(usize, usize, Instant)>,
    started: Instant,
}

impl<'a> Progress<'a> {
    fn new(report: &'a Report, n_cases: usize) -> Self {
        let started = Instant::now();
        Progress { report, n_cases, state: Mutex::new((0, 0, started)), started }
    }

    fn count(&self, case: &Case, verdict: Verdict, entry: Option<Entry>) -> Result<Verdict, String> {
        if let Some(entry) = entry {
            self.report.add(case, &entry, verdict.word())?;
        }
        let Ok(mut state) = self.state.lock() else { return Ok(verdict) };
        state.0 += 1;
        if let Verdict::Different { text, .. } = &verdict {
            state.1 += 1;
            println!("DIFFERENT {}\n{text}", case.id());
        }
        if state.2.elapsed() > TELL {
            state.2 = Instant::now();
            let seconds = self.started.elapsed().as_secs();
            println!("{} of {} cases, {} different, {seconds} s", state.0, self.n_cases, state.1);
        }
        Ok(verdict)
    }
}

/// What became of the cases of one repository.
#[derive(Default)]
struct Row<'a> {
    charts: BTreeSet<&'a Path>,
    counts: BTreeMap<&'static str, usize>,
}

/// The table by repository, and the sums.
fn summary(cases: &[Case], verdicts: &[Result<Verdict, String>]) -> Result<bool, String> {
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    let mut all = Row::default();
    for (case, verdict) in cases.iter().zip(verdicts) {
        let word = verdict.as_ref().map_err(Clone::clone)?.word();
        for row in [rows.entry(&case.repository).or_default(), &mut all] {
            row.charts.insert(&case.chart);
            *row.counts.entry(word).or_default() += 1;
        }
    }
    println!("\n{:<44} charts  cases  equal random different known", "repository");
    for (name, row) in rows.iter().chain([(&"all", &all)]) {
        let n = |word| row.counts.get(word).copied().unwrap_or_default();
        println!(
            "{name:<44} {:>6} {:>6} {:>6} {:>6} {:>9} {:>5}",
            row.charts.len(),
            row.counts.values().sum::<usize>(),
            n("equal"),
            n("random"),
            n("different"),
            n("known"),
        );
    }
    let n = |word| all.counts.get(word).copied().unwrap_or_default();
    // What the runner counts: a random case whose other lines agree has passed.
    println!("{} equal, {} different, {} known", n("equal") + n("random"), n("different"), n("known"));
    Ok(n("different") == 0)
}
