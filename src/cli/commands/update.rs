//! `groundplan update`

use crate::app::command_line::quote;
use crate::app::planned_update::{ExpectedUpdate, PlannedUpdate};
use crate::app::previews;
use crate::app::pull_requests::{Proposal, ProposalOutcome};
use crate::app::recorded_sources::RecordedSources;
use crate::app::update_report::{PlanSource, UpdateReport};
use crate::app::update_settings::SettingsComparison;
use crate::app::updates::{self, UpdateRequest};
use crate::base::clock::SystemClock;
use crate::base::sanitize;
use crate::cli::args::author::AuthorArgs;
use crate::cli::args::forge::ForgeArgs;
use crate::cli::args::generated_repo::{GeneratedRepoArgs, OldCatalogArgs, in_database};
use crate::cli::args::push::PushArgs;
use crate::cli::args::selection::{GivenInput, Selected, parse_input, parse_select};
use crate::cli::args::signing::SigningArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::forge_session::ForgeSession;
use crate::cli::output::terminal::{BOLD, DIM, GREEN, RED, Terminal, YELLOW};
use crate::cli::output::{Format, findings, settings};
use crate::cli::safe_directory;
use crate::engine::SelectionChanges;
use crate::engine::update::{Conflict, Decision, PathUpdate, Verdict};
use crate::model::content::Files;
use crate::model::date::Day;
use crate::model::path::TreePath;
use crate::model::ref_name::RefName;
use anstyle::Style;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

/// Update a repository to the current version of its catalogue, or to other choices.
///
/// Compares the tree that the old plan made, the repository's tree and the tree of the new plan, and shows a verdict for
/// each path. Changes of both sides are merged where they are apart; otherwise the repository's version stays, and the exit
/// code is 1. Nothing is written without `--into-branch`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The repository: a folder, bare or not, or a URL.
    #[arg(value_name = "REPO", default_value = ".")]
    repository: String,
    /// Create this branch with the update, one commit after the current one. Nothing is checked out.
    #[arg(long, value_name = "BRANCH", value_parser = RefName::parse)]
    into_branch: Option<RefName>,
    /// Push the update to a branch of the forge and open a pull request, a draft if there are conflicts; or bring the
    /// open one of an earlier update up to date.
    #[arg(long, requires = "forge", conflicts_with = "into_branch")]
    pull_request: bool,
    /// Write the update to the work tree and its index instead, without a commit; lines in conflict get markers.
    #[arg(long, value_enum, value_name = "FORM", conflicts_with_all = ["into_branch", "pull_request"])]
    conflicts: Option<ConflictForm>,
    /// Go on only if the update gives this tree, and is for this commit.
    #[arg(long, value_name = "TREE_ID[@COMMIT]", value_parser = ExpectedUpdate::parse)]
    expect: Option<ExpectedUpdate>,
    #[command(flatten)]
    author: AuthorArgs,
    /// Date of the commit [default: today, UTC].
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = Day::parse)]
    date: Option<Day>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Also list the files that only the repository changed, and show every diff.
    #[arg(long)]
    full: bool,
    #[command(flatten)]
    old: OldCatalogArgs,
    #[command(flatten)]
    made: GeneratedRepoArgs,
    #[command(flatten)]
    choices: ChoiceArgs,
    #[command(flatten)]
    decisions: DecisionArgs,
    #[command(flatten)]
    signing: SigningArgs,
    #[command(flatten)]
    forge: ForgeArgs,
    #[command(flatten)]
    push: PushArgs,
}

/// The form of conflicts in a work tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum ConflictForm {
    /// Markers with the lines of the old plan, as git writes them with the style `diff3`.
    Markers,
}

/// Changes of the selection.
#[derive(clap::Args)]
#[command(next_help_heading = "Choices")]
struct ChoiceArgs {
    /// Select options of a category instead of the recorded ones, several separated by commas; repeatable.
    #[arg(long, value_name = "CATEGORY=OPTION[,OPTION]", value_parser = parse_select)]
    select: Vec<Selected>,
    /// Drop a recorded option; repeatable.
    #[arg(long, value_name = "CATEGORY=OPTION", value_parser = parse_select)]
    drop: Vec<Selected>,
    /// Set an input of the catalogue instead of the recorded value; repeatable.
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_input)]
    input: Vec<GivenInput>,
}

