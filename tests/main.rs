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
mod forge;
mod hostile;
mod mirror;
mod new;
mod npm;
mod preview;
mod properties;
mod publish;
mod questions;
mod readme;
mod schemas;
mod snapshots;
mod tidy;
