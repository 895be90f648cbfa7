//! The HTTP API, by requests to the real program.

mod access;
mod app_example;
mod canary;
mod compression;
mod documents;
mod doors;
mod drafts;
mod events;
mod fleet;
mod ideas;
mod jobs;
mod limits;
mod pages;
mod pages_board;
mod pages_drafts;
mod pages_settings;
mod previews;
mod problems;
mod run_settings;
mod runs;
mod shared;
mod submissions;
pub(crate) mod support;
