//! `groundplan catalog draft`

use super::publish::print_version;
use crate::app::catalog_drafts::{self, DraftView};
use crate::app::catalogs;
use crate::base::sanitize;
use crate::cli::args::database::DatabaseArgs;
use crate::cli::args::git::GitArgs;
use crate::cli::args::policy::PersonArgs;
use crate::cli::commands::runs;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::findings;
use crate::cli::output::render::sign;
use crate::cli::output::terminal::{BOLD, Terminal};
use crate::model::content::Files;
use crate::model::digest::Digest;
use crate::model::slug::Slug;
use clap::Subcommand;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: DraftCommand,
}

#[derive(Subcommand)]
enum DraftCommand {
    /// Store and check a changed catalogue without publishing it. An earlier draft is replaced.
    Save(SaveArgs),
    /// Show the draft of a catalogue with the findings of its check.
    Show(NameArgs),
    /// Publish the draft of a catalogue and remove it.
    Publish(PublishArgs),
    /// Remove the draft of a catalogue.
    Delete(NameArgs),
}

#[derive(clap::Args)]
struct SaveArgs {
    /// A built-in catalogue, or a folder with catalog/ and recipes/ or a commit as `REPO@REF` of one catalogue.
    #[arg(value_name = "NAME|DIR|REPO@REF")]
    catalog: String,
    #[command(flatten)]
    common: CommonArgs,
    #[command(flatten)]
    git: GitArgs,
}

#[derive(clap::Args)]
struct NameArgs {
    /// Name of the catalogue.
    #[arg(value_name = "NAME", value_parser = Slug::parse)]
    catalog: Slug,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(clap::Args)]
struct PublishArgs {
    /// Name of the catalogue.
    #[arg(value_name = "NAME", value_parser = Slug::parse)]
    catalog: Slug,
    /// Hash of the draft, as `catalog draft show` prints it. Another draft is not published.
    #[arg(long, value_name = "HASH", value_parser = Digest::parse)]
    expect: Digest,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(clap::Args)]
struct CommonArgs {
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    person: PersonArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    match &args.command {
        DraftCommand::Save(args) => save(args, terminal),
        DraftCommand::Show(args) => show(args, terminal),
        DraftCommand::Publish(args) => publish(args, terminal),
        DraftCommand::Delete(args) => delete(args, terminal),
    }
}

fn save(args: &SaveArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let (source, name) = catalogs::locate(&args.catalog, &|| args.git.cache())?;
    let (common, caller) = (&args.common, args.common.person.caller());
    let catalog = Slug::parse(&name).map_err(|error| {
        Failure::usage(
            "catalog_name_invalid",
            "the name of the catalogue is not usable",
        )
        .caused_by(error)
        .hinted("rename its folder")
    })?;
    let source = source.of_catalog(&catalog);
    let draft = common.database.ask(async |database| {
        Ok(catalog_drafts::save(database, &caller, &catalog, source).await?)
    })?;
    print(&draft, common.format, terminal)
}

fn show(args: &NameArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let (common, caller) = (&args.common, args.common.person.caller());
    let draft = common
        .database
        .look(async |database| Ok(catalog_drafts::find(database, &caller, &args.catalog).await?))?;
    print(&draft, common.format, terminal)
}

fn publish(args: &PublishArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let (common, caller) = (&args.common, args.common.person.caller());
    let (catalog, expect) = (&args.catalog, &args.expect);
    let version = common.database.look(async |database| {
        Ok(catalog_drafts::publish(database, &caller, catalog, expect).await?)
    })?;
    if common.format == Format::Json {
        terminal.json(&version)?;
    } else {
        print_version(&version, terminal)?;
    }
    Ok(Exit::Success)
}

fn delete(args: &NameArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let (common, caller) = (&args.common, args.common.person.caller());
    common.database.look(async |database| {
        Ok(catalog_drafts::delete(database, &caller, &args.catalog).await?)
    })?;
    writeln!(terminal.stderr(), "removed the draft of `{}`", args.catalog)?;
    Ok(Exit::Success)
}

/// Prints a draft. Errors among its findings are the exit code.
fn print(draft: &DraftView, format: Format, terminal: &mut Terminal) -> Result<Exit, Failure> {
    if format == Format::Json {
        terminal.json(draft)?;
    } else {
        writeln!(
            terminal.out(),
            "{BOLD}{}{BOLD:#} draft {}, saved by {} at {}",
            draft.catalog,
            draft.hash,
            sanitize::line(&draft.by),
            runs::moment(draft.at),
        )?;
        for file in &draft.files {
            let (sign, style) = sign(file.change);
            let path = sanitize::line(&file.path);
            writeln!(terminal.out(), "  {style}{sign} {path}{style:#}")?;
        }
        let shown = |file: &str| findings::relabel(None, file);
        findings::text(terminal.out(), &draft.findings, &Files::new(), &shown)?;
        writeln!(terminal.out(), "{}", findings::count(&draft.findings))?;
    }
    Ok(if draft.usable {
        Exit::Success
    } else {
        Exit::Findings
    })
}
