//! The keys that tokens are sealed with, from the environment.

use crate::cli::args::git::{secret_variable, unprotected};
use crate::cli::error::Failure;
use crate::pat::key::Key;
use zeroize::Zeroizing;

/// The key in an environment variable; none when unset or empty.
pub(crate) fn read_key(variable: &str) -> Result<Option<Key>, Failure> {
    let Some(text) = secret_variable(variable).map_err(unprotected)? else {
        return Ok(None);
    };
    let usage = |message: String| {
        Failure::usage("key_invalid", message)
            .hinted(format!("set it to the output of `{}`", Key::HOW_TO_MAKE))
    };
    let decoded = text
        .into_string()
        .map(Zeroizing::new)
        .map_err(|_| usage(format!("invalid {variable}: it is not text")))?;
    let key = Key::parse(&decoded);
    Ok(Some(key.map_err(|error| {
        usage(format!("invalid {variable}")).caused_by(error)
    })?))
}

/// The failure of a command that requires a key and has none.
pub(crate) fn no_key() -> Failure {
    Failure::usage(
        "key_missing",
        format!("no key: {} is not set", Key::VARIABLE),
    )
    .hinted(format!(
        "create one with `{}` and store it safely",
        Key::HOW_TO_MAKE
    ))
}
