//! Values that every layer shares. Each is parsed once and valid from then on.

#[macro_use]
mod text;

pub mod action;
pub mod canonical;
pub mod condition;
pub mod content;
pub mod count;
pub mod date;
pub mod dependency;
pub mod diagnostic;
pub mod digest;
pub mod exclude;
pub mod input;
pub mod input_pattern;
pub mod licence;
pub mod limits;
pub mod ordered_value;
pub mod path;
pub mod placeholder;
pub mod plan;
pub mod preflight;
pub mod provenance;
pub mod ref_name;
pub mod remote;
pub mod report;
pub mod repository_settings;
pub mod selection;
pub mod single_line;
pub mod slug;
pub mod suggest;
pub mod timestamp;
pub mod update;
pub mod value_pointer;
