//! The report of a failed check: one line a cause, children two spaces further in.
//!
//! Source: santhosh-tekuri/jsonschema v6.0.3 `output.go`, `kind/kind.go`; golang.org/x/text `message`, English.

use boon::{ErrorKind, ValidationError};
use serde_json::{Number, Value as Json};
use sprig::regex::is_match;
use sprig::url::unescape_path;
use value::number::{format_float, format_g};

use super::URL;
use crate::show::quote;

/// The whole report, without a line feed at the end; `document` is the text of the schema. The tree is as deep as the
/// values, which are bounded.
pub(super) fn report(error: &ValidationError<'_, '_>, document: &Json) -> String {
    let mut lines = String::new();
    let around =
        Around { document, schema: error.schema_url, at: "", depth: 0, listed: false, is_name: false };
    write_node(&mut lines, error, 0, around);
    lines
}

/// The schema around a cause: what is between the two in the address of the schema says which keywords led to it.
#[derive(Clone, Copy)]
struct Around<'a> {
    document: &'a Json,
    schema: &'a str,
    /// Path of the value that the schema was about.
    at: &'a str,
    /// Its length.
    depth: usize,
    /// Whether the first keyword has a line of its own already.
    listed: bool,
    /// Whether a name is checked instead of a value: Helm's validator starts anew for it, so it stands nowhere.
    is_name: bool,
}

fn write_node(lines: &mut String, error: &ValidationError<'_, '_>, indent: usize, around: Around<'_>) {
    let mut indent = indent;
    let at = match error.kind {
        _ if around.is_name => String::new(),
        ErrorKind::PropertyName { .. } => place_of_names(error.schema_url, around),
        _ => place(&error.instance_location.to_string(), error.schema_url, around),
    };
    // A keyword with a single cause has no node in boon; Helm's validator gives it one.
    for (depth, words) in keywords(error.schema_url, around) {
        let end = at.match_indices('/').nth(depth).map_or(at.len(), |(end, _)| end);
        write_line(lines, indent, &at[..end], words);
        indent += 1;
    }
    let causes = causes(error);
    let group = matches!(error.kind, ErrorKind::Group);
    if let ([only], true) = (causes.as_slice(), group) {
        let depth = at.matches('/').count();
        let inner = Around { schema: error.schema_url, at: &at, depth, listed: false, ..around };
        return write_node(lines, only, indent, inner);
    }
    let mut inner = Around {
        document: around.document,
        schema: error.schema_url,
        at: &at,
        depth: at.matches('/').count(),
        listed: matches!(
            error.kind,
            ErrorKind::AllOf
                | ErrorKind::AnyOf
                | ErrorKind::OneOf(_)
                | ErrorKind::Contains
                | ErrorKind::MinContains { .. }
        ),
        is_name: around.is_name || matches!(error.kind, ErrorKind::PropertyName { .. }),
    };
    let mut transparent = false;
    match &error.kind {
        ErrorKind::Schema { url } => {
            lines.push_str(&format!("jsonschema validation failed with {}", single(url)));
        }
        kind => {
            if let ErrorKind::Reference { url, .. } = kind {
                inner.schema = url;
                transparent = causes.len() == 1;
            }
            if !transparent {
                write_line(lines, indent, &at, &words(kind));
            }
        }
    }
    let below = if transparent { indent } else { indent + 1 };
    for cause in causes {
        write_node(lines, cause, below, inner);
    }
}

fn write_line(lines: &mut String, indent: usize, at: &str, words: &str) {
    lines.push('\n');
    lines.push_str(&"  ".repeat(indent.saturating_sub(1)));
    lines.push_str(&format!("- at {}: {words}", single(at)));
}

/// The causes of a node. A value that has not the format is not looked at further; boon goes on.
fn causes<'a, 's, 'v>(error: &'a ValidationError<'s, 'v>) -> Vec<&'a ValidationError<'s, 'v>> {
    let formats: Vec<_> =
        error.causes.iter().filter(|cause| matches!(cause.kind, ErrorKind::Format { .. })).collect();
    let stands = |cause: &&ValidationError<'s, 'v>| {
        matches!(cause.kind, ErrorKind::Format { .. })
            || !formats.iter().any(|format| {
                let below = cause.schema_url.strip_prefix(format.schema_url);
                below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
                    && cause.instance_location.to_string() == format.instance_location.to_string()
            })
    };
    error.causes.iter().filter(stands).collect()
}

