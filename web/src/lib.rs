//! The Chartroom page and its render worker.
//!
//! A keystroke goes from the editor to the file store (`files`), from there as an edit to the worker (`worker`), and
//! comes back as an action on the state (`state`), which the panels show. `hooks::desk` is where these meet.

pub mod examples;

pub mod worker;

pub mod state;

pub mod files;

pub(crate) mod bridge;

pub(crate) mod editor;

pub mod persist;

pub(crate) mod hooks;

pub(crate) mod components;

pub(crate) mod panels;

pub mod app;
