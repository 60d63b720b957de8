//! A real control plane on loopback: etcd, kube-apiserver, kube-controller-manager, kube-scheduler, and kwok as kubelet.
//!
//! `cargo xtask cluster` builds the programs; [`Plane`] starts them on free ports with throw-away data. The `test-cluster`
//! program leaves a plane running (`up`), or holds it for as long as its input is open (`hold`, [`Held`]), so that it
//! goes with whoever asked for it.

mod held;
mod leftover;
mod plane;
mod ports;
mod program;
mod settle;

pub use held::{Held, listen};
pub use leftover::{down, running};
pub use plane::{KUBECONFIG, Plane, USERS};
pub use program::Part;
