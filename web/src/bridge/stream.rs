//! Server-sent events off a stream of bytes, cut anywhere: what `EventSource` would do, which cannot carry a token.
//!
//! Source: the HTML standard, "Server-sent events", as far as the bridge speaks it.

/// Puts the pieces of a stream together.
#[derive(Debug, Default)]
pub(crate) struct Events {
    line: Vec<u8>,
    data: Vec<u8>,
    was_return: bool,
}

impl Events {
    /// Takes the next bytes and gives the `data` of every event that they complete.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut complete = Vec::new();
        for &byte in bytes {
            match byte {
                b'\n' if std::mem::take(&mut self.was_return) => {}
                b'\n' | b'\r' => {
                    self.was_return = byte == b'\r';
                    self.end_line(&mut complete);
                }
                _ => {
                    self.was_return = false;
                    self.line.push(byte);
                }
            }
        }
        complete
    }

    fn end_line(&mut self, complete: &mut Vec<String>) {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            if !self.data.is_empty() {
                complete.push(String::from_utf8_lossy(&std::mem::take(&mut self.data)).into_owned());
            }
            return;
        }
        // A comment keeps the connection alive; `id` and `event` stand in the data, too.
        if let Some(text) = line.strip_prefix(b"data:") {
            if !self.data.is_empty() {
                self.data.push(b'\n');
            }
            self.data.extend_from_slice(text.strip_prefix(b" ").unwrap_or(text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str =
        "id: 1\nevent: op.state\ndata: {\"a\":1}\n\n: ka\n\nid: 2\r\ndata: x\r\ndata: y\r\n\r\ndata: cut";

    #[test]
    fn events_are_the_same_wherever_the_stream_is_cut() {
        for size in 1..STREAM.len() {
            let mut events = Events::default();
            let found: Vec<String> =
                STREAM.as_bytes().chunks(size).flat_map(|chunk| events.push(chunk)).collect();
            assert_eq!(found, ["{\"a\":1}", "x\ny"], "in pieces of {size}");
        }
    }
}
