//! An error and what caused it, in one line.

use std::error::Error;
use std::fmt::Write as _;

/// The sentence of an error and those of its causes, with colons between.
pub fn in_one_line(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        write!(text, ": {cause}").expect("a string grows");
        source = cause.source();
    }
    text
}
