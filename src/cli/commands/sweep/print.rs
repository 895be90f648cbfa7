//! The result of `groundplan sweep` for people.

use super::Args;
use super::accepted_ids::AcceptedIds;
use super::result::SweepResult;
use crate::cli::error::Failure;
use crate::cli::output::findings;
use crate::cli::output::terminal::{BOLD, DIM, GREEN, RED, Terminal, YELLOW};
use crate::model::slug::OptionRef;
use crate::sweep::diagnose::{Collision, PairStatus};
use crate::sweep::golden::{Differences, line_of};
use crate::sweep::trial::TrialOutcome;
use std::io::Write;

/// The most options that are shown without `--matrix`.
const MAX_OPTIONS: usize = 40;

impl SweepResult<'_> {
    pub(super) fn print(&self, args: &Args, terminal: &mut Terminal) -> Result<(), Failure> {
        let out = terminal.out();
        let count = self.trials.len();
        let (word, verb) = if count == 1 {
            ("selection", "covers")
        } else {
            ("selections", "cover")
        };
        write!(
            out,
            "{BOLD}{}{BOLD:#}  {count} {word}",
            self.chosen.catalog.slug()
        )?;
        if let Some(cover) = &self.cover {
            let (what, covered) = if args.which.each {
                ("answers", cover.covered)
            } else {
                ("pairs of answers", cover.covered)
            };
            write!(out, " {verb} all {covered} {what} that can be given")?;
            if cover.at_least == count {
                write!(out, ", the minimum")?;
            } else if cover.at_least < count {
                write!(out, "; lower bound: {}", cover.at_least)?;
            }
        }
        let stopped = self
            .trials
            .iter()
            .filter(|trial| !matches!(trial.outcome, TrialOutcome::Built(_)));
        writeln!(out, "; each built twice, {} failed", stopped.count())?;
        for trial in &self.trials {
            if let TrialOutcome::Unstable { first, second } = &trial.outcome {
                let line = line_of(&trial.selection);
                writeln!(
                    out,
                    "{RED}unsteady{RED:#}  {line}: tree {first}, then {second}"
                )?;
            }
        }
        if args.matrix || !self.collisions.is_empty() {
            self.print_matrix(args.matrix, out)?;
        }
        for collision in &self.collisions {
            self.print_collision(collision, terminal)?;
        }
        self.print_golden(terminal)?;
        if args.exec.is_some() {
            let failed = self.failed.len();
            writeln!(terminal.out(), "command: {failed} of {count} failed")?;
        }
        Ok(())
    }

    /// Prints a triangle: the compatibility of each option with those above it and with itself.
    fn print_matrix(&self, is_whole: bool, out: &mut dyn Write) -> Result<(), Failure> {
        let size = self.matrix.options.len();
        let collides = |one: usize| {
            (0..size).any(|other| self.matrix.status(one, other) == PairStatus::Collides)
        };
        let is_cut = !is_whole && size > MAX_OPTIONS;
        let matrix = self.matrix.only(|option| !is_cut || collides(option));
        let options = &matrix.options;
        let width = options
            .iter()
            .map(|option| option.as_str().len())
            .max()
            .unwrap_or(0);
        writeln!(out)?;
        for (row, option) in options.iter().enumerate() {
            write!(out, "{:>4} {:width$} ", row + 1, option.as_str())?;
            for column in 0..=row {
                match matrix.status(row, column) {
                    PairStatus::Collides => write!(out, " {RED}X{RED:#} ")?,
                    PairStatus::Compatible if row == column => write!(out, " \\ ")?,
                    PairStatus::Compatible => write!(out, " {GREEN}.{GREEN:#} ")?,
                    PairStatus::Excluded => write!(out, " {DIM}-{DIM:#} ")?,
                    PairStatus::Untested => write!(out, " {YELLOW}?{YELLOW:#} ")?,
                }
            }
            writeln!(out)?;
        }
        write!(out, "{:1$}", "", width + 6)?;
        for column in 1..=options.len() {
            write!(out, "{column:>2} ")?;
        }
        let rest = size - options.len();
        let more = if is_cut {
            format!("; {rest} options without collisions are omitted")
        } else {
            String::new()
        };
        writeln!(
            out,
            "\n     . compatible, X collision, - excluded by the catalogue, ? not tested together{more}\n"
        )?;
        Ok(())
    }

    fn print_collision(
        &self,
        collision: &Collision,
        terminal: &mut Terminal,
    ) -> Result<(), Failure> {
        let names = |options: &[OptionRef]| {
            let names: Vec<String> = options.iter().map(|option| format!("`{option}`")).collect();
            names.join(" and ")
        };
        let whose = match &collision.option {
            Some(option) => format!("`{option}`"),
            None => "this selection".to_owned(),
        };
        let cause = match (collision.with.as_slice(), collision.without.as_slice()) {
            ([], []) => {
                "with any selection, or for a reason that no single option explains".to_owned()
            }
            (with, []) => format!("together with {}", names(with)),
            ([], without) => format!("without {}", names(without)),
            (with, without) => format!(
                "together with {} and without {}",
                names(with),
                names(without)
            ),
        };
        writeln!(
            terminal.out(),
            "{RED}collision{RED:#}  {whose} fails {cause}"
        )?;
        write!(terminal.out(), "           {DIM}example:")?;
        for option in collision.selection.options() {
            write!(
                terminal.out(),
                " --select {}={}",
                option.category(),
                option.option()
            )?;
        }
        writeln!(terminal.out(), "{DIM:#}")?;
        let root = self.chosen.source.root.as_deref();
        let relabel = |file: &str| findings::relabel(root, file);
        let finding = std::slice::from_ref(&collision.finding);
        findings::text(terminal.out(), finding, &self.chosen.source.files, &relabel)
    }

    fn print_golden(&self, terminal: &mut Terminal) -> Result<(), Failure> {
        let out = terminal.out();
        let (file, differences) = match &self.accepted {
            AcceptedIds::NotCompared => return Ok(()),
            AcceptedIds::None => {
                writeln!(out, "tree ids: none accepted yet; `--accept` writes them")?;
                return Ok(());
            }
            AcceptedIds::Written(file) => {
                writeln!(out, "tree ids: written to {file}")?;
                return Ok(());
            }
            AcceptedIds::Compared(file, differences) => (file, differences),
        };
        if differences.is_empty() {
            writeln!(out, "tree ids: as accepted in {file}")?;
            return Ok(());
        }
        let Differences { changed, gone, new } = differences;
        writeln!(
            out,
            "tree ids: {} changed, {} gone, {} new against {file}",
            changed.len(),
            gone.len(),
            new.len()
        )?;
        for (line, was, is) in changed {
            let (was, is) = (&was.as_str()[..12], &is.as_str()[..12]);
            writeln!(
                out,
                "  {YELLOW}~{YELLOW:#} {line}  {DIM}{was} → {is}{DIM:#}"
            )?;
        }
        for line in gone {
            writeln!(out, "  {RED}-{RED:#} {line}")?;
        }
        for line in new {
            writeln!(out, "  {GREEN}+{GREEN:#} {line}")?;
        }
        writeln!(
            out,
            "show the changes with `groundplan catalog diff HEAD .`, and accept them with `--accept`"
        )?;
        Ok(())
    }
}
