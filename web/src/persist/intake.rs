//! What a person drops or chooses: files, folders and archives, read piece by piece so that the page stays alive.

use std::collections::BTreeMap;

use gloo::timers::callback::Timeout;
use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, DataTransfer, File, FileList, FileSystemDirectoryEntry, FileSystemDirectoryReader, FileSystemEntry,
    FileSystemFileEntry,
};

use crate::files::{Bytes, clean_path, file_name};
use crate::persist::archive::{
    ArchiveError, LIMIT_BYTES, LIMIT_FILES, Pace, Stopped, chart_root, is_archive, unpack,
};

/// How long the page may be busy before it breathes.
const SLICE_MS: f64 = 10.0;
/// How much of a file is read at once.
const PIECE_BYTES: f64 = 4.0 * 1024.0 * 1024.0;

/// A file that was given to the page.
pub(crate) struct Given {
    /// With the folders it came in.
    pub(crate) path: String,
    pub(crate) file: File,
}

/// What an upload turned out to be.
pub(crate) enum Upload {
    /// A whole chart, and what it was called.
    Chart(String, BTreeMap<String, Bytes>),
    /// Single files, to be put beside the ones that are there.
    Files(Vec<(String, Bytes)>),
    /// A chart from an archive, whose bytes as they came are kept for its signature.
    Packaged(String, Bytes, BTreeMap<String, Bytes>),
}

/// What came along to check a signature with: names and bytes.
#[derive(Default)]
pub(crate) struct Signing {
    pub(crate) provenance: Option<(String, Bytes)>,
    pub(crate) keyring: Option<(String, Bytes)>,
}

/// The files of an `<input type=file>`; with `webkitdirectory` their paths have folders.
pub(crate) fn of_list(list: &FileList) -> Vec<Given> {
    (0..list.length())
        .filter_map(|index| list.get(index))
        .map(|file| {
            let relative = js_sys::Reflect::get(&file, &"webkitRelativePath".into())
                .ok()
                .and_then(|path| path.as_string());
            Given { path: relative.filter(|path| !path.is_empty()).unwrap_or_else(|| file.name()), file }
        })
        .collect()
}

/// What was dropped. The browser empties its list when the event is over, so this part runs at once.
pub(crate) fn entries_of(transfer: &DataTransfer) -> (Vec<FileSystemEntry>, Vec<Given>) {
    let items = transfer.items();
    let entries: Vec<FileSystemEntry> = (0..items.length())
        .filter_map(|index| items.get(index)?.webkit_get_as_entry().ok().flatten())
        .collect();
    let files = if entries.is_empty() {
        transfer.files().map(|list| of_list(&list)).unwrap_or_default()
    } else {
        Vec::new()
    };
    (entries, files)
}

/// All files below what was dropped.
pub(crate) async fn walk(entries: Vec<FileSystemEntry>) -> Result<Vec<Given>, JsValue> {
    let mut waiting = entries;
    let mut given = Vec::new();
    while let Some(entry) = waiting.pop() {
        if entry.is_directory() {
            let reader = entry.unchecked_into::<FileSystemDirectoryEntry>().create_reader();
            loop {
                let batch = Array::from(&JsFuture::from(read_batch(&reader)).await?);
                if batch.length() == 0 {
                    break;
                }
                waiting.extend(batch.iter().map(JsCast::unchecked_into::<FileSystemEntry>));
            }
        } else {
            let path = entry.full_path().trim_start_matches('/').to_owned();
            let file = JsFuture::from(file_of(&entry.unchecked_into())).await?;
            given.push(Given { path, file: file.unchecked_into() });
        }
        if given.len() > LIMIT_FILES {
            break;
        }
    }
    given.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(given)
}

fn read_batch(reader: &FileSystemDirectoryReader) -> Promise {
    Promise::new(&mut |resolve, reject| {
        if reader.read_entries_with_callback_and_callback(&resolve, &reject).is_err() {
            // The reader has called neither, so the promise is still open.
            let _ = reject.call0(&JsValue::NULL);
        }
    })
}

fn file_of(entry: &FileSystemFileEntry) -> Promise {
    Promise::new(&mut |resolve, reject| entry.file_with_callback_and_callback(&resolve, &reject))
}

