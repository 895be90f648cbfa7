//! `groundplan catalog publish` and `groundplan catalog history`

use crate::app::{catalog_versions, catalogs};
use crate::base::sanitize;
use crate::cli::args::database::DatabaseArgs;
use crate::cli::args::git::GitArgs;
use crate::cli::args::policy::PersonArgs;
use crate::cli::commands::runs;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::terminal::{BOLD, Terminal};
use crate::model::slug::Slug;
use crate::store::catalog::CatalogVersion;
use crate::store::listed::Listed;

#[derive(clap::Args)]
pub(super) struct Args {
    /// A built-in catalogue, or a folder with catalog/ and recipes/ or a commit as `REPO@REF`, to publish all of its
    /// catalogues.
    #[arg(value_name = "NAME|DIR|REPO@REF")]
    catalog: String,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    person: PersonArgs,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    git: GitArgs,
}

#[derive(clap::Args)]
pub(super) struct HistoryArgs {
    /// Name of the catalogue.
    #[arg(value_name = "NAME", value_parser = Slug::parse)]
    catalog: Slug,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let opened = catalogs::open_all(&args.catalog, &|| args.git.cache())?;
    let caller = args.person.caller();
    let published = args
        .database
        .ask(async |database| Ok(catalog_versions::publish(database, &caller, &opened).await?))?;
    if args.format == Format::Json {
        terminal.json(&published)?;
        return Ok(Exit::Success);
    }
    for version in &published {
        print_version(version, terminal)?;
    }
    Ok(Exit::Success)
}

/// Prints a version that was published.
pub(super) fn print_version(
    version: &CatalogVersion,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    writeln!(
        terminal.out(),
        "{BOLD}{}{BOLD:#} {} is version {}, published by {} at {}",
        version.catalog,
        version.catalog_version.short(),
        version.number,
        sanitize::line(&version.by),
        runs::moment(version.at),
    )?;
    Ok(())
}

pub(super) fn history(args: &HistoryArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let database = &args.database;
    let published = database
        .look(async |database| Ok(catalog_versions::history(database, &args.catalog).await?))?;
    if args.format == Format::Json {
        terminal.json(&published)?;
        return Ok(Exit::Success);
    }
    if published.is_empty() {
        writeln!(
            terminal.stderr(),
            "`{}` has no published version",
            args.catalog
        )?;
    }
    for version in &published {
        let version = match version {
            Listed::Readable(version) => version,
            Listed::Unreadable(row) => {
                runs::print_unreadable(row, terminal)?;
                continue;
            }
        };
        writeln!(
            terminal.out(),
            "{:>4}  {}  {}  {}",
            version.number,
            runs::moment(version.at),
            version.catalog_version,
            sanitize::line(&version.by),
        )?;
    }
    Ok(Exit::Success)
}
