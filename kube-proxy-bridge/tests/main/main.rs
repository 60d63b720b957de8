//! Conversations with the router, without a port. One module for each topic; `T` numbers are the threats of the design.

mod bombs;
mod disk;
mod door;
mod harness;
mod interface;
mod page;
mod secrets;
mod tls;
mod tokens;
