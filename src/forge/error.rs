//! Errors of a forge, by the reaction they call for.

use super::denial::Denial;
use super::ownership::OwnershipError;
use crate::error::{Class, Explain, Hint, Setting};
use crate::hint;
use std::time::Duration;
use thiserror::Error;

/// A failed request to a forge. Texts of the forge are cut and contain no secrets.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ForgeError {
    /// The token is invalid, revoked or expired.
    #[error("the forge rejects the token: {message}")]
    Unauthorized { message: String },
    /// The token is valid, but not for this request.
    #[error("the forge denies the request ({denial}): {message}")]
    Forbidden { denial: Denial, message: String },
    /// It does not exist, or the token cannot see it.
    #[error("the forge finds nothing there: {message}")]
    NotFound { message: String },
    #[error("the name is taken: {message}")]
    NameTaken { message: String },
    /// The repository has another name or owner now. The redirect was not followed.
    #[error("the forge redirects: the repository was renamed or moved")]
    Moved,
    /// Nothing was done. The request may be repeated after this time.
    #[error("the forge's rate limit is reached: wait {} seconds", retry_after.as_secs())]
    RateLimited { retry_after: Duration },
    /// Nothing was done. The request may be repeated.
    #[error("the forge cannot be reached: {message}")]
    Unavailable { message: String },
    /// The TLS handshake failed, before anything was sent. Repeating the request does not help.
    #[error("the connection to the forge is not secure: {message}")]
    Insecure { message: String },
    /// The change may or may not have been made: read its state before anything else is tried.
    #[error("the outcome of the change is unknown: {message}")]
    OutcomeUnknown { message: String },
    /// The request is wrong and fails again when repeated.
    #[error("the forge refuses the request: {message}")]
    Invalid { message: String },
    /// The repository may belong to somebody else, so it was not changed.
    #[error("the repository was left unchanged: {0}")]
    NotOurs(OwnershipError),
    /// The answer is not one of this kind of forge.
    #[error("the forge's answer is not understood: {message}")]
    Protocol { message: String },
    /// A part of the list would look like all of it.
    #[error("the forge's list of {what} has more than {read} entries, which is too long")]
    ListTooLong { what: String, read: usize },
    /// A folder of repositories cannot be read or written.
    #[error("the folder of repositories cannot be used: {message}")]
    Folder { message: String },
}

impl ForgeError {
    /// True if the same read may succeed when it is repeated soon.
    pub(super) fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// A repository that has been deleted in the meantime.
    pub(super) fn no_longer_there() -> Self {
        Self::NotFound {
            message: "the repository no longer exists".to_owned(),
        }
    }

    /// A request for another person's account.
    pub(super) fn other_user(owner: &str) -> Self {
        Self::Invalid {
            message: format!(
                "`{owner}` is another user, and only that user creates repositories there"
            ),
        }
    }

    /// A list that has not ended after `read` entries.
    pub(super) fn too_long(what: &str, read: usize) -> Self {
        Self::ListTooLong {
            what: what.to_owned(),
            read,
        }
    }

    pub(super) fn protocol(message: impl Into<String>) -> Self {
        Self::Protocol {
            message: message.into(),
        }
    }
}

impl From<OwnershipError> for ForgeError {
    fn from(error: OwnershipError) -> Self {
        Self::NotOurs(error)
    }
}

impl Explain for ForgeError {
    fn class(&self) -> Class {
        match self {
            Self::Unauthorized { .. } => Class::Credential,
            Self::Forbidden { denial, .. } => denial.class(),
            Self::NotFound { .. }
            | Self::NameTaken { .. }
            | Self::Moved
            | Self::Invalid { .. }
            | Self::ListTooLong { .. }
            | Self::NotOurs(_) => Class::Refused,
            Self::RateLimited { .. }
            | Self::Unavailable { .. }
            | Self::OutcomeUnknown { .. }
            | Self::Protocol { .. } => Class::Retryable,
            Self::Insecure { .. } | Self::Folder { .. } => Class::Environment,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unauthorized { .. } => "forge_unauthorized",
            Self::Forbidden { .. } => "forge_forbidden",
            Self::NotFound { .. } => "forge_not_found",
            Self::NameTaken { .. } => "forge_name_taken",
            Self::Moved => "forge_moved",
            Self::RateLimited { .. } => "forge_rate_limited",
            Self::Unavailable { .. } => "forge_unavailable",
            Self::Insecure { .. } => "forge_insecure",
            Self::OutcomeUnknown { .. } => "forge_outcome_unknown",
            Self::Invalid { .. } => "forge_invalid_request",
            Self::NotOurs(_) => "forge_not_ours",
            Self::Protocol { .. } => "forge_protocol",
            Self::ListTooLong { .. } => "forge_list_too_long",
            Self::Folder { .. } => "forge_folder",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::Unauthorized { .. } => hint!(
                "create a new classic token with the scope `repo`, and set GROUNDPLAN_FORGE_TOKEN to it"
            ),
            Self::Forbidden { denial, .. } => denial.hint(),
            Self::NotFound { .. } => hint!(
                "check ",
                Setting::Owner,
                " and ",
                Setting::ForgeUrl,
                "; what the token cannot see looks absent"
            ),
            Self::NameTaken { .. } => hint!("choose another name with ", Setting::Repo),
            Self::Moved => hint!("open the address in a browser, and use the new name"),
            Self::RateLimited { .. } => hint!("try again after that time"),
            Self::Unavailable { .. } => {
                hint!("check ", Setting::ForgeUrl, ", or try again later")
            }
            Self::Insecure { .. } => hint!(
                "for a private certificate authority, set SSL_CERT_FILE to its certificate or SSL_CERT_DIR to a folder of certificates; otherwise check ",
                Setting::ForgeUrl,
                " and this machine's clock"
            ),
            Self::OutcomeUnknown { .. } => hint!("check the repository on the forge"),
            Self::Invalid { .. } => hint!("correct what the forge's message names"),
            Self::NotOurs(_) => {
                hint!(
                    "check the repository on the forge, and delete it by hand if it is not needed"
                )
            }
            Self::Protocol { .. } => hint!(
                "check that ",
                Setting::Forge,
                " names the kind of forge at ",
                Setting::ForgeUrl
            ),
            Self::ListTooLong { .. } => {
                hint!("shorten the list on the forge, or do this step there by hand")
            }
            Self::Folder { .. } => hint!("check permissions and free space"),
        })
    }
}
