//! Parts that know their props and nothing else.

pub(crate) mod icon;

pub(crate) mod field;

pub(crate) mod fields;

pub(crate) mod sentence;

pub(crate) mod separator;

pub(crate) mod tabs;

pub(crate) mod tree;

pub(crate) mod yaml_line;

pub(crate) mod document;

pub(crate) use icon::{Icon, IconButton};
pub(crate) use sentence::Sentence;
