//! Everything that is printed: results on standard output, the rest on standard error.

pub(crate) mod failure;
pub(crate) mod findings;
pub(crate) mod pager;
pub(crate) mod preflight;
pub(crate) mod render;
pub(crate) mod sarif;
pub(crate) mod settings;
pub(crate) mod terminal;
pub(crate) mod usage;

use std::ffi::OsString;

/// The form in which a result is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
}

impl Format {
    /// The format that `--format` names on a command line, which need not be valid otherwise.
    pub(crate) fn typed(args: &[OsString]) -> Self {
        let mut words = args.iter().take_while(|word| *word != "--");
        let is_json = words.clone().any(|word| word == "--format=json")
            || words.any(|word| word == "--format")
                && words.next().is_some_and(|word| word == "json");
        if is_json { Self::Json } else { Self::Text }
    }
}
