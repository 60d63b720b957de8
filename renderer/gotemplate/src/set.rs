//! Names to templates: parsed files, and the set that all files of a run share.

use std::cell::OnceCell;
use std::rc::Rc;

use source::{SourceId, Span};
use value::{QuickMap, Text};

use crate::FuncMap;
use crate::ast::{Ast, NodeId};
use crate::code::Code;
use crate::compile::compile;
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

    /// The templates, in the order in which they end.
    pub fn templates(&self) -> &[Rc<Template>] {
        &self.templates
    }

    /// The template of the file's own name: its text outside of definitions, or, where that is blank, a definition of that name.
    pub fn own(&self) -> Option<&Rc<Template>> {
        self.templates.iter().find(|template| template.name == self.name)
    }
}

/// One named template, compiled.
#[derive(Debug)]
pub struct Template {
    pub(crate) name: Text,
    pub(crate) file: Text,
    pub(crate) blank: bool,
    pub(crate) span: Span,
    pub(crate) ast: Rc<Ast>,
    root: NodeId,
    /// Made when it is first called: most charts define more than they use.
    code: OnceCell<Code>,
}

impl Template {
    /// The name by which it is called.
    pub fn name(&self) -> &Text {
        &self.name
    }

    /// The name of the file that holds it.
    pub fn file(&self) -> &Text {
        &self.file
    }

    /// Whether it holds nothing but white space and comments; then it never replaces another.
    pub fn is_blank(&self) -> bool {
        self.blank
    }

    /// The code; `funcs` are those that the text was parsed with.
    pub(crate) fn code(&self, funcs: &FuncMap) -> &Code {
        self.code.get_or_init(|| compile(&self.ast, self.root, funcs))
    }

    /// The file, or the `define` with its body.
    pub fn span(&self) -> Span {
        self.span
    }
}

/// Parses `text` under `name`, the functions known being those of `funcs` and Go's own.
///
/// Shape: the file holds what could be read; it must not be run when there are errors, and prints nothing if it is. Errors stand
/// in the order of the text and the first is the one at which Go stops; the others help an editor. The file calls the functions
/// of this very table.
///
/// Cost: one pass over the text; a template is compiled when it is first run. No recursion, whatever is nested.
pub fn parse(
    name: &Text,
    source: SourceId,
    text: &Text,
    funcs: &FuncMap,
) -> (Rc<ParsedFile>, Vec<ParseError>) {
    let parsed = parser::parse(name, source, text, funcs);
    let ast = Rc::new(parsed.ast);
    let runs = parsed.errors.is_empty();
    let templates = parsed
        .trees
        .into_iter()
        .map(|tree| {
            Rc::new(Template {
                name: tree.name,
                file: name.clone(),
                blank: tree.blank,
                span: tree.span,
                ast: ast.clone(),
                root: tree.root,
                code: if runs { OnceCell::new() } else { OnceCell::from(Code::nothing()) },
            })
        })
        .collect();
    (Rc::new(ParsedFile { name: name.clone(), templates }), parsed.errors)
}

/// The templates that a run can call by name.
#[derive(Clone, Debug, Default)]
pub struct TemplateSet {
    by_name: QuickMap<Text, Rc<Template>>,
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
