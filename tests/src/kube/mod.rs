//! The API server as the tests see it: who they are, what they ask, what is there.

pub mod api;
pub mod dump;
pub mod kubeconfig;
pub mod record;

pub use api::Api;
pub use dump::Dump;
pub use kubeconfig::Access;
