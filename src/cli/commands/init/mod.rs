//! `groundplan init`

mod starter;

use crate::app::command_line::quote;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::terminal::{BOLD, Terminal};
use crate::cli::signals;
use crate::model::content::File;
use crate::model::path::TreePath;
use crate::model::slug::Slug;
use crate::schemas::SchemaDocument;
use crate::tree::memory::MemoryTree;
use crate::tree::repository::Target;
use clap::Subcommand;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: InitCommand,
}

#[derive(Subcommand)]
enum InitCommand {
    /// Create a small commented catalogue that can be checked, previewed and tested.
    Catalog(Catalog),
}

#[derive(clap::Args)]
struct Catalog {
    /// An empty or missing folder.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// The catalogue's name [default: the folder's].
    #[arg(long, value_parser = Slug::parse)]
    name: Option<Slug>,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let InitCommand::Catalog(args) = &args.command;
    let folder = &args.folder;
    let name = args.name.clone().map_or_else(|| name_of(folder), Ok)?;
    let target = Target::check(folder)?;
    target.fill(&files(&name), signals::stop())?;
    let shown = quote(&folder.display().to_string());
    writeln!(
        terminal.out(),
        "{BOLD}Created {shown}{BOLD:#} with the catalogue `{name}`. Next:\n  cd {shown}\n  groundplan check\n  groundplan test\n  groundplan preview --catalog . --defaults --name 'Acme Web' --owner acme --repo acme-web"
    )?;
    Ok(Exit::Success)
}

fn name_of(folder: &Path) -> Result<Slug, Failure> {
    let name = folder.file_name().and_then(|name| name.to_str());
    name.and_then(Slug::from_title).ok_or_else(|| {
        Failure::usage(
            "catalog_name_missing",
            format!("cannot derive a catalogue name from `{}`", folder.display()),
        )
        .hinted("set one with `--name`, in lower-case letters and digits")
    })
}

fn files(name: &Slug) -> MemoryTree {
    let named = |text: &str| text.replace(starter::NAME, name.as_str());
    let starter = starter::FILES.iter();
    let content = starter.map(|(path, text)| (named(path), named(text)));
    let documents = [
        SchemaDocument::Catalog,
        SchemaDocument::Recipe,
        SchemaDocument::Case,
    ];
    let schemas = documents.map(|document| {
        let path = format!("schema/{}.schema.json", document.name());
        (path, document.schema())
    });
    let file = |(path, text): (String, String)| {
        let path = TreePath::parse(&path).expect("the starter's paths hold slugs");
        (path, File::regular(text))
    };
    MemoryTree::of(content.chain(schemas).map(file)).expect("the starter's files fit together")
}
