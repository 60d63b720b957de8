//! The routes: parse, call, encode.

pub mod headers;
pub mod health;
pub mod methods;
pub mod page;
pub mod session;
