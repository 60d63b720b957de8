//! The values of Go 1.27 as a Helm template sees them.
//!
//! Every type that some function can tell from another is kept apart: `%T`, `kindOf`, argument checks and `eq` see whether
//! a number is an `int`, an `int64` or a `float64`. Strings are bytes. Maps are shared and change in place; lists never do.

#![warn(clippy::disallowed_methods)]

mod bury;
pub mod calendar;
pub mod compare;
mod find;
pub mod fmt;
mod hash;
pub mod json;
mod list;
mod map;
pub mod number;
mod object;
mod origin;
mod path;
mod text;
pub mod unicode;
mod value;

pub use find::find_byte;
pub use hash::{QuickHasher, QuickMap};
pub use list::{Element, List};
pub use map::{Entries, Map, MapType};
pub use object::{Field, Method, MethodBody, Object};
pub use origin::{Origin, Piece, PieceIter};
pub use path::{Step, ValuePath};
pub use text::{Text, TextBuilder};
pub use value::{Kind, Type, Value};
