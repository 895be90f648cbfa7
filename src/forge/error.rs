//! Why a forge did not do what it was asked to, by what the caller can do about it.

use super::ownership::OwnershipError;
use std::fmt;
use std::time::Duration;
use thiserror::Error;

/// Why a forge did not do it. Every text of the forge's own is cut and scrubbed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ForgeError {
    /// Another credential is needed; this one is invalid, revoked or expired.
    #[error("the forge does not accept the credential: {message}")]
    Unauthorized { message: String },
    /// The credential is good, but not for this.
    #[error("the forge does not allow it, {why}: {message}")]
    Forbidden { why: Denial, message: String },
    /// It is not there, or hidden from this credential.
    #[error("the forge does not know it: {message}")]
    NotFound { message: String },
    /// Another name is needed.
    #[error("the name is taken: {message}")]
    NameTaken { message: String },
    /// The repository now has another name or owner; nothing was followed.
    #[error("it was renamed or moved, and the forge points elsewhere")]
    Moved,
    /// Nothing was done. It may be asked again after this time, not sooner.
    #[error("the forge asks to wait {} seconds", retry_after.as_secs())]
    RateLimited { retry_after: Duration },
    /// Nothing was done, and it may be asked again.
    #[error("the forge cannot be reached: {message}")]
    Unavailable { message: String },
    /// A change may or may not have been made: look before anything else is tried.
    #[error("whether the forge did it is unknown: {message}")]
    OutcomeUnknown { message: String },
    /// The request itself is at fault and will be every time.
    #[error("the forge refuses the request: {message}")]
    Invalid { message: String },
    /// The repository is not provably ours, so nothing was done to it.
    #[error("it is left alone: {0}")]
    NotOurs(OwnershipError),
    /// The answer makes no sense: this is no forge of that kind, or one that changed.
    #[error("the forge's answer cannot be understood: {message}")]
    Protocol { message: String },
    /// A folder of repositories could not be read or written.
    #[error("the folder of repositories cannot be used: {message}")]
    Folder { message: String },
}

/// What stands between a good credential and its purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// The token was made without a scope that is needed.
    Scopes,
    /// The organisation wants the token to be authorised for its single sign-on.
    Saml,
    /// The organisation takes no classic tokens.
    ClassicTokens,
    /// The organisation lets in only some addresses.
    Address,
    /// The organisation does not let this user do it.
    Policy,
    /// The forge does not say.
    Unstated,
}

impl fmt::Display for Denial {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Scopes => "because the token lacks a scope",
            Self::Saml => {
                "because the token is not authorised for the organisation's single sign-on"
            }
            Self::ClassicTokens => "because the organisation takes no classic tokens",
            Self::Address => "because the organisation does not accept this address",
            Self::Policy => "because the organisation's rules do not let this user",
            Self::Unstated => "without saying why",
        })
    }
}

impl ForgeError {
    /// Whether the same read may be tried again soon.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}
