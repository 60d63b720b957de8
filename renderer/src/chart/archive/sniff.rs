//! The type of some bytes by their look, for one error text.
//!
//! Source: Go 1.27 `net/http/sniff.go`, `DetectContentType`.

const HTML: [&[u8]; 17] = [
    b"<!DOCTYPE HTML",
    b"<HTML",
    b"<HEAD",
    b"<SCRIPT",
    b"<IFRAME",
    b"<H1",
    b"<DIV",
    b"<FONT",
    b"<TABLE",
    b"<A",
    b"<STYLE",
    b"<TITLE",
    b"<B",
    b"<BODY",
    b"<BR",
    b"<P",
    b"<!--",
];

/// Beginnings and their types in the order in which they are tried; a dot in the first is any byte when the third says so.
const BEGINNINGS: [(&[u8], &str, bool); 19] = [
    (b"%PDF-", "application/pdf", false),
    (b"%!PS-Adobe-", "application/postscript", false),
    (b"\xfe\xff..", "text/plain; charset=utf-16be", true),
    (b"\xff\xfe..", "text/plain; charset=utf-16le", true),
    (b"\xef\xbb\xbf.", "text/plain; charset=utf-8", true),
    (b"\0\0\x01\0", "image/x-icon", false),
    (b"\0\0\x02\0", "image/x-icon", false),
    (b"BM", "image/bmp", false),
    (b"GIF87a", "image/gif", false),
    (b"GIF89a", "image/gif", false),
    (b"RIFF....WEBPVP", "image/webp", true),
    (b"\x89PNG\r\n\x1a\n", "image/png", false),
    (b"\xff\xd8\xff", "image/jpeg", false),
    (b"FORM....AIFF", "audio/aiff", true),
    (b"ID3", "audio/mpeg", false),
    (b"OggS\0", "application/ogg", false),
    (b"MThd\0\0\0\x06", "audio/midi", false),
    (b"RIFF....AVI ", "video/avi", true),
    (b"RIFF....WAVE", "audio/wave", true),
];

/// The same, behind the test for MP4.
const LATE_BEGINNINGS: [(&[u8], &str); 11] = [
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"\0\x01\0\0", "font/ttf"),
    (b"OTTO", "font/otf"),
    (b"ttcf", "font/collection"),
    (b"wOFF", "font/woff"),
    (b"wOF2", "font/woff2"),
    (b"\x1f\x8b\x08", "application/x-gzip"),
    (b"PK\x03\x04", "application/zip"),
    (b"Rar!\x1a\x07\0", "application/x-rar-compressed"),
    (b"Rar!\x1a\x07\x01\0", "application/x-rar-compressed"),
    (b"\0asm", "application/wasm"),
];

/// The type of the file that begins with these bytes.
pub(super) fn content_type(head: &[u8]) -> &'static str {
    let is_space = |byte: &u8| matches!(byte, b'\t' | b'\n' | 0x0c | b'\r' | b' ');
    let trimmed = &head[head.iter().take_while(|byte| is_space(byte)).count()..];
    let is_html = |tag: &&[u8]| {
        trimmed.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag))
            && matches!(trimmed.get(tag.len()), Some(b' ' | b'>'))
    };
    if HTML.iter().any(is_html) {
        return "text/html; charset=utf-8";
    }
    if trimmed.starts_with(b"<?xml") {
        return "text/xml; charset=utf-8";
    }
    let begins = |(pattern, _, loose): &&(&[u8], &str, bool)| {
        head.get(..pattern.len()).is_some_and(|start| {
            start.iter().zip(*pattern).all(|(byte, wanted)| byte == wanted || (*loose && *wanted == b'.'))
        })
    };
    if let Some((_, mime, _)) = BEGINNINGS.iter().find(begins) {
        return mime;
    }
    if is_mp4(head) {
        return "video/mp4";
    }
    // Any 34 bytes and `LP`: the original's mask lets everything else through only where it is zero.
    if head.len() >= 36 && head[34..36] == *b"LP" {
        return "application/vnd.ms-fontobject";
    }
    if let Some((_, mime)) = LATE_BEGINNINGS.iter().find(|(pattern, _)| head.starts_with(pattern)) {
        return mime;
    }
    let is_binary = |byte: &u8| matches!(byte, 0..=0x08 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f);
    if trimmed.iter().any(is_binary) { "application/octet-stream" } else { "text/plain; charset=utf-8" }
}

fn is_mp4(head: &[u8]) -> bool {
    let [a, b, c, d, b'f', b't', b'y', b'p', ..] = *head else {
        return false;
    };
    let size = u32::from_be_bytes([a, b, c, d]) as usize;
    let brands = head
        .get(..size)
        .filter(|_| size.is_multiple_of(4))
        .map_or(&[][..], |head| head.get(8..).unwrap_or_default());
    // The second word is the version of the brand.
    brands.chunks_exact(4).enumerate().any(|(at, brand)| at != 1 && brand.starts_with(b"mp4"))
}
