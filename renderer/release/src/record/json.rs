//! JSON as Go's `encoding/json` writes it: HTML escapes, floats without needless exponents, keys in byte order.
//!
//! *Source*: go1.27 `encoding/json` (the v1 functions on the v2 engine, as Helm v4.3.1 is built).

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter};
use value::json::push_float;

/// The members of one object, written one by one so that each can be measured.
pub(super) struct Members<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl<'a> Members<'a> {
    pub(super) fn open(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, first: true }
    }

    /// Writes a member and gives the bytes it took, name included.
    pub(super) fn put(&mut self, name: &str, value: &impl Serialize) -> u64 {
        self.put_with(name, |out| push(out, value))
    }

    /// Writes a member whose value `write` appends.
    pub(super) fn put_with(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>)) -> u64 {
        let before = self.out.len();
        if !std::mem::take(&mut self.first) {
            self.out.push(b',');
        }
        push(self.out, &name);
        self.out.push(b':');
        write(self.out);
        (self.out.len() - before) as u64
    }

    pub(super) fn close(self) {
        self.out.push(b'}');
    }
}

/// Appends the JSON of `value`.
pub(super) fn push(out: &mut Vec<u8>, value: &impl Serialize) {
    let mut writer = serde_json::Serializer::with_formatter(&mut *out, Go);
    let written = value.serialize(&mut writer);
    // A Vec takes every byte, all keys are strings, and `serde_json::Value` holds no NaN: nothing is left that could fail.
    debug_assert!(written.is_ok(), "a record that has no JSON");
}

struct Go;

impl Formatter for Go {
    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, number: f64) -> io::Result<()> {
        let mut text = Vec::with_capacity(24);
        push_float(&mut text, number).map_err(io::Error::other)?;
        writer.write_all(&text)
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, text: &str) -> io::Result<()> {
        let bytes = text.as_bytes();
        let mut run = 0;
        let mut at = 0;
        while at < bytes.len() {
            let (width, escape) = match bytes[at..] {
                [b'<', ..] => (1, "\\u003c"),
                [b'>', ..] => (1, "\\u003e"),
                [b'&', ..] => (1, "\\u0026"),
                [0xe2, 0x80, 0xa8, ..] => (3, "\\u2028"),
                [0xe2, 0x80, 0xa9, ..] => (3, "\\u2029"),
                _ => {
                    at += 1;
                    continue;
                }
            };
            CompactFormatter.write_string_fragment(writer, &text[run..at])?;
            writer.write_all(escape.as_bytes())?;
            at += width;
            run = at;
        }
        CompactFormatter.write_string_fragment(writer, &text[run..])
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn text(value: &Value) -> String {
        let mut out = Vec::new();
        push(&mut out, value);
        String::from_utf8(out).expect("JSON is text")
    }

    #[test]
    fn strings_are_escaped_as_go_escapes_them() {
        let value = json!("<a href=\"x\">&\u{2028}\u{2029}é\u{1}\u{7f}\t\r\n\u{8}\u{c}\\/</a>");
        assert_eq!(
            text(&value),
            r#""\u003ca href=\"x\"\u003e\u0026\u2028\u2029é\u0001"#.to_owned()
                + "\u{7f}"
                + r#"\t\r\n\b\f\\/\u003c/a\u003e""#
        );
    }

    #[test]
    fn numbers_keep_their_kind() {
        assert_eq!(
            text(&json!([1, -5, u64::MAX, 1.0, 0.5, 1e21, 1e-7, 1e20, 1e100, -0.0])),
            "[1,-5,18446744073709551615,1,0.5,1e+21,1e-7,100000000000000000000,1e+100,-0]"
        );
    }

    #[test]
    fn keys_come_in_byte_order() {
        let value: Value = serde_json::from_str(r#"{"b":1,"é":2,"B":3,"a":{"z":1,"y":[]}}"#).expect("JSON");
        assert_eq!(text(&value), r#"{"B":3,"a":{"y":[],"z":1},"b":1,"é":2}"#);
    }
}
