//! The API server as the tests see it: who they are, what they ask, what is there.

pub mod api;
pub mod kubeconfig;

pub use api::Api;
pub use kubeconfig::Access;
