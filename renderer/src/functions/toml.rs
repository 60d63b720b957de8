//! `toToml`, `mustToToml` and `fromToml`.
//!
//! *Source*: helm v4.3.1 `pkg/engine/funcs.go`; github.com/BurntSushi/toml v1.6.0.

mod lex;
mod moment;
mod read;
mod write;

use gotemplate::{Call, Failure, FuncMap};
use value::{Map, Text, Value};

/// Why a value has no TOML text, or a text no value: the library's sentence.
#[derive(Debug)]
pub(crate) struct Error {
    message: String,
    panics: bool,
}

impl Error {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), panics: false }
    }

    /// Where Go panics, so that `toToml` fails too instead of printing the sentence.
    fn panic(message: impl Into<String>) -> Self {
        Self { message: message.into(), panics: true }
    }
}

pub(super) fn add(funcs: &mut FuncMap) {
    funcs.add("toToml", to_toml);
    funcs.add("mustToToml", must_to_toml);
    funcs.add("fromToml", from_toml);
}

/// Helm gives the error as the text.
fn to_toml(call: &mut Call<'_>, value: Value) -> Result<Text, Failure> {
    call.charge_value(&value)?;
    match write::write(&value) {
        Ok(text) => Ok(text),
        Err(error) if error.panics => Err(Failure::error(error.message)),
        Err(error) => Ok(Text::from(error.message)),
    }
}

fn must_to_toml(call: &mut Call<'_>, value: Value) -> Result<Text, Failure> {
    call.charge_value(&value)?;
    write::write(&value).map_err(|error| Failure::error(error.message))
}

/// Helm puts the error among the data; nothing of a text with an error is kept.
fn from_toml(call: &mut Call<'_>, text: Text) -> Result<Map, Failure> {
    call.charge_text(text.len() as u128)?;
    match read::read(&text, &|moment| Ok(moment.into_value())) {
        Ok(map) => Ok(map),
        Err(error) => {
            let map = Map::new();
            map.insert("Error", error.message);
            Ok(map)
        }
    }
}

#[cfg(test)]
mod tests;
