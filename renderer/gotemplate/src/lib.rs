//! Go 1.27's `text/template`, with Helm's limits: lexer, parser, compiler and virtual machine.

#![warn(clippy::disallowed_methods)]

mod fuel;
mod func;
mod host;

pub use fuel::Fuel;
pub use func::{Answer, Arg, Body, Call, Failure, Func, FuncMap, IntoFunc, PlainBody, Rest, RestOf};
pub use host::{Host, Include, Nobody};
