//! `groundplan sweep`

mod accepted_ids;
mod exec;
mod json;
mod print;
mod result;

use crate::app::catalogs::{self, OpenedCatalog};
use crate::cli::args::template::TemplateArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::terminal::Terminal;
use crate::model::selection::Selection;
use crate::sweep::Space;
use crate::sweep::cover::{self, Cover, Strength};
use crate::sweep::diagnose::Matrix;
use crate::sweep::golden::Golden;
use crate::sweep::rounds;
use crate::sweep::selections;
use crate::sweep::trial::TrialInput;
use crate::template::Template;
use accepted_ids::AcceptedIds;
use json::{CatalogJson, SweepJson};
use result::SweepResult;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// A folder with catalog/ and recipes/, one catalogue of it, or a built-in catalogue by name.
    #[arg(default_value = ".", value_name = "DIR|NAME")]
    catalog: String,
    #[command(flatten)]
    which: Which,
    /// Seed of `--sample`; the same number gives the same selections.
    #[arg(long, value_name = "NUMBER", default_value_t = 0, requires = "sample")]
    seed: u64,
    /// Write the current tree ids instead of comparing them.
    #[arg(long, conflicts_with_all = ["each", "all", "sample"])]
    accept: bool,
    /// Folder of the accepted tree ids, one file per catalogue [default: snapshots/sweep below the catalogue's folder].
    #[arg(long, value_name = "DIR")]
    golden: Option<PathBuf>,
    /// Run a shell command in every created repository, and fail if it fails.
    #[arg(long, value_name = "COMMAND", conflicts_with = "accept")]
    exec: Option<String>,
    /// Show the compatibility of every pair of options, even without collisions.
    #[arg(long)]
    matrix: bool,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    template: TemplateArgs,
}

/// The selections to test.
#[derive(clap::Args)]
#[group(multiple = false)]
struct Which {
    /// Smallest set covering every pair of options (default).
    #[arg(long)]
    pairwise: bool,
    /// Smallest set covering every option.
    #[arg(long)]
    each: bool,
    /// Every selection, up to 100,000.
    #[arg(long)]
    all: bool,
    /// N random selections.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    sample: Option<u32>,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let chosen = catalogs::open_all(&args.catalog, &|| args.template.git.cache())?;
    let mut is_fine = true;
    let mut results = Vec::new();
    for chosen in chosen {
        let (chosen, template) = args.template.open(chosen)?;
        let result = args.sweep(&chosen, &template, terminal)?;
        is_fine &= result.is_fine();
        match args.format {
            Format::Json => results.push(CatalogJson::from(&result)),
            Format::Text => result.print(args, terminal)?,
        }
    }
    if args.format == Format::Json {
        terminal.json(&SweepJson { catalogs: results })?;
    }
    Ok(if is_fine {
        Exit::Success
    } else {
        Exit::Findings
    })
}

impl Args {
    fn sweep<'c>(
        &self,
        chosen: &'c OpenedCatalog,
        template: &'c Template,
        terminal: &mut Terminal,
    ) -> Result<SweepResult<'c>, Failure> {
        let space = Space::of(&chosen.catalog);
        let accepted = self.accepted(chosen)?;
        let known: Vec<Selection> = accepted
            .iter()
            .flat_map(Golden::selections)
            .cloned()
            .collect();
        let (selections, cover) = self.selections(&space, &known)?;
        let input = TrialInput {
            catalog: &chosen.catalog,
            template: template.tree(),
            pin: &template.pin,
        };
        let strength = cover.as_ref().map(|_| self.strength());
        let (trials, collisions) = Terminal::busy("building every selection", || {
            rounds::sweep(input, &space, &selections, strength)
        })?;
        let mut result = SweepResult {
            matrix: Matrix::of(&space, &trials, &collisions),
            accepted: AcceptedIds::NotCompared,
            failed: Vec::new(),
            chosen,
            template,
            cover,
            trials,
            collisions,
        };
        if self.is_pairwise() {
            result.accepted = self.compare(&result, accepted)?;
        }
        if let Some(command) = &self.exec {
            result.failed = result.run_command(input, command, terminal)?;
        }
        Ok(result)
    }

    fn strength(&self) -> Strength {
        if self.which.each {
            Strength::Each
        } else {
            Strength::Pairs
        }
    }

    fn is_pairwise(&self) -> bool {
        !(self.which.each || self.which.all || self.which.sample.is_some())
    }

    fn selections(
        &self,
        space: &Space,
        known: &[Selection],
    ) -> Result<(Vec<Selection>, Option<Cover>), Failure> {
        if self.which.all {
            return Ok((selections::every(space)?, None));
        }
        if let Some(count) = self.which.sample {
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            return Ok((selections::sample(space, count, self.seed)?, None));
        }
        // Accepted selections cover pairs.
        let known = if self.which.each { &[] } else { known };
        let cover = cover::cover(space, self.strength(), known)?;
        Ok((cover.selections.clone(), Some(cover)))
    }
}
