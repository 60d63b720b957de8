//! What users give: values files, then `--set` arguments of five kinds, the kind deciding what wins, not the order given.
//!
//! Source: helm v4.3.1 `pkg/cli/values/options.go`.

use value::json::decode_map;
use value::{Map, Text};

use super::set::{Mode, ReadFile, assign};
use crate::Error;
use crate::chart::{load_values, merge_maps};

/// A values file of the user.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ValuesFile {
    /// The path as given; it stands in errors.
    pub name: String,
    /// Its bytes.
    pub data: Text,
}

/// The arguments of the `--set` options, each kind in the order given.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Sets {
    /// `--set-json`
    pub json: Vec<String>,
    /// `--set`
    pub typed: Vec<String>,
    /// `--set-string`
    pub string: Vec<String>,
    /// `--set-file`
    pub file: Vec<String>,
    /// `--set-literal`
    pub literal: Vec<String>,
}

/// The values of the user: files in order, then `--set-json`, `--set`, `--set-string`, `--set-file`, `--set-literal`.
///
/// Shape: a new map; nulls are kept. `read` gives the content of the files that `--set-file` names.
///
/// # Errors
/// `values-invalid` for a file, `set-invalid` for an argument, with Helm's sentences.
///
/// Source: `Options.MergeValues`.
pub fn user_values(files: &[ValuesFile], sets: &Sets, read: ReadFile<'_>) -> Result<Map, Error> {
    let mut values = Map::new();
    for file in files {
        let loaded = load_values(&file.data).map_err(|error| {
            let line = error.line();
            error.within(format!("failed to parse {}: ", file.name)).at(&file.name, line)
        })?;
        values = merge_maps(values, loaded);
    }
    for argument in &sets.json {
        let trimmed = argument.trim();
        if trimmed.starts_with('{') {
            let (map, error) = decode_map(&Text::from(trimmed));
            if error.is_some() {
                return Err(invalid("set-json data JSON:", argument));
            }
            values = merge_maps(values, map);
        } else {
            // Helm does not say what is wrong.
            assign(argument, &values, Mode::Json).map_err(|_| invalid("set-json data", argument))?;
        }
    }
    for argument in &sets.typed {
        assign(argument, &values, Mode::Typed).map_err(|why| invalid("set data:", &why))?;
    }
    for argument in &sets.string {
        assign(argument, &values, Mode::Str).map_err(|why| invalid("set-string data:", &why))?;
    }
    for argument in &sets.file {
        assign(argument, &values, Mode::File(&mut *read)).map_err(|why| invalid("set-file data:", &why))?;
    }
    for argument in &sets.literal {
        assign(argument, &values, Mode::Literal).map_err(|why| invalid("set-literal data:", &why))?;
    }
    Ok(values)
}

/// Refuses names that are no addresses: Helm looks for a scheme in what `--values` and `--set-file` name before it opens it.
///
/// # Errors
/// Go's sentence: `parse "a\tb": net/url: invalid control character in URL`.
///
/// Source: `readFile`.
pub fn check_file_name(name: &str) -> Result<(), String> {
    match sprig::url::parse(name.as_bytes()) {
        Ok(_) => Ok(()),
        Err(why) => Err(String::from_utf8_lossy(&why).into_owned()),
    }
}

fn invalid(what: &str, rest: &str) -> Error {
    Error::new("set-invalid", format!("failed parsing --{what} {rest}"))
}
