//! The experiment: of sampled fields, changing a value that is claimed changes the field, and changing another does not.

use std::fmt;
use std::ops::AddAssign;
use std::path::Path;
use std::rc::Rc;

use renderer::SourceMap;
use renderer::render::{Place, Rendered, Root, Trace};
use renderer::value::{Value, ValuePath};

use crate::change::{Field, fields, leaves, others, with};
use crate::chart::Subject;

/// At most so many of the values claimed for one field are changed.
const CLAIMS: usize = 3;
/// So many values not claimed are changed for each field: half of them are read by the same template.
const OTHERS: usize = 4;

/// What came of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// Bytes of rendered files, and those that no line of a template has written.
    bytes: usize,
    unwritten: usize,
    /// Bytes that the text of a template is said to have written as it stands, and those that do not stand there.
    texts: usize,
    not_there: usize,
    /// Bytes that are not the same without recording.
    changed_files: usize,
    pub(crate) scalars: usize,
    /// How many leaves all these fields are said to be made of, how many others to have decided, and how many there are.
    made_of: usize,
    deciding: usize,
    leaves: usize,
    claims_right: usize,
    claims_wrong: usize,
    others_right: usize,
    others_wrong: usize,
    /// Changes with which the template does not render.
    refused: usize,
}

impl Tally {
    pub(crate) fn wrong(&self) -> usize {
        self.claims_wrong + self.others_wrong + self.unwritten + self.not_there + self.changed_files
    }

    pub(crate) fn right(&self) -> usize {
        self.claims_right + self.others_right
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.unwritten += other.unwritten;
        self.texts += other.texts;
        self.not_there += other.not_there;
        self.changed_files += other.changed_files;
        self.scalars += other.scalars;
        self.made_of += other.made_of;
        self.deciding += other.deciding;
        self.leaves += other.leaves;
        self.claims_right += other.claims_right;
        self.claims_wrong += other.claims_wrong;
        self.others_right += other.others_right;
        self.others_wrong += other.others_wrong;
        self.refused += other.refused;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (claims, others) = (self.claims_right + self.claims_wrong, self.others_right + self.others_wrong);
        let mean = |sum: usize| sum as f64 / self.scalars.max(1) as f64;
        write!(
            f,
            "{} bytes, {} without a writer; {} are text of templates, {} of them not there; {} files changed by recording",
            self.bytes, self.unwritten, self.texts, self.not_there, self.changed_files,
        )?;
        if self.scalars == 0 {
            return Ok(());
        }
        write!(
            f,
            "; {} scalars: {} of {claims} claimed values change their field, {} of {others} others leave it, {} changes \
             refused; of {:.0} values {:.1} are claimed for a field and {:.1} more have decided",
            self.scalars,
            self.claims_right,
            self.others_right,
            self.refused,
            mean(self.leaves),
            mean(self.made_of),
            mean(self.deciding),
        )
    }
}

/// A generator that gives the same numbers in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % end.max(1)
    }
}

impl Subject {
    /// Counts the bytes of a text that have a writer, and looks up those that are text of a template.
    fn check_writers(&self, map: &SourceMap, tally: &mut Tally) {
        let bytes = map.text().as_bytes();
        tally.bytes += bytes.len();
        let mut end = 0;
        for part in map.within(0..bytes.len() as u32) {
            let written = &bytes[part.range.start as usize..part.range.end as usize];
            if written.is_empty() {
                continue;
            }
            tally.unwritten += part.range.start as usize - end;
            end = part.range.end as usize;
            let [writer, ..] = &part.writers[..] else {
                tally.unwritten += written.len();
                continue;
            };
            let range = writer.at.range.start as usize..writer.at.range.end as usize;
            let Some(source) = self.template(&writer.at.path).and_then(|file| file.get(range)) else {
                tally.unwritten += written.len();
                continue;
            };
            // What the text of a `tpl` writes is written where it runs.
            let is_tpl = writer.calls.first().is_some_and(|(_, call)| *call == writer.at);
            if part.writers.len() == 1 && part.data.is_empty() && !is_tpl && !source.starts_with(b"{{") {
                tally.texts += written.len();
                // A loop can write the same several times in a row.
                let source = source.repeat(written.len() / source.len().max(1) + 2);
                if !source.windows(written.len()).any(|window| window == written) {
                    tally.not_there += written.len();
                    let (at, written) = (&writer.at, String::from_utf8_lossy(written));
                    println!("    {at} is said to have written {written:?}");
                }
            }
        }
        tally.unwritten += bytes.len() - end;
    }
}

