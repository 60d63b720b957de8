//! What outlives a page view and what crosses its edge: the browser's store, archives in and out, uploads, downloads.

pub mod archive;

pub mod record;

pub(crate) mod intake;

pub(crate) mod download;

pub(crate) mod store;
