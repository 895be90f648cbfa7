//! The HTTP API, by requests to the real program.

mod access;
mod documents;
mod doors;
mod events;
mod jobs;
mod previews;
mod problems;
mod runs;
mod support;
