//! The settings of repositories on a forge: labels, collaborators, branch protection and first issues. They are read, set
//! and read again through requests that GitHub and Forgejo have in common, except for the protection.

mod change;
mod client;
mod contents;
mod difference;
mod documents;
mod forgejo_protection;
mod github_protection;

pub use change::SettingsError;
pub(super) use client::Api;
pub use client::RepositoryClient;
pub use contents::NewFile;
pub use difference::SettingDifference;

/// The branch that is protected.
const BRANCH: &str = "main";
