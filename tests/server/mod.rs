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
mod problems;
mod runs;
mod shared;
pub(crate) mod support;
