//! Archives in and out: `.tgz` and `.zip` become the files of a chart, a chart becomes a `.zip`.
//!
//! What comes in is hostile until proven otherwise: bytes are counted while they are inflated, paths must stay inside,
//! and nothing is handed out before all of it was read.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::io::{self, Cursor, Read, Write};
use std::rc::Rc;

use crate::files::{Bytes, PathError, clean_path};

/// All files of an upload together, inflated.
pub const LIMIT_BYTES: u64 = 100 * 1024 * 1024;
/// Files of an upload. A guess: the largest public charts have some hundred.
pub const LIMIT_FILES: usize = 20_000;

const CHUNK_BYTES: usize = 64 * 1024;

/// Lets a long unpacking breathe, tell how far it is, and be stopped.
pub trait Pace {
    /// Called after each piece with the bytes that were inflated so far. `Err` stops the work.
    fn pause(&mut self, inflated: u64) -> impl Future<Output = Result<(), Stopped>>;
}

/// The person pressed *Cancel*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped;

/// Why an archive or a folder was not opened. `Display` is the sentence a person reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArchiveError {
    /// It ends early, a check sum is wrong, or it is no archive inside.
    Damaged {
        /// The archive.
        name: String,
        /// What the reader said.
        why: String,
    },
    /// Neither gzip nor zip.
    NoArchive {
        /// The archive.
        name: String,
    },
    /// No `Chart.yaml` where one could be.
    NoChart {
        /// The archive or folder.
        name: String,
        /// A place too deep, if there is one.
        deeper: Option<String>,
    },
    /// A path in it leads out.
    Path {
        /// The archive or folder.
        name: String,
        /// Which and how.
        error: PathError,
    },
    /// Several folders with a chart in each.
    SeveralCharts {
        /// The archive or folder.
        name: String,
        /// The folders.
        folders: Vec<String>,
    },
    /// [`Stopped`].
    Stopped {
        /// The archive or folder.
        name: String,
    },
    /// More than [`LIMIT_BYTES`].
    TooLarge {
        /// The archive or folder.
        name: String,
    },
    /// More than [`LIMIT_FILES`].
    TooMany {
        /// The archive or folder.
        name: String,
    },
}

impl fmt::Display for ArchiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ArchiveError::Damaged { name, why } => write!(f, "`{name}` is damaged: {why}"),
            ArchiveError::NoArchive { name } => {
                write!(f, "`{name}` is neither a gzip nor a zip archive, whatever its name says")
            }
            ArchiveError::NoChart { name, deeper: None } => {
                write!(f, "`{name}` has no `Chart.yaml`, neither at its root nor in one folder at the top")
            }
            ArchiveError::NoChart { name, deeper: Some(deeper) } => {
                write!(f, "`{name}` has its `Chart.yaml` too deep: `{deeper}`; open that folder instead")
            }
            ArchiveError::Path { name, error } => write!(f, "`{name}` was not opened: {error}"),
            ArchiveError::SeveralCharts { name, folders } => {
                write!(f, "`{name}` holds several charts: `{}`; open one of them", folders.join("`, `"))
            }
            ArchiveError::Stopped { name } => write!(f, "`{name}` was not opened: you cancelled it"),
            ArchiveError::TooLarge { name } => {
                write!(f, "`{name}` was not opened: its files are larger than 100 MiB in all")
            }
            ArchiveError::TooMany { name } => {
                write!(f, "`{name}` was not opened: it has more than {LIMIT_FILES} files")
            }
        }
    }
}

/// Whether the first bytes are those of an archive that [`unpack`] reads.
pub fn is_archive(bytes: &[u8]) -> bool {
    is_gzip(bytes) || is_zip(bytes)
}

fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// The files of the one chart in an archive, by their path inside the chart.
///
/// # Errors
/// Every [`ArchiveError`]; nothing was changed then.
pub async fn unpack(
    name: &str,
    bytes: &[u8],
    pace: &mut impl Pace,
) -> Result<BTreeMap<String, Bytes>, ArchiveError> {
    let files = if is_gzip(bytes) {
        unpack_tgz(name, bytes, pace).await?
    } else if is_zip(bytes) {
        unpack_zip(name, bytes, pace).await?
    } else {
        return Err(ArchiveError::NoArchive { name: name.to_owned() });
    };
    chart_root(name, files)
}

/// A reader that ends with an error once too much was read, and remembers that this was why.
struct Limited<R> {
    inner: R,
    left: u64,
    is_over: Rc<Cell<bool>>,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n_read = self.inner.read(buffer)?;
        match self.left.checked_sub(n_read as u64) {
            Some(left) => self.left = left,
            None => {
                self.is_over.set(true);
                return Err(io::Error::other("too large"));
            }
        }
        Ok(n_read)
    }
}

/// Collects what an archive holds and says what is wrong with it.
struct Intake<'a, P> {
    name: &'a str,
    pace: &'a mut P,
    is_over: Rc<Cell<bool>>,
    inflated: u64,
    files: Vec<(String, Bytes)>,
}

impl<'a, P: Pace> Intake<'a, P> {
    fn new(name: &'a str, pace: &'a mut P) -> Self {
        Intake { name, pace, is_over: Rc::default(), inflated: 0, files: Vec::new() }
    }

