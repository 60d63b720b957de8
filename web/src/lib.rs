//! The Chartroom page and its render worker.

pub mod app;
