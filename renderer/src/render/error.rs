//! How Helm words what went wrong in a template, made of structure instead of parsed text.
//!
//! Source: helm v4.3.1 `pkg/engine/engine.go`, `cleanupParseError`, `reformatExecErrorMsg`.

use gotemplate::{Cause, ExecError, ParseError, Step};
use release::manifest::trim_space;
use value::Text;

/// Helm's sentence for a text that is no template.
///
/// Helm splits Go's text at `: ` and shows the last piece, so explanations in front of a quoted text are lost.
pub(crate) fn parse_message(error: &ParseError) -> String {
    let last = error.message.rsplit(": ").next().unwrap_or_default();
    format!("parse error at ({}:{}): {last}", error.name, error.line)
}

/// Helm's sentence, of one or many lines, for a template that failed.
pub(crate) fn exec_message(error: &ExecError) -> String {
    if let (Cause::Fail(message), Some(step)) = (&error.cause, error.steps.first()) {
        let place = &step.place;
        let message = between_marks(error, message);
        return format!("execution error at ({}:{}:{}): {message}", place.file, place.line, place.column);
    }
    match blocks(error) {
        Some(blocks) => {
            let text = blocks.concat();
            String::from_utf8_lossy(trim_space(text.as_bytes())).into_owned()
        }
        None => error.to_string(),
    }
}

/// Helm puts marks around the message of `fail`, and cuts its own text between the first and the last of them: where the
/// message holds a mark, another piece is shown.
fn between_marks(error: &ExecError, message: &Text) -> String {
    const START: &str = "HELM_ERR_START";
    const END: &str = "HELM_ERR_END";
    let plain = error.to_string();
    let message = message.to_string_lossy();
    let way = plain.strip_suffix(&*message).unwrap_or_default();
    let marked = format!("{way}{START}{message}{END}");
    // `template: FILE:LINE:COLUMN: ` stands in front.
    let text = marked.splitn(3, ": ").nth(2).unwrap_or_default();
    let from = text.find(START).map_or(0, |at| at + START.len());
    let to = text.rfind(END).unwrap_or(text.len());
    text.get(from..to).unwrap_or_default().to_owned()
}

/// One block of lines for each error in the chain; `None` where some error in it is not one of the template language, for
/// then Helm shows the chain as it is.
fn blocks(error: &ExecError) -> Option<Vec<String>> {
    let plain = matches!(error.cause, Cause::Function(_) | Cause::TplSyntax { .. } | Cause::OutOfFuel);
    if plain || error.steps.iter().any(|step| step.tpl.is_some()) {
        return None;
    }
    let mut blocks: Vec<String> = Vec::new();
    for (at, step) in error.steps.iter().enumerate() {
        let last = at + 1 == error.steps.len();
        let block = block(step, if last { Some(&error.cause) } else { None });
        if blocks.last() != Some(&block) {
            blocks.push(block);
        }
    }
    if let Cause::MissingTemplate(_) = error.cause {
        blocks.push(format!("{}\n", error.cause));
    }
    Some(blocks)
}

fn block(step: &Step, cause: Option<&Cause>) -> String {
    let place = &step.place;
    let called = step.function.as_ref().map(|name| format!("error calling {name}: ")).unwrap_or_default();
    let message = match cause {
        Some(cause) => format!("{called}{cause}"),
        None => format!("{called}template: "),
    };
    // Helm looks for the first `>: `, which can stand in the context itself.
    let text = format!("{}>: {message}", place.context);
    let (context, message) = text.split_once(">: ").unwrap_or((&text, ""));
    let message = message.split(" template:").next().unwrap_or_default();
    let executing = place.executing.to_string_lossy();
    let executing = executing.split('"').next().unwrap_or_default();
    let message = if message.is_empty() { String::new() } else { format!("{message}\n") };
    format!(
        "{}:{}:{}\n  executing \"{executing}\" at <{context}>:\n    {message}",
        place.file, place.line, place.column
    )
}
