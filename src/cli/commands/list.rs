//! `groundplan list`

use crate::app::catalogs::CatalogFiles;
use crate::base::sanitize;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::terminal::{BOLD, Terminal};
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// A folder with catalog/ and recipes/, instead of the built-in catalogues.
    #[arg(long, value_name = "DIR")]
    catalog: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let source = match &args.catalog {
        Some(folder) => CatalogFiles::of_folder(folder)?,
        None => CatalogFiles::builtin(),
    };
    let list = source.list();
    if args.format == Format::Json {
        terminal.json(&list)?;
        return Ok(Exit::Success);
    }
    for line in list.catalogs {
        let title = line
            .title
            .as_deref()
            .unwrap_or("unusable: run `groundplan check`");
        let name = sanitize::line(&line.catalog);
        writeln!(terminal.out(), "{BOLD}{name}{BOLD:#}  {title}")?;
        if let Some(description) = &line.description {
            writeln!(terminal.out(), "  {description}")?;
        }
    }
    Ok(Exit::Success)
}
