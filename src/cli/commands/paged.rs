//! Commands whose results a terminal shows in a pager.

use super::Command;

impl Command {
    /// True for commands that print reports and lists.
    pub(in crate::cli) fn has_long_results(&self) -> bool {
        match self {
            Self::List(_)
            | Self::Show(_)
            | Self::Preview(_)
            | Self::Update(_)
            | Self::Fleet(_)
            | Self::Verify(_)
            | Self::Explain(_)
            | Self::Man(_) => true,
            Self::Runs(args) => args.has_long_results(),
            _ => false,
        }
    }
}
