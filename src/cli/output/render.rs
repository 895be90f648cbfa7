//! A report for people.

use crate::base::sanitize;
use crate::cli::error::{Failure, RefusedPlan};
use crate::cli::output::Format;
use crate::cli::output::terminal::{BOLD, DIM, GREEN, RED, Terminal, YELLOW};
use crate::cli::output::{findings, preflight};
use crate::engine::Preview;
use crate::model::action::RiskLevel;
use crate::model::content::Files;
use crate::model::diagnostic::Code;
use crate::model::path::TreePath;
use crate::model::plan::Plan;
use crate::model::report::{Change, ChangeKind, ChangeOrigin, Report};
use crate::tree::Tree as _;
use anstyle::Style;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;

/// The amount of detail of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Detail {
    /// Counts, warnings and ids.
    Summary,
    /// Also a line per changed file, with the diffs of modified files.
    Normal,
    /// Also every file and every diff.
    Full,
}

/// The flags of the amount of detail.
#[derive(clap::Args)]
pub(crate) struct DetailArgs {
    /// Show only counts, warnings and ids.
    #[arg(long, conflicts_with = "full")]
    summary: bool,
    /// Show every file and every diff.
    #[arg(long)]
    full: bool,
}

impl DetailArgs {
    pub(crate) fn wanted(&self) -> Detail {
        match (self.summary, self.full) {
            (true, _) => Detail::Summary,
            (_, true) => Detail::Full,
            (false, false) => Detail::Normal,
        }
    }
}

/// Prints a preview; its findings go to standard error.
pub(crate) fn report(
    preview: &Preview<'_>,
    detail: Detail,
    files: &Files,
    root: Option<&Path>,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let Preview { plan, report, .. } = preview;
    heading(plan, terminal.out())?;
    if detail >= Detail::Normal {
        writeln!(terminal.out())?;
        files_of(preview, detail, terminal.out())?;
        diffs(report, detail, terminal.out())?;
    }
    conclusion(report, files, root, terminal)
}

/// Prints a plan that cannot be carried out.
pub(crate) fn refused(refused: &RefusedPlan, terminal: &mut Terminal) -> Result<(), Failure> {
    let RefusedPlan {
        plan,
        report,
        files,
        root,
    } = refused;
    if terminal.format() == Format::Json {
        return terminal.json(report);
    }
    heading(plan, terminal.out())?;
    conclusion(report, files, root.as_deref(), terminal)
}

fn heading(plan: &Plan, out: &mut dyn Write) -> Result<(), Failure> {
    let selections: Vec<String> = plan
        .recipe
        .selections
        .options()
        .map(|option| option.to_string())
        .collect();
    writeln!(
        out,
        "{BOLD}{} {}{BOLD:#} · {} · {} actions on template {}",
        plan.catalog,
        plan.catalog_version.short(),
        selections.join(" "),
        plan.recipe.actions.len(),
        plan.template.r#ref
    )?;
    let inputs = &plan.inputs;
    writeln!(
        out,
        "{} · slug {} · {}/{}",
        inputs.product_name, inputs.product_slug, inputs.owner, inputs.repo
    )?;
    Ok(())
}

fn conclusion(
    report: &Report,
    files: &Files,
    root: Option<&Path>,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    writeln!(terminal.out())?;
    summary(report, terminal.out())?;
    let relabel = |file: &str| findings::relabel(root, file);
    terminal.flush()?;
    for findings in [&report.warnings, &report.collisions, &report.errors] {
        findings::text(terminal.stderr(), findings, files, &relabel)?;
    }
    if report.can_proceed {
        return Ok(());
    }
    let errors: Vec<_> = report
        .collisions
        .iter()
        .chain(&report.errors)
        .cloned()
        .collect();
    writeln!(
        terminal.stderr(),
        "{}; {}",
        findings::count(&errors),
        match report.existing {
            None => "this repository cannot be created",
            Some(_) => "nothing can be added",
        }
    )?;
    Ok(())
}

fn files_of(preview: &Preview<'_>, detail: Detail, out: &mut dyn Write) -> Result<(), Failure> {
    let changes: BTreeMap<&str, &Change> = preview
        .report
        .changes
        .iter()
        .map(|change| (change.path.as_str(), change))
        .collect();
    let existing = preview.report.existing.as_ref();
    let kept: BTreeSet<&str> = existing
        .map_or(&[][..], |existing| &existing.kept)
        .iter()
        .map(TreePath::as_str)
        .collect();
    let all = preview.tree.list()?;
    let own = preview.plan.provenance_path.as_str();
    let untouched = all
        .iter()
        .map(|(path, _)| path)
        .filter(|path| detail == Detail::Full || kept.contains(path))
        .filter(|path| !changes.contains_key(path) && (existing.is_none() || *path != own));
    let mut paths: Vec<&str> = changes.keys().copied().chain(untouched).collect();
    paths.sort_unstable();
    let width = paths
        .iter()
        .map(|path| path.chars().count())
        .max()
        .unwrap_or(0)
        .min(60);
    for path in paths {
        match changes.get(path) {
            None if kept.contains(path) => writeln!(
                out,
                "  {YELLOW}= {path:width$}  kept{YELLOW:#}, with other content than in the plan"
            )?,
            None if existing.is_some() => {
                writeln!(out, "{DIM}    {path:width$}  already present{DIM:#}")?;
            }
            None => writeln!(out, "{DIM}    {path:width$}  template{DIM:#}")?,
            Some(change) => {
                let (word, (sign, style)) = (word(change.change), sign(change.change));
                let lines = match change.change {
                    ChangeKind::Added => format!("{} lines", change.added_lines),
                    ChangeKind::Modified | ChangeKind::Removed => {
                        format!("+{} −{}", change.added_lines, change.removed_lines)
                    }
                };
                let lines = if change.diff.is_some() {
                    lines
                } else {
                    format!("{} bytes", change.size)
                };
                writeln!(
                    out,
                    "  {style}{sign} {path:width$}  {word:8}{style:#}  {lines:>10}  {DIM}{}{DIM:#}",
                    origins(change)
                )?;
            }
        }
    }
    Ok(())
}