/// The place of a value. Where boon counts the items behind `prefixItems` from 0 their numbers are put right.
fn place(at: &str, schema: &str, around: Around<'_>) -> String {
    let below = at.match_indices('/').nth(around.depth).map_or("", |(start, _)| &at[start..]);
    let mut place = around.at.to_owned();
    let mut steps = steps(schema, around).filter(|step| step.is_down);
    for part in below.split('/').skip(1) {
        let n_before = steps.next().map_or(0, |step| step.n_before);
        place.push('/');
        match part.parse::<usize>() {
            Ok(number) if n_before > 0 => place.push_str(&(number + n_before).to_string()),
            _ => place.push_str(part),
        }
    }
    place
}

/// The map whose names a schema is about, which boon does not say: below the value of the schema around it, by the properties
/// that lead from the one schema to the other.
fn place_of_names(schema: &str, around: Around<'_>) -> String {
    let mut place = around.at.to_owned();
    for step in steps(schema, around).filter(|step| step.keyword == "properties") {
        let name = unescape_path(step.name.as_bytes()).unwrap_or_else(|_| step.name.as_bytes().to_vec());
        place.push('/');
        place.push_str(&String::from_utf8_lossy(&name));
    }
    place
}

/// The keywords between a schema and a cause in it that Helm's validator gives a line: how deep the value lies that the
/// line is about, and its words.
fn keywords(schema: &str, around: Around<'_>) -> Vec<(usize, &'static str)> {
    let mut found = Vec::new();
    let mut depth = around.depth;
    let mut listed = around.listed;
    for step in steps(schema, around) {
        let words = match step.keyword {
            "allOf" => Some("'allOf' failed"),
            "anyOf" => Some("'anyOf' failed"),
            "oneOf" => Some("'oneOf' failed, none matched"),
            "contains" => Some("no items match contains schema"),
            _ => None,
        };
        found.extend(words.filter(|_| !listed).map(|words| (depth, words)));
        listed = false;
        depth += usize::from(step.is_down);
    }
    found
}

/// A keyword on the way from a schema to one inside of it.
struct Step<'a> {
    keyword: &'a str,
    /// What follows it in the address: a name, a number, or nothing.
    name: &'a str,
    /// Whether it leads to a value inside of the value.
    is_down: bool,
    /// How many items come before those that it is about.
    n_before: usize,
}

