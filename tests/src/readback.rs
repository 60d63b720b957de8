//! What our YAML writer wrote, read by another library and compared as data.
//!
//! `serde_yaml` reads YAML 1.2 and Helm writes YAML 1.1, so texts that only one of the two takes for something else than text
//! are not made here: line breaks beyond LF and CR, and floats too large for a float.

use serde_yaml::Value as Theirs;
use value::{Map, Text, Value};

/// A small generator (xorshift), so that every run makes the same values.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % sides
    }
}

/// Pieces that mean something to YAML in one place or another.
const PIECES: [&str; 42] = [
    "a", "b", "word", " ", "  ", "\n", "\n\n", "\t", ":", ": ", "- ", "-", "#", " #", "'", "\"", "\\", "{",
    "}", "[", "]", ",", "&", "*", "!", "|", ">", "%", "@", "`", "?", "true", "no", "null", "~", "1", "1.5",
    "0x1F", "é", "日本", "😀", "\r",
];

fn text(dice: &mut Dice) -> String {
    match dice.below(12) {
        0 => String::new(),
        1 => "long words that fold ".repeat(dice.below(12) + 1),
        2 => PIECES[dice.below(PIECES.len())].to_owned(),
        _ => (0..dice.below(8) + 1).map(|_| PIECES[dice.below(PIECES.len())]).collect(),
    }
}

fn value(dice: &mut Dice, depth: usize) -> Value {
    match dice.below(if depth == 0 { 6 } else { 9 }) {
        0 => Value::Nil,
        1 => Value::Bool(dice.below(2) == 0),
        2 => Value::Float64(dice.below(4_000_000) as f64 / 8.0 - 250_000.0),
        3..=5 => Value::from(Text::from(text(dice))),
        6 => (0..dice.below(4)).map(|_| value(dice, depth - 1)).collect::<Vec<_>>().into(),
        _ => Value::Map((0..dice.below(5)).map(|_| (text(dice), value(dice, depth - 1))).collect::<Map>()),
    }
}

/// Whether the two are the same data.
fn same(ours: &Value, theirs: &Theirs) -> bool {
    match (ours, theirs) {
        (Value::Nil, Theirs::Null) => true,
        (Value::Bool(ours), Theirs::Bool(theirs)) => ours == theirs,
        (Value::Float64(ours), Theirs::Number(theirs)) => theirs.as_f64() == Some(*ours),
        (Value::Map(ours), Theirs::Mapping(theirs)) => {
            let entry = |(key, value): &(Text, Value)| {
                theirs.get(key.to_string_lossy().as_ref()).is_some_and(|theirs| same(value, theirs))
            };
            ours.len() == theirs.len() && ours.entries().iter().all(entry)
        }
        (ours, Theirs::Sequence(theirs)) => ours.as_list().is_some_and(|list| {
            list.len() == theirs.len() && list.iter().zip(theirs).all(|(ours, theirs)| same(ours, theirs))
        }),
        (ours, Theirs::String(theirs)) => {
            ours.as_text().is_some_and(|text| text.as_bytes() == theirs.as_bytes())
        }
        _ => false,
    }
}

/// Writes and reads; a difference shows the YAML between the two.
#[track_caller]
fn check(ours: &Value) {
    let mut writers = vec![("toYaml", yaml::write(ours))];
    // go-yaml v3, and so Helm, begins a block with a tab where it stands for the text's own, and no reader takes that back.
    if !format!("{ours:?}").contains("\\t") {
        writers.push(("toYamlPretty", yaml::write_pretty(ours)));
    }
    for (writer, written) in writers {
        let written = written.unwrap_or_else(|err| panic!("{writer} of {ours:?}: {err}"));
        let text = written.to_string_lossy().into_owned();
        match serde_yaml::from_str::<Theirs>(&text) {
            Ok(theirs) => {
                assert!(same(ours, &theirs), "{writer} of {ours:?} was read as {theirs:?}:\n{text}")
            }
            Err(err) => panic!("{writer} of {ours:?} cannot be read: {err}\n{text}"),
        }
    }
}

#[test]
fn what_is_written_is_read_as_the_same_data() {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    for _ in 0..4_000 {
        check(&value(&mut dice, 3));
    }
}

#[test]
fn every_two_pieces_are_read_as_the_same_text() {
    for first in PIECES {
        for second in PIECES {
            let text = Value::from(Text::from(format!("{first}{second}")));
            check(&Value::Map([("k", text.clone())].into_iter().collect::<Map>()));
            check(&vec![text.clone(), text].into());
        }
    }
}