/// Decisions about single paths.
#[derive(clap::Args)]
#[command(next_help_heading = "Decisions")]
struct DecisionArgs {
    /// Keep the repository's version of a path; repeatable.
    #[arg(long, value_name = "PATH", value_parser = TreePath::parse)]
    mine: Vec<TreePath>,
    /// Take the plan's version of a path; repeatable.
    #[arg(long, value_name = "PATH", value_parser = TreePath::parse)]
    theirs: Vec<TreePath>,
    /// Remove a path; repeatable.
    #[arg(long, value_name = "PATH", value_parser = TreePath::parse)]
    remove: Vec<TreePath>,
}

impl Args {
    /// The date of the commit.
    fn date(&self) -> Result<Day, Failure> {
        match &self.date {
            Some(date) => Ok(date.clone()),
            None => Ok(previews::today(&SystemClock)?),
        }
    }
}

impl ChoiceArgs {
    fn changes(&self) -> SelectionChanges {
        let all = |lists: &[Selected]| lists.iter().flat_map(Selected::references).collect();
        SelectionChanges {
            select: all(&self.select),
            drop: all(&self.drop),
        }
    }
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    if args.into_branch.is_some() || args.conflicts.is_some() {
        safe_directory::check(args.repository.as_ref())?;
    }
    let decided = [
        (&args.decisions.mine, Decision::Mine),
        (&args.decisions.theirs, Decision::Theirs),
        (&args.decisions.remove, Decision::Remove),
    ];
    let decisions = decided
        .into_iter()
        .flat_map(|(paths, decision)| paths.iter().map(move |path| (path.clone(), decision)))
        .collect();
    let catalogs = args.made.catalogs(&args.old)?;
    let request = UpdateRequest {
        choices: args.choices.changes(),
        inputs: GivenInput::values(&args.choices.input),
        decisions,
        is_full: args.full,
        ..args.made.update(&args.repository, &catalogs)?
    };
    let cache = || args.made.cache();
    let sources = RecordedSources {
        cache: &cache,
        database: &in_database,
    };
    let mut planned = Terminal::busy("comparing the repository with the new plan", || {
        updates::plan(&request, sources)
    })?;
    planned.signing = args.signing.key()?.map(Arc::new);
    planned.check_expected(args.expect.as_ref())?;
    // Before anything is written: a missing token is an error.
    let session = ForgeSession::open(args.forge.clone(), &args.push, terminal)?;
    let author = args.author.identity();
    if let Some(branch) = args.into_branch.as_ref().filter(|_| planned.has_changes()) {
        planned.commit_to_branch(branch, &author, &args.date()?)?;
    }
    if args.conflicts.is_some() && planned.has_changes() {
        planned.write_to_work_tree(args.repository.as_ref())?;
        planned.advance_generated(&author, &args.date()?)?;
    }
    if let Some(session) = &session {
        session.compare_settings(&mut planned)?;
        if args.pull_request && planned.is_worth_a_pull_request() {
            session.propose(&mut planned, &author, Duration::ZERO)?;
        }
    }
    match args.format {
        Format::Json => terminal.json(&planned.report)?,
        Format::Text => print(args, &planned, terminal)?,
    }
    let report = &planned.report;
    Ok(if report.can_proceed && !report.has_conflicts() {
        Exit::Success
    } else {
        Exit::Findings
    })
}

fn print(args: &Args, planned: &PlannedUpdate, terminal: &mut Terminal) -> Result<(), Failure> {
    let report = &planned.report;
    heading(report, terminal.out())?;
    for file in &report.files {
        print_file(file, args.full, terminal.out())?;
    }
    terminal.flush()?;
    for list in [&report.warnings, &report.errors] {
        findings::text(terminal.stderr(), list, &Files::new(), &str::to_owned)?;
    }
    conclusion(args, planned, terminal.out())?;
    print_settings(args, planned, terminal.out())
}

