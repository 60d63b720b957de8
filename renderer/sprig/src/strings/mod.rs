//! Functions of texts. The ones that pass text through keep the origin of each piece.
//!
//! *Source*: sprig 3.3.0 `strings.go`, `functions.go`; go 1.27 `strings`.

mod cases;
mod pieces;
mod print;
mod shape;
mod words;

use gotemplate::{Call, Failure};
use value::Text;

use crate::table::Table;
use crate::unicode;

type Made = Result<Text, Failure>;

pub(crate) fn add(table: &mut Table) {
    table.family("strings");
    table.pure("trim", trim);
    table.pure("trimAll", trim_all);
    table.alias("trimall", "trimAll");
    table.pure("trimPrefix", trim_prefix);
    table.pure("trimSuffix", trim_suffix);
    table.pure("contains", contains);
    table.pure("hasPrefix", has_prefix);
    table.pure("hasSuffix", has_suffix);
    table.pure("plural", plural);
    cases::add(table);
    words::add(table);
    shape::add(table);
    pieces::add(table);
    print::add(table);
}

/// A new text made of others, after its fuel is paid.
fn derive(call: &mut Call<'_>, bytes: Vec<u8>, inputs: &[&Text]) -> Made {
    call.charge_text(bytes.len() as u128)?;
    Ok(Text::derived(bytes, inputs))
}

fn trim(_: &mut Call<'_>, text: Text) -> Text {
    trimmed(&text, unicode::is_space)
}

fn trim_all(_: &mut Call<'_>, cutset: Text, text: Text) -> Text {
    let cutset: Vec<char> = unicode::runes(cutset.as_bytes()).map(|(rune, _)| rune).collect();
    trimmed(&text, |rune| cutset.contains(&rune))
}

fn trimmed(text: &Text, cut: impl Fn(char) -> bool) -> Text {
    let bytes = text.as_bytes();
    let mut from = 0;
    while let (rune, width @ 1..) = unicode::decode(&bytes[from..]) {
        if !cut(rune) {
            break;
        }
        from += width;
    }
    let mut to = bytes.len();
    while let (rune, width @ 1..) = unicode::decode_last(&bytes[from..to]) {
        if !cut(rune) {
            break;
        }
        to -= width;
    }
    if from == 0 && to == bytes.len() { text.clone() } else { text.slice(from..to) }
}

fn trim_prefix(_: &mut Call<'_>, prefix: Text, text: Text) -> Text {
    if text.as_bytes().starts_with(prefix.as_bytes()) { text.slice(prefix.len()..text.len()) } else { text }
}

fn trim_suffix(_: &mut Call<'_>, suffix: Text, text: Text) -> Text {
    if text.as_bytes().ends_with(suffix.as_bytes()) { text.slice(0..text.len() - suffix.len()) } else { text }
}

fn contains(_: &mut Call<'_>, part: Text, text: Text) -> bool {
    find(text.as_bytes(), part.as_bytes()).is_some()
}

fn has_prefix(_: &mut Call<'_>, prefix: Text, text: Text) -> bool {
    text.as_bytes().starts_with(prefix.as_bytes())
}

fn has_suffix(_: &mut Call<'_>, suffix: Text, text: Text) -> bool {
    text.as_bytes().ends_with(suffix.as_bytes())
}

fn plural(_: &mut Call<'_>, one: Text, many: Text, count: i64) -> Text {
    if count == 1 { one } else { many }
}

/// Where `part` first stands in `bytes`.
fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, part)
}
