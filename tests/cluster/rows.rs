//! The tables of interop and faults: `README.md` says what each row is, trials whose names begin with a row's id try it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use tests::scene::World;
use tests::trial::{Outcome, Trial};

pub(crate) const TRIALS: &[Trial<World>] =
    &[Trial { name: "the_tables_and_the_trials_are_in_step", run: in_step }];

const TABLES: &str = include_str!("README.md");

/// A row: `| F1 | what | expected | trials |`.
struct Row {
    id: &'static str,
    what: &'static str,
    trials: Vec<&'static str>,
}

fn rows() -> Vec<Row> {
    let cells = |line: &'static str| -> Vec<&'static str> {
        line.trim_matches('|').split(" | ").map(str::trim).collect()
    };
    let row = |line: &'static str| {
        let [id, what, _, trials] = cells(line)[..] else { return None };
        is_id(id).then(|| Row {
            id,
            what,
            trials: trials.split(", ").map(|name| name.trim_matches('`')).collect(),
        })
    };
    TABLES.lines().filter(|line| line.starts_with('|')).filter_map(row).collect()
}

/// `F12`
fn is_id(text: &str) -> bool {
    let mut letters = text.chars();
    matches!(letters.next(), Some('B' | 'E' | 'F' | 'H' | 'L'))
        && letters.as_str().chars().all(|c| c.is_ascii_digit())
        && text.len() > 1
}

/// The row that a trial belongs to: what its name begins with.
fn row_of(name: &str) -> Option<String> {
    let id = name.split_once('_')?.0.to_uppercase();
    is_id(&id).then_some(id)
}

/// A line for each row that was tried: how many of its trials passed. Each attack (`t6_…`) has a line of its own.
pub(crate) fn table(outcomes: &[Outcome]) -> String {
    let attack = |outcome: &&Outcome| {
        let id = outcome.name.strip_prefix('t').and_then(|rest| rest.split_once('_'));
        id.and_then(|(number, _)| number.parse::<u8>().ok())
    };
    let mut attacks: Vec<&Outcome> = outcomes.iter().filter(|outcome| attack(outcome).is_some()).collect();
    attacks.sort_by_key(|outcome| (attack(outcome), outcome.name));
    let mut text = String::new();
    for outcome in attacks {
        let (id, what) = outcome.name.split_once('_').unwrap_or_default();
        let word = if outcome.passed { "ok    " } else { "FAILED" };
        let what = what.replace('_', " ");
        // Writing to a string does not fail.
        let _ = writeln!(text, "{:<4} {word} {:>15.1} s  {what}", id.to_uppercase(), outcome.seconds);
    }
    for row in rows() {
        let of_row: Vec<&Outcome> =
            outcomes.iter().filter(|outcome| row.trials.contains(&outcome.name)).collect();
        if of_row.is_empty() {
            continue;
        }
        let n_passed = of_row.iter().filter(|outcome| outcome.passed).count();
        let word = if n_passed == of_row.len() { "ok    " } else { "FAILED" };
        let seconds: f64 = of_row.iter().map(|outcome| outcome.seconds).sum();
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "{:<4} {word} {n_passed} of {:<2} {seconds:>6.1} s  {}",
            row.id,
            of_row.len(),
            row.what
        );
    }
    text
}

fn in_step(_: &World, _: &str) -> Result<(), String> {
    let mut wrong = Vec::new();
    let all: BTreeSet<&str> = crate::TRIALS.iter().copied().flatten().map(|trial| trial.name).collect();
    let rows = rows();
    for row in &rows {
        for name in &row.trials {
            if !all.contains(name) || row_of(name).as_deref() != Some(row.id) {
                wrong.push(format!("row {}: there is no trial `{name}` of this row", row.id));
            }
        }
    }
    for name in &all {
        let Some(id) = row_of(name) else { continue };
        if !rows.iter().any(|row| row.id == id && row.trials.contains(name)) {
            wrong.push(format!("the trial `{name}` stands in no row {id}"));
        }
    }
    let expected = (1..=2).map(|n| format!("H{n}"));
    let expected = expected.chain((1..=10).map(|n| format!("B{n}"))).chain((1..=24).map(|n| format!("F{n}")));
    for id in expected {
        if !rows.iter().any(|row| row.id == id) {
            wrong.push(format!("there is no row {id}"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}
