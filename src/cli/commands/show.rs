//! `groundplan show`

use crate::catalog::{Catalog, CatalogOption, SelectionType};
use crate::cli::args::catalog;
use crate::cli::completion;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::terminal::{BOLD, DIM, Terminal};
use crate::model::slug::OptionRef;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// A built-in catalogue, or a folder with catalog/ and recipes/.
    #[arg(value_name = "CATALOG", add = completion::catalogs())]
    catalog: String,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let opened = catalog::open(&args.catalog)?;
    match args.format {
        Format::Json => terminal.json(&opened.details())?,
        Format::Text => text(&opened.catalog, terminal)?,
    }
    Ok(Exit::Success)
}

fn text(catalog: &Catalog, terminal: &mut Terminal) -> Result<(), Failure> {
    let written = catalog.file();
    let out = terminal.out();
    writeln!(
        out,
        "{BOLD}{}{BOLD:#}  {}  {DIM}{}{DIM:#}",
        catalog.slug(),
        written.title,
        catalog.version().short()
    )?;
    if let Some(description) = &written.description {
        writeln!(out, "{description}")?;
    }
    for category in catalog.categories() {
        let kind = match (category.selection, category.required) {
            (SelectionType::Single, true) => "one of",
            (SelectionType::Single, false) => "at most one of",
            (SelectionType::Multi, true) => "one or more of",
            (SelectionType::Multi, false) => "any of",
        };
        writeln!(
            out,
            "\n{BOLD}{}{BOLD:#}  {}, {kind}",
            category.slug, category.title
        )?;
        let width = category
            .options
            .iter()
            .map(|option| option.slug.as_str().len())
            .max()
            .unwrap_or(0);
        for option in &category.options {
            let mark = if option.default { "*" } else { " " };
            let about = option.description.as_ref().unwrap_or(&option.title);
            writeln!(
                out,
                " {mark} {:width$}  {about}{}",
                option.slug.as_str(),
                relations(option)
            )?;
        }
    }
    writeln!(out, "\n* default; choose with `--select CATEGORY=OPTION`")?;
    Ok(())
}

fn relations(option: &CatalogOption) -> String {
    let list = |word: &str, options: &[OptionRef]| {
        let names: Vec<&str> = options.iter().map(OptionRef::as_str).collect();
        if names.is_empty() {
            String::new()
        } else {
            format!(" [{word} {}]", names.join(", "))
        }
    };
    format!(
        "{}{}",
        list("requires", &option.requires),
        list("conflicts with", &option.conflicts)
    )
}
