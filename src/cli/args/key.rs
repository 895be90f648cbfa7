//! The keys that tokens are sealed with, from the environment.

use crate::cli::args::git::environment;
use crate::cli::error::Failure;
use crate::pat::key::Key;
use zeroize::Zeroizing;

/// The key in a variable, if it is set.
pub(crate) fn key(variable: &str) -> Result<Option<Key>, Failure> {
    let Some(text) = environment(variable).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let usage = |message: String| {
        Failure::usage(
            "key_invalid",
            format!("{variable} cannot be used: {message}"),
        )
        .hinted(format!("set it to what `{}` prints", Key::HOW_TO_MAKE))
    };
    let text = text.into_string();
    let text = Zeroizing::new(text.map_err(|_| usage("it is not text".to_owned()))?);
    let key = Key::parse(&text).map_err(|error| usage(error.to_string()))?;
    Ok(Some(key))
}

/// The key is missing.
pub(crate) fn no_key() -> Failure {
    Failure::usage(
        "key_missing",
        format!("there is no key: {} is not set", Key::VARIABLE),
    )
    .hinted(format!("make one with `{}` and keep it", Key::HOW_TO_MAKE))
}
