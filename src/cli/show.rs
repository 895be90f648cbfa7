//! `groundplan show`

use super::exit::{Exit, Failure};
use super::input;
use super::terminal::{BOLD, DIM, Terminal};
use super::{Format, choice};
use crate::catalog::{Catalog, CatalogOption, SelectionType};
use crate::model::slug::OptionRef;
use serde_json::json;

#[derive(clap::Args)]
pub(super) struct Args {
    /// A built-in catalogue, or a folder with catalog/ and recipes/.
    #[arg(value_name = "CATALOG")]
    catalog: String,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let catalog = match input::catalog(&args.catalog) {
        Ok(chosen) => chosen.catalog,
        Err(unusable) => return choice::print_unusable(unusable, args.format, terminal),
    };
    match args.format {
        Format::Json => {
            let mut value = json!(catalog.file());
            value["catalogVersion"] = json!(catalog.version());
            terminal.json(&value)?;
        }
        Format::Text => text(&catalog, terminal)?,
    }
    Ok(Exit::Fine)
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
