//! `groundplan sweep`

use crate::base::sanitize;
use crate::cli::accepted_file;
use crate::cli::args::template::TemplateArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::exec;
use crate::cli::exec::Ended;
use crate::cli::input;
use crate::cli::input::Chosen;
use crate::cli::output::Format;
use crate::cli::output::findings;
use crate::cli::output::terminal::{BOLD, DIM, GREEN, RED, Terminal, YELLOW};
use crate::model::selection::Selection;
use crate::model::slug::OptionRef;
use crate::sweep::cover::{self, Cover, CoverError, Strength};
use crate::sweep::diagnose::{Collision, Matrix, PairStatus};
use crate::sweep::golden::{Differences, Golden, line_of};
use crate::sweep::rounds::{self, SweepError};
use crate::sweep::selections::{self, SelectionsError};
use crate::sweep::trial::{self, Trial, TrialInput, TrialOutcome};
use crate::sweep::{SearchLimit, Space};
use crate::template::Template;
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// A folder with catalog/ and recipes/, one catalogue of it, or a built-in catalogue by name.
    #[arg(default_value = ".", value_name = "DIR|NAME")]
    catalog: String,
    #[command(flatten)]
    which: Which,
    /// Where `--sample` begins; the same number gives the same selections.
    #[arg(long, value_name = "NUMBER", default_value_t = 0, requires = "sample")]
    seed: u64,
    /// Write the tree ids down as they are now, instead of comparing them.
    #[arg(long, conflicts_with_all = ["each", "all", "sample"])]
    accept: bool,
    /// Where accepted tree ids are, one file a catalogue [default: snapshots/sweep below the catalogue's folder].
    #[arg(long, value_name = "DIR")]
    golden: Option<PathBuf>,
    /// Run this command, by the shell, in every repository that was made, and fail when it does.
    #[arg(long, value_name = "COMMAND", conflicts_with = "accept")]
    exec: Option<String>,
    /// Show for every two options whether they go together, also when nothing collides.
    #[arg(long)]
    matrix: bool,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    template: TemplateArgs,
}

/// Which selections are made.
#[derive(clap::Args)]
#[group(multiple = false)]
struct Which {
    /// So few that every two options are made together that can be; what happens without a choice.
    #[arg(long)]
    pairwise: bool,
    /// So few that every option is made once.
    #[arg(long)]
    each: bool,
    /// Every selection there is, up to 100,000.
    #[arg(long)]
    all: bool,
    /// So many different ones by chance.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    sample: Option<u32>,
}

/// What was found out about one catalogue.
struct Swept<'c> {
    chosen: &'c Chosen,
    template: &'c Template,
    cover: Option<Cover>,
    proofs: Vec<Trial>,
    collisions: Vec<Collision>,
    matrix: Matrix,
    golden: Compared,
    /// Selections in which the command failed.
    failed: Vec<(String, String)>,
}

