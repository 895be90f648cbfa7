//! The HTTP API, by requests to the real program.

mod access;
mod documents;
mod doors;
mod events;
mod jobs;
mod pages;
mod pages_board;
mod previews;
mod problems;
mod runs;
pub(crate) mod support;
