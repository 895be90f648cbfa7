//! `groundplan show`

use crate::app::catalogs::{OpenedCatalog, OptionRestriction};
use crate::catalog::{
    CatalogInput, CatalogOption, DerivedDefault, InputDefault, InputType, SelectionType,
};
use crate::cli::args::catalog;
use crate::cli::args::git::GitArgs;
use crate::cli::completion;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::terminal::{BOLD, DIM, Terminal};
use crate::model::action::{RoleRequired, SideEffect, SingleLine};
use crate::model::condition::Condition;
use crate::model::slug::{OptionRef, Slug};

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
    let inputs = written.inputs.as_slice();
    if !inputs.is_empty() {
        writeln!(out, "\n{BOLD}inputs{BOLD:#}")?;
        let lengths = inputs.iter().map(|input| input.name.as_str().len());
        let width = lengths.max().unwrap_or(0);
        for input in inputs {
            let about = input.help.as_ref().unwrap_or(&input.title);
            let name = input.name.as_str();
            let rules = input_rules(input).join(", ");
            writeln!(out, "   {name:width$}  {about} [{rules}]")?;
        }
    }
    write!(out, "\n* default; choose with `--select CATEGORY=OPTION`")?;
    let answers = if inputs.is_empty() {
        ""
    } else {
        " and `--input NAME=VALUE`"
    };
    writeln!(out, "{answers}")?;
    Ok(())
}

/// The values that an input can have, its default and its conditions.
fn input_rules(input: &CatalogInput) -> Vec<String> {
    let values = match input.r#type {
        InputType::Boolean => "true or false".to_owned(),
        InputType::Choice => {
            let options: Vec<&str> = input.options.iter().map(SingleLine::as_str).collect();
            format!("one of {}", options.join(", "))
        }
        InputType::Integer => match (input.min, input.max) {
            (Some(min), Some(max)) => format!("number from {min} to {max}"),
            (Some(min), None) => format!("number from {min}"),
            (None, Some(max)) => format!("number up to {max}"),
            (None, None) => "number".to_owned(),
        },
        InputType::Text => "text".to_owned(),
    };
    let default = match &input.default {
        None => "required".to_owned(),
        Some(InputDefault::Value(value)) => format!("default `{value}`"),
        Some(InputDefault::Derived(DerivedDefault { from, case: None })) => {
            format!("default {from}")
        }
        Some(InputDefault::Derived(DerivedDefault {
            from,
            case: Some(case),
        })) => format!("default {}", from.in_case(*case)),
    };
    let conditions = [("with", &input.when), ("without", &input.unless)]
        .into_iter()
        .filter(|(_, condition)| !condition.is_empty())
        .map(|(word, condition)| format!("{word} {}", in_words(condition)));
    [values, default].into_iter().chain(conditions).collect()
}

/// The parts of a condition, as in `auth=session and PORT=8080 or 9000`.
fn in_words(condition: &Condition) -> String {
    let categories = condition.categories.iter().map(|(category, options)| {
        let names: Vec<&str> = options.0.iter().map(Slug::as_str).collect();
        format!("{category}={}", names.join(" or "))
    });
    let inputs = condition.inputs.iter().map(|(name, values)| {
        let texts: Vec<String> = values.0.iter().map(ToString::to_string).collect();
        format!("{name}={}", texts.join(" or "))
    });
    let parts: Vec<String> = categories.chain(inputs).collect();
    parts.join(" and ")
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
