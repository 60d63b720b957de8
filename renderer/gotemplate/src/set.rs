//! Names to templates: the set that all files of a run share, and the layers that `tpl` puts on it.

use std::collections::HashMap;
use std::rc::Rc;

use source::{SourceId, Span};
use value::Text;

use crate::FuncMap;
use crate::ast::{Ast, NodeId};
use crate::error::ParseError;
use crate::parser;

/// A parsed file: a template of the file's own name, and one for each `define` and `block` in it.
///
/// It holds no state of a run, so a cache may keep it as long as name, text and functions are the same.
#[derive(Debug)]
pub struct ParsedFile {
    name: Text,
    templates: Vec<Rc<Template>>,
}

impl ParsedFile {
    /// The file's name.
    pub fn name(&self) -> &Text {
        &self.name
    }

    /// The templates; the file's own is the last.
    pub fn templates(&self) -> &[Rc<Template>] {
        &self.templates
    }
}

/// One named template.
#[derive(Debug)]
pub struct Template {
    pub(crate) name: Text,
    pub(crate) blank: bool,
    pub(crate) span: Span,
    pub(crate) ast: Rc<Ast>,
    pub(crate) root: NodeId,
}

impl Template {
    /// The name by which it is called.
    pub fn name(&self) -> &Text {
        &self.name
    }

    /// Whether it holds nothing but white space and comments; then it never replaces another.
    pub fn is_blank(&self) -> bool {
        self.blank
    }

    /// The file, or the `define` with its body.
    pub fn span(&self) -> Span {
        self.span
    }
}

/// Parses `text` under `name`, the functions known being those of `funcs` and Go's own.
///
/// Shape: the file holds what could be read; it must not be run when there are errors. Errors stand in the order of the text and
/// the first is the one at which Go stops; the others help an editor. The file calls the functions of this very table.
///
/// Cost: one pass; no recursion, whatever is nested.
pub fn parse(
    name: &Text,
    source: SourceId,
    text: &Text,
    funcs: &FuncMap,
) -> (Rc<ParsedFile>, Vec<ParseError>) {
    let parsed = parser::parse(name, source, text, funcs);
    let ast = Rc::new(parsed.ast);
    let templates = parsed
        .trees
        .into_iter()
        .map(|tree| {
            Rc::new(Template {
                name: tree.name,
                blank: tree.blank,
                span: tree.span,
                ast: ast.clone(),
                root: tree.root,
            })
        })
        .collect();
    (Rc::new(ParsedFile { name: name.clone(), templates }), parsed.errors)
}

/// The templates that a run can call by name.
#[derive(Clone, Debug, Default)]
pub struct TemplateSet {
    by_name: HashMap<Text, Rc<Template>>,
}

impl TemplateSet {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the templates of a file; call it in the order in which Helm parses. A template replaces the one of its name, unless
    /// it is blank.
    pub fn add(&mut self, file: &ParsedFile) {
        for template in &file.templates {
            if !template.blank || !self.by_name.contains_key(&template.name) {
                self.by_name.insert(template.name.clone(), template.clone());
            }
        }
    }

    /// The template of that name.
    pub fn get(&self, name: &[u8]) -> Option<&Rc<Template>> {
        self.by_name.get(name)
    }
}
