//! Many small charts in one process: `helm lint` looks at as many as it is given, and a failing one stops no other.

use tests::{Fixture, Program, Run, diff, pool};

/// A chart whose lint result is a case.
pub(crate) struct Entry {
    pub(crate) id: String,
    /// Path in the chart → bytes.
    files: Vec<(&'static str, Vec<u8>)>,
}

const CHART_YAML: &str = "apiVersion: v2\nname: c\nversion: 0.1.0\nkeywords: [a, b]\nannotations: {k: v}\n";

impl Entry {
    /// A chart with these values and this template.
    pub(crate) fn new(id: String, values: impl AsRef<[u8]>, template: &str) -> Self {
        let files = vec![
            ("Chart.yaml", CHART_YAML.as_bytes().to_vec()),
            ("values.yaml", values.as_ref().to_vec()),
            ("templates/t.yaml", template.as_bytes().to_vec()),
        ];
        Entry { id, files }
    }
}

/// What became of the entries.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) n_equal: usize,
    /// Helm gave different answers to the same entry.
    pub(crate) n_random: usize,
    /// Id, the difference as text, what ours printed.
    pub(crate) differences: Vec<(String, String, Run)>,
}

impl Outcome {
    fn add(&mut self, other: Outcome) {
        self.n_equal += other.n_equal;
        self.n_random += other.n_random;
        self.differences.extend(other.differences);
    }
}

/// How many entries go into one run.
const BATCH: usize = 200;

/// How often Helm is asked again about an entry that differs. One number out of three is seldom the same eight times.
const TIMES: usize = 8;

/// Asks both programs about every entry.
///
/// # Errors
/// Those of the file system.
pub(crate) fn compare(helm: &Program, ours: &Program, entries: &[Entry]) -> Result<Outcome, String> {
    let batches: Vec<&[Entry]> = entries.chunks(BATCH).collect();
    let mut all = Outcome::default();
    for outcome in pool::map(&batches, |batch| compare_batch(helm, ours, batch)) {
        all.add(outcome?);
    }
    Ok(all)
}

fn compare_batch(helm: &Program, ours: &Program, batch: &[Entry]) -> Result<Outcome, String> {
    let mut outcome = Outcome::default();
    // Halves of halves, at most eight deep.
    let mut pending = vec![batch];
    while let Some(batch) = pending.pop() {
        if let [entry] = batch {
            outcome.add(compare_one(helm, ours, entry)?);
            continue;
        }
        let fixture = fixture(batch);
        let (want, got) = (run(helm, &fixture)?, run(ours, &fixture)?);
        if want == got {
            outcome.n_equal += batch.len();
            continue;
        }
        match (answers(&want, batch.len()), answers(&got, batch.len())) {
            (Some(want_all), Some(got_all)) if want.stderr == got.stderr => {
                for (index, entry) in batch.iter().enumerate() {
                    if want_all[index] == got_all[index] {
                        outcome.n_equal += 1;
                    } else {
                        outcome.add(compare_one(helm, ours, entry)?);
                    }
                }
            }
            // What stands on stderr belongs to no chart, and a run that broke off says nothing about the rest.
            _ => pending.extend([&batch[..batch.len() / 2], &batch[batch.len() / 2..]]),
        }
    }
    Ok(outcome)
}

fn compare_one(helm: &Program, ours: &Program, entry: &Entry) -> Result<Outcome, String> {
    let fixture = fixture(std::slice::from_ref(entry));
    let fresh = Program { cache: None, ..helm.clone() };
    let (want, got) = (run(&fresh, &fixture)?, run(ours, &fixture)?);
    if want == got {
        return Ok(Outcome { n_equal: 1, ..Outcome::default() });
    }
    for _ in 0..TIMES {
        if run(&fresh, &fixture)? != want {
            return Ok(Outcome { n_random: 1, ..Outcome::default() });
        }
    }
    let difference = (entry.id.clone(), diff::runs(&want, &got), got);
    Ok(Outcome { differences: vec![difference], ..Outcome::default() })
}

fn run(program: &Program, fixture: &Fixture) -> Result<Run, String> {
    program.run(fixture).map_err(|err| err.to_string())
}

fn fixture(entries: &[Entry]) -> Fixture {
    let mut fixture = Fixture { command: vec!["lint".to_owned()], ..Fixture::default() };
    for (index, entry) in entries.iter().enumerate() {
        let chart = name(index);
        for (path, content) in &entry.files {
            fixture.files.insert(format!("/{chart}/{path}"), content.clone());
        }
        fixture.command.push(chart);
    }
    fixture
}

fn name(index: usize) -> String {
    format!("k{index:03}")
}

/// What was said about each chart; `None` when not all were looked at.
fn answers(run: &Run, n_charts: usize) -> Option<Vec<&[u8]>> {
    let mut heads = Vec::with_capacity(n_charts + 1);
    let mut from = 0;
    for index in 0..n_charts {
        let head = format!("==> Linting {}\n", name(index));
        let at = run.stdout[from..].windows(head.len()).position(|window| window == head.as_bytes())?;
        heads.push(from + at);
        from += at + head.len();
    }
    heads.push(run.stdout.len());
    Some(heads.windows(2).map(|pair| &run.stdout[pair[0]..pair[1]]).collect())
}