/// What became of the accepted tree ids.
enum Compared {
    /// They are not for these selections.
    NotAsked,
    /// There are none yet.
    None,
    Written(String),
    Differs(String, Differences),
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let chosen = input::catalogs(&args.catalog)?;
    let mut is_fine = true;
    let mut results = Vec::new();
    for chosen in chosen {
        let (chosen, template) = args.template.open(chosen)?;
        let swept = args.sweep(&chosen, &template, terminal)?;
        is_fine &= swept.is_fine();
        match args.format {
            Format::Json => results.push(swept.json()),
            Format::Text => swept.print(args, terminal)?,
        }
    }
    if args.format == Format::Json {
        terminal.json(&json!({ "catalogs": results }))?;
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
        chosen: &'c Chosen,
        template: &'c Template,
        terminal: &mut Terminal,
    ) -> Result<Swept<'c>, Failure> {
        let space = Space::of(&chosen.catalog);
        let accepted = self.accepted(chosen)?;
        let known: Vec<Selection> = accepted
            .iter()
            .flat_map(Golden::selections)
            .cloned()
            .collect();
        let (selections, cover) = self.selections(&space, &known)?;
        let ground = TrialInput {
            catalog: &chosen.catalog,
            template: template.tree(),
            pin: &template.pin,
        };
        let strength = cover.as_ref().map(|_| self.strength());
        let (proofs, collisions) = Terminal::busy("building every selection", || {
            rounds::sweep(ground, &space, &selections, strength)
        })?;
        let mut swept = Swept {
            matrix: Matrix::of(&space, &proofs, &collisions),
            golden: Compared::NotAsked,
            failed: Vec::new(),
            chosen,
            template,
            cover,
            proofs,
            collisions,
        };
        if self.is_pairwise() {
            swept.golden = self.compare(&swept, accepted)?;
        }
        if let Some(command) = &self.exec {
            swept.failed = swept.exec(ground, command, terminal)?;
        }
        Ok(swept)
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
        // What was accepted is for pairs.
        let known = if self.which.each { &[] } else { known };
        let cover = cover::cover(space, self.strength(), known)?;
        Ok((cover.selections.clone(), Some(cover)))
    }

    /// The folder of accepted tree ids, and the path of a catalogue's below it; none for a built-in catalogue.
    fn golden_file(&self, chosen: &Chosen) -> Option<(PathBuf, String)> {
        let file = format!("{}.txt", chosen.catalog.slug());
        match (&self.golden, &chosen.source.root) {
            (Some(folder), _) => Some((folder.clone(), file)),
            (None, Some(root)) => Some((root.clone(), format!("snapshots/sweep/{file}"))),
            (None, None) => None,
        }
    }

    fn accepted(&self, chosen: &Chosen) -> Result<Option<Golden>, Failure> {
        let Some((folder, file)) = self.golden_file(chosen).filter(|_| self.is_pairwise()) else {
            return Ok(None);
        };
        let path = folder.join(file);
        let Some(text) = accepted_file::read(&path)? else {
            return Ok(None);
        };
        match Golden::parse(&text) {
            Ok(golden) => Ok(Some(golden)),
            Err(_) if self.accept => Ok(None),
            Err(error) => Err(Failure::refused(
                "accepted_ids_invalid",
                format!("`{}` is no list of tree ids", path.display()),
            )
            .caused_by(error)
            .hinted("take it from version control again, or write it anew with `--accept`")),
        }
    }

    fn compare(&self, swept: &Swept<'_>, accepted: Option<Golden>) -> Result<Compared, Failure> {
        let Some((folder, file)) = self.golden_file(swept.chosen) else {
            if self.accept {
                return Err(Failure::usage(
                    "golden_folder_missing",
                    "a built-in catalogue has no place for its tree ids",
                )
                .hinted("name a folder with `--golden`"));
            }
            return Ok(Compared::NotAsked);
        };
        let shown = folder.join(&file).display().to_string();
        let made = swept
            .proofs
            .iter()
            .filter_map(|proof| match &proof.outcome {
                TrialOutcome::Built(id) => Some((proof.selection.clone(), id.clone())),
                TrialOutcome::Failed(_) | TrialOutcome::Unstable { .. } => None,
            });
        let now = Golden::of(made);
        if self.accept {
            accepted_file::write(&folder, &file, &now.text(COMMENT))?;
            return Ok(Compared::Written(shown));
        }
        Ok(match accepted {
            Some(accepted) => Compared::Differs(shown, accepted.differences(&now)),
            None => Compared::None,
        })
    }
}

/// What stands above accepted tree ids.
const COMMENT: &str = "Git tree ids of what these selections give for a sample product, without the provenance file.\n`groundplan sweep` compares them, `groundplan sweep --accept` writes them anew.";

