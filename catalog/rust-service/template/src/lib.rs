//! The service as a library, so that tests can call it without a network.

pub mod app;
pub mod config;
pub mod database;
pub mod error;
pub mod health;
pub mod notes;
