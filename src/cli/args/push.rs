//! The push of a built repository, while nothing else is done.

use crate::cli::signals;
use crate::forge::repository::Remote;
use crate::publish::git_push::GitPush;
use crate::publish::push::{Push, PushError};
use async_trait::async_trait;
use std::time::Duration;

/// How it is pushed.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Forge")]
pub(crate) struct PushArgs {
    /// The longest that the push may take.
    #[arg(long, env = "GROUNDPLAN_PUSH_TIMEOUT", value_name = "SECONDS", default_value_t = 300,
        value_parser = clap::value_parser!(u64).range(1..=86_400))]
    push_timeout: u64,
}

impl PushArgs {
    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_secs(self.push_timeout)
    }
}

/// Pushes where it is called, until a signal stops it.
pub(crate) struct PushHere(pub(crate) GitPush);

#[async_trait]
impl Push for PushHere {
    async fn push(&self, remote: &Remote) -> Result<(), PushError> {
        self.0.run(remote, signals::stop())
    }
}
