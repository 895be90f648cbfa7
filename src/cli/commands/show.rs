//! `groundplan show`

use crate::app::catalogs::{OpenedCatalog, OptionRestriction};
use crate::catalog::{CatalogOption, SelectionType};
use crate::cli::args::catalog;
use crate::cli::args::git::GitArgs;
use crate::cli::completion;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::terminal::{BOLD, DIM, Terminal};
use crate::model::action::{RoleRequired, SideEffect};
use crate::model::slug::OptionRef;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// A built-in catalogue, a folder with catalog/ and recipes/, a commit as `REPO@REF`, or `db:NAME`.
    #[arg(value_name = "CATALOG", add = completion::catalogs())]
    catalog: String,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    git: GitArgs,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let opened = catalog::open(&args.catalog, &args.git)?;
    match args.format {
        Format::Json => terminal.json(&opened.details())?,
        Format::Text => text(&opened, terminal)?,
    }
    Ok(Exit::Success)
}

fn text(opened: &OpenedCatalog, terminal: &mut Terminal) -> Result<(), Failure> {
    let catalog = &opened.catalog;
    let (written, restrictions) = (catalog.file(), opened.restrictions());
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
                " {mark} {:width$}  {about}{}{}",
                option.slug.as_str(),
                relations(option),
                attributes(&OptionRef::new(&category.slug, &option.slug), &restrictions),
            )?;
        }
    }
    writeln!(out, "\n* default; choose with `--select CATEGORY=OPTION`")?;
    Ok(())
}

/// The attributes of an option that differ from the usual ones.
fn attributes(option: &OptionRef, restrictions: &[OptionRestriction]) -> String {
    let Some(found) = restrictions.iter().find(|one| one.option == *option) else {
        return String::new();
    };
    let role = (found.role_required == RoleRequired::Admin).then_some(" [administrators only]");
    let effect = match found.side_effect {
        SideEffect::None => Some(" [no side effect]"),
        SideEffect::Files => None,
        SideEffect::Network => Some(" [uses the network]"),
    };
    let preview = (!found.supports_dry_run).then_some(" [preview incomplete]");
    [role, effect, preview].into_iter().flatten().collect()
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
