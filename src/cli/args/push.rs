//! Flags of the push, and the push on the calling thread.

use crate::cli::signals;
use crate::forge::repository::Remote;
use crate::publish::git_push::GitPush;
use crate::publish::push::{Push, PushError};
use async_trait::async_trait;
use std::time::Duration;

/// Limits of the push.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Forge")]
pub(crate) struct PushArgs {
    /// Time limit of the push.
    #[arg(long, env = "GROUNDPLAN_PUSH_TIMEOUT", value_name = "SECONDS", default_value_t = 300,
        value_parser = clap::value_parser!(u64).range(1..=86_400))]
    push_timeout: u64,
}

impl PushArgs {
    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_secs(self.push_timeout)
    }
}

/// A push on the calling thread, which a signal stops.
pub(crate) struct PushHere(pub(crate) GitPush);

#[async_trait]
impl Push for PushHere {
    async fn push(&self, remote: &Remote) -> Result<(), PushError> {
        self.0.run(remote, signals::stop())
    }
}
