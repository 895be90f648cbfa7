//! `groundplan plan-document`

use crate::app::error::Findings;
use crate::cli::error::{Exit, Failure};
use crate::cli::input;
use crate::cli::output::Format;
use crate::cli::output::terminal::Terminal;
use crate::model::content::{File, Files};
use crate::plan_document::PlanDocument;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: PlanDocumentCommand,
}

#[derive(Subcommand)]
enum PlanDocumentCommand {
    /// Check a plan: Markdown with one backlog item, its stories and their tasks as YAML front matter.
    Check(CheckArgs),
}

#[derive(clap::Args)]
struct CheckArgs {
    /// The document; `-` reads standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// `json` prints the plan.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let PlanDocumentCommand::Check(args) = &args.command;
    let bytes = input::document(&args.file)?;
    let name = args.file.display().to_string();
    let plan = PlanDocument::read(&name, &bytes).map_err(|findings| Findings {
        findings,
        files: Files::from([(name.clone(), File::regular(bytes))]),
        root: None,
    })?;
    if args.format == Format::Json {
        terminal.json(&plan)?;
        return Ok(Exit::Success);
    }
    writeln!(
        terminal.out(),
        "{name}: 1 backlog item, {} stories, {} tasks",
        plan.stories.len(),
        plan.tasks()
    )?;
    Ok(Exit::Success)
}
