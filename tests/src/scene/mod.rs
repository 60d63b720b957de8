//! What a trial on the cluster has at hand: a namespace of its own, Helm, the bridge, faults, and a cluster to break.
//!
//! ```no_run
//! # fn trial(world: &tests::scene::World, name: &str) -> Result<(), String> {
//! let scene = world.scene(name)?;
//! let helm = scene.helm()?;
//! helm.ok(&["install", "web", &scene.chart("plain"), "--wait"])?;
//! let bridge = scene.bridge(&[])?;
//! let list = bridge.get(&format!("/v1/releases?namespace={}", scene.namespace))?;
//! assert_eq!(list["items"][0]["name"], "web");
//! # Ok(())
//! # }
//! ```

mod bridge;
mod helm;
mod stage;
mod world;

pub use bridge::{Bridge, Refusal, data, key};
pub use helm::{Helm, Run};
pub use stage::Scene;
pub use world::World;
