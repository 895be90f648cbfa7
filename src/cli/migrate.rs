//! `groundplan migrate`

use super::database::DatabaseArgs;
use super::exit::{Exit, Failure};
use super::forge::wait_for;
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
    wait_for(async {
        let database = args.database.open().await?;
        let migrated = database.migrate(tables).await;
        database.close().await;
        Ok::<_, Failure>(migrated?)
    })??;
    writeln!(terminal.talk(), "the database is up to date")?;
    Ok(Exit::Fine)
}