fn word(change: ChangeKind) -> &'static str {
    match change {
        ChangeKind::Added => "added",
        ChangeKind::Modified => "modified",
        ChangeKind::Removed => "removed",
    }
}

fn origins(change: &Change) -> String {
    let mut origins: Vec<String> = change
        .origin
        .iter()
        .map(|origin| match origin {
            ChangeOrigin::Action(action) => action.origin.option.to_string(),
            ChangeOrigin::Placeholders { .. } => "placeholders".to_owned(),
            ChangeOrigin::Condition {} => "condition of the template".to_owned(),
            ChangeOrigin::Provenance {} => "provenance".to_owned(),
            ChangeOrigin::Template {} => "template".to_owned(),
        })
        .collect();
    origins.dedup();
    origins.join(", ")
}

fn diffs(report: &Report, detail: Detail, out: &mut dyn Write) -> Result<(), Failure> {
    for change in &report.changes {
        let is_wanted = detail == Detail::Full || change.change != ChangeKind::Added;
        let Some(diff) = change.diff.as_ref().filter(|_| is_wanted) else {
            continue;
        };
        writeln!(out)?;
        for line in diff.lines() {
            let style = match line.chars().next() {
                _ if line.starts_with("+++ ")
                    || line.starts_with("--- ")
                    || line.starts_with("diff ") =>
                {
                    BOLD
                }
                Some('+') => GREEN,
                Some('-') => RED,
                Some('@') => DIM,
                _ => Style::new(),
            };
            writeln!(out, "{style}{}{style:#}", sanitize::text(line))?;
        }
    }
    Ok(())
}

fn summary(report: &Report, out: &mut dyn Write) -> Result<(), Failure> {
    let count = |kind| {
        report
            .changes
            .iter()
            .filter(|change| change.change == kind)
            .count()
    };
    let (added, modified) = (count(ChangeKind::Added), count(ChangeKind::Modified));
    let conflicts = report
        .collisions
        .iter()
        .filter(|finding| finding.code != Code::NameTaken)
        .count();
    let (word, style) = level(report.risk.level);
    let reasons = risk_reasons(report);
    let files = report.file_count;
    let mut counts = match &report.existing {
        None => format!(
            "{files} files: {added} from options, {modified} template files changed, {} unchanged",
            files.saturating_sub(added + modified)
        ),
        Some(existing) => format!(
            "{files} files: {added} to add, {} already present, {} kept with other content",
            existing.same.len(),
            existing.kept.len()
        ),
    };
    if conflicts > 0 {
        counts = format!("{counts}; {conflicts} conflicts");
    }
    writeln!(out, "{BOLD}Plan: {counts}{BOLD:#}")?;
    writeln!(
        out,
        "Risk: {style}{word}{style:#}{}{}",
        if reasons.is_empty() { "" } else { " — " },
        reasons.join("; ")
    )?;
    let settings = report.settings.summary();
    if !settings.is_empty() {
        writeln!(out, "On the forge, after the push:")?;
    }
    for line in settings {
        writeln!(out, "  {}", sanitize::line(&line))?;
    }
    if let Some(preflight) = &report.forge {
        preflight::print(preflight, out)?;
    }
    if let (Some(tree), Some(commit)) = (&report.tree_id, &report.commit_id) {
        writeln!(
            out,
            "Tree:   {tree} (sha1)\nCommit: {commit}\nPlan:   {}",
            report.plan_hash
        )?;
    }
    Ok(())
}

/// The reasons for the level. Reasons with the same text before the colon are counted.
fn risk_reasons(report: &Report) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let risk = &report.risk;
    for reason in risk
        .reasons
        .iter()
        .filter(|reason| reason.level == risk.level)
    {
        let message = reason.message.as_str();
        let common = message
            .split_once(": ")
            .map_or(message, |(common, _)| common);
        *counts.entry(common).or_default() += 1;
    }
    let counted = counts.iter().map(|(reason, count)| match count {
        1 => sanitize::line(reason),
        _ => format!("{} (×{count})", sanitize::line(reason)),
    });
    counted.collect()
}

/// The name and the colour of a level.
pub(crate) fn level(level: RiskLevel) -> (&'static str, Style) {
    let style = match level {
        RiskLevel::Low => GREEN,
        RiskLevel::Medium => YELLOW,
        RiskLevel::High => RED,
    };
    (level.word(), style)
}

/// The sign of a change, and its colour.
pub(crate) fn sign(change: ChangeKind) -> (char, Style) {
    match change {
        ChangeKind::Added => ('+', GREEN),
        ChangeKind::Modified => ('~', YELLOW),
        ChangeKind::Removed => ('-', RED),
    }
}
