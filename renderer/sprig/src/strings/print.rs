//! Values written as text: `quote`, `squote`, `cat`, `toString`.
//!
//! *Source*: sprig 3.3.0 `strings.go`.

use gotemplate::{Call, Rest};
use value::fmt::quote as go_quote;
use value::{Text, TextBuilder, Value};

use super::Made;
use crate::cast::{show, strval};
use crate::table::Table;

pub(super) fn add(table: &mut Table) {
    table.pure("quote", quote);
    table.pure("squote", squote);
    table.pure("cat", cat);
    table.pure("toString", to_string);
}

fn quote(call: &mut Call<'_>, values: Rest) -> Made {
    let mut made = TextBuilder::new();
    for value in values.0.iter().filter(|value| !value.is_nil()) {
        let text = strval(call, value)?;
        call.charge_text(text.len() as u128 + 3)?;
        if !made.is_empty() {
            made.push_bytes(b" ");
        }
        if text.as_bytes().iter().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')) {
            made.push_bytes(b"\"");
            made.push(&text);
            made.push_bytes(b"\"");
        } else {
            made.push(&Text::derived(go_quote(text.as_bytes()), &[&text]));
        }
    }
    Ok(made.finish())
}

fn squote(call: &mut Call<'_>, values: Rest) -> Made {
    let mut made = TextBuilder::new();
    for value in values.0.iter().filter(|value| !value.is_nil()) {
        let text = show(call, value)?;
        call.charge_text(text.len() as u128 + 3)?;
        if !made.is_empty() {
            made.push_bytes(b" ");
        }
        made.push_bytes(b"'");
        made.push(&text);
        made.push_bytes(b"'");
    }
    Ok(made.finish())
}

fn cat(call: &mut Call<'_>, values: Rest) -> Made {
    let mut made = TextBuilder::new();
    for (index, value) in values.0.iter().filter(|value| !value.is_nil()).enumerate() {
        let text = show(call, value)?;
        call.charge_text(text.len() as u128 + 1)?;
        if index > 0 {
            made.push_bytes(b" ");
        }
        made.push(&text);
    }
    Ok(made.finish())
}

fn to_string(call: &mut Call<'_>, value: Value) -> Made {
    strval(call, &value)
}
