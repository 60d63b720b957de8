//! Letter case, rune by rune.
//!
//! *Source*: go 1.27 `strings.ToUpper`, `strings.Title`; goutils 1.1.1 `wordutils.go`, `stringutils.go`.

use gotemplate::Call;
use value::Text;

use super::{Made, derive};
use crate::table::Table;
use crate::unicode;

pub(super) fn add(table: &mut Table) {
    table.pure("upper", upper);
    table.pure("lower", lower);
    table.pure("title", title);
    table.pure("untitle", untitle);
    table.pure("swapcase", swapcase);
    table.pure("initials", initials);
    table.pure("nospace", nospace);
}

fn upper(call: &mut Call<'_>, text: Text) -> Made {
    let bytes = text.as_bytes();
    if !bytes.is_ascii() {
        return derive(call, unicode::map(bytes, unicode::to_upper), &[&text]);
    }
    if !bytes.iter().any(u8::is_ascii_lowercase) {
        return Ok(text);
    }
    derive(call, bytes.to_ascii_uppercase(), &[&text])
}

fn lower(call: &mut Call<'_>, text: Text) -> Made {
    let bytes = text.as_bytes();
    if !bytes.is_ascii() {
        return derive(call, unicode::map(bytes, unicode::to_lower), &[&text]);
    }
    if !bytes.iter().any(u8::is_ascii_uppercase) {
        return Ok(text);
    }
    derive(call, bytes.to_ascii_lowercase(), &[&text])
}

fn title(call: &mut Call<'_>, text: Text) -> Made {
    let mut previous = ' ';
    let titled = unicode::map(text.as_bytes(), |rune| {
        let starts = separates(previous);
        previous = rune;
        if starts { unicode::to_title(rune) } else { rune }
    });
    derive(call, titled, &[&text])
}

/// Whether a letter after `rune` starts a word for `strings.Title`.
fn separates(rune: char) -> bool {
    if rune.is_ascii() { !(rune.is_ascii_alphanumeric() || rune == '_') } else { unicode::is_space(rune) }
}

fn untitle(call: &mut Call<'_>, text: Text) -> Made {
    let mut starts = true;
    let untitled = unicode::map(text.as_bytes(), |rune| {
        if unicode::is_space(rune) {
            starts = true;
            rune
        } else if std::mem::take(&mut starts) {
            unicode::to_lower(rune)
        } else {
            rune
        }
    });
    derive(call, untitled, &[&text])
}

fn swapcase(call: &mut Call<'_>, text: Text) -> Made {
    let mut after_space = true;
    let swapped = unicode::map(text.as_bytes(), |rune| {
        if unicode::is_upper(rune) || unicode::is_title(rune) {
            after_space = false;
            unicode::to_lower(rune)
        } else if unicode::is_lower(rune) {
            if std::mem::take(&mut after_space) { unicode::to_title(rune) } else { unicode::to_upper(rune) }
        } else {
            after_space = unicode::is_space(rune);
            rune
        }
    });
    derive(call, swapped, &[&text])
}

// goutils looks at bytes and writes each as a rune, so what is not ASCII comes out as Latin-1.

fn initials(call: &mut Call<'_>, text: Text) -> Made {
    let mut starts = true;
    let mut made = Vec::new();
    for &byte in text.as_bytes() {
        let rune = char::from(byte);
        if unicode::is_space(rune) {
            starts = true;
        } else if std::mem::take(&mut starts) {
            unicode::push(&mut made, rune);
        }
    }
    derive(call, made, &[&text])
}

fn nospace(call: &mut Call<'_>, text: Text) -> Made {
    let bytes = text.as_bytes();
    if !bytes.iter().any(|&byte| unicode::is_space(char::from(byte))) {
        return Ok(text);
    }
    let mut made = Vec::with_capacity(bytes.len());
    for rune in bytes.iter().map(|&byte| char::from(byte)).filter(|&rune| !unicode::is_space(rune)) {
        unicode::push(&mut made, rune);
    }
    derive(call, made, &[&text])
}
