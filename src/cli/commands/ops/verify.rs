//! `groundplan ops verify`

use super::OpsArgs;
use crate::app::operations_repo::OperationsRepo;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::terminal::{GREEN, Terminal};
use crate::cli::output::{Format, settings};
use crate::cli::runtime::wait_for;

pub(super) fn run(args: &OpsArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let (repository, recorded, forge) = args.open()?;
    let repo = OperationsRepo::of(&recorded.plan, &*forge)?;
    let found = Terminal::busy("asking the forge", || wait_for(repo.compare()))??;
    let check = repo.check(found, &repository, &recorded)?;
    match args.format {
        Format::Json => terminal.json(&check)?,
        Format::Text => {
            let (count, commit) = (check.differences.len(), &check.commit_id);
            writeln!(
                terminal.out(),
                "{} at commit {commit}: {} files of the plan, {} of evidence",
                check.repository,
                check.files,
                check.evidence
            )?;
            for line in check.settings.summary() {
                writeln!(terminal.out(), "  needs {line}")?;
            }
            match count {
                0 => writeln!(
                    terminal.out(),
                    "{GREEN}ok{GREEN:#}  everything is as the plan needs it"
                )?,
                1 => writeln!(terminal.out(), "1 difference:")?,
                _ => writeln!(terminal.out(), "{count} differences:")?,
            }
            let differences = check.differences.iter().map(|one| &one.difference);
            settings::print(differences, terminal.out())?;
        }
    }
    Ok(if check.ok {
        Exit::Success
    } else {
        Exit::Findings
    })
}
