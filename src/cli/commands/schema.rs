//! `groundplan schema`

use crate::cli::error::{Exit, Failure};
use crate::cli::output::terminal::Terminal;
use crate::schemas::SchemaDocument;
use clap::builder::PossibleValue;

#[derive(Clone, Copy, clap::Args)]
pub(crate) struct Args {
    /// Document of the schema.
    #[arg(value_enum)]
    name: Name,
    /// A schema is JSON in either format.
    #[arg(long, value_enum, default_value_t = crate::cli::output::Format::Json)]
    format: crate::cli::output::Format,
}

#[derive(Clone, Copy)]
struct Name(SchemaDocument);

impl clap::ValueEnum for Name {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [Name; 8] = [
            Name(SchemaDocument::Catalog),
            Name(SchemaDocument::Recipe),
            Name(SchemaDocument::Selection),
            Name(SchemaDocument::Case),
            Name(SchemaDocument::Plan),
            Name(SchemaDocument::Report),
            Name(SchemaDocument::Provenance),
            Name(SchemaDocument::Error),
        ];
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.name()))
    }
}

pub(crate) fn run(args: Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    match args.format {
        crate::cli::output::Format::Text | crate::cli::output::Format::Json => {
            terminal.bytes(args.name.0.schema().as_bytes())?;
        }
    }
    Ok(Exit::Success)
}
