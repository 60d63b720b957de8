//! Where state, files, worker, editor and store meet.

pub(crate) mod desk;

pub(crate) mod task;

pub(crate) mod use_desk;

pub(crate) use desk::Desk;

pub(crate) use use_desk::use_desk;
