//! Small modules that every layer may use and that know nothing of catalogues or repositories.

pub mod atomic_file;
pub mod clock;
pub mod descriptors;
pub mod disk_space;
pub mod git_dir;
pub mod git_init;
pub mod host;
pub mod memory;
pub mod moved;
pub mod pattern;
pub mod process;
pub mod sanitize;
pub mod tail;
