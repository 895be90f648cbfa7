//! `groundplan hash`

use crate::cli::args::selection;
use crate::cli::args::selection::SelectionArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::input;
use crate::cli::output::Format;
use crate::cli::output::terminal::Terminal;
use crate::model::action::ACTION_SCHEMA_VERSION;
use crate::model::digest::Digest;
use crate::model::selection::Selection;
use crate::model::slug::Slug;
use crate::{resolve, schemas};
use serde::Serialize;
use std::fmt;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    selection: SelectionArgs,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Versions and hashes as a JSON document; as text, one per line.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HashJson<'a> {
    catalog: &'a Slug,
    catalog_version: &'a Digest,
    action_schema_version: u32,
    schema_hash: Digest,
    recipe_hash: Option<Digest>,
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
    let hashes = HashJson {
        catalog: catalog.slug(),
        catalog_version: catalog.version(),
        action_schema_version: ACTION_SCHEMA_VERSION,
        schema_hash: schemas::schema_hash(),
        recipe_hash,
    };
    match args.format {
        Format::Json => terminal.json(&hashes)?,
        Format::Text => terminal.bytes(hashes.to_string().as_bytes())?,
    }
    Ok(Exit::Success)
}

impl fmt::Display for HashJson<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "catalog                {}", self.catalog)?;
        writeln!(f, "catalog_version        {}", self.catalog_version)?;
        writeln!(f, "action_schema_version  {}", self.action_schema_version)?;
        writeln!(f, "schema_hash            {}", self.schema_hash)?;
        match &self.recipe_hash {
            Some(recipe_hash) => writeln!(f, "recipe_hash            {recipe_hash}"),
            None => Ok(()),
        }
    }
}
