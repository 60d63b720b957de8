//! Messages of HTTP/1.1 on a stream: a head, and a body piece by piece.
//!
//! A read that times out loses nothing: it can be tried again, which is how a proxy looks around between two pieces.

use std::io::{self, ErrorKind, Read, Write};

/// The most that the head of a message may have.
const HEAD_LIMIT_BYTES: usize = 64 * 1024;

/// The first line and the headers of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// `GET / HTTP/1.1` or `HTTP/1.1 200 OK`.
    pub start: String,
    /// The headers in their order.
    pub headers: Vec<(String, String)>,
}

impl Head {
    /// The first header of this name, whatever its case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Puts the header in the place of all of its name.
    pub fn set(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// Removes all headers of this name.
    pub fn remove(&mut self, name: &str) {
        self.headers.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
    }

    /// The method and the target of a request.
    #[must_use]
    pub fn method_and_target(&self) -> (&str, &str) {
        let mut words = self.start.split(' ');
        (words.next().unwrap_or_default(), words.next().unwrap_or_default())
    }

    /// The status of an answer; 0 when there is none.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.start.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0)
    }

    /// The head as it travels, with the empty line at its end.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = format!("{}\r\n", self.start);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        text.into_bytes()
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.split("\r\n");
        let start = lines.next()?.to_owned();
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_owned(), value.trim().to_owned()))
        };
        let headers = lines.filter(|line| !line.is_empty()).map(header).collect::<Option<_>>()?;
        Some(Self { start, headers })
    }
}

/// What is still to come of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// Chunks, until an empty one.
    Chunks,
    /// So many bytes.
    Length(u64),
    /// Everything until the other side closes.
    Rest,
}

impl Body {
    /// The body of a request with this head.
    #[must_use]
    pub fn of_request(head: &Head) -> Self {
        Self::framed(head).unwrap_or(Self::Length(0))
    }

    /// The body of the answer to a request of this method.
    #[must_use]
    pub fn of_response(method: &str, head: &Head) -> Self {
        let status = head.status();
        if method == "HEAD" || status == 204 || status == 304 || (100..200).contains(&status) {
            return Self::Length(0);
        }
        Self::framed(head).unwrap_or(Self::Rest)
    }

    fn framed(head: &Head) -> Option<Self> {
        let coding = head.header("transfer-encoding");
        if coding.is_some_and(|coding| coding.to_ascii_lowercase().contains("chunked")) {
            return Some(Self::Chunks);
        }
        head.header("content-length").and_then(|length| length.parse().ok()).map(Self::Length)
    }
}

/// A stream with what has been read of it and not yet been used.
#[derive(Debug)]
pub struct Wire<S> {
    stream: S,
    buffer: Vec<u8>,
}

impl<S: Read + Write> Wire<S> {
    /// Nothing of the stream has been read yet.
    pub fn new(stream: S) -> Self {
        Self { stream, buffer: Vec::new() }
    }

    /// The stream itself, for its settings.
    pub fn stream(&self) -> &S {
        &self.stream
    }

