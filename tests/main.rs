//! The integration tests: one binary, one harness.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests start programs, lay out files and stop at the first surprise"
)]

mod support;

mod agreement;
mod cases;
mod catalog;
mod check;
mod conformance;
mod diagnostics;
mod differential;
mod doctor;
mod explain;
mod forge;
mod forge_cli;
mod health;
mod hostile;
mod listing;
mod mirror;
mod new;
mod npm;
mod packaging;
mod packs;
mod pat;
mod preflight;
mod preview;
mod properties;
mod publish;
mod questions;
mod readme;
mod remembered;
mod schemas;
mod snapshots;
mod store;
mod templates;
mod tidy;
mod verify;
mod worker;
