//! Helm's additions to Sprig, and the table of all functions that a template can call.
//!
//! Source: helm v4.3.1 `pkg/engine/funcs.go`, `pkg/engine/engine.go`.

mod cluster;
mod convert;
mod duration;
mod encoding;
pub(crate) mod files;
mod glob;
mod names;
mod required;
mod toml;
pub(crate) mod values;

use gotemplate::{Body, Call, Failure, Func, FuncMap};
use value::{Text, Type, Value, json};

/// How strict the functions are that can stop a render.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    /// `helm lint`: `required` and `fail` only log.
    Lint,
    /// `helm template`.
    Template,
}

/// Every function of Helm v4.3.1 but Go's own, which the language itself has.
///
/// Cost: some 250 small allocations; make it once for many renders.
pub fn table(mode: Mode) -> FuncMap {
    let mut funcs = present(mode);
    for name in missing(&funcs) {
        funcs.insert(name, absent(name));
    }
    funcs
}

/// What Helm adds to Sprig, by name.
const HELMS_OWN: &[&str] = &[
    "durationDays",
    "durationHours",
    "durationMicroseconds",
    "durationMilliseconds",
    "durationMinutes",
    "durationNanoseconds",
    "durationRoundTo",
    "durationSeconds",
    "durationTruncateTo",
    "durationWeeks",
    "fromJsonArray",
    "fromToml",
    "fromYaml",
    "fromYamlArray",
    "include",
    "lookup",
    "mustToDuration",
    "mustToToml",
    "mustToYaml",
    "required",
    "toToml",
    "toYaml",
    "toYamlPretty",
    "tpl",
];

/// Sprig's functions without Helm's additions, for templates that are no part of a chart. `env` and `expandenv` are not
/// among them: whoever has an environment adds them.
pub fn sprig_table() -> FuncMap {
    let mut funcs = table(Mode::Template);
    for name in HELMS_OWN {
        funcs.remove(name);
    }
    // Helm's wants an object and tells errors in it; Sprig's takes anything and gives nil for what is no JSON.
    funcs.add("fromJson", |_: &mut Call<'_>, text: Text| json::decode(&text).0);
    funcs
}

/// The names of Helm's functions that this build does not have; calling one is an error, never a wrong answer.
pub fn not_in_this_build() -> Vec<&'static str> {
    missing(&present(Mode::Template))
}

fn missing(funcs: &FuncMap) -> Vec<&'static str> {
    names::NAMES.iter().copied().filter(|name| funcs.get(name).is_none()).collect()
}

fn present(mode: Mode) -> FuncMap {
    let mut funcs = sprig::funcs();
    convert::add(&mut funcs);
    duration::add(&mut funcs);
    cluster::add(&mut funcs);
    required::add(&mut funcs, mode);
    toml::add(&mut funcs);
    let two = || vec![Type::Str, Type::Any];
    funcs.insert("include", Func { params: two(), variadic: None, body: Body::Include });
    funcs.insert("tpl", Func { params: two(), variadic: None, body: Body::Tpl });
    funcs
}

fn absent(name: &'static str) -> Func {
    let message = format!("function \"{name}\" is not in this build");
    let body = move |_: &mut Call<'_>, _: &[Value]| Err(Failure::error(message.as_str()));
    Func { params: Vec::new(), variadic: Some(Type::Any), body: Body::Plain(Box::new(body)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_the_names_of_helm_and_no_others() {
        assert_eq!(table(Mode::Template).names(), names::NAMES);
        assert_eq!(table(Mode::Lint).names(), names::NAMES);
    }
}
