//! The JSON functions that Helm leaves to Sprig.
//!
//! *Source*: sprig 3.3.0 `defaults.go`.

use gotemplate::{Call, Failure};
use value::json::{Style, decode, encode};
use value::{Text, Value};

use crate::table::Table;

pub(crate) fn add(table: &mut Table) {
    table.family("json");
    table.pure("mustFromJson", from_json);
    table.pure("toPrettyJson", to_pretty);
    table.pure("mustToPrettyJson", must_to_pretty);
    table.pure("toRawJson", to_raw);
    table.alias("mustToRawJson", "toRawJson");
}

fn from_json(call: &mut Call<'_>, text: Text) -> Result<Value, Failure> {
    call.charge_text(text.len() as u128)?;
    match decode(&text) {
        (value, None) => Ok(value),
        (_, Some(error)) => Err(Failure::error(error.message())),
    }
}

fn to_pretty(call: &mut Call<'_>, value: Value) -> Result<Text, Failure> {
    match must_to_pretty(call, value) {
        Err(Failure::Error(_)) => Ok(Text::new()),
        other => other,
    }
}

fn must_to_pretty(call: &mut Call<'_>, value: Value) -> Result<Text, Failure> {
    written(call, &value, Style::PRETTY)
}

fn to_raw(call: &mut Call<'_>, value: Value) -> Result<Text, Failure> {
    written(call, &value, Style::RAW)
}

fn written(call: &mut Call<'_>, value: &Value, style: Style) -> Result<Text, Failure> {
    call.charge_value(value)?;
    encode(value, style).map_err(|error| Failure::error(error.message()))
}
