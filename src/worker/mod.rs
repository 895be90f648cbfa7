//! The worker: takes jobs from the store and makes repositories of them, so that nothing is lost whatever dies.

mod build;
pub mod context;
pub mod health;
pub mod health_state;
pub mod lease_keeper;
mod ledger;
mod limited_listener;
pub mod log;
pub mod metrics;
pub mod outcome;
mod retry;
mod run;
pub mod service;
pub mod workspace;

pub use run::{carry_out, clean_up};
