//! The impact of a change, for a terminal and for a comment on a pull request.

use crate::app::catalog_versions::CatalogDiff;
use crate::app::fleet::FleetStatus;
use crate::base::sanitize;
use crate::cli::error::Failure;
use crate::cli::output::render::sign;
use crate::cli::output::terminal::{BOLD, DIM, GREEN, RED, YELLOW};
use crate::impact::{
    Affected, BreakingChange, DependencyChange, FileChange, Impact, ImpactLevel, OptionChange,
};
use crate::model::report::ChangeKind;
use crate::sweep::golden::line_of;
use anstyle::Style;
use std::io::Write;

/// The most bytes of diffs in a comment. GitHub accepts comments of 65,536 characters.
const MAX_DIFFS: usize = 40_000;

/// The most lines of a kind in a comment.
const MAX_LINES: usize = 100;

/// The state of existing repositories, for a comment.
pub(super) fn repositories(fleet: &FleetStatus, out: &mut dyn Write) -> Result<(), Failure> {
    writeln!(out, "\n| repository | update | reason |\n|---|---|---|")?;
    for one in fleet.repositories.iter().take(MAX_LINES) {
        let reason = one.reason.as_deref().unwrap_or_default();
        let cell = |text: &str| sanitize::line(text).replace('|', "\\|");
        writeln!(
            out,
            "| {} | {} | {} |",
            cell(&one.repository),
            one.state.phrase(),
            cell(reason)
        )?;
    }
    Ok(())
}

/// For people at a terminal.
pub(super) fn text(diff: &CatalogDiff, full: bool, out: &mut dyn Write) -> Result<(), Failure> {
    for slug in &diff.gone {
        writeln!(
            out,
            "{BOLD}{slug}{BOLD:#}  {RED}removed: its stored runs can no longer be carried out{RED:#}"
        )?;
    }
    for slug in &diff.new {
        writeln!(out, "{BOLD}{slug}{BOLD:#}  {GREEN}new{GREEN:#}")?;
    }
    for impact in &diff.catalogs {
        let (words, style) = level(impact.level);
        let (old, new) = (&impact.old, &impact.new);
        writeln!(
            out,
            "{BOLD}{}{BOLD:#}  {} → {}  {style}{words}{style:#}",
            new.catalog,
            old.catalog_version.short(),
            new.catalog_version.short()
        )?;
        writeln!(out, "  {}", counts(impact))?;
        for one in &impact.breaking {
            writeln!(
                out,
                "  {RED}breaks{RED:#}      {}",
                sanitize::line(&broken(one))
            )?;
            writeln!(
                out,
                "              {DIM}example: {}{DIM:#}",
                line_of(&one.example)
            )?;
        }
        for selection in &impact.repaired {
            writeln!(out, "  {GREEN}fixed{GREEN:#}       {}", line_of(selection))?;
        }
        for option in &impact.options {
            let (sign, style) = sign(option.change);
            writeln!(
                out,
                "  option      {style}{sign} {}{style:#}{}",
                option.option,
                note(option)
            )?;
        }
        for file in &impact.files {
            let (sign, style) = sign(file.change);
            let path = sanitize::line(&file.path);
            writeln!(
                out,
                "  file        {style}{sign} {path}{style:#}  {DIM}{}{DIM:#}",
                when(&file.when, impact)
            )?;
        }
        for dependency in &impact.dependencies {
            writeln!(
                out,
                "  dependency  {}  {DIM}{}{DIM:#}",
                sanitize::line(&versions(dependency)),
                when(&dependency.when, impact)
            )?;
        }
        if full {
            for (_, diff) in diffs(impact) {
                writeln!(out, "\n{}", sanitize::text(diff.trim_end()))?;
            }
        }
    }
    Ok(())
}

/// For a comment on a pull request.
pub(super) fn markdown(diff: &CatalogDiff, full: bool, out: &mut dyn Write) -> Result<(), Failure> {
    let (words, _) = level(diff.level);
    writeln!(out, "## Impact on new repositories: {words}")?;
    for slug in &diff.gone {
        writeln!(
            out,
            "\n- **The catalogue `{slug}` is removed: its stored runs can no longer be carried out.**"
        )?;
    }
    for slug in &diff.new {
        writeln!(out, "\n- The catalogue `{slug}` is new.")?;
    }
    let mut room = MAX_DIFFS;
    for impact in &diff.catalogs {
        let (words, _) = level(impact.level);
        let (old, new) = (&impact.old, &impact.new);
        writeln!(
            out,
            "\n### `{}`: {words}\n\nCatalogue `{}` → `{}`, template {} → {}. {}",
            new.catalog,
            old.catalog_version.short(),
            new.catalog_version.short(),
            code(&old.template),
            code(&new.template),
            counts(impact)
        )?;
        let breaking = impact.breaking.iter();
        list(
            out,
            "Stored runs that can no longer be carried out",
            breaking.map(|one| {
                format!(
                    "{} Example: `{}`",
                    escape(&broken(one)),
                    line_of(&one.example)
                )
            }),
        )?;
        let mended = impact.repaired.iter();
        list(
            out,
            "Failed before",
            mended.map(|one| format!("`{}`", line_of(one))),
        )?;
        let options = impact.options.iter();
        list(
            out,
            "Options",
            options.map(|one| format!("{} `{}`{}", word(one.change), one.option, note(one))),
        )?;
        table(out, impact)?;
        if !full {
            continue;
        }
        for (path, diff) in diffs(impact) {
            let fence = "`".repeat(longest_run(diff) + 3);
            let size = diff.len() + path.len() + 2 * fence.len() + 80;
            if size > room {
                writeln!(
                    out,
                    "\nMore diffs are omitted; `groundplan catalog diff --full` shows all."
                )?;
                break;
            }
            room -= size;
            writeln!(
                out,
                "\n<details><summary>{}</summary>\n\n{fence}diff\n{}\n{fence}\n\n</details>",
                escape(path),
                sanitize::text(diff.trim_end())
            )?;
        }
    }
    Ok(())
}

