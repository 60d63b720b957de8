//! Runs the cases of `tests/suite` and the charts of `www/examples` through the real Helm and through ours.
//!
//! `cargo test -p tests --test oracle [-- TEXT…]` compares; `-- --update` writes what Helm says into the case files.

#![expect(clippy::print_stdout, reason = "a test binary reports to its terminal")]

mod calls;
mod charts;
mod linted;
mod signatures;
mod tables;

use std::collections::BTreeMap;
use std::fs;
use std::process::ExitCode;

use tests::case_file::{self, CaseFile, Check, Expectation};
use tests::{Answer, Fixture, Program, Run, diff, known, pool, program};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let filters: Vec<String> = args.iter().filter(|arg| !arg.starts_with('-')).cloned().collect();
    let all_calls = args.iter().any(|arg| arg == "--all-calls");
    let result = match charts::Options::of(&args) {
        Ok(Some(options)) => charts::run(&options),
        Ok(None) if args.iter().any(|arg| arg == "--update") => update(&filters),
        Ok(None) => compare(&filters, all_calls),
        Err(err) => Err(err),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(err) => {
            println!("oracle: {err}");
            ExitCode::FAILURE
        }
    }
}

fn wanted(id: &str, filters: &[String]) -> bool {
    filters.is_empty() || filters.iter().any(|filter| id.contains(filter.as_str()))
}

/// Writes Helm's answers into the case files; every check is asked for on its own.
fn update(filters: &[String]) -> Result<bool, String> {
    let helm = Program::helm()?;
    let files = case_file::read_all(&program::root().join("tests/suite"))?;
    for file in &files {
        if !file.checks.iter().any(|check| wanted(&check.id, filters)) {
            continue;
        }
        let runs: Result<Vec<Run>, _> =
            pool::map(&file.checks, |check| helm.run(&check.fixture)).into_iter().collect();
        let text = file.updated(&runs.map_err(|err| err.to_string())?);
        if text != file.text {
            fs::write(&file.path, text).map_err(|err| format!("{}: {err}", file.path.display()))?;
            println!("updated {}", file.path.display());
        }
    }
    Ok(true)
}

/// One comparison to make: a check, or an example in an environment.
struct Subject {
    id: String,
    fixture: Fixture,
    /// Helm's answer where a batch gave it already.
    batched: Option<Answer>,
}

fn compare(filters: &[String], all_calls: bool) -> Result<bool, String> {
    let helm = Program::helm()?;
    let ours = Program::chartroom()?;
    let files = case_file::read_all(&program::root().join("tests/suite"))?;
    let mut subjects = Vec::new();
    let mut stale = Vec::new();
    for file in &files {
        let answers = batch(&helm, file, filters);
        for (check, batched) in file.checks.iter().zip(answers) {
            if wanted(&check.id, filters) {
                if let (Expectation::Line { answer, .. }, Some(helms)) = (&check.expectation, &batched)
                    && answer != helms
                {
                    stale.push(check.id.clone());
                }
                subjects.push(Subject { id: check.id.clone(), fixture: check.fixture.clone(), batched });
            }
        }
    }
    subjects.extend(examples()?);
    let commands = tables::commands()?.into_iter();
    subjects.extend(commands.map(|(id, fixture)| Subject { id, fixture, batched: None }));
    subjects.retain(|subject| wanted(&subject.id, filters));
    let known = known::read(&known::path())?;

    let verdicts = pool::map(&subjects, |subject| verdict(&helm, &ours, subject));
    let mut entries = calls::table(all_calls)?;
    entries.extend(tables::yaml()?);
    entries.extend(tables::semver()?);
    entries.retain(|entry| wanted(&entry.id, filters));
    let linted = linted::compare(&helm, &ours, &entries)?;

    let singles = subjects.iter().zip(verdicts);
    let mut differences: Vec<(String, String, Run)> = singles
        .filter_map(|(subject, verdict)| verdict.map(|(text, run)| (subject.id.clone(), text, run)))
        .collect();
    let mut n_equal = subjects.len() - differences.len() + linted.n_equal + linted.n_random;
    differences.extend(linted.differences);
    let mut uses: BTreeMap<&str, usize> = known.iter().map(|known| (known.id.as_str(), 0)).collect();
    let (mut n_known, mut n_different) = (0, 0);
    for (id, difference, run) in &differences {
        match known.iter().find(|known| known.covers(id, run)) {
            Some(known) => {
                n_known += 1;
                *uses.entry(&known.id).or_default() += 1;
            }
            None => {
                n_different += 1;
                println!("DIFFERENT {id}\n{difference}");
            }
        }
    }
    let about_charts =
        |id: &str| known.iter().any(|known| known.id == id && known.case.starts_with("charts"));
    let useless: Vec<&str> =
        uses.iter().filter(|(id, n_uses)| **n_uses == 0 && !about_charts(id)).map(|(id, _)| *id).collect();
    if filters.is_empty() {
        for id in &useless {
            println!("known.toml: `{id}` is no longer a difference");
        }
    }
    for id in &stale {
        println!("STALE {id}: helm says something else now");
    }
    if wanted("signatures", filters) {
        let (n_good, wrong) = signatures::check(&helm, &ours)?;
        n_equal += n_good;
        n_different += wrong.len();
        wrong.iter().for_each(|why| println!("DIFFERENT signatures › {why}"));
    }
    println!("{} in tables, {} of them by chance", entries.len(), linted.n_random);
    println!("{n_equal} equal, {n_different} different, {n_known} known");
    Ok(n_different == 0 && stale.is_empty() && (useless.is_empty() || !filters.is_empty()))
}

