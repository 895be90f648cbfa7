//! `groundplan token`

use crate::app::api_tokens;
use crate::app::caller::Caller;
use crate::cli::args::data::DataArgs;
use crate::cli::args::database::DatabaseArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::terminal::Terminal;
use crate::model::timestamp::Timestamp;
use crate::store::access::{Rights, TokenInfo};
use crate::store::id::{ApiTokenId, UserId};
use clap::Subcommand;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Subcommand)]
enum TokenCommand {
    /// Create a token for the API and print it. It is shown only once.
    ///
    /// Adds the user if there is none. Without `DATABASE_URL`, the database of `serve` in the data folder is used.
    Create(CreateArgs),
    /// List the tokens that are not revoked.
    List(ListArgs),
    /// Revoke a token.
    Revoke(RevokeArgs),
}

#[derive(clap::Args)]
struct CreateArgs {
    /// Id of the user.
    #[arg(long, value_name = "NAME", value_parser = UserId::parse)]
    user: UserId,
    /// Add the user as a demo user, who may only read.
    #[arg(long, conflicts_with = "admin")]
    demo: bool,
    /// Make the user an administrator, who approves runs and edits catalogues.
    #[arg(long)]
    admin: bool,
    /// Note that is shown in lists.
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(clap::Args)]
struct ListArgs {
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(clap::Args)]
struct RevokeArgs {
    /// Id of the token, as in the list.
    #[arg(value_name = "TOKEN_ID", value_parser = ApiTokenId::parse)]
    id: ApiTokenId,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// A terminal with the database's address has access to the tokens of all users.
fn operator() -> Caller {
    Caller::Operator(UserId::parse("local").expect("a valid id"))
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    match &args.command {
        TokenCommand::Create(args) => create(args, terminal),
        TokenCommand::List(args) => list(args, terminal),
        TokenCommand::Revoke(args) => revoke(args, terminal),
    }
}

fn create(args: &CreateArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let rights = match (args.demo, args.admin) {
        (true, _) => Rights::Demo,
        (_, true) => Rights::Administrator,
        _ => Rights::Member,
    };
    let label = args.label.as_deref();
    let token = args
        .data
        .database(&args.database)?
        .ask(async |database| Ok(api_tokens::create(database, &args.user, rights, label).await?))?;
    writeln!(terminal.out(), "{}", token.as_str())?;
    Ok(Exit::Success)
}

fn list(args: &ListArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let database = args.data.database(&args.database)?;
    let tokens =
        database.look(async |database| Ok(api_tokens::list(database, &operator()).await?))?;
    if args.format == Format::Json {
        terminal.json(&tokens)?;
        return Ok(Exit::Success);
    }
    if tokens.is_empty() {
        writeln!(terminal.stderr(), "no tokens")?;
    }
    for TokenInfo {
        id,
        user,
        label,
        created_at,
        ..
    } in tokens
    {
        let at = Timestamp::of_unix_millis(created_at)
            .map_or_else(String::new, |at| at.as_str().to_owned());
        let shown = label.as_deref().unwrap_or("");
        writeln!(terminal.out(), "{id}  {user}  {at}  {shown}")?;
    }
    Ok(Exit::Success)
}

fn revoke(args: &RevokeArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let database = args.data.database(&args.database)?;
    database
        .look(async |database| Ok(api_tokens::revoke(database, &operator(), &args.id).await?))?;
    writeln!(terminal.out(), "Revoked token {}.", args.id)?;
    Ok(Exit::Success)
}
