//! Rules over `values.yaml`.
//!
//! Source: helm v4.3.1 `pkg/chart/v2/lint/rules/values.go`.

use super::{Found, Linter, Settings, look};
use crate::chart::load::walk::Tree;
use crate::log::Log;
use crate::problem::Severity::{Error, Info};
use crate::values::{coalesce_plain, validate_single};

const PATH: &str = "values.yaml";

pub(super) fn check(linter: &mut Linter, tree: &impl Tree, settings: &Settings<'_>, log: &mut Vec<Log>) {
    let text = match look(tree, PATH) {
        Found::Missing => {
            linter.rule(Info, "values-missing", PATH, Some("file does not exist".to_owned()));
            return;
        }
        Found::Directory => Err("read values.yaml: is a directory".to_owned()),
        Found::File(text) => text,
    };
    let found = match text.and_then(|text| yaml::read_map(text.as_bytes()).map_err(|error| error.to_string()))
    {
        Err(why) => Some(format!("unable to parse YAML: {why}")),
        Ok(values) => match look(tree, "values.schema.json") {
            Found::File(Ok(schema)) if !schema.is_empty() && !settings.skip_schema => {
                let values = coalesce_plain(settings.user, &values, log);
                validate_single(&values, &schema).err()
            }
            _ => None,
        },
    };
    linter.rule(Error, "values-invalid", PATH, found);
}
