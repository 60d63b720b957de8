//! `required` and `fail`.
//!
//! Source: helm v4.3.1 `pkg/engine/engine.go`, `initFunMap`.

use gotemplate::{Call, Failure, FuncMap};
use value::{Text, Value};

use super::Mode;
use crate::log::{Level, Log};
use crate::world::Say;

pub(super) fn add(funcs: &mut FuncMap, mode: Mode) {
    match mode {
        Mode::Template => {
            funcs.add("required", required);
            funcs.add("fail", fail);
        }
        Mode::Lint => {
            funcs.add("required", required_in_lint);
            funcs.add("fail", fail_in_lint);
        }
    }
}

fn required(_: &mut Call<'_>, message: Text, value: Value) -> Result<Value, Failure> {
    if is_missing(&value) { Err(Failure::Fail(message)) } else { Ok(value) }
}

fn fail(_: &mut Call<'_>, message: Text) -> Result<Text, Failure> {
    Err(Failure::Fail(message))
}

fn required_in_lint(call: &mut Call<'_>, message: Text, value: Value) -> Value {
    if !is_missing(&value) {
        return value;
    }
    let what = if value.is_nil() { "missing required value" } else { "missing required values" };
    say(call, Log::new(Level::Warn, what).with("message", message));
    Text::new().into()
}

fn fail_in_lint(call: &mut Call<'_>, message: Text) -> Text {
    say(call, Log::new(Level::Info, "funcMap fail").with("message", message));
    Text::new()
}

/// Nil and the empty string; `false`, 0 and empty lists are there.
fn is_missing(value: &Value) -> bool {
    value.is_nil() || value.as_text().is_some_and(Text::is_empty)
}

fn say(call: &mut Call<'_>, log: Log) {
    call.ask(&mut Say { log: Some(log) });
}
