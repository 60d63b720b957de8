//! The files of the page, served from memory.
//!
//! A request is looked up among the names that the build wrote; there is no path to escape from. A file `x` may have
//! `x.br` and `x.gz` beside it, compressed when the page was built; they are other encodings of `x`, not files.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use wire::Code;

use super::error::Failure;
use super::guard::is_api;
use crate::State;

/// Larger than any page we would build (2 MB today); it stops `--page /` from reading a disk into memory.
const LIMIT_BYTES: u64 = 256 << 20;

/// The built page: every file with its encodings, its type and its tag.
#[derive(Debug, Default)]
pub struct Page {
    files: BTreeMap<String, Arc<File>>,
}

#[derive(Debug)]
struct File {
    content_type: &'static str,
    /// Of the plain bytes; an encoding adds its name.
    tag: String,
    immutable: bool,
    plain: Bytes,
    gzip: Option<Bytes>,
    brotli: Option<Bytes>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Brotli,
    Gzip,
    Plain,
}

impl Page {
    /// Reads the folder that Trunk wrote, with its folders.
    ///
    /// Cost: reads every file and hashes it, once.
    ///
    /// # Errors
    /// When the folder or a file in it cannot be read, when it has no `index.html`, or when it holds more than 256 MiB.
    pub fn load(dir: &Path) -> io::Result<Self> {
        let mut read = BTreeMap::new();
        let mut total = 0;
        let mut folders = vec![(dir.to_owned(), String::new())];
        while let Some((folder, prefix)) = folders.pop() {
            for entry in fs::read_dir(&folder)? {
                let entry = entry?;
                let Ok(name) = entry.file_name().into_string() else { continue };
                let kind = entry.file_type()?;
                if kind.is_dir() {
                    folders.push((entry.path(), format!("{prefix}{name}/")));
                } else if kind.is_file() {
                    total += entry.metadata()?.len();
                    if total > LIMIT_BYTES {
                        let message = format!("{} holds more than 256 MiB: not a built page", dir.display());
                        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
                    }
                    read.insert(format!("{prefix}{name}"), fs::read(entry.path())?);
                }
            }
        }
        let page = Self::from_files(read);
        if page.files.contains_key("index.html") {
            return Ok(page);
        }
        Err(io::Error::new(io::ErrorKind::NotFound, format!("{} has no index.html", dir.display())))
    }

    /// A page of these files: names relative to the root, parts joined by `/`, and their bytes.
    #[must_use]
    pub fn from_files(files: BTreeMap<String, Vec<u8>>) -> Self {
        let mut files: BTreeMap<String, Bytes> =
            files.into_iter().map(|(name, bytes)| (name, Bytes::from(bytes))).collect();
        let (encoded, names): (Vec<_>, Vec<_>) = files.keys().cloned().partition(|name| {
            let plain = name.strip_suffix(".br").or_else(|| name.strip_suffix(".gz"));
            plain.is_some_and(|plain| files.contains_key(plain))
        });
        let mut encodings: BTreeMap<String, Bytes> =
            encoded.into_iter().filter_map(|name| files.remove_entry(&name)).collect();
        let files = names.into_iter().filter_map(|name| {
            let plain = files.remove(&name)?;
            let file = File {
                content_type: content_type(&name),
                tag: URL_SAFE_NO_PAD.encode(&Sha256::digest(&plain)[..16]),
                immutable: has_content_hash(&name),
                plain,
                gzip: encodings.remove(&format!("{name}.gz")),
                brotli: encodings.remove(&format!("{name}.br")),
            };
            Some((name, Arc::new(file)))
        });
        Self { files: files.collect() }
    }

    /// The first document, if there is one and it is text.
    #[must_use]
    pub fn index(&self) -> Option<&str> {
        self.files.get("index.html").and_then(|file| std::str::from_utf8(&file.plain).ok())
    }
}

impl File {
    /// The smallest encoding that the client takes.
    fn choose(&self, accept: &HeaderMap) -> (Encoding, &Bytes) {
        let takes = |coding| accepts(accept, coding);
        match (&self.brotli, &self.gzip) {
            (Some(bytes), _) if takes("br") => (Encoding::Brotli, bytes),
            (_, Some(bytes)) if takes("gzip") => (Encoding::Gzip, bytes),
            _ => (Encoding::Plain, &self.plain),
        }
    }

    fn tag(&self, encoding: Encoding) -> String {
        match encoding {
            Encoding::Brotli => format!("\"{}-br\"", self.tag),
            Encoding::Gzip => format!("\"{}-gz\"", self.tag),
            Encoding::Plain => format!("\"{}\"", self.tag),
        }
    }
}

