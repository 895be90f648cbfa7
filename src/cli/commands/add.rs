//! `groundplan add`

use crate::app::additions::{self, AdditionOutcome, AdditionResult};
use crate::app::command_line::{self, quote};
use crate::app::previews::{self, Prepared};
use crate::app::recorded_sources::RecordedSources;
use crate::base::clock::SystemClock;
use crate::cli::args::generated_repo::{self, RecordedSourceArgs};
use crate::cli::args::selection::{ProductArgs, SelectionArgs};
use crate::cli::commands::preview;
use crate::cli::error::{Exit, Failure};
use crate::cli::git_settings;
use crate::cli::output::Format;
use crate::cli::output::render;
use crate::cli::output::render::DetailArgs;
use crate::cli::output::terminal::{BOLD, Terminal};
use crate::cli::prompt;
use crate::cli::safe_directory;
use crate::cli::signals;
use crate::engine::Addition;
use crate::model::digest::GitId;
use crate::model::plan::Plan;
use crate::tree::worktree::WorkTree;
use std::path::PathBuf;

/// Add missing files from a catalogue, in one commit on the current branch.
///
/// Existing files are never changed, and uncommitted changes stay as they are. The preview is
/// shown first. Files are written with `--yes`, with `--expect` and the tree id of a preview, or after a confirmed
/// question on the terminal. Hooks and filters do not run. For a repository that groundplan created, everything that no
/// flag says is as recorded there, in the recorded versions of catalogue and template.
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
    #[command(flatten)]
    source: RecordedSourceArgs,
}

impl Args {
    /// True if the catalogue is the one that the repository records.
    fn takes_recorded(&self) -> bool {
        let record = self.into.join(self.source.provenance.as_str());
        self.selection.catalog.is_none() && record.is_file()
    }

    /// Reads everything that a preview needs, from flags or from the repository's own record.
    fn prepare(&self) -> Result<Prepared, Failure> {
        if self.takes_recorded() {
            return self.prepare_recorded();
        }
        let product = self.product.named(None, None)?.request;
        self.product.prepare(&product, &self.selection)
    }

    fn prepare_recorded(&self) -> Result<Prepared, Failure> {
        let template = self.product.template.request();
        let into = self.into.display().to_string();
        let request = self.source.request(&into, None, template)?;
        let cache = || self.product.template.git.cache();
        let repository = Terminal::busy("reading the repository", || request.read(&cache))?;
        let recorded = &repository.current;
        let sources = RecordedSources {
            cache: &cache,
            database: &generated_repo::in_database,
        };
        let (opened, template) = Terminal::busy("opening the recorded catalogue", || {
            request.sources_of(recorded, &repository, sources)
        })?;
        let selection = additions::recorded_selection(recorded);
        let selection = self.selection.choose_from(&opened.catalog, selection)?;
        let product = self.product.over(additions::recorded_product(recorded));
        let prepared =
            previews::with_template(opened, selection, &product, template, &SystemClock)?;
        Ok(prepared)
    }
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    safe_directory::check(&args.into)?;
    let repository = WorkTree::open(&args.into)?;
    let prepared = args.prepare()?;
    let preview = preview::make(&prepared)?;
    let author = args
        .product
        .author
        .clone()
        .or_else(git_settings::identity)
        .unwrap_or_else(|| preview.plan.author.clone());
    let addition = additions::plan(preview, &repository, author)?;
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
            let plan = Plan {
                author: addition.author.clone(),
                ..addition.preview.plan.clone()
            };
            let mut flags = args.product.template.flags(&plan);
            flags.push(("--into", path));
            let named = !args.takes_recorded();
            let catalog = named.then(|| args.selection.catalog());
            let command = command_line::command("add", &plan, catalog, flags, report);
            writeln!(
                out,
                "\nNothing was written. Add exactly this with:\n{command}"
            )?;
        }
    }
    Ok(())
}