/// The way to a schema from the one around it, as far as keywords of schemas lead.
fn steps<'a>(schema: &'a str, around: Around<'a>) -> impl Iterator<Item = Step<'a>> {
    let path = schema.strip_prefix(around.schema).filter(|path| path.starts_with('/')).unwrap_or_default();
    let mut parts = path.split('/').skip(1).peekable();
    let mut behind = around.schema.len();
    std::iter::from_fn(move || {
        let keyword = parts.next()?;
        let holder = &schema[..behind];
        behind += 1 + keyword.len();
        let mut step = Step { keyword, name: "", is_down: false, n_before: 0 };
        match keyword {
            "additionalItems"
            | "additionalProperties"
            | "contains"
            | "unevaluatedItems"
            | "unevaluatedProperties" => step.is_down = true,
            "allOf" | "anyOf" | "dependencies" | "dependentSchemas" | "oneOf" => {
                step.name = parts.next().unwrap_or_default();
            }
            "else" | "if" | "then" => {}
            "items" => {
                // A list of schemas for the items of old, else one schema.
                let number = parts.next_if(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
                step.name = number.unwrap_or_default();
                step.is_down = true;
                step.n_before = items_before(around.document, holder);
            }
            "patternProperties" | "prefixItems" | "properties" => {
                step.name = parts.next().unwrap_or_default();
                step.is_down = true;
            }
            _ => return None,
        }
        if !step.name.is_empty() {
            behind += 1 + step.name.len();
        }
        Some(step)
    })
}

/// How many items have schemas of their own in the schema at an address.
fn items_before(document: &Json, address: &str) -> usize {
    let Some(fragment) = address.strip_prefix(URL).and_then(|rest| rest.strip_prefix('#')) else { return 0 };
    let pointer = unescape_path(fragment.as_bytes()).unwrap_or_default();
    let schema = document.pointer(&String::from_utf8_lossy(&pointer));
    schema.and_then(|schema| schema.get("prefixItems")?.as_array()).map_or(0, Vec::len)
}

fn words(kind: &ErrorKind<'_, '_>) -> String {
    match kind {
        ErrorKind::Group | ErrorKind::Reference { .. } => "validation failed".to_owned(),
        ErrorKind::Schema { url } => format!("jsonschema validation failed with {}", single(url)),
        ErrorKind::ContentSchema => "'contentSchema' failed".to_owned(),
        ErrorKind::PropertyName { prop } => format!("invalid propertyName {}", single(prop)),
        ErrorKind::RefCycle { url, kw_loc1, kw_loc2 } => {
            format!("both {kw_loc1} and {kw_loc2} resolve to {} causing reference cycle", quote(url))
        }
        ErrorKind::FalseSchema => "false schema".to_owned(),
        ErrorKind::Type { got, want } => {
            let want: Vec<String> = want.iter().map(|kind| kind.to_string()).collect();
            format!("got {got}, want {}", want.join(" or "))
        }
        ErrorKind::Enum { want } => match want.as_slice() {
            want if want.iter().any(is_container) => "'enum' failed".to_owned(),
            [one] => format!("value must be {}", display(one)),
            want => {
                let want: Vec<String> = want.iter().map(display).collect();
                format!("value must be one of {}", want.join(", "))
            }
        },
        ErrorKind::Const { want } if is_container(want) => "'const' failed".to_owned(),
        ErrorKind::Const { want } => format!("value must be {}", display(want)),
        // Nobody but boon checks this format, and its words are those of another library.
        ErrorKind::Format { got, want: "regex", err } => {
            let words = got.as_str().and_then(|pattern| is_match(pattern, "").err());
            let words = words.unwrap_or_else(|| err.to_string());
            format!("{} is not valid regex: {words}", display(got))
        }
        ErrorKind::Format { got, want, err } => format!("{} is not valid {want}: {err}", display(got)),
        ErrorKind::MinProperties { got, want } => counts("minProperties", *got, *want),
        ErrorKind::MaxProperties { got, want } => counts("maxProperties", *got, *want),
        ErrorKind::AdditionalProperties { got } => {
            format!("additional properties {} not allowed", list(got.iter().map(AsRef::as_ref)))
        }
        ErrorKind::Required { want } => {
            let noun = if want.len() == 1 { "property" } else { "properties" };
            format!("missing {noun} {}", list(want.iter().copied()))
        }
        ErrorKind::Dependency { prop, missing } | ErrorKind::DependentRequired { prop, missing } => {
            format!("properties {} required, if {} exists", list(missing.iter().copied()), single(prop))
        }
        ErrorKind::MinItems { got, want } => counts("minItems", *got, *want),
        ErrorKind::MaxItems { got, want } => counts("maxItems", *got, *want),
        ErrorKind::Contains => "no items match contains schema".to_owned(),
        ErrorKind::MinContains { got, want } if got.is_empty() => {
            format!("min {} items required to match contains schema, but none matched", grouped(*want))
        }
        ErrorKind::MinContains { got, want } => contained("min", got, *want),
        ErrorKind::MaxContains { got, want } => contained("max", got, *want),
        ErrorKind::UniqueItems { got: [first, second] } => {
            format!("items at {} and {} are equal", grouped(*first), grouped(*second))
        }
        ErrorKind::AdditionalItems { got } => format!("last {} additionalItem(s) not allowed", grouped(*got)),
        ErrorKind::MinLength { got, want } => counts("minLength", *got, *want),
        ErrorKind::MaxLength { got, want } => counts("maxLength", *got, *want),
        ErrorKind::Pattern { got, want } => {
            format!("{} does not match pattern {}", single(got), single(want))
        }
        ErrorKind::ContentEncoding { want, err } => format!("value is not {} encoded: {err}", single(want)),
        ErrorKind::ContentMediaType { want, err, .. } => {
            format!("value is not of mediatype {}: {err}", single(want))
        }
        ErrorKind::Minimum { got, want } => bounds("minimum", got, want),
        ErrorKind::Maximum { got, want } => bounds("maximum", got, want),
        ErrorKind::ExclusiveMinimum { got, want } => bounds("exclusiveMinimum", got, want),
        ErrorKind::ExclusiveMaximum { got, want } => bounds("exclusiveMaximum", got, want),
        ErrorKind::MultipleOf { got, want } => bounds("multipleOf", got, want),
        ErrorKind::Not => "'not' failed".to_owned(),
        ErrorKind::AllOf => "'allOf' failed".to_owned(),
        ErrorKind::AnyOf => "'anyOf' failed".to_owned(),
        ErrorKind::OneOf(None) => "'oneOf' failed, none matched".to_owned(),
        ErrorKind::OneOf(Some((first, second))) => {
            format!("'oneOf' failed, subschemas {}, {} matched", grouped(*first), grouped(*second))
        }
    }
}

fn counts(name: &str, got: usize, want: usize) -> String {
    format!("{name}: got {}, want {}", grouped(got), grouped(want))
}

fn bounds(name: &str, got: &Number, want: &Number) -> String {
    format!("{name}: got {}, want {}", localized(got), localized(want))
}

fn contained(name: &str, got: &[usize], want: usize) -> String {
    let places: Vec<String> = got.iter().map(usize::to_string).collect();
    let (want, len) = (grouped(want), grouped(got.len()));
    format!(
        "{name} {want} items required to match contains schema, but matched {len} items at {}",
        places.join(" ")
    )
}

fn is_container(value: &Json) -> bool {
    matches!(value, Json::Array(_) | Json::Object(_))
}

/// A value as Go's `%v` prints it, strings quoted.
fn display(value: &Json) -> String {
    match value {
        Json::Null => "<nil>".to_owned(),
        Json::String(text) => single(text),
        Json::Array(_) | Json::Object(_) => "value".to_owned(),
        Json::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => format_g(float),
            _ => number.to_string(),
        },
        Json::Bool(value) => value.to_string(),
    }
}

