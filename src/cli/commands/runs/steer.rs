//! `groundplan runs cancel|retry|approve|cleanup`

use super::parse_run;
use crate::base::sanitize;
use crate::cli::args::database::DatabaseArgs;
use crate::cli::args::policy::{PersonArgs, PolicyArgs};
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::terminal::{BOLD, Terminal};
use crate::model::digest::GitId;
use crate::store::Store as _;
use crate::store::change::{Actor, RunChange};
use crate::store::id::RunId;
use crate::store::run::{Run, RunStatus};

/// A run and who acts on it.
#[derive(clap::Args)]
pub(super) struct RunArgs {
    /// The run, by its id.
    #[arg(value_name = "RUN", value_parser = parse_run)]
    pub(super) run: RunId,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    person: PersonArgs,
    #[command(flatten)]
    pub(super) database: DatabaseArgs,
}

#[derive(clap::Args)]
pub(super) struct ApproveArgs {
    /// The tree that may be made, as the preview and `runs show` name it.
    #[arg(long, value_name = "TREE_ID", value_parser = GitId::parse)]
    tree: GitId,
    #[command(flatten)]
    policy: PolicyArgs,
    #[command(flatten)]
    run: RunArgs,
}

pub(super) fn cancel(args: &RunArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let run = args.change(&RunChange::Cancel)?;
    let what = if run.status.is_active() {
        "is being cancelled: its worker stops at the next step and takes back what it made"
    } else {
        "is cancelled; nothing of it is left outside"
    };
    args.print_result(&run, what, terminal)
}

pub(super) fn retry(args: &RunArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let run = args.change(&RunChange::Retry)?;
    args.print_result(
        &run,
        "is in the queue again and goes on from where it stopped",
        terminal,
    )
}

pub(super) fn approve(args: &ApproveArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let user = &args.run.person.user;
    if !args.policy.read()?.is_administrator(user) {
        return Err(Failure::refused("not_an_administrator", format!("`{user}` is not an administrator, and only one may approve; nothing was approved")).hinted("administrators stand in the operator's policy, under `[approval]`; name it with `--policy`"));
    }
    let tree = args.tree.clone();
    // Whom the policy names needs no row of an earlier deed.
    let database = &args.run.database;
    database.look(async |database| Ok(database.ensure_user(user).await?))?;
    let run = args.run.change(&RunChange::Approve { tree })?;
    let what = format!("may make tree {}, and no other", args.tree);
    args.run.print_result(&run, &what, terminal)
}

impl RunArgs {
    pub(super) fn change(&self, change: &RunChange) -> Result<Run, Failure> {
        let hand = Actor::Person(&self.person.user);
        let database = &self.database;
        database.look(async |database| Ok(database.change(&self.run, hand, change).await?))
    }

    pub(super) fn print_result(
        &self,
        run: &Run,
        what: &str,
        terminal: &mut Terminal,
    ) -> Result<Exit, Failure> {
        if self.format == Format::Json {
            terminal.json(run)?;
            return Ok(Exit::Success);
        }
        let what = match run.status {
            RunStatus::FailedNeedsCleanup => {
                let left = run.error.as_deref().unwrap_or("something is left outside");
                format!("needs a cleanup: {left}")
            }
            _ => what.to_owned(),
        };
        writeln!(
            terminal.out(),
            "{BOLD}Run {}{BOLD:#} {}",
            run.id,
            sanitize::line(&what)
        )?;
        Ok(Exit::Success)
    }
}
