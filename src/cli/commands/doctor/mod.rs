//! `groundplan doctor`

mod check;
mod machine;
mod outside;
mod remotes;

use crate::cli::args::database::DatabaseArgs;
use crate::cli::args::worker::WorkerArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::terminal::{DIM, Terminal};
use crate::cli::runtime::wait_for;
use check::{Check, Verdict};
use serde::Serialize;
use std::path::Path;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Repository that every catalogue's template is taken from.
    #[arg(long, value_name = "URL", env = "BOOTSTRAP_TEMPLATE_REPO")]
    template_repo: Option<String>,
    /// Remove credentials from the addresses of the repository's remotes.
    #[arg(long)]
    fix: bool,
    #[command(flatten)]
    means: WorkerArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// All checks as a JSON document.
#[derive(Serialize)]
struct DoctorJson {
    ok: bool,
    failed: usize,
    warned: usize,
    checks: Vec<Check>,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let checks = Terminal::busy("checking", || args.checks())?;
    let count = |verdict| {
        checks
            .iter()
            .filter(|check| check.verdict == verdict)
            .count()
    };
    let (failed, warned) = (count(Verdict::Fail), count(Verdict::Warn));
    match args.format {
        Format::Json => terminal.json(&DoctorJson {
            ok: failed == 0,
            failed,
            warned,
            checks,
        })?,
        Format::Text => {
            let width = checks
                .iter()
                .map(|check| check.name.len())
                .max()
                .unwrap_or(0);
            for check in &checks {
                let (word, style) = check.verdict.word();
                writeln!(
                    terminal.out(),
                    "{style}{word:4}{style:#}  {:width$}  {}",
                    check.name,
                    check.message,
                )?;
                if let Some(hint) = &check.hint {
                    writeln!(terminal.out(), "      {:width$}  {DIM}{hint}{DIM:#}", "")?;
                }
            }
            let (of, skipped) = (checks.len(), count(Verdict::Skip));
            writeln!(
                terminal.stderr(),
                "\n{of} checks: {failed} failed, {warned} warned, {skipped} skipped"
            )?;
        }
    }
    Ok(if failed == 0 {
        Exit::Success
    } else {
        Exit::Findings
    })
}

impl Args {
    fn checks(&self) -> Result<Vec<Check>, Failure> {
        let means = &self.means;
        let mut checks = vec![
            machine::git(),
            match means.git.folder() {
                Ok(folder) => machine::folder("cache", &folder),
                Err(error) => Check::of("cache", error.into()),
            },
            match means.state() {
                Ok(folder) => machine::folder("state", &folder),
                Err(failure) => Check::of("state", failure),
            },
            match means.logs_folder() {
                Ok(folder) => machine::folder("logs", &folder),
                Err(_) => Check::skip("logs", "no folder, because the state has none"),
            },
            match means.policy.read() {
                Ok(policy) => machine::policy(&policy),
                Err(failure) => Check::of("policy", failure),
            },
            machine::key(means.forge.forge),
            remotes::remotes(Path::new("."), self.fix),
        ];
        if let (Ok(cache), Ok(state), Ok(logs)) =
            (means.git.folder(), means.state(), means.logs_folder())
        {
            checks.push(machine::disk_use(&cache, &state, &logs));
        }
        checks.extend(outside::templates(means, self.template_repo.as_deref()));
        wait_for(async {
            checks.extend(outside::database(&self.database).await);
            checks.extend(outside::forge(&means.forge).await);
        })?;
        Ok(checks)
    }
}
