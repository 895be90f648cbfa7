//! The result of `groundplan sweep` for one catalogue.

use super::accepted_ids::AcceptedIds;
use super::exec::{self, CommandEnd};
use crate::app::catalogs::OpenedCatalog;
use crate::base::sanitize;
use crate::cli::error::Failure;
use crate::cli::output::terminal::{GREEN, RED, Terminal};
use crate::sweep::cover::Cover;
use crate::sweep::diagnose::{Collision, Matrix};
use crate::sweep::golden::line_of;
use crate::sweep::trial::{Trial, TrialInput, TrialOutcome, sample_inputs};
use crate::template::Template;

/// The result of one catalogue.
pub(super) struct SweepResult<'c> {
    pub(super) chosen: &'c OpenedCatalog,
    pub(super) template: &'c Template,
    pub(super) cover: Option<Cover>,
    pub(super) trials: Vec<Trial>,
    pub(super) collisions: Vec<Collision>,
    pub(super) matrix: Matrix,
    pub(super) accepted: AcceptedIds,
    /// Selections in which the command failed.
    pub(super) failed: Vec<(String, String)>,
}

impl SweepResult<'_> {
    pub(super) fn is_fine(&self) -> bool {
        let is_made = |trial: &Trial| matches!(trial.outcome, TrialOutcome::Built(_));
        let is_golden = match &self.accepted {
            AcceptedIds::Compared(_, differences) => differences.is_empty(),
            AcceptedIds::NotCompared | AcceptedIds::None | AcceptedIds::Written(_) => true,
        };
        is_golden && self.failed.is_empty() && self.trials.iter().all(is_made)
    }

    /// Runs the author's command in every repository and prints its result. Returns the selections that failed.
    pub(super) fn run_command(
        &self,
        input: TrialInput<'_>,
        command: &str,
        terminal: &mut Terminal,
    ) -> Result<Vec<(String, String)>, Failure> {
        let mut failed = Vec::new();
        let is_made = |trial: &&Trial| matches!(trial.outcome, TrialOutcome::Built(_));
        let made: Vec<&Trial> = self.trials.iter().filter(is_made).collect();
        for (at, trial) in made.iter().enumerate() {
            let selection = line_of(&trial.selection);
            let preview = input.preview(trial.selection.clone(), sample_inputs())?;
            let ended = Terminal::busy("running the command", || {
                exec::run(&preview, self.template, &selection, command)
            })?;
            let place = format!("{}/{}", at + 1, made.len());
            match ended {
                CommandEnd::Success => {
                    writeln!(terminal.stderr(), "{GREEN}ok{GREEN:#} {place} {selection}")?;
                }
                CommandEnd::Failure { how, last } => {
                    writeln!(
                        terminal.stderr(),
                        "{RED}failed{RED:#} {place} {selection}: {how}\n{}",
                        sanitize::text(last.trim_end())
                    )?;
                    failed.push((selection, how));
                }
            }
        }
        Ok(failed)
    }
}