/// Tries up to `scalars` fields of a chart.
pub(crate) fn try_chart(path: &Path, scalars: usize) -> Result<Tally, String> {
    let mut subject = Subject::load(path).map_err(|why| format!("{}: {why}", path.display()))?;
    let (rendered, trace) = subject.recorded();
    let values = subject.values.clone();
    let plain = subject.render(&values, None);
    let mut tally = Tally::default();
    let mut known = Vec::new();
    for (index, (file, without)) in rendered.files.iter().zip(&plain.files).enumerate() {
        let (with, without) = (text_of(file), text_of(without));
        if with != without {
            tally.changed_files += 1;
            println!("    {} is another file with recording", file.name);
        }
        let Some(Ok(text)) = &file.result else { continue };
        let map = SourceMap::new(text.clone(), trace.clone());
        subject.check_writers(&map, &mut tally);
        if !file.name.ends_with("NOTES.txt") {
            for field in fields(index, text.as_bytes()).unwrap_or_default() {
                let claims = Claims::of(&map, &field);
                if !claims.data.is_empty() {
                    known.push((field, claims));
                }
            }
        }
    }
    let all = leaves(&values);
    // The number of the chart's leaves is as good a seed as any, and the same in every run.
    let mut dice = Dice(all.len() as u64);
    while tally.scalars < scalars && !known.is_empty() {
        let (field, claims) = known.swap_remove(dice.below(known.len()));
        let data = claims.leaves(&all);
        if data.is_empty() {
            continue;
        }
        tally.scalars += 1;
        tally.made_of += data.len();
        tally.deciding += all.iter().filter(|(path, _)| claims.covers(path)).count() - data.len();
        tally.leaves += all.len();
        for _ in 0..CLAIMS.min(data.len()) {
            let (path, leaf) = data[dice.below(data.len())];
            match try_change(&mut subject, &field, path, leaf, true) {
                Some(true) => tally.claims_right += 1,
                Some(false) => {
                    tally.claims_wrong += 1;
                    report(&rendered, &field, "is not changed by", path);
                }
                None => tally.refused += 1,
            }
        }
        let reads = reads_of(&trace, &rendered, field.file);
        let foreign: Vec<&(ValuePath, Value)> = all.iter().filter(|(path, _)| !claims.covers(path)).collect();
        let near: Vec<&(ValuePath, Value)> =
            foreign.iter().copied().filter(|(path, _)| reads.contains(path)).collect();
        for turn in 0..OTHERS {
            let pool = if turn % 2 == 0 && !near.is_empty() { &near } else { &foreign };
            let Some((path, leaf)) = pool.get(dice.below(pool.len())) else { continue };
            match try_change(&mut subject, &field, path, leaf, false) {
                Some(true) => {
                    tally.others_wrong += 1;
                    report(&rendered, &field, "is changed by", path);
                }
                Some(false) => tally.others_right += 1,
                None => tally.refused += 1,
            }
        }
    }
    Ok(tally)
}

fn report(rendered: &Rendered, field: &Field, how: &str, path: &ValuePath) {
    let (file, at) = (&rendered.files[field.file].name, ValuePath(field.path.clone()));
    println!("    {file} #{} {at} {how} .Values.{path}", field.document);
}

fn text_of(file: &renderer::render::File) -> Option<String> {
    match file.result.as_ref()? {
        Ok(text) => Some(text.to_string()),
        Err(fault) => Some(fault.message()),
    }
}

/// The places in the values that a field is said to come from.
struct Claims {
    data: Vec<ValuePath>,
    control: Vec<ValuePath>,
}

impl Claims {
    fn of(map: &SourceMap, field: &Field) -> Self {
        let (mut data, mut control) = (Vec::new(), Vec::new());
        let in_values = |place: &Place| (place.root == Root::Values).then(|| place.path.clone());
        let named = |place: &&Place| place.is_name;
        for part in map.within(field.range.clone()) {
            // A key comes from its entry, and changing the value there does not change it.
            data.extend(part.data.iter().filter(|place| !named(place)).filter_map(in_values));
            control.extend(part.data.iter().filter(named).chain(&part.control).filter_map(in_values));
        }
        Self { data, control }
    }

    /// The scalars among what the field is made of.
    fn leaves<'a>(&self, all: &'a [(ValuePath, Value)]) -> Vec<&'a (ValuePath, Value)> {
        all.iter().filter(|(path, _)| self.data.contains(path)).collect()
    }

    /// Whether a value is claimed, or stands in something that is.
    fn covers(&self, path: &ValuePath) -> bool {
        self.data.iter().chain(&self.control).any(|claim| is_under(path, claim))
    }
}

fn is_under(path: &ValuePath, above: &ValuePath) -> bool {
    path.0.starts_with(&above.0)
}

fn reads_of(trace: &Rc<Trace>, rendered: &Rendered, file: usize) -> Vec<ValuePath> {
    let reads = trace.reads(&rendered.files[file].name).into_iter();
    reads.filter(|read| read.place.root == Root::Values).map(|read| read.place.path).collect()
}

/// Whether another value at `path` changes the field; any of several where `any`, the first that renders otherwise. `None` where
/// no other value renders.
fn try_change(
    subject: &mut Subject,
    field: &Field,
    path: &ValuePath,
    leaf: &Value,
    any: bool,
) -> Option<bool> {
    let mut outcome = None;
    for other in others(leaf) {
        let values = with(&subject.values, path, other);
        let rendered = subject.render(&values, None);
        let Some(Some(Ok(text))) = rendered.files.get(field.file).map(|file| &file.result) else { continue };
        let Some(now) = fields(field.file, text.as_bytes()) else { continue };
        let changed = !field.stands_in(&now);
        if changed || !any {
            return Some(changed);
        }
        outcome = Some(false);
    }
    outcome
}
