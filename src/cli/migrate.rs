//! `groundplan migrate`

use super::database::DatabaseArgs;
use super::exit::{Exit, Failure};
use super::terminal::Terminal;
use crate::store::sql::migrations::Tables;

#[derive(clap::Args)]
pub(super) struct Args {
    /// Add only the tables that are groundplan's own: the others belong to an application that shares the database.
    #[arg(long)]
    joined: bool,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let tables = if args.joined {
        Tables::Own
    } else {
        Tables::All
    };
    let database = &args.database;
    database.ask(async |database| Ok(database.migrate(tables).await?))?;
    writeln!(terminal.talk(), "the database is up to date")?;
    Ok(Exit::Fine)
}