/// Go's quoting with single quotes outside.
fn single(text: &str) -> String {
    let quoted = quote(text).replace("\\\"", "\"").replace('\'', "\\'");
    // The quotes of `quote` are one byte each.
    format!("'{}'", &quoted[1..quoted.len() - 1])
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(single).collect::<Vec<_>>().join(", ")
}

/// A count with separators between thousands.
fn grouped(count: usize) -> String {
    separate(&count.to_string())
}

fn separate(digits: &str) -> String {
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number as the English printer of golang.org/x/text prints a float64.
fn localized(number: &Number) -> String {
    let value = number.as_f64().unwrap_or_default();
    let (sign, magnitude) = if value < 0.0 { ("-", -value) } else { ("", value) };
    let shortest = format_float(magnitude, b'e', None);
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "+00"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if magnitude == 0.0 || (-4..6).contains(&exponent) {
        let plain = format_float(magnitude, b'f', None);
        let (whole, fraction) = plain.split_once('.').map_or((plain.as_str(), None), |(w, f)| (w, Some(f)));
        let fraction = fraction.map(|digits| format!(".{digits}")).unwrap_or_default();
        return format!("{sign}{}{fraction}", separate(whole));
    }
    let raised: String = format!("{exponent:+03}")
        .chars()
        .filter_map(|c| match c {
            '-' => Some('⁻'),
            '1' => Some('¹'),
            '2' => Some('²'),
            '3' => Some('³'),
            '0' | '4'..='9' => char::from_u32(0x2070 + c as u32 - '0' as u32),
            _ => None,
        })
        .collect();
    format!("{sign}{mantissa}×10{raised}")
}
