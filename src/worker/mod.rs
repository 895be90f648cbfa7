//! The worker: claims jobs from the store, and creates or updates their repositories. A crash at any point loses no job and leaves
//! no unrecorded repository.

mod attempt;
mod build;
pub mod context;
pub mod health_state;
pub mod lease_keeper;
mod ledger;
mod listener;
pub mod log;
pub mod metrics;
pub mod outcome;
mod record;
mod retry;
pub mod server;
pub mod service;
pub mod state_files;
mod update;
pub mod workspace;

pub use attempt::{clean_up, execute};
