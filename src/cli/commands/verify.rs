//! `groundplan verify`

use crate::base::sanitize;
use crate::cli::args::generated_repo::GeneratedRepoArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::render::sign;
use crate::cli::output::terminal::{BOLD, DIM, GREEN, RED, Terminal};
use crate::engine;
use crate::model::digest::GitId;
use crate::model::report::{ChangeKind, Report};
use crate::tree::commits::FileIndex;
use crate::tree::ids;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeSet;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The repository: a folder, bare or not, or a URL.
    #[arg(value_name = "REPO", default_value = ".")]
    repository: String,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    made: GeneratedRepoArgs,
}

/// A path that differs between both sides.
#[derive(Serialize)]
struct Difference {
    path: String,
    change: ChangeKind,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let made = args.made.read(&args.repository)?;
    let remade = args.made.remake(&made)?;
    let (report, expected, head) = Terminal::busy("building the plan again", || {
        let (report, tree) = engine::build(&remade.plan, remade.template.tree())?;
        let expected = ids::files(&tree)?;
        Ok::<_, Failure>((report, expected, made.commits.holding(&made.line.last)?))
    })?;
    let result = Verdict {
        is_exact: report.tree_id.as_ref() == Some(&made.first.tree),
        is_same_commit: report.commit_id.as_ref() == Some(&made.line.first),
        differences: differences(&expected, &made.holding),
        changed_since: differences(&made.holding, &head),
    };
    match args.format {
        Format::Json => terminal.json(&json!({
            "exact": result.is_exact,
            "sameCommit": result.is_same_commit,
            "provenance": made.provenance,
            "expected": { "treeId": report.tree_id, "commitId": report.commit_id },
            "found": { "treeId": made.first.tree, "commitId": made.line.first },
            "differences": result.differences,
            "commitsSince": made.line.since,
            "changedSince": result.changed_since,
        }))?,
        Format::Text => {
            let provenance = &made.provenance;
            writeln!(
                terminal.out(),
                "{BOLD}{}{BOLD:#} was created on {} by {} from {} {}, template {} {}\n",
                sanitize::line(provenance.inputs.product_name.as_str()),
                provenance.inputs.date,
                sanitize::line(&provenance.generator),
                sanitize::line(&provenance.catalog),
                provenance.catalog_version.short(),
                sanitize::line(&provenance.template.repo.to_string()),
                sanitize::line(&provenance.template.r#ref),
            )?;
            result.print(&made.first.tree, &report, terminal)?;
            print_since(&result.changed_since, made.line.since, terminal)?;
        }
    }
    Ok(if result.is_exact {
        Exit::Success
    } else {
        Exit::Findings
    })
}

struct Verdict {
    is_exact: bool,
    is_same_commit: bool,
    /// From the plan to the first commit.
    differences: Vec<Difference>,
    changed_since: Vec<Difference>,
}

impl Verdict {
    fn print(
        &self,
        found: &GitId,
        report: &Report,
        terminal: &mut Terminal,
    ) -> Result<(), Failure> {
        let out = terminal.out();
        if self.is_exact {
            writeln!(
                out,
                "{GREEN}exact{GREEN:#}  the first commit matches the plan (tree {found})"
            )?;
            if !self.is_same_commit {
                writeln!(
                    out,
                    "       {DIM}its author, date or message differ from the plan{DIM:#}"
                )?;
            }
            return Ok(());
        }
        match &report.tree_id {
            Some(expected) => writeln!(
                out,
                "{RED}differs{RED:#}  expected tree {expected}, the first commit contains {found}:"
            )?,
            None => writeln!(
                out,
                "{RED}differs{RED:#}  this program cannot build the plan: {}",
                report
                    .errors
                    .iter()
                    .chain(&report.collisions)
                    .next()
                    .map_or("", |finding| finding.message.as_str())
            )?,
        }
        print_paths(&self.differences, terminal)
    }
}

fn print_since(
    changed: &[Difference],
    commits: usize,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let count = |change| changed.iter().filter(|one| one.change == change).count();
    let commits = match commits {
        0 => {
            return Ok(writeln!(terminal.out(), "\nNo commits since.")?);
        }
        1 => "1 commit".to_owned(),
        more => format!("{more} commits"),
    };
    writeln!(
        terminal.out(),
        "\n{commits} since: {} added, {} modified, {} removed",
        count(ChangeKind::Added),
        count(ChangeKind::Modified),
        count(ChangeKind::Removed)
    )?;
    print_paths(changed, terminal)
}

fn print_paths(differences: &[Difference], terminal: &mut Terminal) -> Result<(), Failure> {
    for difference in differences {
        let (sign, style) = sign(difference.change);
        let path = sanitize::line(&difference.path);
        writeln!(terminal.out(), "  {style}{sign} {path}{style:#}")?;
    }
    Ok(())
}

/// The paths that differ between two file indexes, in order.
fn differences(from: &FileIndex, to: &FileIndex) -> Vec<Difference> {
    let all: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    let difference = |path: &String| {
        Some(Difference {
            path: path.clone(),
            change: ChangeKind::between(from.get(path), to.get(path))?,
        })
    };
    all.into_iter().filter_map(difference).collect()
}
