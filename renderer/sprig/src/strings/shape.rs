//! Functions that cut, pad, wrap or repeat; all count bytes.
//!
//! *Source*: sprig 3.3.0 `strings.go`; goutils 1.1.1 `stringutils.go`, `wordutils.go`.

use gotemplate::{Call, Failure};
use value::{Text, TextBuilder};

use super::{Made, find};
use crate::table::Table;
use crate::unicode;
use crate::weave::Weave;

pub(super) fn add(table: &mut Table) {
    table.pure("indent", indent);
    table.pure("nindent", nindent);
    table.pure("trunc", trunc);
    table.pure("substr", substr);
    table.pure("abbrev", abbrev);
    table.pure("abbrevboth", abbrevboth);
    table.pure("repeat", repeat);
    table.pure("replace", replace);
    table.pure("wrap", wrap);
    table.pure("wrapWith", wrap_with);
}

fn negative_repeat() -> Failure {
    Failure::error("strings: negative Repeat count")
}

fn indent(call: &mut Call<'_>, spaces: i64, text: Text) -> Made {
    pad(call, b"", spaces, &text)
}

fn nindent(call: &mut Call<'_>, spaces: i64, text: Text) -> Made {
    pad(call, b"\n", spaces, &text)
}

fn pad(call: &mut Call<'_>, before: &[u8], spaces: i64, text: &Text) -> Made {
    let spaces = usize::try_from(spaces).map_err(|_| negative_repeat())?;
    within_go(spaces as u128)?;
    let bytes = text.as_bytes();
    let lines = memchr::memchr_iter(b'\n', bytes).count() + 1;
    let size = before.len() as u128 + bytes.len() as u128 + spaces as u128 * lines as u128;
    call.charge_text(size)?;
    let padding = vec![b' '; spaces];
    if !text.has_origin() {
        let mut made = Vec::with_capacity(size as usize);
        made.extend_from_slice(before);
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            made.extend_from_slice(&padding);
            made.extend_from_slice(line);
        }
        if bytes.last().is_none_or(|&byte| byte == b'\n') {
            made.extend_from_slice(&padding);
        }
        return Ok(made.into());
    }
    let mut weave = Weave::new(text, size as usize);
    weave.put(before);
    weave.put(&padding);
    for newline in memchr::memchr_iter(b'\n', bytes) {
        weave.copy_to(newline + 1);
        weave.put(&padding);
    }
    Ok(weave.finish())
}

fn trunc(_: &mut Call<'_>, width: i64, text: Text) -> Text {
    let len = text.len() as i64;
    if width < 0 && len.saturating_add(width) > 0 {
        text.slice((len + width) as usize..len as usize)
    } else if width >= 0 && len > width {
        text.slice(0..width as usize)
    } else {
        text
    }
}

fn substr(_: &mut Call<'_>, start: i64, end: i64, text: Text) -> Made {
    let len = text.len() as i64;
    let (from, to, fault) = if start < 0 {
        let fault = if end < 0 {
            Some(format!("[:{end}]"))
        } else {
            (end > len).then(|| format!("[:{end}] with length {len}"))
        };
        (0, end, fault)
    } else if end < 0 || end > len {
        (start, len, (start > len).then(|| format!("[{start}:{len}]")))
    } else {
        (start, end, (start > end).then(|| format!("[{start}:{end}]")))
    };
    match fault {
        Some(range) => Err(Failure::error(format!("runtime error: slice bounds out of range {range}"))),
        None => Ok(text.slice(from as usize..to as usize)),
    }
}

fn abbrev(_: &mut Call<'_>, width: i64, text: Text) -> Text {
    if width < 4 { text } else { abbreviated(&text, 0, width) }
}

fn abbrevboth(_: &mut Call<'_>, left: i64, width: i64, text: Text) -> Text {
    if width < 4 || left > 0 && width < 7 { text } else { abbreviated(&text, left, width) }
}

