//! Parts that know what they are given and nothing else.

pub(crate) mod icon;

pub(crate) mod field;

pub(crate) mod fields;

pub(crate) mod prose;

pub(crate) mod separator;

pub(crate) mod tabs;

pub(crate) mod tree;

pub(crate) mod yaml_line;

pub(crate) mod document;

pub(crate) use icon::{icon, icon_as, icon_button};
pub(crate) use prose::prose;
