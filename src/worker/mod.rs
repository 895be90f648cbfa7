//! The worker: takes jobs from the store and makes repositories of them, so that nothing is lost whatever dies.

mod door;
pub mod ending;
pub mod health;
pub mod hold;
mod ledger;
pub mod log;
pub mod means;
pub mod meter;
mod patience;
pub mod pulse;
mod run;
pub mod service;
mod steps;
pub mod workspace;

pub use run::{carry_out, clean_up};
