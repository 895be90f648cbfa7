//! Updates of generated repositories.

mod base;
