//! Rules over `values.yaml`.
//!
//! Source: helm v4.3.1 `pkg/chart/v2/lint/rules/values.go`.

use super::{Found, Linter, Settings, Tools, look};
use crate::chart::load::walk::Tree;
use crate::problem::Severity::{Error, Info};
use crate::values::{coalesce_plain, validate_single};

const PATH: &str = "values.yaml";

pub(super) fn check(linter: &mut Linter, tree: &impl Tree, settings: &Settings<'_>, tools: &mut Tools<'_>) {
    let text = match look(tree, PATH) {
        Found::Missing(_) => {
            linter.rule(Info, "values-missing", PATH, Some("file does not exist".to_owned()));
            return;
        }
        Found::Directory => Err(format!("read {}: is a directory", settings.path(PATH))),
        Found::File(text) => text,
    };
    let read = text.and_then(|text| {
        // Helm reads into a type of its own here, and Go names it.
        yaml::read_map(text.as_bytes()).map_err(|error| match error.to_string() {
            message if message.ends_with("of type map[string]interface {}") => {
                message.replace("of type map[string]interface {}", "of type common.Values")
            }
            message => message,
        })
    });
    let found = match read {
        Err(why) => Some(format!("unable to parse YAML: {why}")),
        Ok(values) => {
            let values = coalesce_plain(settings.user, &values, tools.log);
            match look(tree, "values.schema.json") {
                Found::File(Ok(schema)) if !schema.is_empty() && !settings.skip_schema => {
                    validate_single(&values, &schema, tools.schemas).err()
                }
                _ => None,
            }
        }
    };
    linter.rule(Error, "values-invalid", PATH, found);
}
