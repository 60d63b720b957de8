//! The parts of the page that know the state: each takes its slices and turns presses into commands of the desk.

pub(crate) mod bar;

pub(crate) mod deploy;

pub(crate) mod files;

pub(crate) mod layers;

pub(crate) mod releases;

pub(crate) mod editor;

pub(crate) mod result;

pub(crate) mod signature;

pub(crate) mod manifests;

pub(crate) mod problems;

pub(crate) mod notices;

pub(crate) mod status;

pub(crate) mod empty;

use yew::prelude::*;

use crate::hooks::Desk;

/// The desk from the page's context.
#[hook]
pub(crate) fn use_desk_context() -> Desk {
    // `app` provides it around everything; a panel outside of it would be a mistake of this program.
    use_context::<Desk>().unwrap_or_else(Desk::new)
}
