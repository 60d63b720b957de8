//! A chart's directory on disk.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use renderer::chart::load::walk::{Kind, Look, Place, Tree};

use crate::links::resolved;

/// The directory that a walk sees.
pub(crate) struct Disk {
    root: PathBuf,
}

impl Disk {
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }
}

impl Tree for Disk {
    fn names(&self, directory: &str) -> Result<Vec<String>, String> {
        let path = self.root.join(directory);
        let entries = fs::read_dir(&path).map_err(|error| said("open", &path, &error))?;
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| said("readdir", &path, &error))?;
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
        Ok(names)
    }

    fn look(&self, path: &str) -> Look {
        let path = self.root.join(path);
        let own = match fs::symlink_metadata(&path) {
            Ok(own) => own,
            Err(error) => return Look::Failed(said("lstat", &path, &error)),
        };
        let mut link = None;
        let mut metadata = own;
        if metadata.is_symlink() {
            let target = match resolved(&path) {
                Ok(target) => target,
                Err(why) => return Look::Broken(why),
            };
            // The target, and not the path: the kernel follows fewer links than Go does.
            metadata = match fs::metadata(&target) {
                Ok(metadata) => metadata,
                Err(error) => return Look::Failed(said("lstat", &target, &error)),
            };
            link = Some(target.to_string_lossy().into_owned());
        }
        let kind = if metadata.is_dir() {
            Kind::Directory
        } else if metadata.is_file() {
            Kind::File(metadata.len())
        } else {
            Kind::Irregular
        };
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let modified = modified.and_then(|since| i64::try_from(since.as_nanos()).ok());
        Look::Found(Place { kind, link, modified })
    }

    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, String> {
        let path = self.root.join(path);
        let file = fs::File::open(&path).map_err(|error| said("open", &path, &error))?;
        let mut bytes = Vec::new();
        file.take(limit).read_to_end(&mut bytes).map_err(|error| said("read", &path, &error))?;
        Ok(bytes)
    }
}

/// An error of the file system in Go's words.
pub(crate) fn said(what: &str, path: &Path, error: &std::io::Error) -> String {
    format!("{what} {}: {}", path.display(), errno_words(error))
}

/// The words of the C library, in lower case and without the number.
pub(crate) fn errno_words(error: &std::io::Error) -> String {
    let text = error.to_string();
    let words = text.split(" (os error").next().unwrap_or_default();
    let mut runes = words.chars();
    runes.next().map(|first| first.to_lowercase().chain(runes).collect()).unwrap_or_default()
}
