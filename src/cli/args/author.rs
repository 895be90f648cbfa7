//! The author of commits.

use crate::cli::git_settings;
use crate::model::input::Identity;

/// The flag for the author of commits that a command makes.
#[derive(clap::Args)]
pub(crate) struct AuthorArgs {
    /// Author of the commits [default: `user.name` and `user.email` of git].
    #[arg(long, value_name = "NAME <MAIL>", value_parser = Identity::parse, env = "GROUNDPLAN_AUTHOR")]
    author: Option<Identity>,
}

impl AuthorArgs {
    /// The author that was given, else that of git's settings, else groundplan itself.
    pub(crate) fn identity(&self) -> Identity {
        let given = self.author.clone().or_else(git_settings::identity);
        given.unwrap_or_default()
    }
}
