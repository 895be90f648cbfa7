//! `groundplan list`

use crate::base::sanitize;
use crate::catalog;
use crate::cli::error::{Exit, Failure};
use crate::cli::input::Source;
use crate::cli::output::Format;
use crate::cli::output::terminal::{BOLD, Terminal};
use serde::Serialize;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// A folder with catalog/ and recipes/, instead of the built-in catalogues.
    #[arg(long, value_name = "DIR")]
    catalog: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// All catalogues as a JSON document.
#[derive(Serialize)]
struct CatalogsJson {
    catalogs: Vec<CatalogSummary>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CatalogSummary {
    catalog: String,
    title: Option<String>,
    description: Option<String>,
    catalog_version: Option<String>,
    template: Option<String>,
    usable: bool,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let source = args
        .catalog
        .as_ref()
        .map_or_else(|| Ok(Source::builtin()), |folder| Source::of_folder(folder))?;
    let line = |name: &String| {
        let catalog = catalog::load(&source.files, name).catalog;
        let written = catalog.as_ref().map(catalog::Catalog::file);
        let template = written.and_then(|written| {
            let version = written.template.version.as_ref();
            let reference = written.template.r#ref.as_ref();
            version
                .map(ToString::to_string)
                .or_else(|| reference.map(ToString::to_string))
        });
        CatalogSummary {
            catalog: name.clone(),
            title: written.map(|written| written.title.to_string()),
            description: written
                .and_then(|written| written.description.as_ref())
                .map(ToString::to_string),
            catalog_version: catalog
                .as_ref()
                .map(|catalog| catalog.version().to_string()),
            template,
            usable: catalog.is_some(),
        }
    };
    let lines: Vec<CatalogSummary> = catalog::names(&source.files).iter().map(line).collect();
    if args.format == Format::Json {
        terminal.json(&CatalogsJson { catalogs: lines })?;
        return Ok(Exit::Success);
    }
    for line in lines {
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
