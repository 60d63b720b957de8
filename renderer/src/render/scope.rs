//! What each template sees as its dot, and which templates there are.
//!
//! Source: helm v4.3.1 `pkg/engine/engine.go`, `allTemplates`, `recAllTpls`.

use std::cmp::Reverse;
use std::rc::Rc;

use value::{Map, MapType, QuickMap, Text, Value};

use super::Release;
use crate::capabilities::Capabilities;
use crate::chart::Chart;
use crate::functions::files::Files;

/// One template file of a chart or of a chart below it.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    /// `chart/charts/sub/templates/x.yaml`: the name under which it is parsed.
    pub(crate) name: Rc<str>,
    /// Where the file stands below the root chart's directory: `charts/sub-dir/templates/x.yaml`.
    pub(crate) path: Rc<str>,
    /// The text.
    pub(crate) text: Text,
    /// `chart/charts/sub/templates`.
    pub(crate) base_path: Rc<str>,
    /// The dot of its chart: one map for all files of a chart, so what one file sets the next one sees.
    pub(crate) context: Map,
}

impl Template {
    /// Whether it only holds helpers: its base name starts with `_`.
    pub(crate) fn is_partial(&self) -> bool {
        self.name.rsplit('/').next().is_some_and(|base| base.starts_with('_'))
    }

    /// Puts `.Template` into the context and gives the dot.
    pub(crate) fn dot(&self) -> Value {
        let template = Map::with_type(MapType::Values);
        template.insert("Name", &*self.name);
        template.insert("BasePath", &*self.base_path);
        self.context.insert("Template", Value::Map(template));
        Value::Map(self.context.retyped(MapType::Values))
    }
}

/// All templates of `chart` and the charts below it, in the order in which they are parsed and run: the deepest paths first,
/// and among paths of one depth the last by name.
///
/// Shape: `values` are the coalesced values of the root chart. Where two charts have the same full path the later one wins.
pub(crate) fn templates(
    chart: &Chart,
    values: &Map,
    release: &Release,
    capabilities: &Capabilities,
) -> Vec<Template> {
    let common = Common { release: Value::Map(release.to_map()), capabilities: capabilities.to_value() };
    let mut found = QuickMap::default();
    collect(chart, Place::root(chart), values.retyped(MapType::Values), &common, &mut found);
    let mut templates: Vec<Template> = found.into_values().collect();
    templates.sort_by_cached_key(|template| {
        let depth = template.name.bytes().filter(|byte| *byte == b'/').count();
        (Reverse(depth), Reverse(template.name.clone()))
    });
    templates
}

/// What is the same for all charts.
struct Common {
    release: Value,
    capabilities: Value,
}

/// Where a chart hangs.
struct Place {
    full_path: String,
    directory: String,
    is_root: bool,
}

impl Place {
    fn root(chart: &Chart) -> Self {
        Self { full_path: chart.name().to_owned(), directory: String::new(), is_root: true }
    }
}

/// Recurses over charts, which nest at most [`crate::chart::MAX_CHART_DEPTH`] deep.
fn collect(
    chart: &Chart,
    place: Place,
    values: Map,
    common: &Common,
    found: &mut QuickMap<Rc<str>, Template>,
) -> Map {
    let subcharts = Map::new();
    let context = Map::from_iter([
        ("Capabilities", common.capabilities.clone()),
        ("Chart", Value::Map(chart.metadata.to_map(place.is_root))),
        ("Files", Value::Object(Rc::new(Files::new(&chart.files)))),
        ("Release", common.release.clone()),
        ("Subcharts", Value::Map(subcharts.clone())),
        ("Values", Value::Map(values.clone())),
    ]);
    for child in &chart.dependencies {
        let own = match values.get(child.name()) {
            Some(Value::Map(table)) => table.retyped(MapType::Values),
            _ => Map::with_type(MapType::Values),
        };
        let below = Place {
            full_path: format!("{}/charts/{}", place.full_path, child.name()),
            directory: format!("{}charts/{}/", place.directory, child.directory),
            is_root: false,
        };
        subcharts.insert(child.name(), Value::Map(collect(child, below, own, common, found)));
    }
    let base_path: Rc<str> = format!("{}/templates", place.full_path).into();
    for file in &chart.templates {
        let base = file.name.rsplit('/').next().unwrap_or_default();
        if chart.is_library() && !base.starts_with('_') {
            continue;
        }
        let name: Rc<str> = format!("{}/{}", place.full_path, file.name).into();
        let template = Template {
            name: name.clone(),
            path: format!("{}{}", place.directory, file.name).into(),
            text: file.data.clone(),
            base_path: base_path.clone(),
            context: context.clone(),
        };
        found.insert(name, template);
    }
    context
}
