//! `groundplan add`

use crate::app::additions::{self, AdditionOutcome, AdditionResult};
use crate::app::command_line::{self, quote};
use crate::cli::args::selection::{ProductArgs, SelectionArgs};
use crate::cli::commands::preview;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::render;
use crate::cli::output::render::DetailArgs;
use crate::cli::output::terminal::{BOLD, Terminal};
use crate::cli::prompt;
use crate::cli::safe_directory;
use crate::cli::signals;
use crate::engine::Addition;
use crate::model::digest::GitId;
use crate::tree::worktree::WorkTree;
use std::path::PathBuf;

/// Add missing files from a catalogue, in one commit on the current branch.
///
/// Existing files are never changed, and uncommitted changes stay as they are. The preview is
/// shown first. Files are written with `--yes`, with `--expect` and the tree id of a preview, or after a confirmed
/// question on the terminal. Hooks and filters do not run.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    selection: SelectionArgs,
    /// Top folder of a repository with a work tree.
    #[arg(long, value_name = "REPO")]
    into: PathBuf,
    /// Add without asking.
    #[arg(long)]
    yes: bool,
    /// Add without asking, but only if the repository then has this tree.
    #[arg(long, value_name = "TREE_ID", value_parser = GitId::parse)]
    expect: Option<GitId>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    detail: DetailArgs,
    #[command(flatten)]
    product: ProductArgs,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    safe_directory::check(&args.into)?;
    let repository = WorkTree::open(&args.into)?;
    let prepared = args.product.prepare(&args.selection)?;
    let preview = preview::make(&prepared)?;
    let addition = additions::plan(preview, &repository)?;
    let report = &addition.preview.report;
    if args.format == Format::Text {
        let detail = args.detail.wanted();
        let root = prepared.opened.source.root.as_deref();
        render::report(
            &addition.preview,
            detail,
            &prepared.opened.source.files,
            root,
            terminal,
        )?;
    }
    if !report.can_proceed {
        if args.format == Format::Json {
            terminal.json(report)?;
        }
        return Ok(Exit::Findings);
    }
    additions::check_expected(&addition, args.expect.as_ref())?;
    let outcome = if addition.files.is_empty() {
        AdditionOutcome::AlreadyPresent
    } else if may_write(args, &addition, &repository, terminal)? {
        Terminal::busy("adding the files", || {
            additions::apply(&addition, &repository, signals::stop())
        })?;
        AdditionOutcome::Added
    } else {
        AdditionOutcome::Shown
    };
    print_result(args, &addition, &repository, outcome, terminal)?;
    Ok(Exit::Success)
}

fn may_write(
    args: &Args,
    addition: &Addition<'_>,
    repository: &WorkTree,
    terminal: &mut Terminal,
) -> Result<bool, Failure> {
    if args.yes || args.expect.is_some() {
        return Ok(true);
    }
    if args.format == Format::Json || !Terminal::is_interactive() {
        return Ok(false);
    }
    terminal.finish()?;
    let count = addition.files.len();
    let files = if count == 1 { "file" } else { "files" };
    let branch = repository.branch();
    let question = format!("Add {count} {files} and commit them to `{branch}`?");
    if prompt::consent(&question)? {
        Ok(true)
    } else {
        Err(Failure::cancelled())
    }
}

fn print_result(
    args: &Args,
    addition: &Addition<'_>,
    repository: &WorkTree,
    outcome: AdditionOutcome,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let report = &addition.preview.report;
    if args.format == Format::Json {
        let path = args.into.clone();
        return terminal.json(&AdditionResult::new(path, addition, repository, outcome));
    }
    let path = args.into.display().to_string();
    let folder = quote(&path);
    let out = terminal.out();
    match outcome {
        AdditionOutcome::AlreadyPresent => writeln!(
            out,
            "\n{BOLD}up to date{BOLD:#}: {folder} contains every file of this plan; nothing was written"
        )?,
        AdditionOutcome::Added => {
            let count = addition.files.len();
            let branch = repository.branch();
            writeln!(
                out,
                "\n{BOLD}Added {count} files to {folder}{BOLD:#}, one commit on `{branch}`."
            )?;
            if repository.head().is_some() {
                writeln!(out, "Undo it with:\n  git -C {folder} reset --keep HEAD~1")?;
            }
        }
        AdditionOutcome::Shown => {
            let plan = &addition.preview.plan;
            let mut flags = args.product.template.flags(plan);
            flags.push(("--into", path));
            let catalog = &args.selection.catalog;
            let command = command_line::command("add", plan, catalog, flags, report);
            writeln!(
                out,
                "\nNothing was written. Add exactly this with:\n{command}"
            )?;
        }
    }
    Ok(())
}
