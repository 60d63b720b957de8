//! Go 1.27's `text/template`, with Helm's limits: lexer, parser, compiler and virtual machine.
//!
//! [`parse`] makes a [`ParsedFile`] of a text, a [`TemplateSet`] holds the templates of many files, and `execute` runs one.
//! What goes wrong is a [`ParseError`] or an [`ExecError`], which print Go's sentences and carry the structure they are made of.

#![warn(clippy::disallowed_methods)]
#![expect(dead_code, reason = "the machine, which reads the trees, is on its way")]

mod ast;
mod builtin;
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

pub use error::{Cause, ExecError, ParseError, Place, Step};
pub use fuel::Fuel;
pub use func::{Answer, Arg, Body, Call, Failure, Func, FuncMap, IntoFunc, PlainBody, Rest, RestOf};
pub use host::{Host, Include, Nobody};
pub use set::{ParsedFile, Template, TemplateSet, parse};