/// What differs between Helm and us, as text to read, and what ours printed.
fn verdict(helm: &Program, ours: &Program, subject: &Subject) -> Option<(String, Run)> {
    let nothing = Run { code: -1, ..Run::default() };
    let got = match ours.run(&subject.fixture) {
        Ok(run) => run,
        Err(err) => return Some((format!("{err}\n"), nothing)),
    };
    if subject.batched.as_ref() == Some(&Answer::of(&got)) {
        return None;
    }
    let want = match helm.run(&subject.fixture) {
        Ok(run) => run,
        Err(err) => return Some((format!("{err}\n"), nothing)),
    };
    if want == got { None } else { Some((diff::runs(&want, &got), got)) }
}

/// How many one-line cases go through Helm in one run.
const BATCH: usize = 40;

/// Helm's answers to the one-line cases that are recorded as plain text, many in one run.
///
/// Starting Helm costs a hundred times what an expression costs. Each expression is a template of its own in one chart; what comes
/// out of a batch is only ever used to say "equal". Whatever differs is asked again alone, and so is all of a batch that fails.
fn batch(helm: &Program, file: &CaseFile, filters: &[String]) -> Vec<Option<Answer>> {
    let mut answers: Vec<Option<Answer>> = vec![None; file.checks.len()];
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (index, check) in file.checks.iter().enumerate() {
        let Expectation::Line { answer, .. } = &check.expectation else { continue };
        if !wanted(&check.id, filters) || !answer.is_plain_text() || !can_batch(check) {
            continue;
        }
        match groups.last_mut() {
            Some(group) if group.len() < BATCH && together(&file.checks[group[0]], check) => {
                group.push(index)
            }
            _ => groups.push(vec![index]),
        }
    }
    let results = pool::map(&groups, |group| {
        let fixtures: Vec<&Fixture> = group.iter().map(|index| &file.checks[*index].fixture).collect();
        run_batch(helm, &fixtures)
    });
    for (group, result) in groups.iter().zip(results) {
        for (index, answer) in group.iter().zip(result.unwrap_or_default()) {
            answers[*index] = Some(answer);
        }
    }
    answers
}

const TEMPLATE: &str = "templates/t.yaml";

/// Expressions that speak about their own template, or write to what all templates share, go alone.
fn can_batch(check: &Check) -> bool {
    let text =
        check.fixture.files.get(TEMPLATE).map(|text| String::from_utf8_lossy(text)).unwrap_or_default();
    let alone = ["Template", "block", "define", "set ", "unset", "merge", "Merge", "---", "push", "include"];
    check.fixture.command.len() == 3 && !alone.iter().any(|word| text.contains(word))
}

fn together(a: &Check, b: &Check) -> bool {
    let others = |check: &Check| {
        let files = check.fixture.files.iter().filter(|(path, _)| *path != TEMPLATE);
        files.map(|(path, content)| (path.clone(), content.clone())).collect::<Vec<_>>()
    };
    others(a) == others(b)
}

fn run_batch(helm: &Program, fixtures: &[&Fixture]) -> Option<Vec<Answer>> {
    let mut joined = (*fixtures.first()?).clone();
    joined.files.remove(TEMPLATE);
    for (index, fixture) in fixtures.iter().enumerate() {
        joined.files.insert(format!("templates/t{index:03}.yaml"), fixture.files.get(TEMPLATE)?.clone());
    }
    let run = helm.run(&joined).ok()?;
    if run.code != 0 || !run.stderr.is_empty() {
        return None;
    }
    let mut rest = &run.stdout[..];
    let mut answers = Vec::new();
    for index in 0..fixtures.len() {
        let head = format!("---\n# Source: c/templates/t{index:03}.yaml\n");
        rest = rest.strip_prefix(head.as_bytes())?;
        let next = format!("\n\n---\n# Source: c/templates/t{:03}.yaml\n", index + 1);
        let end = rest
            .windows(next.len())
            .position(|window| window == next.as_bytes())
            .map_or(rest.len(), |at| at + 1);
        let mut stdout = b"---\n# Source: c/templates/t.yaml\n".to_vec();
        stdout.extend_from_slice(&rest[..end]);
        rest = rest.get(end + 1..).unwrap_or_default();
        answers.push(Answer::of(&Run { stdout, ..Run::default() }));
    }
    // A broken frame means that the batch was cut in the wrong place.
    answers.iter().all(Answer::is_plain_text).then_some(answers)
}

/// The charts a visitor can open: as they are, and in each of their environments; rendered and linted.
fn examples() -> Result<Vec<Subject>, String> {
    let mut subjects = Vec::new();
    let dir = program::root().join("www/examples");
    let entries = fs::read_dir(&dir).map_err(|err| format!("{}: {err}", dir.display()))?;
    let mut charts: Vec<_> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_dir()).collect();
    charts.sort();
    for chart in charts {
        let name = chart.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut environments = vec![None];
        let entries = fs::read_dir(&chart).map_err(|err| format!("{}: {err}", chart.display()))?;
        let mut files: Vec<String> = entries
            .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
            .collect();
        files.sort();
        environments.extend(files.into_iter().filter(|file| file.starts_with("values-")).map(Some));
        for environment in environments {
            let mut layers = Vec::new();
            if let Some(file) = &environment {
                layers = vec!["-f".to_owned(), format!("{name}/{file}")];
            }
            for words in
                [&["template", "demo"][..], &["lint"], &["template", "up", "-n", "web", "--is-upgrade"]]
            {
                let mut command: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
                command.push(name.clone());
                command.extend(layers.clone());
                let id = format!("examples › {}", command.join(" "));
                let fixture = Fixture::of_chart(&chart, command).map_err(|err| err.to_string())?;
                subjects.push(Subject { id, fixture, batched: None });
            }
        }
    }
    Ok(subjects)
}