/// At least 4 bytes of `width`, 7 when cut on both sides: the callers see to it.
fn abbreviated(text: &Text, offset: i64, width: i64) -> Text {
    let len = text.len() as i64;
    if len <= width {
        return text.clone();
    }
    // As much of the end as fits is shown when the offset leaves less, or so much that Go's difference overflows.
    let room = len.wrapping_sub(offset.min(len));
    let offset = if room < width - 3 { len - (width - 3) } else { offset };
    let mut made = TextBuilder::with_capacity(width as usize);
    if offset <= 4 {
        made.push(&text.slice(0..(width - 3) as usize));
        made.push_bytes(b"...");
    } else if offset + width - 3 < len {
        made.push_bytes(b"...");
        made.push(&text.slice(offset as usize..(offset + width - 6) as usize));
        made.push_bytes(b"...");
    } else {
        made.push_bytes(b"...");
        made.push(&text.slice((len - (width - 3)) as usize..len as usize));
    }
    made.finish()
}

/// Refuses what Go's `strings.Repeat` refuses: more bytes than an `int` counts, or than an address space has.
fn within_go(bytes: u128) -> Result<(), Failure> {
    const ADDRESSES: u128 = 1 << 48;
    if bytes > i64::MAX as u128 {
        return Err(Failure::error("strings: Repeat output length overflow"));
    }
    if bytes > ADDRESSES {
        return Err(Failure::error("runtime error: makeslice: len out of range"));
    }
    Ok(())
}

fn repeat(call: &mut Call<'_>, count: i64, text: Text) -> Made {
    let count = usize::try_from(count).map_err(|_| negative_repeat())?;
    within_go(count as u128 * text.len() as u128)?;
    call.charge_text(count as u128 * text.len() as u128)?;
    if count == 1 {
        return Ok(text);
    }
    Ok(Text::derived(text.as_bytes().repeat(if text.is_empty() { 0 } else { count }), &[&text]))
}

fn replace(call: &mut Call<'_>, old: Text, new: Text, text: Text) -> Made {
    let bytes = text.as_bytes();
    let places: Vec<usize> = if old.is_empty() {
        let mut at = 0;
        std::iter::once(0)
            .chain(unicode::runes(bytes).map(|(_, width)| {
                at += width;
                at
            }))
            .collect()
    } else {
        memchr::memmem::find_iter(bytes, old.as_bytes()).collect()
    };
    if places.is_empty() || old == new {
        return Ok(text);
    }
    let size =
        bytes.len() as u128 - (places.len() * old.len()) as u128 + (places.len() as u128 * new.len() as u128);
    call.charge_text(size)?;
    let mut weave = Weave::new(&text, size as usize);
    for at in places {
        weave.copy_to(at);
        weave.put_text(&new);
        weave.skip_to(at + old.len());
    }
    Ok(weave.finish())
}

fn wrap(call: &mut Call<'_>, width: i64, text: Text) -> Made {
    wrapped(call, &text, width, b"\n", false)
}

fn wrap_with(call: &mut Call<'_>, width: i64, separator: Text, text: Text) -> Made {
    let newline = if separator.is_empty() { b"\n" } else { separator.as_bytes() };
    wrapped(call, &text, width, newline, true)
}

fn wrapped(call: &mut Call<'_>, text: &Text, width: i64, newline: &[u8], split_long: bool) -> Made {
    let bytes = text.as_bytes();
    let width = usize::try_from(width.max(1)).unwrap_or(usize::MAX);
    let lines = bytes.len() / width + 1;
    call.charge_text(bytes.len() as u128 + lines as u128 * newline.len() as u128)?;
    let mut weave = Weave::new(text, bytes.len());
    let mut at = 0;
    while bytes.len() - at > width {
        if bytes[at] == b' ' {
            at += 1;
            weave.skip_to(at);
            continue;
        }
        let (end, next) = match memchr::memrchr(b' ', &bytes[at..=at + width]) {
            Some(space) => (at + space, at + space + 1),
            None if split_long => (at + width, at + width),
            None => match find(&bytes[at + width..], b" ") {
                Some(space) => (at + width + space, at + width + space + 1),
                None => break,
            },
        };
        weave.copy_to(end);
        weave.put(newline);
        weave.skip_to(next);
        at = next;
    }
    Ok(weave.finish())
}
