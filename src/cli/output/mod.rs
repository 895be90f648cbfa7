//! Everything that is printed: results on standard output, the rest on standard error.

pub(crate) mod findings;
pub(crate) mod preflight;
pub(crate) mod render;
pub(crate) mod terminal;

/// The form in which a result is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
}