impl Swept<'_> {
    fn is_fine(&self) -> bool {
        let is_made = |proof: &Trial| matches!(proof.outcome, TrialOutcome::Built(_));
        let is_golden = match &self.golden {
            Compared::Differs(_, differences) => differences.is_empty(),
            Compared::NotAsked | Compared::None | Compared::Written(_) => true,
        };
        is_golden && self.failed.is_empty() && self.proofs.iter().all(is_made)
    }

    /// Runs the author's command in every repository, and tells of each that fails.
    fn exec(
        &self,
        ground: TrialInput<'_>,
        command: &str,
        terminal: &mut Terminal,
    ) -> Result<Vec<(String, String)>, Failure> {
        let mut failed = Vec::new();
        let is_made = |proof: &&Trial| matches!(proof.outcome, TrialOutcome::Built(_));
        let made: Vec<&Trial> = self.proofs.iter().filter(is_made).collect();
        for (at, proof) in made.iter().enumerate() {
            let selection = line_of(&proof.selection);
            let preview = ground.preview(proof.selection.clone(), trial::sample_inputs())?;
            let ended = Terminal::busy("running the command", || {
                exec::run(&preview, self.template, &selection, command)
            })?;
            let place = format!("{}/{}", at + 1, made.len());
            match ended {
                Ended::Fine => {
                    writeln!(terminal.stderr(), "{GREEN}ok{GREEN:#} {place} {selection}")?;
                }
                Ended::Badly { how, last } => {
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

    fn json(&self) -> Value {
        let selection = |proof: &Trial| {
            let selection = &proof.selection;
            match &proof.outcome {
                TrialOutcome::Built(id) => json!({ "selection": selection, "treeId": id }),
                TrialOutcome::Failed(findings) => {
                    json!({ "selection": selection, "findings": findings })
                }
                TrialOutcome::Unstable { first, second } => {
                    json!({ "selection": selection, "unsteady": [first, second] })
                }
            }
        };
        let collision = |collision: &Collision| {
            json!({
                "option": collision.option,
                "with": collision.with,
                "without": collision.without,
                "finding": collision.finding,
                "selection": collision.selection,
            })
        };
        let golden = match &self.golden {
            Compared::Differs(file, differences) => json!({
                "file": file,
                "changed": differences.changed.iter().map(|(line, was, is)| {
                    json!({ "selection": line, "was": was, "is": is })
                }).collect::<Vec<_>>(),
                "gone": differences.gone,
                "new": differences.new,
            }),
            Compared::Written(file) => json!({ "file": file, "accepted": true }),
            Compared::NotAsked | Compared::None => Value::Null,
        };
        json!({
            "catalog": self.chosen.catalog.slug(),
            "catalogVersion": self.chosen.catalog.version(),
            "template": self.template.pin,
            "fine": self.is_fine(),
            "covered": self.cover.as_ref().map(|cover| cover.covered),
            "impossible": self.cover.as_ref().map(|cover| &cover.impossible),
            "atLeast": self.cover.as_ref().map(|cover| cover.at_least),
            "selections": self.proofs.iter().map(selection).collect::<Vec<_>>(),
            "collisions": self.collisions.iter().map(collision).collect::<Vec<_>>(),
            "golden": golden,
            "failedCommands": self.failed.iter().map(|(selection, how)| {
                json!({ "selection": selection, "how": how })
            }).collect::<Vec<_>>(),
        })
    }

    fn print(&self, args: &Args, terminal: &mut Terminal) -> Result<(), Failure> {
        let out = terminal.out();
        let count = self.proofs.len();
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
                write!(out, ", as few as possible")?;
            } else if cover.at_least < count {
                write!(out, " ({} are the least that could)", cover.at_least)?;
            }
        }
        let stopped = self
            .proofs
            .iter()
            .filter(|proof| !matches!(proof.outcome, TrialOutcome::Built(_)));
        writeln!(out, "; each made twice, {} cannot be made", stopped.count())?;
        for proof in &self.proofs {
            if let TrialOutcome::Unstable { first, second } = &proof.outcome {
                let line = line_of(&proof.selection);
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

    /// A triangle: each option's row says how it goes with those above it, and with itself.
    fn print_matrix(&self, is_whole: bool, out: &mut dyn std::io::Write) -> Result<(), Failure> {
        /// So many options are shown when some of them collide.
        const SHOWN: usize = 40;
        let size = self.matrix.options.len();
        let collides = |one: usize| {
            (0..size).any(|other| self.matrix.status(one, other) == PairStatus::Collides)
        };
        let is_cut = !is_whole && size > SHOWN;
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
            format!("; {rest} options that collide with nothing are left out")
        } else {
            String::new()
        };
        writeln!(
            out,
            "\n     . made together, X collide, - the catalogue excludes it, ? not seen together{more}\n"
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
            ([], []) => "whatever else is selected, or for a reason that no single answer explains"
                .to_owned(),
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
            "{RED}collision{RED:#}  {whose} cannot be made {cause}"
        )?;
        let select = collision
            .selection
            .options()
            .map(|option| format!(" --select {}={}", option.category(), option.option()));
        let select: String = select.collect();
        writeln!(terminal.out(), "           {DIM}met with{select}{DIM:#}")?;
        let root = self.chosen.source.root.as_deref();
        let relabel = |file: &str| findings::relabel(root, file);
        let finding = std::slice::from_ref(&collision.finding);
        findings::text(terminal.out(), finding, &self.chosen.source.files, &relabel)
    }

    fn print_golden(&self, terminal: &mut Terminal) -> Result<(), Failure> {
        let out = terminal.out();
        let (file, differences) = match &self.golden {
            Compared::NotAsked => return Ok(()),
            Compared::None => {
                writeln!(
                    out,
                    "tree ids: none accepted yet; `--accept` writes them down"
                )?;
                return Ok(());
            }
            Compared::Written(file) => {
                writeln!(out, "tree ids: written to {file}")?;
                return Ok(());
            }
            Compared::Differs(file, differences) => (file, differences),
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
            "see what changes with `groundplan catalog diff HEAD .`, and accept it with `--accept`"
        )?;
        Ok(())
    }
}

const FEWER: &str = "take fewer, with `--sample N` or `--each`";

impl From<SearchLimit> for Failure {
    fn from(error: SearchLimit) -> Self {
        Failure::refused("selections_search_limit", error.to_string())
            .hinted("loosen `requires` and `conflicts`")
    }
}

impl From<CoverError> for Failure {
    fn from(error: CoverError) -> Self {
        match error {
            CoverError::SearchLimit(error) => error.into(),
            CoverError::TooLarge { .. } => {
                Failure::refused("selections_too_many", error.to_string()).hinted(FEWER.to_owned())
            }
        }
    }
}

impl From<SweepError> for Failure {
    fn from(error: SweepError) -> Self {
        match error {
            SweepError::Cover(error) => error.into(),
            SweepError::Preview(error) => error.into(),
        }
    }
}

impl From<SelectionsError> for Failure {
    fn from(error: SelectionsError) -> Self {
        match error {
            SelectionsError::SearchLimit(error) => error.into(),
            SelectionsError::TooMany => Failure::refused("selections_too_many", error.to_string())
                .hinted(
                    "cover all pairs with `--pairwise`, or take some by chance with `--sample N`",
                ),
        }
    }
}
