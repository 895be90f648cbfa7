//! `groundplan migrate`

use crate::cli::args::database::DatabaseArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::terminal::Terminal;
use crate::store::sql::migrations::Tables;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Add only groundplan's own tables, because an application shares the database and owns the others.
    #[arg(long)]
    joined: bool,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let tables = if args.joined {
        Tables::Own
    } else {
        Tables::All
    };
    let database = &args.database;
    database.ask(async |database| Ok(database.migrate(tables).await?))?;
    writeln!(terminal.stderr(), "the database is up to date")?;
    Ok(Exit::Success)
}
