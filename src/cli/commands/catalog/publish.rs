//! `groundplan catalog publish` and `groundplan catalog history`

use crate::base::sanitize;
use crate::catalog::{Category, SelectionType};
use crate::cli::args::database::DatabaseArgs;
use crate::cli::args::policy::PersonArgs;
use crate::cli::commands::runs;
use crate::cli::error::{Exit, Failure};
use crate::cli::input;
use crate::cli::input::Chosen;
use crate::cli::output::Format;
use crate::cli::output::terminal::{BOLD, Terminal};
use crate::model::action::ACTION_SCHEMA_VERSION;
use crate::model::slug::{OptionRef, Slug};
use crate::store::catalog::{PublishedCatalog, PublishedCategory, PublishedOption};

#[derive(clap::Args)]
pub(super) struct Args {
    /// A built-in catalogue, or a folder with catalog/ and recipes/, to publish all of its catalogues.
    #[arg(value_name = "NAME|DIR")]
    catalog: String,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    person: PersonArgs,
    #[command(flatten)]
    database: DatabaseArgs,
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
    let chosen = input::catalogs(&args.catalog)?;
    let user = &args.person.user;
    let published = args.database.ask(async |database| {
        database.ensure_user(user).await?;
        let mut published = Vec::new();
        for one in &chosen {
            let edition = edition(one);
            published.push(database.publish_catalog(&edition, user.as_str()).await?);
        }
        Ok(published)
    })?;
    if args.format == Format::Json {
        terminal.json(&published)?;
        return Ok(Exit::Success);
    }
    for version in &published {
        writeln!(
            terminal.out(),
            "{BOLD}{}{BOLD:#} {} is version {}, published by {} at {}",
            version.catalog,
            version.catalog_version.short(),
            version.number,
            sanitize::line(&version.by),
            runs::moment(version.at),
        )?;
    }
    Ok(Exit::Success)
}

pub(super) fn history(args: &HistoryArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let database = &args.database;
    let published =
        database.look(async |database| Ok(database.catalog_history(&args.catalog).await?))?;
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

/// The catalogue with the files it was read from.
fn edition(chosen: &Chosen) -> PublishedCatalog {
    let catalog = &chosen.catalog;
    let own = ["catalog", "recipes"].map(|folder| format!("{folder}/{}/", catalog.slug()));
    let files = chosen.source.files.iter();
    let files = files.filter(|(path, _)| own.iter().any(|own| path.starts_with(own)));
    PublishedCatalog {
        catalog: catalog.slug().clone(),
        catalog_version: catalog.version().clone(),
        action_schema_version: ACTION_SCHEMA_VERSION,
        title: catalog.file().title.to_string(),
        categories: catalog
            .categories()
            .iter()
            .map(|category| answers(chosen, category))
            .collect(),
        files: files
            .map(|(path, file)| (path.clone(), file.into()))
            .collect(),
    }
}

fn answers(chosen: &Chosen, category: &Category) -> PublishedCategory {
    let options = category.options.iter().map(|option| {
        let recipe = chosen
            .catalog
            .recipe(&OptionRef::new(&category.slug, &option.slug));
        let actions = recipe
            .map(|recipe| recipe.actions.as_slice())
            .unwrap_or_default();
        PublishedOption {
            slug: option.slug.clone(),
            title: option.title.to_string(),
            description: option.description.as_ref().map(ToString::to_string),
            is_default: option.default,
            actions: actions.iter().map(|action| action.action.clone()).collect(),
        }
    });
    PublishedCategory {
        slug: category.slug.clone(),
        title: category.title.to_string(),
        description: category.description.as_ref().map(ToString::to_string),
        is_multi: category.selection == SelectionType::Multi,
        is_required: category.required,
        options: options.collect(),
    }
}
