//! `--name-template`: the name of a release, made by a template of its own.
//!
//! Source: helm v4.3.1 `pkg/action/install.go`, `TemplateName`; sprig 3.3.0 `functions.go`, `TxtFuncMap`; go 1.27 `os/env.go`.

use std::any::Any;
use std::env;

use renderer::functions;
use renderer::gotemplate::{Call, FuncMap, Host};
use renderer::sprig::outside;
use renderer::value::{Text, Value};

use crate::snippet::printed;
use crate::{Failure, world};

/// The name that a template prints. It sees no values, but all functions of Sprig, the environment among them.
///
/// # Errors
/// Go's own sentence; Helm does not reword it here.
pub(crate) fn release_name(template: &str) -> Result<String, Failure> {
    let name = printed(&mut Outside, "name-template", template, &table(), Value::Nil)?;
    Ok(name.to_string_lossy().into_owned())
}

struct Outside;

impl Host for Outside {
    fn ask(&mut self, question: &mut dyn Any) -> bool {
        outside::answer(&mut world::Machine, question)
    }
}

/// Sprig's functions as Sprig has them, with those that Helm takes out of templates.
fn table() -> FuncMap {
    let mut funcs = functions::sprig_table();
    funcs.add("env", |_: &mut Call<'_>, name: Text| {
        Text::from(env::var(name.to_string_lossy().as_ref()).unwrap_or_default())
    });
    funcs.add("expandenv", |_: &mut Call<'_>, text: Text| Text::from(expand(&text.to_string_lossy())));
    funcs
}

/// `$name` and `${name}` replaced by what the environment says.
fn expand(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        if after.is_empty() {
            break;
        }
        out.push_str(before);
        let (name, length) = variable(after);
        match name {
            // `$` before what is no name stays, bad braces are eaten.
            None if length == 0 => out.push('$'),
            None => {}
            Some(name) => out.push_str(&env::var(name).unwrap_or_default()),
        }
        rest = &after[length..];
    }
    out + rest
}

/// The name behind a `$`, and how many bytes it takes.
fn variable(text: &str) -> (Option<&str>, usize) {
    let special = |byte: u8| byte.is_ascii_digit() || b"*#$@!?-".contains(&byte);
    let bytes = text.as_bytes();
    let inner = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    match bytes {
        [b'{', first, b'}', ..] if special(*first) => (Some(&text[1..2]), 3),
        [b'{', inside @ ..] => match inside.iter().position(|byte| *byte == b'}') {
            Some(0) => (None, 2),
            Some(end) => (Some(&text[1..=end]), end + 2),
            None => (None, 1),
        },
        [first, ..] if special(*first) => (Some(&text[..1]), 1),
        _ => match bytes.iter().take_while(|byte| inner(byte)).count() {
            0 => (None, 0),
            end => (Some(&text[..end]), end),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_templates() {
        let name = |template| release_name(template).map_err(|failure| failure.0);
        assert_eq!(name("{{ lower \"ABC\" }}-{{ add 1 2 }}").unwrap(), "abc-3");
        assert_eq!(name("{{ env \"CHARTROOM_HAS_NO_SUCH_VARIABLE\" }}x").unwrap(), "x");
        assert_eq!(name("{{").unwrap_err(), "template: name-template:1: unclosed action");
        assert_eq!(
            name("{{ toYaml 1 }}").unwrap_err(),
            "template: name-template:1: function \"toYaml\" not defined"
        );
    }

    #[test]
    fn dollars_name_variables() {
        for (text, name, length) in [
            ("{a}b", Some("a"), 3),
            ("ab-", Some("ab"), 2),
            ("1a", Some("1"), 1),
            ("{}x", None, 2),
            ("{x", None, 1),
            (" x", None, 0),
        ] {
            assert_eq!(variable(text), (name, length), "{text}");
        }
        assert_eq!(expand("a$ b$"), "a$ b$");
    }
}
