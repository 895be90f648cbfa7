//! `groundplan runs cancel|retry|approve|cleanup`

use crate::app::caller::Caller;
use crate::app::error::AppError;
use crate::app::runs::{self, RunName};
use crate::base::sanitize;
use crate::cli::args::database::DatabaseArgs;
use crate::cli::args::policy::{PersonArgs, PolicyArgs};
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::terminal::{BOLD, Terminal};
use crate::model::digest::GitId;
use crate::store::Store;
use crate::store::id::RunId;
use crate::store::run::{Run, RunStatus};
use crate::store::sql::Database;

/// A run and who acts on it.
#[derive(clap::Args)]
pub(super) struct RunArgs {
    /// Id of the run, the beginning of one, or `latest`.
    #[arg(value_name = "RUN", value_parser = RunName::parse)]
    run: RunName,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    person: PersonArgs,
    #[command(flatten)]
    pub(super) database: DatabaseArgs,
}

#[derive(clap::Args)]
pub(super) struct ApproveArgs {
    /// Tree to approve, as the preview and `runs show` print it.
    #[arg(long, value_name = "TREE_ID", value_parser = GitId::parse)]
    tree: GitId,
    #[command(flatten)]
    policy: PolicyArgs,
    #[command(flatten)]
    run: RunArgs,
}

pub(super) fn cancel(args: &RunArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let caller = args.caller();
    let run = args.apply(async |database, id| runs::cancel(database, &caller, id).await)?;
    let what = if run.status.is_active() {
        "is being cancelled: its worker stops at the next step and undoes its changes"
    } else {
        "is cancelled; nothing was left on the forge"
    };
    args.print_result(&run, what, terminal)
}

pub(super) fn retry(args: &RunArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let caller = args.caller();
    let run = args.apply(async |database, id| runs::retry(database, &caller, id).await)?;
    args.print_result(
        &run,
        "is queued again and continues from where it stopped",
        terminal,
    )
}

pub(super) fn approve(args: &ApproveArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let policy = args.policy.read()?;
    let (caller, tree) = (args.run.caller(), &args.tree);
    let run = args.run.apply(async |database, id| {
        runs::approve(database, &policy, &caller, id, tree.clone(), None).await
    })?;
    let what = format!("is approved to create tree {}, and no other", args.tree);
    args.run.print_result(&run, &what, terminal)
}

impl RunArgs {
    /// The user who acts.
    pub(super) fn caller(&self) -> Caller {
        self.person.caller()
    }

    /// Changes the run in an existing database.
    pub(super) fn apply(
        &self,
        change: impl AsyncFnOnce(&Database, &RunId) -> Result<Run, AppError>,
    ) -> Result<Run, Failure> {
        self.database.look(async |database| {
            let id = self.id(database).await?;
            Ok(change(database, &id).await?)
        })
    }

    /// The id of the run.
    pub(super) async fn id(&self, store: &dyn Store) -> Result<RunId, AppError> {
        runs::find_id(store, &self.caller().scope(), &self.run).await
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
                let left = run
                    .error
                    .as_deref()
                    .unwrap_or("something may be left on the forge");
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
