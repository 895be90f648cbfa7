//! Who acts, and the policy that they act under.

use crate::cli::error::Failure;
use crate::cli::input;
use crate::policy::Policy;
use crate::store::id::UserId;
use std::path::PathBuf;

/// In whose name.
#[derive(clap::Args)]
pub(crate) struct PersonArgs {
    /// The user who acts, by id; the audit log names them.
    #[arg(long = "as", value_name = "USER", env = "GROUNDPLAN_USER", default_value = "local", value_parser = UserId::parse)]
    pub(crate) user: UserId,
}

/// Which policy.
#[derive(clap::Args)]
pub(crate) struct PolicyArgs {
    /// The operator's policy: `[tiers]` of catalogues and options, `[approval]` with the administrators.
    #[arg(long, value_name = "FILE", env = "GROUNDPLAN_POLICY")]
    policy: Option<PathBuf>,
}

impl PolicyArgs {
    /// The policy that is named. Without one, the result alone decides and nobody may approve.
    pub(crate) fn read(&self) -> Result<Policy, Failure> {
        let named = self.policy.as_ref();
        let Some(path) = named.filter(|path| !path.as_os_str().is_empty()) else {
            return Ok(Policy::default());
        };
        let bytes = input::document(path)?;
        let refused = |message: String| {
            Failure::usage(
                "policy_invalid",
                format!("`{}` is no policy: {message}", path.display()),
            )
            .hinted("docs/operations.md shows one")
        };
        let text =
            std::str::from_utf8(&bytes).map_err(|_| refused("it is not UTF-8".to_owned()))?;
        Policy::parse(text).map_err(|error| refused(error.to_string()))
    }
}
