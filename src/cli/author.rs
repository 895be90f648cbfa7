//! The author of the commit as people see it.

use crate::cli::output::terminal::Terminal;
use crate::model::input::Identity;
use crate::model::plan::Plan;

/// Warns of a commit without a person as its author.
pub(crate) fn warn_of_placeholder(plan: &Plan, terminal: &mut Terminal) {
    if plan.author != Identity::default() {
        return;
    }
    let message = format!(
        "the author of the commit is the placeholder `{}`: hosts such as Vercel refuse to deploy its commits",
        plan.author.as_str()
    );
    let hint = "set `user.name` and `user.email` in git, or name a person with `--author` or GROUNDPLAN_AUTHOR";
    terminal.warning(&message, &[hint.to_owned()]);
}
