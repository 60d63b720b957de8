//! Slash-separated paths; the `os…` names are the same on Unix.
//!
//! *Source*: go 1.27 `path`, `path/filepath`.

use gotemplate::Call;
use value::Text;

use crate::table::Table;

pub(crate) fn add(table: &mut Table) {
    table.family("paths");
    table.pure("base", base);
    table.pure("dir", dir);
    table.pure("clean", clean);
    table.pure("ext", ext);
    table.pure("isAbs", is_abs);
    for (alias, name) in
        [("osBase", "base"), ("osDir", "dir"), ("osClean", "clean"), ("osExt", "ext"), ("osIsAbs", "isAbs")]
    {
        table.alias(alias, name);
    }
}

fn base(_: &mut Call<'_>, path: Text) -> Text {
    let bytes = path.as_bytes();
    if bytes.is_empty() {
        return ".".into();
    }
    let Some(last) = bytes.iter().rposition(|&byte| byte != b'/') else { return path.slice(0..1) };
    let start = memchr::memrchr(b'/', &bytes[..last]).map_or(0, |slash| slash + 1);
    path.slice(start..last + 1)
}

fn dir(_: &mut Call<'_>, path: Text) -> Text {
    let end = memchr::memrchr(b'/', path.as_bytes()).map_or(0, |slash| slash + 1);
    cleaned(&path.slice(0..end))
}

fn clean(_: &mut Call<'_>, path: Text) -> Text {
    cleaned(&path)
}

fn cleaned(path: &Text) -> Text {
    let bytes = path.as_bytes();
    let made = clean_bytes(bytes);
    if made == bytes { path.clone() } else { Text::derived(made, &[path]) }
}

/// Go's `path.Clean`.
pub fn clean_path(path: &str) -> String {
    // Only whole parts go.
    String::from_utf8_lossy(&clean_bytes(path.as_bytes())).into_owned()
}

fn clean_bytes(bytes: &[u8]) -> Vec<u8> {
    let rooted = bytes.first() == Some(&b'/');
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in bytes.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if parts.last().is_some_and(|last| last != b"..") => {
                parts.pop();
            }
            b".." if rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join(&b'/');
    match (rooted, joined.is_empty()) {
        (true, _) => [b"/".as_slice(), &joined].concat(),
        (false, true) => b".".to_vec(),
        (false, false) => joined,
    }
}

fn ext(_: &mut Call<'_>, path: Text) -> Text {
    let bytes = path.as_bytes();
    match bytes.iter().rposition(|&byte| matches!(byte, b'.' | b'/')) {
        Some(dot) if bytes[dot] == b'.' => path.slice(dot..bytes.len()),
        _ => Text::new(),
    }
}

fn is_abs(_: &mut Call<'_>, path: Text) -> bool {
    path.as_bytes().starts_with(b"/")
}
