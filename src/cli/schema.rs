//! `groundplan schema`

use super::exit::{Exit, Failure};
use super::terminal::Terminal;
use crate::schemas::Document;
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
struct Name(Document);

impl clap::ValueEnum for Name {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [Name; 7] = [
            Name(Document::Catalog),
            Name(Document::Recipe),
            Name(Document::Selection),
            Name(Document::Case),
            Name(Document::Plan),
            Name(Document::Report),
            Name(Document::Provenance),
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
