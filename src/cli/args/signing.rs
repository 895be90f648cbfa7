//! The key that signs commits, from a file or the environment.

use crate::base::memory;
use crate::cli::args::git::{secret_variable, unprotected};
use crate::cli::error::Failure;
use crate::cli::input;
use crate::signing::key::{SigningKey, SigningKeyError};
use std::ffi::OsString;
use std::path::Path;
use zeroize::Zeroizing;

/// The key that signs commits.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Signing")]
pub(crate) struct SigningArgs {
    /// Sign the commit, and a statement about it, with this OpenSSH private key [default: the key in
    /// GROUNDPLAN_SIGNING_KEY, if it is set].
    #[arg(long, value_name = "FILE", env = "GROUNDPLAN_SIGNING_KEY_FILE")]
    signing_key: Option<OsString>,
}

impl SigningArgs {
    /// The flag of the key, for a command that creates the same commit.
    pub(crate) fn flags(&self) -> Option<(&'static str, String)> {
        let file = self.file()?;
        Some(("--signing-key", file.display().to_string()))
    }

    /// The named file. A list of variables may name the variable without a value.
    fn file(&self) -> Option<&Path> {
        let file = self.signing_key.as_deref();
        file.filter(|file| !file.is_empty()).map(Path::new)
    }

    /// Reads the key; none if no file and no variable has one.
    pub(crate) fn key(&self) -> Result<Option<SigningKey>, Failure> {
        let (source, bytes) = match self.file() {
            Some(file) => {
                memory::protect().map_err(unprotected)?;
                let source = format!("`{}`", file.display());
                (source, Zeroizing::new(input::document(file)?))
            }
            None => match secret_variable(SigningKey::VARIABLE).map_err(unprotected)? {
                Some(text) => {
                    let bytes = Zeroizing::new(text.into_encoded_bytes());
                    (SigningKey::VARIABLE.to_owned(), bytes)
                }
                None => return Ok(None),
            },
        };
        let refused = |error: SigningKeyError| {
            let message = format!("invalid signing key in {source}");
            let failure = Failure::usage("signing_key_invalid", message).hinted(error.hint());
            failure.caused_by(error)
        };
        SigningKey::parse(&bytes).map(Some).map_err(refused)
    }
}
