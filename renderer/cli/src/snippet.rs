//! A template that stands alone, as some flags take one.

use renderer::gotemplate::{Fuel, FuncMap, Host, Machine, TemplateSet, parse};
use renderer::source::SourceId;
use renderer::value::{Text, Value};

use crate::Failure;

/// What a template prints of a value; `name` stands in its errors.
///
/// # Errors
/// Go's own sentence; Helm does not reword it here.
pub(crate) fn printed(
    host: &mut dyn Host,
    name: &str,
    template: &str,
    funcs: &FuncMap,
    value: Value,
) -> Result<Text, Failure> {
    let name = Text::from(name);
    let (file, errors) = parse(&name, SourceId(0), &Text::from(template), funcs);
    if let Some(error) = errors.first() {
        return Err(Failure(error.to_string()));
    }
    let mut set = TemplateSet::new();
    set.add(&file);
    let mut machine = Machine::new(&set, funcs, |_, _| None);
    machine.execute(&name, value, host, &mut Fuel::endless()).map_err(|error| Failure(error.to_string()))
}
