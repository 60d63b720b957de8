//! Numbers as text and back, as Go's `strconv` does it.
//!
//! Source: go 1.27 `strconv/ftoa.go`, `atof.go`, `atoi.go`.

mod float;
mod int;
mod parse;

pub use float::{format_float, format_g, format_g32};
pub use int::push_int;
pub use parse::{NumberError, parse_float, parse_int, parse_uint};