    /// Sends the bytes at once.
    ///
    /// # Errors
    /// Those of the stream.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)?;
        self.stream.flush()
    }

    /// The head of the next message; nothing when the other side has closed instead of beginning one.
    ///
    /// # Errors
    /// Those of the stream, also a time-out, after which the call can be repeated; a head that is none.
    pub fn head(&mut self) -> io::Result<Option<Head>> {
        let end = loop {
            if let Some(at) = find(&self.buffer, b"\r\n\r\n") {
                break at + 4;
            }
            if self.buffer.len() > HEAD_LIMIT_BYTES {
                return Err(io::Error::new(ErrorKind::InvalidData, "a head without an end"));
            }
            if self.fill()? == 0 {
                if self.buffer.is_empty() {
                    return Ok(None);
                }
                return Err(io::Error::new(ErrorKind::UnexpectedEof, "the other side closed within a head"));
            }
        };
        let bytes: Vec<u8> = self.buffer.drain(..end).collect();
        let text = String::from_utf8_lossy(&bytes[..end - 4]);
        Head::parse(&text)
            .map(Some)
            .ok_or_else(|| io::Error::new(ErrorKind::InvalidData, format!("not a head: {text}")))
    }

    /// The next piece of the body; nothing at its end.
    ///
    /// # Errors
    /// Those of the stream, also a time-out, after which the call can be repeated; a body that ends too early.
    pub fn piece(&mut self, body: &mut Body) -> io::Result<Option<Vec<u8>>> {
        loop {
            match body {
                Body::Length(0) => return Ok(None),
                Body::Length(left) => {
                    if !self.buffer.is_empty() {
                        let n = self.buffer.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                        *left -= n as u64;
                        return Ok(Some(self.buffer.drain(..n).collect()));
                    }
                }
                Body::Rest => {
                    if !self.buffer.is_empty() {
                        return Ok(Some(std::mem::take(&mut self.buffer)));
                    }
                    if self.fill()? == 0 {
                        *body = Body::Length(0);
                    }
                    continue;
                }
                Body::Chunks => {
                    if let Some(chunk) = self.chunk()? {
                        if chunk.is_empty() {
                            *body = Body::Length(0);
                            return Ok(None);
                        }
                        return Ok(Some(chunk));
                    }
                }
            }
            if self.fill()? == 0 {
                return Err(io::Error::new(ErrorKind::UnexpectedEof, "the other side closed within a body"));
            }
        }
    }

    /// A whole chunk, if there is one in the buffer. The last one is empty, and its trailer is dropped.
    fn chunk(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some(line_end) = find(&self.buffer, b"\r\n") else { return Ok(None) };
        let line = String::from_utf8_lossy(&self.buffer[..line_end]).into_owned();
        let length = line.split(';').next().and_then(|digits| usize::from_str_radix(digits.trim(), 16).ok());
        let Some(length) = length else {
            return Err(io::Error::new(ErrorKind::InvalidData, format!("not the length of a chunk: {line}")));
        };
        let start = line_end + 2;
        if length == 0 {
            let Some(end) = find(&self.buffer[line_end..], b"\r\n\r\n") else { return Ok(None) };
            self.buffer.drain(..line_end + end + 4);
            return Ok(Some(Vec::new()));
        }
        if self.buffer.len() < start + length + 2 {
            return Ok(None);
        }
        let chunk = self.buffer[start..start + length].to_vec();
        self.buffer.drain(..start + length + 2);
        Ok(Some(chunk))
    }

    /// All of the body.
    ///
    /// # Errors
    /// As [`Wire::piece`].
    pub fn rest(&mut self, mut body: Body) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        while let Some(piece) = self.piece(&mut body)? {
            bytes.extend(piece);
        }
        Ok(bytes)
    }

    fn fill(&mut self) -> io::Result<usize> {
        let mut some = [0; 16 * 1024];
        let n = loop {
            match self.stream.read(&mut some) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Servers end TLS streams by closing the connection.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => break 0,
                read => break read?,
            }
        };
        self.buffer.extend_from_slice(&some[..n]);
        Ok(n)
    }
}

/// Whether the read only came too early.
#[must_use]
pub fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    /// A stream that gives its pieces one by one, with a time-out after each.
    struct Slow {
        pieces: VecDeque<&'static [u8]>,
        late: bool,
    }

    impl Read for Slow {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.late = !self.late;
            if self.late {
                return Err(ErrorKind::WouldBlock.into());
            }
            let Some(piece) = self.pieces.pop_front() else { return Ok(0) };
            into[..piece.len()].copy_from_slice(piece);
            Ok(piece.len())
        }
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn patiently<T>(mut read: impl FnMut() -> io::Result<T>) -> io::Result<T> {
        loop {
            match read() {
                Err(error) if is_timeout(&error) => {}
                other => return other,
            }
        }
    }

    #[test]
    fn a_message_in_crumbs_is_read_whole() {
        let pieces: [&[u8]; 7] = [
            b"HTTP/1.1 200 O",
            b"K\r\nTransfer-Encoding: chunked\r\n",
            b"\r\n5\r\nhel",
            b"lo\r",
            b"\n7;x=y\r\n, world\r\n",
            b"0\r\nTrailer: 1\r\n\r",
            b"\nHTTP/1.1 204 No Content\r\n\r\n",
        ];
        let mut wire = Wire::new(Slow { pieces: pieces.into(), late: false });
        let head = patiently(|| wire.head()).unwrap().expect("a head");
        assert_eq!(head.status(), 200);
        let mut body = Body::of_response("GET", &head);
        let mut bytes = Vec::new();
        while let Some(piece) = patiently(|| wire.piece(&mut body)).unwrap() {
            bytes.extend(piece);
        }
        assert_eq!(bytes, b"hello, world");
        let next = patiently(|| wire.head()).unwrap().expect("a head");
        assert_eq!((next.status(), Body::of_response("GET", &next)), (204, Body::Length(0)));
        assert_eq!(patiently(|| wire.head()).unwrap(), None);
    }

    #[test]
    fn a_body_that_ends_too_early_is_an_error() {
        let mut wire = Wire::new(Slow { pieces: [&b"abc"[..]].into(), late: false });
        let mut body = Body::Length(4);
        assert_eq!(patiently(|| wire.piece(&mut body)).unwrap().as_deref(), Some(&b"abc"[..]));
        let error = patiently(|| wire.piece(&mut body)).expect_err("one byte is missing");
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    }
}