    fn damaged(&self, error: &dyn fmt::Display) -> ArchiveError {
        let name = self.name.to_owned();
        if self.is_over.get() {
            return ArchiveError::TooLarge { name };
        }
        let place = match self.files.last() {
            Some((path, _)) => format!("{error}, after `{path}`"),
            None => format!("{error}, before its first file"),
        };
        ArchiveError::Damaged { name, why: place }
    }

    async fn take(&mut self, path: &str, reader: &mut impl Read) -> Result<(), ArchiveError> {
        let path =
            clean_path(path).map_err(|error| ArchiveError::Path { name: self.name.to_owned(), error })?;
        if self.files.len() == LIMIT_FILES {
            return Err(ArchiveError::TooMany { name: self.name.to_owned() });
        }
        let mut content = Vec::new();
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            let n_read =
                reader.read(&mut chunk).map_err(|error| self.damaged(&format!("{error} in `{path}`")))?;
            if n_read == 0 {
                break;
            }
            self.inflated += n_read as u64;
            if self.inflated > LIMIT_BYTES {
                return Err(ArchiveError::TooLarge { name: self.name.to_owned() });
            }
            content.extend_from_slice(&chunk[..n_read]);
            let go_on = self.pace.pause(self.inflated).await;
            go_on.map_err(|Stopped| ArchiveError::Stopped { name: self.name.to_owned() })?;
        }
        if !is_litter(&path) {
            self.files.push((path, Rc::from(content)));
        }
        Ok(())
    }
}

async fn unpack_tgz(
    name: &str,
    bytes: &[u8],
    pace: &mut impl Pace,
) -> Result<Vec<(String, Bytes)>, ArchiveError> {
    let mut intake = Intake::new(name, pace);
    // Headers and padding count as well, so the limit of the reader stands a little higher than that of the files.
    let limited = Limited {
        inner: flate2::read::MultiGzDecoder::new(bytes),
        left: LIMIT_BYTES + LIMIT_BYTES / 8,
        is_over: intake.is_over.clone(),
    };
    let mut archive = tar::Archive::new(limited);
    let entries = archive.entries().map_err(|error| intake.damaged(&error))?;
    for entry in entries {
        let mut entry = entry.map_err(|error| intake.damaged(&error))?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        intake.take(&path, &mut entry).await?;
    }
    Ok(intake.files)
}

async fn unpack_zip(
    name: &str,
    bytes: &[u8],
    pace: &mut impl Pace,
) -> Result<Vec<(String, Bytes)>, ArchiveError> {
    let mut intake = Intake::new(name, pace);
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| intake.damaged(&error))?;
    if archive.len() > LIMIT_FILES {
        return Err(ArchiveError::TooMany { name: name.to_owned() });
    }
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(|error| intake.damaged(&error))?;
        if !entry.is_file() {
            continue;
        }
        let path = String::from_utf8_lossy(entry.name_raw()).into_owned();
        intake.take(&path, &mut entry).await?;
    }
    Ok(intake.files)
}

/// What operating systems and tools leave behind and no chart means.
fn is_litter(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "__MACOSX" | ".DS_Store" | "Thumbs.db" | ".git"))
}

/// Takes the top folder away when the chart lies in one.
///
/// # Errors
/// [`ArchiveError::NoChart`], [`ArchiveError::SeveralCharts`].
pub fn chart_root(name: &str, files: Vec<(String, Bytes)>) -> Result<BTreeMap<String, Bytes>, ArchiveError> {
    if files.iter().any(|(path, _)| path == "Chart.yaml") {
        return Ok(files.into_iter().filter(|(path, _)| !is_litter(path)).collect());
    }
    let mut folders: Vec<&str> = files
        .iter()
        .filter_map(|(path, _)| path.strip_suffix("/Chart.yaml").filter(|folder| !folder.contains('/')))
        .collect();
    folders.sort_unstable();
    folders.dedup();
    match folders.as_slice() {
        [] => {
            let deeper = files
                .iter()
                .map(|(path, _)| path)
                .filter(|path| path.ends_with("/Chart.yaml"))
                .min_by_key(|p| p.len());
            Err(ArchiveError::NoChart { name: name.to_owned(), deeper: deeper.cloned() })
        }
        [folder] => {
            let prefix = format!("{folder}/");
            Ok(files
                .into_iter()
                .filter_map(|(path, bytes)| Some((path.strip_prefix(&prefix)?.to_owned(), bytes)))
                .filter(|(path, _)| !is_litter(path))
                .collect())
        }
        several => Err(ArchiveError::SeveralCharts {
            name: name.to_owned(),
            folders: several.iter().map(|folder| (*folder).to_owned()).collect(),
        }),
    }
}

/// A `.zip` with the files of a chart in one folder of its name. The same files give the same bytes.
///
/// # Errors
/// The writer's own words; none is known to happen for files in memory.
pub fn zip<'a>(
    folder: &str,
    files: impl Iterator<Item = (&'a String, &'a Bytes)>,
) -> Result<Vec<u8>, String> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (path, bytes) in files {
        writer.start_file(format!("{folder}/{path}"), options).map_err(|error| error.to_string())?;
        writer.write_all(bytes).map_err(|error| error.to_string())?;
    }
    Ok(writer.finish().map_err(|error| error.to_string())?.into_inner())
}

#[cfg(test)]
mod tests;
