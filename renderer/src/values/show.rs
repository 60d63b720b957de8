//! Values inside sentences, as Go's `fmt` prints them.

use value::fmt::sprintf;
use value::{Text, Value};

/// `%v`.
pub(super) fn plain(value: &Value) -> String {
    print("%v", value)
}

/// A verb that does not fit the value, which Go prints as `%!t(float64=3)`.
pub(super) fn bad_verb(value: &Value, verb: char) -> String {
    print(&format!("%{verb}"), value)
}

/// `%q`.
pub(super) fn quote(text: &str) -> String {
    print("%q", &Value::from(text))
}

fn print(format: &str, value: &Value) -> String {
    let printed = sprintf(&Text::from(format), std::slice::from_ref(value), &mut |_| true);
    printed.unwrap_or_default().to_string_lossy().into_owned()
}
