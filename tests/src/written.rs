//! What a command wrote, as a text to compare: new and changed files, what is in archives, what is gone.
//!
//! Archives are looked into, because the bytes around the tar depend on the compressor; the time of the run is left out, and so are
//! the digests that depend on it or on compressed bytes.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

/// A time that no fixture has: that of the run.
const NOW: i64 = 1_750_000_000;

/// Longer files are told by their length and checksum.
const LONGEST: usize = 700;

/// Every file and directory below `dir`; a directory's path ends with a slash.
///
/// # Errors
/// Those of the file system.
pub fn snapshot(dir: &Path) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![dir.to_path_buf()];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(&next)? {
            let path = entry?.path();
            let name = path.strip_prefix(dir).unwrap_or(&path).to_string_lossy().into_owned();
            // Where Helm keeps what it has fetched; it makes them whatever it does.
            if name == ".cache" || name == ".config" {
                continue;
            }
            if path.is_dir() {
                found.insert(format!("{name}/"), Vec::new());
                waiting.push(path);
            } else {
                found.insert(name, fs::read(&path)?);
            }
        }
    }
    Ok(found)
}

/// What has changed between two snapshots of `dir`.
#[must_use]
pub fn report(before: &BTreeMap<String, Vec<u8>>, after: &BTreeMap<String, Vec<u8>>, dir: &Path) -> String {
    let mut out = String::new();
    for path in before.keys().filter(|path| !after.contains_key(*path)) {
        out.push_str(&format!("- {path}\n"));
    }
    for (path, content) in after.iter().filter(|(path, content)| before.get(*path) != Some(content)) {
        out.push_str(&format!("+ {path}"));
        match archive(path, content) {
            Some(entries) => out.push_str(&format!("\n{entries}")),
            None => out.push_str(&file(content, dir)),
        }
    }
    out
}

/// One file: its text, indented, or its length and checksum.
fn file(content: &[u8], dir: &Path) -> String {
    if content.is_empty() {
        return "\n".to_owned();
    }
    let Ok(text) = std::str::from_utf8(content) else { return format!(", {}\n", sum(content)) };
    let text = without_chance(&text.replace(&*dir.to_string_lossy(), "<dir>"));
    if text.len() > LONGEST {
        return format!(", {}\n", sum(text.as_bytes()));
    }
    let lines = text.split_inclusive('\n').map(|line| format!("    {line}"));
    let end = if text.ends_with('\n') { "" } else { "⏎ missing\n" };
    format!("\n{}{end}", lines.collect::<String>())
}

fn sum(content: &[u8]) -> String {
    let mut crc = flate2::Crc::new();
    crc.update(content);
    format!("{} bytes, {:08x}", content.len(), crc.sum())
}

/// The lines of an archive's entries; `None` when it is none.
fn archive(path: &str, content: &[u8]) -> Option<String> {
    if !path.ends_with(".tgz") {
        return None;
    }
    let mut tar = Vec::new();
    flate2::read::GzDecoder::new(content).read_to_end(&mut tar).ok()?;
    let mut out = String::new();
    let mut rest = &tar[..];
    while rest.first().is_some_and(|first| *first != 0) {
        let (header, body) = rest.split_at_checked(512)?;
        let text = |range: std::ops::Range<usize>| {
            String::from_utf8_lossy(&header[range]).trim_end_matches('\0').to_owned()
        };
        let number = |range| i64::from_str_radix(&text(range), 8).ok();
        let size = usize::try_from(number(124..136)?).ok()?;
        let data = body.get(..size)?;
        let (prefix, name) = (text(345..500), text(0..100));
        let slash = if prefix.is_empty() { "" } else { "/" };
        let data = match std::str::from_utf8(data) {
            Ok(text) if name.ends_with(".lock") => without_chance(text).into_bytes(),
            _ => data.to_vec(),
        };
        let time = match number(136..148)? {
            NOW.. => "<now>".to_owned(),
            time => time.to_string(),
        };
        let mode = text(100..108);
        out.push_str(&format!("    {prefix}{slash}{name}, mode {mode}, time {time}, {}\n", sum(&data)));
        rest = body.get(size.next_multiple_of(512)..)?;
    }
    Some(out)
}

/// A text without the times of lock files and indexes, and without the digests of archives.
fn without_chance(text: &str) -> String {
    let lines = text.split_inclusive('\n').map(|line| {
        let (bare, end) = line.strip_suffix('\n').map_or((line, ""), |bare| (bare, "\n"));
        let Some((key, value)) = bare.split_once(": ") else { return line.to_owned() };
        let name = key.trim().trim_start_matches("- ").trim_matches('"');
        let hidden = match name {
            "created" | "generated" => "<time>",
            "digest" if !value.starts_with("sha256:") => "<digest>",
            _ => return line.to_owned(),
        };
        let comma = if value.ends_with(',') { "," } else { "" };
        format!("{key}: {hidden}{comma}{end}")
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
        files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
    }

    #[test]
    fn changes_are_told_without_times() {
        let before = tree(&[("a", "1"), ("b", "2"), ("c", "3")]);
        let after = tree(&[("a", "1"), ("b", "generated: \"2020\"\nx: /d/y"), ("d/", ""), ("e.tgz", "no")]);
        let told = report(&before, &after, Path::new("/d"));
        assert_eq!(
            told,
            "- c\n+ b\n    generated: <time>\n    x: <dir>/y⏎ missing\n+ d/\n+ e.tgz\n    no⏎ missing\n"
        );
    }

    #[test]
    fn long_files_are_told_by_their_sum() {
        let after = tree(&[("a", &"x".repeat(701))]);
        assert!(report(&tree(&[]), &after, Path::new("/d")).starts_with("+ a, 701 bytes, "));
    }
}
