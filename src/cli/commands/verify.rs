//! `groundplan verify`

use crate::app::generation_steps::GenerationStep;
use crate::app::verification::{self, PathChange, SignatureChecks, Verification};
use crate::base::sanitize;
use crate::cli::args::generated_repo::GeneratedRepoArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::input;
use crate::cli::output::Format;
use crate::cli::output::render::sign;
use crate::cli::output::terminal::{BOLD, DIM, GREEN, RED, Terminal};
use crate::model::digest::GitId;
use crate::model::report::{ChangeKind, Report};
use crate::signing::allowed_signers::AllowedSigners;
use crate::tree::generated::GENERATED_REF;
use crate::tree::signed::NOTES_REF;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The repository: a folder, bare or not, or a URL.
    #[arg(value_name = "REPO", default_value = ".")]
    repository: String,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Also require that the first commit, and the statement in its note, are signed by a key in this file of allowed
    /// signers (`man ssh-keygen`).
    #[arg(long, value_name = "FILE")]
    allowed_signers: Option<PathBuf>,
    #[command(flatten)]
    made: GeneratedRepoArgs,
}

impl Args {
    /// Reads the file of allowed signers.
    fn allowed(&self) -> Result<Option<AllowedSigners>, Failure> {
        let Some(file) = &self.allowed_signers else {
            return Ok(None);
        };
        let allowed = AllowedSigners::parse(&input::document(file)?);
        allowed.map(Some).map_err(|error| {
            let message = format!("cannot use the allowed signers in `{}`", file.display());
            let failure = Failure::usage("allowed_signers_invalid", message).hinted(error.hint());
            failure.caused_by(error)
        })
    }
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let allowed = args.allowed()?;
    let (repository, recorded) = args.made.read(&args.repository)?;
    let (result, report) = Terminal::busy("building the plan again", || {
        verification::verify(repository, &recorded, allowed.as_ref())
    })?;
    match args.format {
        Format::Json => terminal.json(&result)?,
        Format::Text => {
            let provenance = &result.provenance;
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
            print_verdict(&result, &report, terminal)?;
            if let Some(signatures) = &result.signatures {
                print_signatures(signatures, terminal)?;
            }
            print_since(&result.changed_since, result.commits_since, terminal)?;
            print_updates(&result.steps, terminal)?;
        }
    }
    Ok(if result.is_valid() {
        Exit::Success
    } else {
        Exit::Findings
    })
}

fn print_verdict(
    result: &Verification,
    report: &Report,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let found = result.found.tree_id.as_ref().map_or("none", GitId::as_str);
    let out = terminal.out();
    if result.exact {
        writeln!(
            out,
            "{GREEN}exact{GREEN:#}  the first commit matches the plan (tree {found})"
        )?;
        if !result.same_commit {
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
    print_paths(&result.differences, terminal)
}

fn print_signatures(signatures: &SignatureChecks, terminal: &mut Terminal) -> Result<(), Failure> {
    let checks = [
        ("the first commit", &signatures.commit),
        ("the statement about it", &signatures.statement),
    ];
    for (subject, check) in checks {
        match (&check.signer, &check.problem) {
            (Some(signer), _) => writeln!(
                terminal.out(),
                "{GREEN}signed{GREEN:#} {subject}, by {} ({} {})",
                sanitize::line(&signer.principals),
                signer.algorithm,
                signer.fingerprint
            )?,
            (None, Some(problem)) => writeln!(
                terminal.out(),
                "{RED}not signed{RED:#} {subject}: {}",
                sanitize::line(problem)
            )?,
            (None, None) => writeln!(terminal.out(), "{RED}not signed{RED:#} {subject}")?,
        }
    }
    if let Some(stated) = &signatures.stated {
        let run = stated.predicate.run.as_ref();
        writeln!(
            terminal.out(),
            "       {DIM}created by {}{}{DIM:#}",
            sanitize::line(&stated.predicate.actor),
            run.map_or_else(String::new, |run| format!(", run {}", sanitize::line(run)))
        )?;
    }
    if signatures.statement.signer.is_none() {
        writeln!(
            terminal.out(),
            "       {DIM}a clone has no notes: `git fetch origin {NOTES_REF}:{NOTES_REF}`{DIM:#}"
        )?;
    }
    Ok(())
}

fn print_since(
    changed: &[PathChange],
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

/// Prints what each update brought.
fn print_updates(steps: &[GenerationStep], terminal: &mut Terminal) -> Result<(), Failure> {
    for step in steps.iter().skip(1) {
        writeln!(
            terminal.out(),
            "\nUpdate in commit {} to {} {}, template {}",
            step.commit_id,
            sanitize::line(&step.catalog),
            step.catalog_version.short(),
            sanitize::line(&step.template)
        )?;
        match &step.brought {
            Some(brought) => print_paths(brought, terminal)?,
            None => writeln!(
                terminal.out(),
                "  {DIM}the generated tree is not in this repository: `git fetch origin {GENERATED_REF}:{GENERATED_REF}`{DIM:#}"
            )?,
        }
    }
    Ok(())
}

fn print_paths(differences: &[PathChange], terminal: &mut Terminal) -> Result<(), Failure> {
    for difference in differences {
        let (sign, style) = sign(difference.change);
        let path = sanitize::line(&difference.path);
        writeln!(terminal.out(), "  {style}{sign} {path}{style:#}")?;
    }
    Ok(())
}
