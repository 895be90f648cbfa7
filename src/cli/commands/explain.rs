//! `groundplan explain`, and `preview --explain`

use crate::app::code_documentation;
use crate::app::explanation::{self, ExplainedFile, ExplainedLine, ExplainedOrigin, FileHistory};
use crate::app::generated_repos::repository_above;
use crate::cli::args::generated_repo::GeneratedRepoArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::terminal::{BOLD, DIM, Terminal};
use crate::model::path::TreePath;
use crate::model::plan::Plan;
use crate::model::report::ChangeOrigin;
use crate::tree::Tree;
use std::path::{Component, Path, PathBuf};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Path of the file, relative to the current folder; with --in, from the repository's root. Or the code of a
    /// finding, such as GP403.
    #[arg(value_name = "PATH|CODE")]
    path: String,
    /// The repository: a folder, bare or not, or a URL [default: the one of the current folder].
    #[arg(long = "in", value_name = "REPO")]
    repository: Option<String>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    made: GeneratedRepoArgs,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    if let Some(code) = code_documentation::parse(&args.path) {
        let documentation = code_documentation::of(code);
        match args.format {
            Format::Json => terminal.json(&documentation)?,
            Format::Text => write!(terminal.out(), "{}", documentation.text)?,
        }
        return Ok(Exit::Success);
    }
    let path = args.path()?;
    let (repository, recorded) = args
        .made
        .read_current(args.repository.as_deref().unwrap_or("."))?;
    let (file, history) = explanation::explain_recorded(&repository, &recorded, &path)?;
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

impl Args {
    /// The path from the repository's root.
    fn path(&self) -> Result<TreePath, Failure> {
        let path = match &self.repository {
            Some(_) => Path::new(&self.path).to_owned(),
            None => from_root(Path::new(&self.path))?,
        };
        let text = path.to_string_lossy();
        TreePath::parse(&text).map_err(|error| {
            Failure::usage("path_invalid", format!("`{text}` is not a path of the repository"))
                .caused_by(error)
                .hinted("name a file below the current folder, or with `--in` its path from the repository's root")
        })
    }
}

/// A path relative to the current folder as a path from the root of its repository.
fn from_root(path: &Path) -> Result<PathBuf, Failure> {
    let here = Path::new(".");
    let real = |folder: &Path| {
        folder
            .canonicalize()
            .map_err(|error| Failure::reading(folder, error))
    };
    let (top, here) = (real(&repository_above(here))?, real(here)?);
    if path.is_absolute() {
        return Ok(path.strip_prefix(&top).unwrap_or(path).to_owned());
    }
    let mut inside = here.strip_prefix(&top).unwrap_or(Path::new("")).to_owned();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            // Above the root the path is none of the repository.
            Component::ParentDir if inside.pop() => {}
            part => inside.push(part),
        }
    }
    Ok(inside)
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
        ExplainedOrigin::Change(ChangeOrigin::Condition {}) => {
            "condition of the template".to_owned()
        }
        ExplainedOrigin::Change(ChangeOrigin::Provenance {}) => "provenance".to_owned(),
        ExplainedOrigin::Change(ChangeOrigin::Placeholders { placeholders }) => {
            let names: Vec<String> = placeholders
                .iter()
                .map(crate::model::placeholder::PlaceholderName::token)
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
