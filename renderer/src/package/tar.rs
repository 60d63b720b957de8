//! A tar archive as Go writes it: ustar, and a pax header before an entry that ustar cannot hold.
//!
//! Source: Go 1.27 `archive/tar/writer.go`, `strconv.go`, for regular files without owners.

use std::io::{Result, Write};

const BLOCK: usize = 512;

/// The most bytes of a name and of its front part in ustar.
const NAME: usize = 100;
const PREFIX: usize = 155;

/// The largest time in 11 octal digits.
const MAX_TIME: i64 = 0o77_777_777_777;

/// Writes regular files, mode 0644.
pub(super) struct TarWriter<W> {
    out: W,
}

impl<W: Write> TarWriter<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out }
    }

    /// Writes one file; the time, in nanoseconds since 1970, is rounded to a second, halves away from zero.
    pub(super) fn file(&mut self, name: &str, data: &[u8], modified: i64) -> Result<()> {
        let half = if modified < 0 { -500_000_000 } else { 500_000_000 };
        let seconds = modified.saturating_add(half) / 1_000_000_000;
        let fits_time = (0..=MAX_TIME).contains(&seconds);
        let split = split(name);
        let mut records = String::new();
        if !fits_time {
            push_record(&mut records, "mtime", &seconds.to_string());
        }
        if split.is_none() {
            push_record(&mut records, "path", name);
        }
        if !records.is_empty() {
            let (directory, base) = name.rsplit_once('/').unwrap_or(("", name));
            let slash = if directory.is_empty() { "" } else { "/" };
            let header_name = ascii(&format!("{directory}{slash}PaxHeaders.0/{base}"));
            let cut = &header_name[..header_name.len().min(NAME)];
            let slashes = cut.iter().rev().take_while(|byte| **byte == b'/').count();
            self.header(&Header {
                name: &cut[..cut.len() - slashes],
                prefix: b"",
                mode: 0,
                size: records.len(),
                seconds: 0,
                kind: b'x',
                // Go leaves the numbers of devices empty here.
                devices: false,
            })?;
            self.body(records.as_bytes())?;
        }
        let plain = ascii(name);
        let (prefix, rest) = match split {
            Some((prefix, rest)) => (prefix.as_bytes(), rest.as_bytes()),
            None => (&b""[..], &plain[..plain.len().min(NAME)]),
        };
        let seconds = if fits_time { seconds } else { 0 };
        self.header(&Header {
            name: rest,
            prefix,
            mode: 0o644,
            size: data.len(),
            seconds,
            kind: b'0',
            devices: true,
        })?;
        self.body(data)
    }

    /// Ends the archive.
    pub(super) fn finish(mut self) -> Result<W> {
        self.out.write_all(&[0; 2 * BLOCK])?;
        Ok(self.out)
    }

    fn body(&mut self, data: &[u8]) -> Result<()> {
        self.out.write_all(data)?;
        let padding = data.len().next_multiple_of(BLOCK) - data.len();
        self.out.write_all(&[0; BLOCK][..padding])
    }

    fn header(&mut self, header: &Header<'_>) -> Result<()> {
        let mut block = [0; BLOCK];
        let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, header.name);
        put(100, format!("{:07o}", header.mode).as_bytes());
        put(108, b"0000000");
        put(116, b"0000000");
        put(124, format!("{:011o}", header.size).as_bytes());
        put(136, format!("{:011o}", header.seconds).as_bytes());
        put(148, b"        ");
        put(156, &[header.kind]);
        put(257, b"ustar\x0000");
        if header.devices {
            put(329, b"0000000");
            put(337, b"0000000");
        }
        put(345, header.prefix);
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        self.out.write_all(&block)
    }
}

struct Header<'a> {
    name: &'a [u8],
    prefix: &'a [u8],
    mode: u32,
    size: usize,
    seconds: i64,
    kind: u8,
    devices: bool,
}

/// The parts of a name that fit into a ustar header. Source: `splitUSTARPath`.
fn split(name: &str) -> Option<(&str, &str)> {
    if !name.is_ascii() || name.contains('\0') {
        return None;
    }
    if name.len() <= NAME {
        return Some(("", name));
    }
    let front = &name[..name.len().min(PREFIX + 1)];
    let at = front.rfind('/').filter(|at| *at > 0 && *at <= PREFIX)?;
    let rest = &name[at + 1..];
    (!rest.is_empty() && rest.len() <= NAME).then_some((&name[..at], rest))
}

/// What a header says that cannot hold the name itself: the name without what is not ASCII.
fn ascii(name: &str) -> Vec<u8> {
    name.bytes().filter(|byte| byte.is_ascii() && *byte != 0).collect()
}

/// Appends a pax record, whose length counts its own digits.
fn push_record(records: &mut String, key: &str, text: &str) {
    let rest = format!(" {key}={text}\n");
    let mut len = rest.len();
    while len != rest.len() + len.to_string().len() {
        len = rest.len() + len.to_string().len();
    }
    records.push_str(&format!("{len}{rest}"));
}
