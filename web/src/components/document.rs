//! One document of the manifests: a heading that stays while its text scrolls, and the lines in view.
//!
//! The text has the height of all its lines and holds only those near the view, so that 20,000 lines scroll smoothly.
//! Heights go through the CSSOM: the page's policy allows no `style` attribute.

use std::rc::Rc;

use web_sys::HtmlElement;
use yew::prelude::*;

use crate::components::icon_as;
use crate::components::yaml_line::{is_in_block, opens_block, pieces};
use crate::state::Output;

/// Height of a line, `--row-code` in tokens.css.
pub(crate) const LINE_PX: f64 = 20.0;

/// Props of [`Document`]. Equal when it would look the same, whatever render it comes from.
#[derive(Clone, Properties)]
pub(crate) struct DocumentProps {
    pub(crate) output: Rc<Output>,
    pub(crate) index: usize,
    /// Lines of this document that are in the page: first, behind the last.
    pub(crate) lines: (usize, usize),
    pub(crate) is_folded: bool,
    pub(crate) on_fold: Callback<String>,
}

impl PartialEq for DocumentProps {
    fn eq(&self, other: &Self) -> bool {
        let same_place =
            self.index == other.index && self.lines == other.lines && self.is_folded == other.is_folded;
        if !same_place || Rc::ptr_eq(&self.output, &other.output) {
            return same_place;
        }
        match (self.output.documents.get(self.index), other.output.documents.get(other.index)) {
            (Some(own), Some(others)) => {
                own.key == others.key
                    && own.document.is_hook == others.document.is_hook
                    && own.first_line == others.first_line
                    && self.output.body(own) == other.output.body(others)
            }
            _ => false,
        }
    }
}

/// The document.
#[component]
pub(crate) fn Document(props: &DocumentProps) -> Html {
    let (body, window) = (use_node_ref(), use_node_ref());
    let placed = props.output.documents.get(props.index);
    let n_lines = placed.map_or(0, |placed| placed.n_lines);
    {
        let (body, window) = (body.clone(), window.clone());
        use_effect_with((n_lines, props.lines, props.is_folded), move |(n_lines, lines, _)| {
            if let (Some(body), Some(window)) = (body.cast::<HtmlElement>(), window.cast::<HtmlElement>()) {
                let height = *n_lines as f64 * LINE_PX;
                // A size that cannot be set leaves the lines where the flow puts them.
                let _ = body.style().set_property("height", &format!("{height}px"));
                let _ = window
                    .style()
                    .set_property("transform", &format!("translateY({}px)", lines.0 as f64 * LINE_PX));
            }
        });
    }
    let Some(placed) = placed else { return html! {} };
    let document = &placed.document;
    let onclick = {
        let (on_fold, key) = (props.on_fold.clone(), placed.key.clone());
        Callback::from(move |_: MouseEvent| on_fold.emit(key.clone()))
    };
    html! {
        <section class={classes!("document", props.is_folded.then_some("is-folded"))} data-testid="document"
            data-source={document.source.clone()} data-kind={document.kind.clone()} data-name={document.name.clone()}>
            <h3 class="source">
                <button type="button" aria-expanded={(!props.is_folded).to_string()} {onclick}>
                    { icon_as(if props.is_folded { "right" } else { "down" }, "twist") }
                    { source_line(&document.source) }
                </button>
                <span class="kind">
                    if document.is_hook { <span class="badge">{ "hook" }</span> }
                    if document.kind == "Secret" { { icon_as("lock", "i-small") } }
                    { document.kind.clone() }
                    if !document.name.is_empty() { <span class="object-name">{ document.name.clone() }</span> }
                </span>
            </h3>
            if !props.is_folded {
                <div class="code" ref={body}><div class="lines" ref={window}>{ lines(props, placed.first_line, n_lines) }</div></div>
            }
        </section>
    }
}

fn lines(props: &DocumentProps, first_line: usize, n_lines: usize) -> Html {
    let (from, to) = (props.lines.0.min(n_lines), props.lines.1.min(n_lines));
    let line_at = |index: usize| String::from_utf8_lossy(props.output.line(first_line + index));
    // Whether the view starts inside a block of text is known only from above.
    let mut block = None;
    for index in 0..from {
        block = step(block, &line_at(index));
    }
    let mut rows = Vec::with_capacity(to - from);
    for index in from..to {
        let line = line_at(index);
        let is_text = block.is_some_and(|block| is_in_block(&line, block));
        block = step(block, &line);
        let content: Html = if is_text {
            html! { { line.clone().into_owned() } }
        } else {
            pieces(&line)
                .into_iter()
                .map(|(class, text)| match class {
                    Some(class) => html! { <span {class}>{ text.to_owned() }</span> },
                    None => html! { { text.to_owned() } },
                })
                .collect()
        };
        let number = first_line + index + 1;
        rows.push(html! {
            <div class="line" key={number} data-line={number.to_string()}><span class="number">{ number }</span><code>{ content }</code></div>
        });
    }
    rows.into_iter().collect()
}

fn step(block: Option<usize>, line: &str) -> Option<usize> {
    match block {
        Some(block) if is_in_block(line, block) => Some(block),
        _ => opens_block(line),
    }
}

/// `# Source: chart/templates/a.yaml`, whose folders give way first.
pub(crate) fn source_line(source: &str) -> Html {
    let (folder, name) = source.split_at(source.rfind('/').map_or(0, |at| at + 1));
    html! {
        <><span class="hash">{ "# Source: " }</span><span class="path" title={source.to_owned()}><span class="folder">{ folder.to_owned() }</span><span class="file-name">{ name.to_owned() }</span></span></>
    }
}