/// Breathes and tells how far it is. `tell(label, done, total)`.
pub(crate) struct Breath<'a> {
    pub(crate) label: String,
    pub(crate) total: u64,
    pub(crate) tell: &'a dyn Fn(&str, u64, u64),
    pub(crate) is_stopped: &'a dyn Fn() -> bool,
    pub(crate) last: f64,
}

impl Pace for Breath<'_> {
    async fn pause(&mut self, done: u64) -> Result<(), Stopped> {
        if js_sys::Date::now() - self.last >= SLICE_MS {
            (self.tell)(&self.label, done, self.total);
            breathe().await;
            self.last = js_sys::Date::now();
        }
        if (self.is_stopped)() { Err(Stopped) } else { Ok(()) }
    }
}

/// Lets the page do what waits.
pub(crate) async fn breathe() {
    let promise = Promise::new(&mut |resolve, _| {
        Timeout::new(0, move || {
            // A promise's own function does not throw.
            let _ = resolve.call0(&JsValue::NULL);
        })
        .forget();
    });
    // This promise is never rejected.
    let _ = JsFuture::from(promise).await;
}

/// Reads what was given and says what it is. With `wants_keys` a single keyring is one, and no file of the chart.
///
/// # Errors
/// A sentence that names the file and what is wrong with it.
pub(crate) async fn read(
    given: Vec<Given>,
    wants_keys: bool,
    tell: &dyn Fn(&str, u64, u64),
    is_stopped: &dyn Fn() -> bool,
) -> Result<(Option<Upload>, Signing), String> {
    let name = match given.as_slice() {
        [] => return Err("nothing was chosen".to_owned()),
        [only] => only.path.clone(),
        [first, ..] => first.path.split('/').next().unwrap_or(&first.path).to_owned(),
    };
    if given.len() > LIMIT_FILES {
        return Err(ArchiveError::TooMany { name }.to_string());
    }
    let total: f64 = given.iter().map(|given| given.file.size()).sum();
    if total > LIMIT_BYTES as f64 {
        return Err(ArchiveError::TooLarge { name }.to_string());
    }
    let mut pace = Breath {
        label: format!("Reading {name}"),
        total: total as u64,
        tell,
        is_stopped,
        last: js_sys::Date::now(),
    };
    let is_folder = given.iter().any(|given| given.path.contains('/'));
    let mut n_read = 0;
    let mut files = Vec::with_capacity(given.len());
    for given in given {
        let bytes = read_file(&given.file, &mut n_read, &mut pace).await.map_err(|error| match error {
            ReadError::Stopped => ArchiveError::Stopped { name: name.clone() }.to_string(),
            ReadError::Browser(why) => format!("`{}` could not be read: {why}", given.path),
        })?;
        let path = clean_path(&given.path).map_err(|error| format!("`{name}` was not opened: {error}"))?;
        files.push((path, bytes));
    }
    if is_folder {
        return Ok((Some(folder(name, files)?), Signing::default()));
    }
    let signing = take_signing(&mut files, wants_keys)?;
    if files.is_empty() {
        return Ok((None, signing));
    }
    if let [(path, bytes)] = files.as_slice()
        && (is_archive(bytes) || looks_like_archive(path))
    {
        let mut pace =
            Breath { label: format!("Unpacking {path}"), total: 0, last: js_sys::Date::now(), ..pace };
        let chart = unpack(path, bytes, &mut pace).await.map_err(|error| error.to_string())?;
        let archive = Bytes::from(bytes.as_slice());
        return Ok((Some(Upload::Packaged(path.clone(), archive, chart)), signing));
    }
    if let Some((path, _)) = files.iter().find(|(path, bytes)| is_archive(bytes) && looks_like_archive(path))
    {
        return Err(format!(
            "`{path}` is an archive among other files; open it alone, or with its `.prov` and a keyring"
        ));
    }
    let is_chart = files.iter().any(|(path, _)| path == "Chart.yaml");
    if is_chart && files.len() > 1 {
        return Ok((Some(folder(name, files)?), signing));
    }
    let files =
        files.into_iter().map(|(path, bytes)| (file_name(&path).to_owned(), Bytes::from(bytes))).collect();
    Ok((Some(Upload::Files(files)), signing))
}

