//! Values inside sentences, as Go's `fmt` prints them.

use value::fmt::sprintf;
use value::{Text, Value};

/// `%v`.
pub(crate) fn plain(value: &Value) -> String {
    print("%v", value)
}

/// A verb that does not fit the value, which Go prints as `%!t(float64=3)`.
pub(crate) fn bad_verb(value: &Value, verb: char) -> String {
    print(&format!("%{verb}"), value)
}

/// `%q`, which escapes what is not UTF-8.
pub(crate) fn quote(text: impl AsRef<[u8]>) -> String {
    lossless(value::fmt::quote(text.as_ref()))
}

/// `%q` of a rune.
pub(crate) fn quote_rune(rune: char) -> String {
    lossless(value::fmt::quote_rune(u64::from(u32::from(rune)), false))
}

/// Quoting UTF-8 gives UTF-8.
fn lossless(quoted: Vec<u8>) -> String {
    String::from_utf8_lossy(&quoted).into_owned()
}

fn print(format: &str, value: &Value) -> String {
    let printed = sprintf(&Text::from(format), std::slice::from_ref(value), &mut |_| true);
    printed.unwrap_or_default().to_string_lossy().into_owned()
}