fn heading(report: &UpdateReport, out: &mut dyn Write) -> Result<(), Failure> {
    let version = |source: &PlanSource| source.catalog_version.short().to_owned();
    let (from, to) = (&report.from, &report.to);
    writeln!(
        out,
        "{BOLD}{}{BOLD:#} · {} {} · template {} · created {}\n",
        sanitize::line(&report.product),
        sanitize::line(&to.catalog),
        arrow(&version(from), &version(to)),
        sanitize::line(&arrow(&from.template.r#ref, &to.template.r#ref)),
        from.date,
    )?;
    for choice in &report.choices {
        writeln!(out, "  {}", sanitize::line(&choice.to_string()))?;
    }
    for input in &report.inputs {
        writeln!(out, "  {}", sanitize::line(&input.to_string()))?;
    }
    if !(report.choices.is_empty() && report.inputs.is_empty()) {
        writeln!(out)?;
    }
    Ok(())
}

/// `a → b`, or `a` alone for two equal texts.
fn arrow(from: &str, to: &str) -> String {
    if from == to {
        from.to_owned()
    } else {
        format!("{from} → {to}")
    }
}

/// The sign and colour of a verdict.
fn mark(verdict: Verdict) -> (char, Style) {
    match verdict {
        Verdict::Take => ('+', GREEN),
        Verdict::Keep | Verdict::Already => ('=', DIM),
        Verdict::Merge => ('~', GREEN),
        Verdict::Remove => ('-', RED),
        Verdict::Move => ('>', GREEN),
        Verdict::Declined => ('·', YELLOW),
        Verdict::Conflict => ('!', RED),
    }
}

fn print_file(file: &PathUpdate, is_full: bool, out: &mut dyn Write) -> Result<(), Failure> {
    let (sign, style) = mark(file.verdict);
    let word = file.verdict.word();
    let path = match &file.from {
        Some(from) => format!("{from} → {}", file.path),
        None => file.path.clone(),
    };
    let mut lines = String::new();
    if file.added_lines + file.removed_lines > 0 {
        lines = format!("  +{} -{}", file.added_lines, file.removed_lines);
    }
    writeln!(
        out,
        "  {style}{sign} {:<32} {word:<8}{style:#} {}{lines}  {DIM}{}{DIM:#}",
        sanitize::line(&path),
        sanitize::line(&file.reason),
        sanitize::line(&file.causes.join(", "))
    )?;
    for conflict in &file.conflicts {
        print_conflict(conflict, out)?;
    }
    let shows_diff = is_full || file.verdict == Verdict::Declined;
    if let Some(diff) = file.diff.as_ref().filter(|_| shows_diff) {
        for line in diff.lines() {
            writeln!(out, "      {}", sanitize::line(line))?;
        }
    }
    Ok(())
}

fn print_conflict(conflict: &Conflict, out: &mut dyn Write) -> Result<(), Failure> {
    let mut block = |sign: char, style: Style, text: &str| -> Result<(), Failure> {
        for line in text.lines() {
            writeln!(
                out,
                "        {style}{sign} {}{style:#}",
                sanitize::line(line)
            )?;
        }
        Ok(())
    };
    match conflict {
        Conflict::Lines {
            line,
            ours,
            theirs,
            options,
            ..
        } => {
            block('@', DIM, &format!("line {line}, here and in the plan:"))?;
            block('<', YELLOW, ours)?;
            block('>', GREEN, theirs)?;
            block(' ', DIM, &options.join(", "))?;
        }
        Conflict::Key {
            pointer,
            base,
            ours,
            theirs,
        } => {
            let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
            let text = format!("{pointer}: {} before, here and in the plan:", shown(base));
            block('@', DIM, &text)?;
            block('<', YELLOW, &shown(ours))?;
            block('>', GREEN, &shown(theirs))?;
        }
        // The reason of the file says it.
        Conflict::File { .. } => {}
    }
    Ok(())
}

fn proposed(proposal: &Proposal) -> String {
    let number = proposal.number;
    let draft = if proposal.draft { " as a draft" } else { "" };
    match proposal.outcome {
        ProposalOutcome::Opened => format!("Opened pull request #{number}{draft}"),
        ProposalOutcome::Adopted => format!("Pull request #{number} has this update already"),
        ProposalOutcome::Advanced => format!("Brought pull request #{number} up to date"),
        ProposalOutcome::Commented => {
            format!(
                "Somebody pushed to pull request #{number}; it got a comment and stays as it is"
            )
        }
    }
}

fn conclusion(args: &Args, planned: &PlannedUpdate, out: &mut dyn Write) -> Result<(), Failure> {
    let report = &planned.report;
    if !report.can_proceed {
        return Ok(writeln!(
            out,
            "\n{RED}{BOLD}The new plan has errors{BOLD:#}{RED:#}: nothing was written."
        )?);
    }
    if report.up_to_date {
        return Ok(writeln!(
            out,
            "{GREEN}{BOLD}up to date{BOLD:#}{GREEN:#}: nothing to do"
        )?);
    }
    let names = [
        (Verdict::Take, "to take"),
        (Verdict::Merge, "merged"),
        (Verdict::Move, "moved"),
        (Verdict::Remove, "to remove"),
        (Verdict::Already, "already there"),
        (Verdict::Declined, "declined"),
        (Verdict::Conflict, "in conflict"),
    ];
    let counts: Vec<String> = names
        .iter()
        .map(|(verdict, name)| (report.count(*verdict), name))
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    let counts = if counts.is_empty() {
        "only the record of the plan changes".to_owned()
    } else {
        counts.join(", ")
    };
    writeln!(
        out,
        "\n{BOLD}Update{BOLD:#}: {counts}; {} of yours untouched",
        report.own
    )?;
    if let Some(tree) = &report.tree_id {
        let promise = if planned.keeps_every_line() {
            "   no line of yours is lost"
        } else {
            ""
        };
        writeln!(out, "Tree:   {tree}{promise}")?;
    }
    if let Some(proposal) = &report.pull_request {
        return Ok(writeln!(
            out,
            "\n{BOLD}{}{BOLD:#}: {}",
            proposed(proposal),
            sanitize::line(&proposal.url)
        )?);
    }
    if args.conflicts.is_some() {
        return Ok(writeln!(
            out,
            "\nWrote the update to {BOLD}{}{BOLD:#} and its index. Look at it with `git status`, decide the conflicts, and commit it; undo it with `git reset --merge`.",
            sanitize::line(&args.repository)
        )?);
    }
    if let Some(created) = &report.created {
        writeln!(
            out,
            "\nCreated branch {BOLD}{}{BOLD:#} with one commit, {}. Look at it, then merge it:\n  git -C {} diff HEAD...{}",
            sanitize::line(&created.branch),
            created.commit_id,
            quote(&args.repository),
            quote(&created.branch)
        )?;
        return Ok(());
    }
    writeln!(
        out,
        "\nNothing was written. Create a branch with exactly this:\n{} --into-branch {} --expect {}@{}",
        typed_command(),
        planned.branch_name(),
        report.tree_id.as_ref().map_or("", |tree| tree.as_str()),
        report.head
    )?;
    Ok(())
}

/// Prints what the new plan needs on the forge, which an update does not set, and the command that does.
fn print_settings(
    args: &Args,
    planned: &PlannedUpdate,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let Some(needed) = &planned.report.settings else {
        return Ok(());
    };
    match &needed.comparison {
        SettingsComparison::NotAsked if !planned.has_changes() => {}
        SettingsComparison::NotAsked => writeln!(
            out,
            "\n{BOLD}Settings on the forge{BOLD:#} stay as they are. Once the update is merged, compare them with:\n{} --forge FORGE",
            ops_command(args, "verify")
        )?,
        SettingsComparison::Unread { reason } => writeln!(
            out,
            "\n{BOLD}Settings on the forge{BOLD:#} stay as they are, and cannot be compared: {}",
            sanitize::line(reason)
        )?,
        SettingsComparison::Compared { differences } if differences.is_empty() => writeln!(
            out,
            "\n{BOLD}Settings on the forge{BOLD:#} are as the new plan needs them."
        )?,
        SettingsComparison::Compared { differences } => {
            writeln!(
                out,
                "\n{BOLD}Settings on the forge{BOLD:#} stay as they are. The new plan needs others:"
            )?;
            settings::print(differences, out)?;
            let when = if planned.has_changes() {
                "Once the update is merged, set them with"
            } else {
                "Set them again with"
            };
            writeln!(out, "{when}:\n{}", ops_command(args, "apply"))?;
        }
    }
    Ok(())
}

/// The command of `ops` for the same repository and forge.
fn ops_command(args: &Args, name: &str) -> String {
    let mut words = vec![format!("groundplan ops {name} {}", quote(&args.repository))];
    let flags = args.made.flags().into_iter().chain(args.forge.flags());
    words.extend(flags.map(|(flag, value)| format!("{flag} {}", quote(&value))));
    words.join(" ")
}

/// The command line as it was typed, without an expected tree.
fn typed_command() -> String {
    let mut words = vec!["groundplan".to_owned()];
    let mut typed = std::env::args_os().skip(1);
    while let Some(word) = typed.next() {
        let word = word.to_string_lossy();
        if word == "--expect" {
            typed.next();
        } else if !word.starts_with("--expect=") {
            words.push(quote(&word));
        }
    }
    words.join(" ")
}
