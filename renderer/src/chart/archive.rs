//! A chart in a `.tgz`: what is taken out of it, what is refused, and how much of it there may be.
//!
//! The inflated bytes are counted while they are inflated: file contents against Helm's 100 MiB, and headers against an
//! allowance of ours, so that an archive of a million empty names cannot fill the memory either.
//!
//! Source: helm v4.3.1 `pkg/chart/loader/archive/archive.go`.

mod sniff;

use std::io::{ErrorKind, Read};

use flate2::read::MultiGzDecoder;
use sprig::path::clean_path;
use value::Text;

use super::{File, MAX_CHART_BYTES};
use crate::Error;
use crate::show::quote;

/// How many bytes of headers and padding an archive may have besides its contents. A limit of ours, a guess: at 1 KiB an
/// entry it is room for 65,536 files.
const MAX_HEADER_BYTES: u64 = 64 << 20;

/// Code of the error when the bytes are not gzip at all; Helm words it otherwise than other errors of archives.
const NOT_GZIP: &str = "archive-not-gzip";

/// Helm's check before it reads an archive: do the bytes look like gzip?
///
/// # Errors
/// `archive-not-recognized`; `name` is the path as the user gave it.
///
/// Source: `EnsureArchive`.
pub fn ensure(name: &str, bytes: &[u8]) -> Result<(), Error> {
    // The original looks at a buffer of 512 bytes, zeros behind the end included.
    let mut head = [0; 512];
    let len = bytes.len().min(head.len());
    head[..len].copy_from_slice(&bytes[..len]);
    let mime = sniff::content_type(&head);
    if mime == "application/x-gzip" || head.starts_with(b"\x1f\x8b\x08") {
        return Ok(());
    }
    let message = if name.ends_with(".yml") || name.ends_with(".yaml") {
        format!("file '{name}' seems to be a YAML file, but expected a gzipped archive")
    } else {
        format!("file '{name}' does not appear to be a gzipped archive; got '{mime}'")
    };
    Err(Error::new("archive-not-recognized", message))
}

/// Whether the error is about the gzip header, which Helm words with the name of the file.
pub(super) fn is_header_error(error: &Error) -> bool {
    error.code() == NOT_GZIP
}

/// The files in an archive, in its order, without their first directory and without byte order marks.
///
/// Shape: the first part of a path is dropped whatever it is. A link is kept as an empty file, as in Helm.
///
/// Cost: linear in the inflated bytes, which are bounded; contents are copied once.
///
/// # Errors
/// `archive-not-gzip`, `archive-corrupt`, `archive-path`, `archive-too-large`, `archive-empty`, with Helm's sentences. The
/// words of Go's inflater and tar reader are kept where there is one sentence for the case.
///
/// Source: `LoadArchiveFiles`.
pub fn expand(bytes: &[u8]) -> Result<Vec<File>, Error> {
    check_gzip_header(bytes)?;
    let inflated = MultiGzDecoder::new(bytes).take(MAX_CHART_BYTES + MAX_HEADER_BYTES);
    let mut archive = tar::Archive::new(inflated);
    let mut files = Vec::new();
    let mut left = MAX_CHART_BYTES;
    for entry in archive.entries().map_err(|error| corrupt(&error))? {
        let mut entry = entry.map_err(|error| corrupt(&error))?;
        let header = entry.header();
        let kind = header.entry_type();
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let is_directory = kind.is_dir()
            || (kind.as_byte() == 0 && name.ends_with('/'))
            || header.mode().is_ok_and(|mode| mode & 0o170_000 == 0o040_000);
        if is_directory || kind.is_pax_global_extensions() || kind.is_pax_local_extensions() {
            continue;
        }
        let path = inner_path(&name)?;
        let holds_data = !(kind.is_symlink() || kind.is_hard_link());
        let size = if holds_data { entry.size() } else { 0 };
        if size > left {
            return Err(too_large());
        }
        let modified =
            header.mtime().ok().and_then(|time| i64::try_from(time).ok()?.checked_mul(1_000_000_000));
        // The header may lie about the size; what is read grows as it comes.
        let mut data = Vec::new();
        if holds_data {
            (&mut entry).take(left).read_to_end(&mut data).map_err(|error| corrupt(&error))?;
        }
        let read = data.len() as u64;
        left -= read;
        if left == 0 {
            return Err(too_large());
        }
        if read < size {
            return Err(Error::new("archive-corrupt", "unexpected EOF"));
        }
        files.push(File { name: path.into(), data: without_mark(data), modified });
    }
    if files.is_empty() {
        return Err(Error::new("archive-empty", "no files in chart archive"));
    }
    Ok(files)
}

/// A file's bytes as a text, without a leading byte order mark.
pub(super) fn without_mark(data: Vec<u8>) -> Text {
    let marked = data.starts_with(b"\xef\xbb\xbf");
    let text = Text::from(data);
    if marked { text.slice(3..text.len()) } else { text }
}

fn check_gzip_header(bytes: &[u8]) -> Result<(), Error> {
    // Go reads ten bytes of header before it looks at them.
    match bytes.len() {
        0 => Err(Error::new("archive-corrupt", "EOF")),
        1..10 => Err(Error::new("archive-corrupt", "unexpected EOF")),
        _ if !bytes.starts_with(b"\x1f\x8b\x08") => Err(Error::new(NOT_GZIP, "gzip: invalid header")),
        _ => Ok(()),
    }
}

fn corrupt(error: &std::io::Error) -> Error {
    let text = error.to_string();
    let message =
        if error.kind() == ErrorKind::UnexpectedEof || text.starts_with("failed to read entire block") {
            "unexpected EOF"
        } else if text.contains("checksum") && text.contains("gzip") {
            "gzip: invalid checksum"
        } else if text.contains("deflate") {
            "flate: corrupt input"
        } else {
            "archive/tar: invalid tar header"
        };
    Error::new("archive-corrupt", message)
}

fn too_large() -> Error {
    let message = format!("decompressed chart is larger than the maximum size {MAX_CHART_BYTES}");
    Error::new("archive-too-large", message)
}

/// The path of an entry inside its chart, or why Helm refuses it.
fn inner_path(name: &str) -> Result<String, Error> {
    let refused = |message: &str| Err(Error::new("archive-path", message));
    // Archives made on Windows may separate with backslashes.
    let delimiter = if name.contains('\\') { '\\' } else { '/' };
    let (first, rest) = name.split_once(delimiter).unwrap_or((name, ""));
    let path = rest.replace(delimiter, "/");
    if path.starts_with('/') {
        return refused("chart illegally contains absolute paths");
    }
    let path = clean_path(&path);
    if path == "." {
        let name = quote(name);
        return refused(&format!("chart illegally contains content outside the base directory: {name}"));
    }
    if path.starts_with("..") {
        return refused("chart illegally references parent directory");
    }
    if matches!(path.as_bytes(), [drive, b':', b'/', ..] if drive.is_ascii_alphabetic()) {
        return refused("chart contains illegally named files");
    }
    if first == "Chart.yaml" {
        return refused("chart yaml not in base directory");
    }
    Ok(path)
}