/// Reads one file whole, whatever it is.
///
/// # Errors
/// A sentence that names it.
pub(crate) async fn read_one(given: Given) -> Result<(String, Bytes), String> {
    let mut pace =
        Breath { label: String::new(), total: 0, tell: &|_, _, _| {}, is_stopped: &|| false, last: 0.0 };
    match read_file(&given.file, &mut 0, &mut pace).await {
        Ok(bytes) => Ok((file_name(&given.path).to_owned(), Bytes::from(bytes))),
        Err(ReadError::Browser(why)) => Err(format!("`{}` could not be read: {why}", given.path)),
        Err(ReadError::Stopped) => Err(ArchiveError::Stopped { name: given.path }.to_string()),
    }
}

fn folder(name: String, files: Vec<(String, Vec<u8>)>) -> Result<Upload, String> {
    let files = files.into_iter().map(|(path, bytes)| (path, Bytes::from(bytes))).collect();
    let chart = chart_root(&name, files).map_err(|error| error.to_string())?;
    Ok(Upload::Chart(name, chart))
}

/// Takes the provenance file out of an upload, and the keyring when there is something to check with it.
fn take_signing(files: &mut Vec<(String, Vec<u8>)>, wants_keys: bool) -> Result<Signing, String> {
    let provenance = take_one(files, "provenance file", |path, _| ends_with(path, &[".prov"]))?;
    let has_archive = files.iter().any(|(path, bytes)| is_archive(bytes) && looks_like_archive(path));
    let keyring = match wants_keys || has_archive || provenance.is_some() {
        true => take_one(files, "keyring", looks_like_keyring)?,
        false => None,
    };
    Ok(Signing { provenance, keyring })
}

fn take_one(
    files: &mut Vec<(String, Vec<u8>)>,
    what: &str,
    is_one: impl Fn(&str, &[u8]) -> bool,
) -> Result<Option<(String, Bytes)>, String> {
    let mut found = files.extract_if(.., |(path, bytes)| is_one(path, bytes)).collect::<Vec<_>>();
    match found.len() {
        0 | 1 => Ok(found.pop().map(|(path, bytes)| (path, Bytes::from(bytes)))),
        _ => Err(format!("`{}` and `{}` are both a {what}; open one at a time", found[0].0, found[1].0)),
    }
}

fn looks_like_keyring(path: &str, bytes: &[u8]) -> bool {
    bytes.get(8..12) == Some(b"KBXf")
        || bytes.trim_ascii_start().starts_with(b"-----BEGIN PGP P")
        || ends_with(path, &[".gpg", ".kbx", ".pgp"])
}

fn ends_with(path: &str, ends: &[&str]) -> bool {
    let lower = path.to_ascii_lowercase();
    ends.iter().any(|end| lower.ends_with(end))
}

fn looks_like_archive(path: &str) -> bool {
    ends_with(path, &[".tgz", ".tar.gz", ".zip"])
}

enum ReadError {
    Browser(String),
    Stopped,
}

async fn read_file(file: &File, n_read: &mut u64, pace: &mut Breath<'_>) -> Result<Vec<u8>, ReadError> {
    let browser = |error: JsValue| ReadError::Browser(format!("{error:?}"));
    let size = file.size();
    let mut bytes = Vec::with_capacity(size as usize);
    let mut at = 0.0;
    while at < size {
        let end = (at + PIECE_BYTES).min(size);
        let piece: Blob = file.slice_with_f64_and_f64(at, end).map_err(browser)?;
        let buffer = JsFuture::from(piece.array_buffer()).await.map_err(browser)?;
        let piece = Uint8Array::new(&buffer);
        let before = bytes.len();
        bytes.resize(before + piece.length() as usize, 0);
        piece.copy_to(&mut bytes[before..]);
        at = end;
        *n_read += u64::from(piece.length());
        pace.pause(*n_read).await.map_err(|Stopped| ReadError::Stopped)?;
    }
    Ok(bytes)
}
