//! `groundplan hash`

use crate::cli::args::selection;
use crate::cli::args::selection::SelectionArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::input;
use crate::cli::output::Format;
use crate::cli::output::terminal::Terminal;
use crate::model::action::ACTION_SCHEMA_VERSION;
use crate::model::selection::Selection;
use crate::{resolve, schemas};
use serde_json::json;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    selection: SelectionArgs,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let asks_for_recipe = args.selection.defaults
        || args.selection.selection.is_some()
        || !args.selection.select.is_empty();
    let (catalog, asked, selection) = if asks_for_recipe {
        let choice = args.selection.choose()?;
        (choice.chosen.catalog, choice.asked, Some(choice.selection))
    } else {
        (input::catalog(&args.selection.catalog)?.catalog, None, None)
    };
    let recipe = |selection: Selection| resolve::recipe(&catalog, selection);
    let recipe_hash = match selection.map(recipe).transpose() {
        Ok(recipe) => recipe.map(|recipe| recipe.hash(ACTION_SCHEMA_VERSION)),
        Err(findings) => {
            return Err(selection::located(findings, asked.as_ref()).into());
        }
    };
    let schema_hash = schemas::schema_hash();
    match args.format {
        Format::Json => terminal.json(&json!({
            "catalog": catalog.slug(),
            "catalogVersion": catalog.version(),
            "actionSchemaVersion": ACTION_SCHEMA_VERSION,
            "schemaHash": schema_hash,
            "recipeHash": recipe_hash,
        }))?,
        Format::Text => {
            let out = terminal.out();
            writeln!(out, "catalog                {}", catalog.slug())?;
            writeln!(out, "catalog_version        {}", catalog.version())?;
            writeln!(out, "action_schema_version  {ACTION_SCHEMA_VERSION}")?;
            writeln!(out, "schema_hash            {schema_hash}")?;
            if let Some(recipe_hash) = recipe_hash {
                writeln!(out, "recipe_hash            {recipe_hash}")?;
            }
        }
    }
    Ok(Exit::Success)
}
