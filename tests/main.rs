//! The integration tests: one binary, one harness.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests start programs, lay out files and stop at the first surprise"
)]

mod support;

mod cases;
mod check;
mod conformance;
mod hostile;
mod new;
mod preview;
mod properties;
