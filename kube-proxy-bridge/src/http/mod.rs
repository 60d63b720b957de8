//! The routes: parse, call, encode.

pub mod body;
pub mod cluster;
pub mod error;
pub mod events;
pub mod guard;
pub mod headers;
pub mod health;
pub mod logs;
pub mod openapi;
pub mod operations;
pub mod page;
pub mod path;
pub mod plans;
pub mod releases;
pub mod routes;
pub mod serve;
pub mod session;
pub mod tls;
