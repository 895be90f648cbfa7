//! `groundplan explain`, and `preview --explain`

use crate::app::explanation::{self, ExplainedFile, ExplainedLine, ExplainedOrigin, FileHistory};
use crate::cli::args::generated_repo::GeneratedRepoArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::terminal::{BOLD, DIM, Terminal};
use crate::model::path::TreePath;
use crate::model::plan::Plan;
use crate::model::report::ChangeOrigin;
use crate::tree::Tree;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Path of the file from the repository's root.
    #[arg(value_name = "PATH", value_parser = TreePath::parse)]
    path: TreePath,
    /// The repository: a folder, bare or not, or a URL.
    #[arg(long = "in", value_name = "REPO", default_value = ".")]
    repository: String,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    made: GeneratedRepoArgs,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let (repository, recorded) = args.made.read(&args.repository)?;
    let (file, history) = explanation::explain_recorded(&repository, &recorded, &args.path)?;
    show(&file, args.format, terminal)?;
    let note = match history {
        FileHistory::AsGenerated => return Ok(Exit::Success),
        FileHistory::DiffersFromPlan => {
            "this is the file of the plan; the first commit contains another one, see `groundplan verify`"
        }
        FileHistory::ChangedSince => "this is the file as it was created; it has changed since",
    };
    writeln!(terminal.stderr(), "{DIM}{note}{DIM:#}")?;
    Ok(Exit::Success)
}

/// Prints the origin of each line of a file.
pub(crate) fn print(
    plan: &Plan,
    template: &dyn Tree,
    path: &TreePath,
    format: Format,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    show(
        &explanation::explain(plan, template, path)?,
        format,
        terminal,
    )?;
    Ok(Exit::Success)
}

fn show(file: &ExplainedFile, format: Format, terminal: &mut Terminal) -> Result<(), Failure> {
    match format {
        Format::Json => terminal.json(file),
        Format::Text => as_text(file, terminal),
    }
}

/// Prints the lines of one origin below its name.
fn as_text(file: &ExplainedFile, terminal: &mut Terminal) -> Result<(), Failure> {
    writeln!(terminal.out(), "{BOLD}{}{BOLD:#}", file.path)?;
    let width = file.lines.len().to_string().len();
    let is_same_origin =
        |one: &ExplainedLine, next: &ExplainedLine| name(&one.origin) == name(&next.origin);
    for lines in file.lines.chunk_by(is_same_origin) {
        if let Some(first) = lines.first() {
            writeln!(terminal.out(), "{DIM}{}{DIM:#}", name(&first.origin))?;
        }
        for ExplainedLine { line, text, .. } in lines {
            write!(terminal.out(), "  {DIM}{line:width$}{DIM:#}  ")?;
            terminal.content(text)?;
            writeln!(terminal.out())?;
        }
    }
    Ok(())
}

fn name(origin: &ExplainedOrigin) -> String {
    match origin {
        ExplainedOrigin::Template(_) | ExplainedOrigin::Change(ChangeOrigin::Template {}) => {
            "template".to_owned()
        }
        ExplainedOrigin::Change(ChangeOrigin::Provenance {}) => "provenance".to_owned(),
        ExplainedOrigin::Change(ChangeOrigin::Placeholders { placeholders }) => {
            let names: Vec<&str> = placeholders
                .iter()
                .map(|placeholder| placeholder.token())
                .collect();
            format!("template, {} replaced", names.join(" and "))
        }
        ExplainedOrigin::Change(ChangeOrigin::Action(action)) => {
            let origin = &action.origin;
            format!(
                "{} · {} · {}:{}:{}",
                origin.option, action.kind, origin.file, origin.line, origin.column
            )
        }
    }
}
