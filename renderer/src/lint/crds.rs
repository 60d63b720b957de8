//! Rules over `crds/`.
//!
//! Source: helm v4.3.1 `pkg/chart/v2/lint/rules/crds.go`.

use super::objects::objects;
use super::{Found, Linter, Loaded, look};
use crate::chart::load::walk::Tree;
use crate::log::Log;
use crate::problem::Severity;

const PATH: &str = "crds/";

pub(super) fn check(linter: &mut Linter, tree: &impl Tree, loaded: &Loaded, log: &mut Vec<Log>) {
    match look(tree, "crds") {
        Found::Missing(_) => return,
        Found::Directory => {}
        Found::File(_) => {
            linter.rule(Severity::Error, "crds-not-a-directory", PATH, Some("not a directory".to_owned()));
            return;
        }
    }
    let chart = match loaded.chart(log) {
        Ok(chart) => chart,
        Err(error) => {
            linter.rule(Severity::Error, "chart-not-loadable", PATH, Some(error.message().to_owned()));
            return;
        }
    };
    for crd in chart.crds() {
        let path = &*crd.file.name;
        for object in objects(&crd.file.data) {
            let object = match object {
                Ok(Some(object)) => object,
                Ok(None) => continue,
                Err(why) => {
                    let what = format!("unable to parse YAML: {why}");
                    linter.rule(Severity::Error, "crd-not-yaml", path, Some(what));
                    return;
                }
            };
            let api = object.api_version.as_bytes().starts_with(b"apiextensions.k8s.io");
            let api = (!api).then(|| "apiVersion is not in 'apiextensions.k8s.io'".to_owned());
            linter.rule(Severity::Error, "crd-api-version", path, api);
            let kind = object.kind == "CustomResourceDefinition";
            let kind = (!kind).then(|| "object kind is not 'CustomResourceDefinition'".to_owned());
            linter.rule(Severity::Error, "crd-kind", path, kind);
        }
    }
}
