//! The integration tests: one binary, one harness.
#![expect(
    clippy::disallowed_methods,
    reason = "tests start programs and lay out files, which the product does only at its edges"
)]

mod support;

mod check;
mod diagnostics;
mod new;
mod preview;
