//! `groundplan add`

use crate::cli::args::selection::{ProductArgs, SelectionArgs};
use crate::cli::commands::preview;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::render;
use crate::cli::output::render::{DetailArgs, quote};
use crate::cli::output::terminal::{BOLD, Terminal};
use crate::cli::prompt;
use crate::cli::signals;
use crate::engine::{self, Addition};
use crate::model::digest::GitId;
use crate::tree::worktree::WorkTree;
use serde_json::json;
use std::path::PathBuf;

/// Add what a repository misses of a catalogue: whole files, in one commit on its branch.
///
/// A file that is there is never changed, and what is changed or staged but not committed stays so. The preview is
/// shown first. Files are written after `--yes`, after `--expect` with the tree id that a preview showed, or when a
/// question on the terminal is answered with yes; otherwise nothing is written. Hooks and filters do not run.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    selection: SelectionArgs,
    /// The top folder of a repository with files.
    #[arg(long, value_name = "REPO")]
    into: PathBuf,
    /// Add without a question.
    #[arg(long)]
    yes: bool,
    /// Add without a question, but only when the repository then holds this tree.
    #[arg(long, value_name = "TREE_ID", value_parser = GitId::parse)]
    expect: Option<GitId>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    detail: DetailArgs,
    #[command(flatten)]
    product: ProductArgs,
}

/// What became of the repository.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    AlreadyPresent,
    Shown,
    Added,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let repository = WorkTree::open(&args.into)?;
    let prepared = args.product.prepare(&args.selection)?;
    let preview = preview::make(&prepared)?;
    let addition = engine::add(preview, &repository)?;
    let report = &addition.preview.report;
    if args.format == Format::Text {
        let detail = args.detail.wanted();
        let root = prepared.root.as_deref();
        render::report(&addition.preview, detail, &prepared.files, root, terminal)?;
    }
    if !report.can_proceed {
        if args.format == Format::Json {
            terminal.json(report)?;
        }
        return Ok(Exit::Findings);
    }
    if let (Some(expected), Some(tree)) = (&args.expect, &report.tree_id)
        && expected != tree
    {
        return Err(Failure::refused("tree_differs", format!("the result would be tree {tree}, expected {expected}; nothing was written")).hinted("the repository, catalogue, template, selection or names differ from the preview: run it without `--expect` again"));
    }
    let outcome = if addition.files.is_empty() {
        Outcome::AlreadyPresent
    } else if may_write(args, &addition, &repository, terminal)? {
        Terminal::busy("adding the files", || {
            repository.commit(&addition.commit(), signals::stop())
        })?;
        Outcome::Added
    } else {
        Outcome::Shown
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
    outcome: Outcome,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let report = &addition.preview.report;
    if args.format == Format::Json {
        return terminal.json(&json!({
            "path": args.into,
            "branch": repository.branch(),
            "outcome": match outcome {
                Outcome::AlreadyPresent => "already-present",
                Outcome::Shown => "shown",
                Outcome::Added => "added",
            },
            "treeId": report.tree_id,
            "commitId": report.commit_id,
            "report": report,
        }));
    }
    let path = args.into.display().to_string();
    let folder = quote(&path);
    let out = terminal.out();
    match outcome {
        Outcome::AlreadyPresent => writeln!(
            out,
            "\n{BOLD}already present{BOLD:#}: {folder} has every file of this plan; nothing was written"
        )?,
        Outcome::Added => {
            let count = addition.files.len();
            let branch = repository.branch();
            writeln!(
                out,
                "\n{BOLD}Added {count} files to {folder}{BOLD:#}, one commit on `{branch}`."
            )?;
            if repository.head().is_some() {
                writeln!(out, "To undo it:\n  git -C {folder} reset --keep HEAD~1")?;
            }
        }
        Outcome::Shown => {
            let command = render::command(
                "add",
                &addition.preview.plan,
                &args.selection.catalog,
                &args.product.template,
                vec![("--into", path)],
                report,
            );
            writeln!(
                out,
                "\nNothing was written. To add exactly this:\n{command}"
            )?;
        }
    }
    Ok(())
}