fn table(out: &mut dyn Write, impact: &Impact) -> Result<(), Failure> {
    let files = impact.files.iter().map(|file: &FileChange| {
        let path = code(&file.path);
        (
            format!("{} {path}", word(file.change)),
            when(&file.when, impact),
        )
    });
    let dependencies = impact
        .dependencies
        .iter()
        .map(|one| (escape(&versions(one)), when(&one.when, impact)));
    for (what, rows) in [
        ("File", files.collect::<Vec<_>>()),
        ("Dependency", dependencies.collect()),
    ] {
        if rows.is_empty() {
            continue;
        }
        writeln!(out, "\n| {what} | Changes |\n|---|---|")?;
        for (first, second) in rows.iter().take(MAX_LINES) {
            writeln!(out, "| {first} | {second} |")?;
        }
        more(out, rows.len())?;
    }
    Ok(())
}

fn list(
    out: &mut dyn Write,
    title: &str,
    lines: impl ExactSizeIterator<Item = String>,
) -> Result<(), Failure> {
    let count = lines.len();
    if count == 0 {
        return Ok(());
    }
    writeln!(out, "\n**{title}**\n")?;
    for line in lines.take(MAX_LINES) {
        writeln!(out, "- {line}")?;
    }
    more(out, count)
}

fn more(out: &mut dyn Write, count: usize) -> Result<(), Failure> {
    if count > MAX_LINES {
        writeln!(out, "\nand {} more", count - MAX_LINES)?;
    }
    Ok(())
}

fn level(level: ImpactLevel) -> (&'static str, Style) {
    match level {
        ImpactLevel::Unchanged => ("nothing changes", GREEN),
        ImpactLevel::Compatible => ("compatible with stored runs", YELLOW),
        ImpactLevel::Breaking => ("breaking for stored runs", RED),
    }
}

fn counts(impact: &Impact) -> String {
    let (changed, compared) = (impact.selections.len(), impact.compared);
    format!(
        "{changed} of {compared} selections that cover every pair of options produce other files."
    )
}

fn broken(one: &BreakingChange) -> String {
    let word = if one.selections == 1 {
        "selection"
    } else {
        "selections"
    };
    format!(
        "{}: {} (in {} {word})",
        one.code, one.message, one.selections
    )
}

fn note(option: &OptionChange) -> &'static str {
    match (option.change, option.default) {
        (ChangeKind::Removed, _) | (ChangeKind::Added, false) => "",
        (_, true) => ", now the default",
        (ChangeKind::Modified, false) => ", no longer the default",
    }
}

fn when(when: &Affected, impact: &Impact) -> String {
    match &when.with {
        Some(with) if with.is_empty() => "always".to_owned(),
        Some(with) => {
            let names: Vec<String> = with.iter().map(|option| format!("`{option}`")).collect();
            format!("with {}", names.join(" and "))
        }
        None => format!("in {} of {} selections", when.selections, impact.compared),
    }
}

fn versions(dependency: &DependencyChange) -> String {
    let DependencyChange {
        manifest,
        section,
        name,
        old,
        new,
        ..
    } = dependency;
    match (old, new) {
        (None, Some(new)) => format!("{manifest}: + {name} {new} ({section})"),
        (Some(old), None) => format!("{manifest}: - {name} {old} ({section})"),
        (old, new) => {
            let text = |version: Option<&str>| version.unwrap_or("").to_owned();
            format!(
                "{manifest}: {name} {} → {} ({section})",
                text(old.as_deref()),
                text(new.as_deref())
            )
        }
    }
}

fn word(change: ChangeKind) -> &'static str {
    match change {
        ChangeKind::Added => "added",
        ChangeKind::Modified => "changed",
        ChangeKind::Removed => "removed",
    }
}

fn diffs(impact: &Impact) -> impl Iterator<Item = (&str, &str)> {
    let files = impact.files.iter();
    files.filter_map(|file| Some((file.path.as_str(), file.diff.as_deref()?)))
}

/// A text from a catalogue as code, which can neither leave its cell nor mention a user.
fn code(text: &str) -> String {
    let text = sanitize::line(text).replace('|', "\\|");
    let fence = "`".repeat(longest_run(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A sentence that may quote a catalogue, with Markdown and HTML escaped outside code.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    let mut is_code = false;
    let text = sanitize::line(text);
    let is_balanced = text.matches('`').count().is_multiple_of(2);
    for c in text.chars() {
        match c {
            '`' if is_balanced => is_code = !is_code,
            '|' => escaped.push('\\'),
            '<' if !is_code => {
                escaped.push_str("&lt;");
                continue;
            }
            '@' if !is_code => {
                escaped.push_str("&#64;");
                continue;
            }
            '*' | '_' | '[' | ']' | '`' | '\\' | '#' | '!' if !is_code => escaped.push('\\'),
            _ => {}
        }
        escaped.push(c);
    }
    escaped
}

/// The length of the longest run of backquotes. A fence must be longer.
fn longest_run(text: &str) -> usize {
    let runs = text.split(|c| c != '`').map(str::len);
    runs.max().unwrap_or(0)
}
