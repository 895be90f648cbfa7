//! The HTTP API, by requests to the real program.

mod access;
mod compression;
mod documents;
mod doors;
mod events;
mod limits;
mod jobs;
mod previews;
mod problems;
mod runs;
mod support;
