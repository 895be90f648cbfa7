//! `groundplan schema`

use super::exit::{Exit, Failure};
use super::terminal::Terminal;
use crate::schemas::SchemaDocument;
use clap::builder::PossibleValue;

#[derive(Clone, Copy, clap::Args)]
pub(super) struct Args {
    /// Whose schema.
    #[arg(value_enum)]
    name: Name,
    /// A schema is JSON in either format.
    #[arg(long, value_enum, default_value_t = super::Format::Json)]
    format: super::Format,
}

#[derive(Clone, Copy)]
struct Name(SchemaDocument);

impl clap::ValueEnum for Name {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [Name; 7] = [
            Name(SchemaDocument::Catalog),
            Name(SchemaDocument::Recipe),
            Name(SchemaDocument::Selection),
            Name(SchemaDocument::Case),
            Name(SchemaDocument::Plan),
            Name(SchemaDocument::Report),
            Name(SchemaDocument::Provenance),
        ];
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.name()))
    }
}

pub(super) fn run(args: Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    match args.format {
        super::Format::Text | super::Format::Json => {
            write!(terminal.out(), "{}", args.name.0.schema())?;
        }
    }
    Ok(Exit::Fine)
}