/// Answers with the file that the path names, in the encoding that the client takes, or 304 when it has it already.
///
/// HEAD needs nothing of its own: the server drops the body and keeps the length.
pub async fn serve(Shared(state): Shared<State>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let name = match uri.path() {
        "/" => "index.html",
        path => path.strip_prefix('/').unwrap_or(path),
    };
    if is_api(uri.path()) {
        return Failure::new(Code::NotFound, "There is no such route.").into_response();
    }
    if !matches!(method, Method::GET | Method::HEAD) {
        let failure = Failure::new(Code::MethodNotAllowed, format!("{method} is not answered here."));
        return ([(header::ALLOW, "GET, HEAD")], failure).into_response();
    }
    let Some(file) = state.page().files.get(name) else {
        return Failure::new(Code::NotFound, "There is no such file in the page.").into_response();
    };
    let (encoding, bytes) = file.choose(&headers);
    let tag = file.tag(encoding);
    let cache = if file.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    let shared =
        [(header::CACHE_CONTROL, cache), (header::VARY, "Accept-Encoding"), (header::ETAG, tag.as_str())];
    if names_tag(&headers, &tag) {
        return (StatusCode::NOT_MODIFIED, shared).into_response();
    }
    let own = [(header::CONTENT_TYPE, file.content_type)];
    let coding = match encoding {
        Encoding::Brotli => Some([(header::CONTENT_ENCODING, "br")]),
        Encoding::Gzip => Some([(header::CONTENT_ENCODING, "gzip")]),
        Encoding::Plain => None,
    };
    match coding {
        Some(coding) => (shared, own, coding, bytes.clone()).into_response(),
        None => (shared, own, bytes.clone()).into_response(),
    }
}

/// Whether `Accept-Encoding` takes `coding`: it is named, or `*` is, and not with quality 0.
fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let lists = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut by_star = false;
    for item in lists.flat_map(|list| list.split(',')) {
        let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
        let quality = parameters.trim().strip_prefix("q=").map_or(Some(1.0), |text| text.trim().parse().ok());
        let wanted = quality.is_some_and(|quality: f32| quality > 0.0);
        match name.trim() {
            "*" => by_star = wanted,
            name if name.eq_ignore_ascii_case(coding) => return wanted,
            _ => {}
        }
    }
    by_star
}

/// Whether `If-None-Match` names `tag`; weak tags compare equal to strong ones here.
pub(super) fn names_tag(headers: &HeaderMap, tag: &str) -> bool {
    let lists = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    lists
        .flat_map(|list| list.split(','))
        .map(str::trim)
        .any(|item| item == "*" || item.strip_prefix("W/").unwrap_or(item) == tag)
}

/// Whether Trunk put a content hash into the name: `-` and 16 hex digits before the extension or `_bg`.
fn has_content_hash(name: &str) -> bool {
    let stem = name.rsplit('/').next().and_then(|file| file.split('.').next()).unwrap_or_default();
    let stem = stem.strip_suffix("_bg").unwrap_or(stem);
    stem.rsplit_once('-').is_some_and(|(_, hash)| {
        hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    })
}

/// The media type by extension. With `nosniff` a wrong one is a broken page, so unknown ones are only bytes.
fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "ico" => "image/x-icon",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" | "yaml" | "md" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        "webmanifest" => "application/manifest+json",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_a_content_hash_are_told_from_others() {
        for name in
            ["app-fa8c173c8a3e53c4.js", "app-fa8c173c8a3e53c4_bg.wasm", "css/style-0123456789abcdef.css"]
        {
            assert!(has_content_hash(name), "{name}");
        }
        for name in
            ["worker.js", "worker_bg.wasm", "a-fa8c173c8a3e53c.js", "a-FA8C173C8A3E53C4.js", "index.html"]
        {
            assert!(!has_content_hash(name), "{name}");
        }
    }

    #[test]
    fn an_encoding_is_taken_when_it_is_named_or_starred_and_not_refused() {
        let takes = |list: &'static str, coding| {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, list.parse().expect("a value"))]);
            accepts(&headers, coding)
        };
        assert!(takes("gzip, deflate, br, zstd", "br"));
        assert!(takes("br;q=0.5", "br"));
        assert!(takes("*", "gzip"));
        assert!(!takes("br;q=0, *", "br"));
        assert!(!takes("gzip;q=0.000", "gzip"));
        assert!(!takes("", "gzip"));
        assert!(!accepts(&HeaderMap::new(), "gzip"));
    }
}
