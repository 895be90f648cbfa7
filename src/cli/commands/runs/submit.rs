//! `groundplan runs submit`

use crate::app::caller::Caller;
use crate::app::previews::{AskedForge, Prevented};
use crate::app::runs::{self, SubmitRequest};
use crate::base::clock::SystemClock;
use crate::cli::args::database::DatabaseArgs;
use crate::cli::args::forge::{ForgeArgs, no_tokens};
use crate::cli::args::key;
use crate::cli::args::policy::{PersonArgs, PolicyArgs};
use crate::cli::args::selection::{ProductArgs, SelectionArgs};
use crate::cli::author;
use crate::cli::commands::preview;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::render;
use crate::cli::output::render::Detail;
use crate::cli::output::terminal::{BOLD, Terminal};
use crate::forge::Forge;
use crate::model::action::RiskLevel;
use crate::model::digest::GitId;
use crate::pat::key::Key;
use crate::pat::sealed::{Binding, Opener};
use crate::store::id::ProductId;
use crate::store::sql::Database;
use crate::worker::context::UserTokenError;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    selection: SelectionArgs,
    /// Submit only this tree, and fail otherwise.
    #[arg(long, value_name = "TREE_ID", value_parser = GitId::parse)]
    expect: Option<GitId>,
    /// Product of the repository [default: the product's slug].
    #[arg(long, value_name = "ID", value_parser = ProductId::parse)]
    product: Option<ProductId>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    person: PersonArgs,
    #[command(flatten)]
    policy: PolicyArgs,
    #[command(flatten)]
    named: ProductArgs,
    // Asked before the run is stored.
    #[command(flatten)]
    forge: ForgeArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

impl Args {
    /// The forge that is named, with the stored token of the user whose name the run carries.
    async fn forge_of(
        &self,
        database: &Database,
        caller: &Caller,
    ) -> Result<Option<Box<dyn Forge>>, Failure> {
        let Some(kind) = self.forge.forge else {
            return Ok(None);
        };
        if !kind.has_tokens() {
            return self.forge.open_with(|| Err(no_tokens()));
        }
        let (owner, host) = (caller.user().as_str(), self.forge.host(kind)?);
        let key = key::read_key(Key::VARIABLE)?.ok_or_else(key::no_key)?;
        let opener = Opener::new(key, key::read_key(Key::PREVIOUS_VARIABLE)?);
        let stored = database.sealed_token(caller.user()).await?;
        let sealed = stored.ok_or(UserTokenError::Missing)?;
        let binding = Binding { owner, host: &host };
        let opened = opener
            .open(&sealed, binding)
            .map_err(UserTokenError::from)?;
        self.forge.open_with(|| Ok(opened.secret))
    }
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let policy = args.policy.read()?;
    let product = args.named.named(None, Some(&args.forge))?.request;
    let prepared = args.named.prepare(&product, &args.selection)?;
    let preview = preview::make(&prepared)?;
    let tree = preview::accept(
        &prepared,
        &preview,
        args.expect.as_ref(),
        Prevented::Submission,
    )?;
    let caller = args.person.caller();
    let request = SubmitRequest {
        product: args.product.clone(),
        expected: args.expect.clone(),
        key: None,
    };
    // Opening the database creates a missing SQLite file; a refused submission must not.
    runs::submission(&policy, &caller, &request, &preview)?;
    let run = args.database.ask(async |database| {
        let forge = args.forge_of(database, &caller).await?;
        let asked = match forge.as_ref().zip(args.forge.forge) {
            Some((forge, kind)) => Some(AskedForge {
                forge: forge.as_ref(),
                kind,
                host: args.forge.host(kind)?,
                timeout: args.forge.patience(),
                clock: &SystemClock,
            }),
            None => None,
        };
        Ok(runs::submit(database, &policy, &caller, &request, &preview, asked).await?)
    })?;
    if args.format == Format::Json {
        terminal.json(&run)?;
        return Ok(Exit::Success);
    }
    let root = prepared.opened.source.root.as_deref();
    render::report(
        &preview,
        Detail::Summary,
        &prepared.opened.source.files,
        root,
        terminal,
    )?;
    let id = &run.id;
    let next = match run.risk.as_ref().map_or(RiskLevel::High, |risk| risk.tier) {
        RiskLevel::High if !policy.has_administrators() => format!(
            "It needs an approval, and no policy names an administrator. \
             Name one in a policy (`[approval] administrators = [\"NAME\"]`, see docs/operations.md), \
             for this command and the workers with `--policy FILE`, then approve it with:\n  \
             groundplan runs approve {id} --tree {tree} --policy FILE --as NAME"
        ),
        RiskLevel::High => format!(
            "An administrator can approve it with:\n  groundplan runs approve {id} --tree {tree} --as NAME"
        ),
        RiskLevel::Medium => {
            format!("No approval needed. Watch it with:\n  groundplan runs watch {id}")
        }
        RiskLevel::Low => format!("Watch it with:\n  groundplan runs watch {id}"),
    };
    writeln!(
        terminal.out(),
        "\n{BOLD}Submitted run {id}{BOLD:#} for {}. {next}",
        run.repo
    )?;
    author::warn_of_placeholder(&preview.plan, terminal);
    Ok(Exit::Success)
}
