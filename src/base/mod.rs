//! Small modules that every layer may use and that know nothing of catalogues or repositories.

pub mod clock;
pub mod host;
pub mod pattern;
pub mod sanitize;
