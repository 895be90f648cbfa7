//! The HTTP API, by requests to the real program.

mod access;
mod compression;
mod documents;
mod doors;
mod events;
mod jobs;
mod limits;
mod pages;
mod previews;
mod previews;
mod problems;
mod problems;
mod runs;
mod runs;
mod shared;
mod support;
pub(crate) mod support;
