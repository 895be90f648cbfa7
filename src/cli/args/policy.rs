//! Flags of the acting user and of the policy.

use crate::app::caller::Caller;
use crate::cli::error::Failure;
use crate::cli::input;
use crate::policy::Policy;
use crate::store::id::UserId;
use std::path::PathBuf;

/// The acting user.
#[derive(clap::Args)]
pub(crate) struct PersonArgs {
    /// Id of the acting user, recorded in the audit log.
    #[arg(long = "as", value_name = "USER", env = "GROUNDPLAN_USER", default_value = "local", value_parser = UserId::parse)]
    pub(crate) user: UserId,
}

/// The policy that sets tiers and names administrators.
#[derive(Clone, clap::Args)]
pub(crate) struct PolicyArgs {
    /// Policy file: `[tiers]` of catalogues and options, `[approval]` with the administrators.
    #[arg(long, value_name = "FILE", env = "GROUNDPLAN_POLICY")]
    policy: Option<PathBuf>,
}

impl PersonArgs {
    /// The user as an operator: a terminal with the database's address has access to the runs of all users.
    pub(crate) fn caller(&self) -> Caller {
        Caller::Operator(self.user.clone())
    }
}

impl PolicyArgs {
    /// The policy that is named. Without one, the plan's risk decides the tier and approvals are disabled.
    pub(crate) fn read(&self) -> Result<Policy, Failure> {
        let named = self.policy.as_ref();
        let Some(path) = named.filter(|path| !path.as_os_str().is_empty()) else {
            return Ok(Policy::default());
        };
        let bytes = input::document(path)?;
        Ok(Policy::of_file(path, &bytes)?)
    }
}
