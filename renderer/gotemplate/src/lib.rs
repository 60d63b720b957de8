//! Go 1.27's `text/template`, with Helm's limits: lexer, parser, compiler and virtual machine.
//!
//! [`parse`] makes a [`ParsedFile`] of a text, a [`TemplateSet`] holds the templates of many files, and a [`Machine`] runs one.
//! What goes wrong is a [`ParseError`] or an [`ExecError`], which print Go's sentences and carry the structure they are made of.

#![warn(clippy::disallowed_methods)]

mod ast;
mod builtin;
mod call;
mod code;
mod compile;
mod error;
mod fuel;
mod func;
mod host;
mod lexer;
mod literal;
mod parser;
mod print;
mod set;
mod token;
mod unicode;
mod vm;

pub use error::{Cause, ExecError, ParseError, Place, Step};
pub use fuel::Fuel;
pub use func::{Answer, Arg, Body, Call, Failure, Func, FuncMap, IntoFunc, PlainBody, Rest, RestOf};
pub use host::{Host, Include, Mark, Nobody};
pub use set::{ParsedFile, Template, TemplateSet, parse};
pub use vm::{Machine, Methods, TPL_SOURCE, without_no_value};
