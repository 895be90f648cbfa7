//! The HTTP API, by requests to the real program.

mod access;
mod browser;
mod documents;
mod doors;
mod events;
mod jobs;
mod pages_board;
mod previews;
mod problems;
mod runs;
mod support;
