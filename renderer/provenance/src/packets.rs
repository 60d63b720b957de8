//! A stream of packets: where each begins and ends, and what it is.
//!
//! Packets are framed here and read by the crate `pgp`, so that a bad packet is left behind whole, as Go leaves it.
//!
//! Source: go-crypto `openpgp/packet/packet.go`, `reader.go`.

use pgp::packet::{Packet, PacketParser};

use crate::Error;

/// Packets in their order; the next one can be put back.
pub(crate) struct Packets<'a> {
    rest: &'a [u8],
    put_back: Option<Packet>,
}

impl<'a> Packets<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, put_back: None }
    }

    pub(crate) fn put_back(&mut self, packet: Packet) {
        self.put_back = Some(packet);
    }

    /// The next packet that anyone reads; `None` at the end.
    pub(crate) fn next(&mut self) -> Option<Result<Packet, Error>> {
        if let Some(packet) = self.put_back.take() {
            return Some(Ok(packet));
        }
        loop {
            let (tag, whole) = match self.frame()? {
                Ok(frame) => frame,
                Err(error) => return Some(Err(error)),
            };
            match tag {
                // Markers, trust and padding say nothing; above 39 nothing is critical.
                10 | 12 | 21 | 40.. => continue,
                0 | 15..17 | 19 | 22..40 => {
                    return Some(Err(Error::new(format!("openpgp: unknown critical packet type: {tag}"))));
                }
                _ => {}
            }
            match PacketParser::new(whole.as_slice()).next() {
                Some(Ok(packet)) => return Some(Ok(packet)),
                // As for Go: a packet of a kind that is not supported is no packet.
                Some(Err(
                    pgp::errors::Error::Unsupported { .. } | pgp::errors::Error::Unimplemented { .. },
                )) => {}
                Some(Err(_)) | None => return Some(Err(Error::structural("bad packet"))),
            }
        }
    }

    /// The tag of the next packet and its bytes with a plain header.
    fn frame(&mut self) -> Option<Result<(u8, Vec<u8>), Error>> {
        let first = self.byte()?;
        if first & 0x80 == 0 {
            return Some(Err(Error::structural("tag byte does not have MSB set")));
        }
        let mut body = Vec::new();
        let tag = if first & 0x40 == 0 {
            let length = match first & 3 {
                3 => Some(self.rest.len()),
                size => self.number(1 << size),
            };
            if !length.is_some_and(|length| self.take(length, &mut body)) {
                return Some(Err(cut_off()));
            }
            (first & 0x3f) >> 2
        } else {
            loop {
                let Some((length, is_partial)) = self.length() else { return Some(Err(cut_off())) };
                if !self.take(length, &mut body) {
                    return Some(Err(cut_off()));
                }
                if !is_partial {
                    break;
                }
            }
            first & 0x3f
        };
        // A body in memory is shorter than 4 GiB.
        let length = u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes();
        let mut whole = vec![0xc0 | tag, 0xff];
        whole.extend_from_slice(&length);
        whole.extend_from_slice(&body);
        Some(Ok((tag, whole)))
    }

    fn length(&mut self) -> Option<(usize, bool)> {
        let first = usize::from(self.byte()?);
        Some(match first {
            0..192 => (first, false),
            192..224 => (((first - 192) << 8) + usize::from(self.byte()?) + 192, false),
            224..255 => (1 << (first & 0x1f), true),
            _ => (self.number(4)?, false),
        })
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn number(&mut self, size: usize) -> Option<usize> {
        let (bytes, rest) = self.rest.split_at_checked(size)?;
        self.rest = rest;
        Some(bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
    }

    /// Moves bytes into `body`; false when there are fewer, and then all are gone.
    fn take(&mut self, length: usize, body: &mut Vec<u8>) -> bool {
        let there = length.min(self.rest.len());
        body.extend_from_slice(&self.rest[..there]);
        self.rest = &self.rest[there..];
        there == length
    }
}

fn cut_off() -> Error {
    Error::new("unexpected EOF")
}
