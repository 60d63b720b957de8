//! Helm v4.3.1's client side, pure: charts, values, rendering, lint, packages.
//!
//! A chart becomes manifests like this: [`chart::load`] reads its files, [`values::user_values`] and [`render::prepare`] make
//! the values that templates see, [`render::Engine`] runs every template, [`render::Rendered::documents`] splits and sorts what
//! they wrote, [`render::assemble`] prints it as `helm template` does. [`Session`] holds a chart under edit and does all of this
//! at every change.
//!
//! Words of our own: a *session* is a chart under edit; a *world* is all that a render may ask besides its input; a *layer* is
//! one source of values; an *environment* is a named stack of layers; a *document* is one YAML document of a manifest.
//!
//! Nothing here reads a clock, a file, the environment or entropy: [`world::World`] is the only way out.

#![warn(clippy::disallowed_methods)]

pub mod capabilities;
pub mod chart;
pub mod create;
pub mod dependency;
pub mod error;
pub mod functions;
pub mod inspect;
pub mod lint;
pub mod log;
pub mod package;
pub mod problem;
pub mod render;
pub mod repo;
pub mod session;
mod show;
pub mod source_map;
pub mod values;
pub mod world;

pub use capabilities::HELM_VERSION;
pub use error::Error;
pub use log::Log;
pub use session::{Change, Session, Settings, Update};
pub use source_map::SourceMap;
pub use {gotemplate, release, source, sprig, value, yaml};
