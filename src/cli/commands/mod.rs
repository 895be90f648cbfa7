//! All commands, each in the file of the same name.

mod add;
mod canonical;
mod catalog;
mod check;
mod cleanup;
mod compose;
mod doctor;
mod explain;
mod fleet;
mod generate;
mod hash;
mod health;
mod init;
mod list;
mod lsp;
mod migrate;
mod mirror;
mod new;
mod ops;
mod owners;
mod paged;
mod pat;
mod plan_document;
mod preview;
mod prune;
mod resume;
mod runs;
mod schema;
mod serve;
mod show;
mod sweep;
mod test;
mod token;
mod update;
mod upgrade;
mod verify;
mod work;
mod workers;

use crate::cli::error::{Exit, Failure};
use crate::cli::output::terminal::{Color, Terminal};
use clap::{CommandFactory as _, Parser, Subcommand};

/// Previews and creates a new repository from a catalogue of options, down to its git tree id.
///
/// Exit codes: 0 success, 1 findings or a refused request, 2 usage, 3 environment (files, disk, network), 4 a rejected
/// token, 130 stopped by a signal or cancelled; `work` exits with 143 after SIGTERM.
#[derive(Parser)]
#[command(name = "groundplan", version, arg_required_else_help = true)]
pub(in crate::cli) struct Cli {
    /// Use of colours.
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true)]
    pub(in crate::cli) color: Color,
    /// Print long texts without a pager on a terminal [default: $PAGER, or less].
    #[arg(long, global = true)]
    pub(in crate::cli) no_pager: bool,
    #[command(subcommand)]
    pub(in crate::cli) command: Command,
}

#[derive(Subcommand)]
pub(in crate::cli) enum Command {
    /// List the built-in catalogues, or those of a folder.
    List(list::Args),
    /// Show the categories and options of a catalogue.
    Show(show::Args),
    /// Show exactly what a new repository will contain. Writes nothing.
    Preview(preview::Args),
    /// Create the repository in a folder or on a forge.
    New(new::Args),
    /// Resume an interrupted publication.
    Resume(resume::Args),
    /// Remove what an unfinished publication left on the forge.
    Cleanup(resume::Args),
    /// Remove what ended and interrupted runs left on this machine.
    Prune(prune::Args),
    /// Add missing files from a catalogue. Existing files are not changed.
    Add(add::Args),
    /// Update a repository to the current version of its catalogue, or to other choices.
    Update(update::Args),
    /// Compare or update many repositories.
    Fleet(fleet::Args),
    /// Compare a repository with the plan it was created from.
    Verify(verify::Args),
    Ops(ops::Args),
    /// Show the origin of each line of a generated file.
    Explain(explain::Args),
    Owners(owners::Args),
    Pat(pat::Args),
    Mirror(mirror::Args),
    /// Create a starter catalogue.
    Init(init::Args),
    /// Check a catalogue, a recipe, or a folder with catalog/ and recipes/.
    Check(check::Args),
    Lsp(lsp::Args),
    /// Test a catalogue by its cases: selections and the files they produce.
    Test(test::Args),
    /// Test that all options of a catalogue are compatible.
    Sweep(sweep::Args),
    /// Check plans of work: Markdown with front matter.
    PlanDocument(plan_document::Args),
    /// Publish catalogues and compare their versions.
    Catalog(catalog::Args),
    /// Migrate a database to the current schema.
    Migrate(migrate::Args),
    /// Submit and manage runs.
    Runs(runs::Args),
    Serve(Box<serve::Args>),
    /// Create, list and revoke tokens of the API.
    Token(token::Args),
    /// Create repositories from queued jobs until stopped.
    Work(Box<work::Args>),
    /// Fail or requeue runs whose worker has died.
    Recover(work::RecoverArgs),
    Workers(workers::Args),
    Compose(compose::Args),
    Upgrade(upgrade::Args),
    /// Check that this machine is ready to run a worker.
    Doctor(doctor::Args),
    Health(health::Args),
    /// Print the versions and hashes of a catalogue and a selection.
    Hash(hash::Args),
    /// Print the canonical bytes (RFC 8785) of a JSON file.
    Canonical(canonical::Args),
    /// Print the JSON Schema of a document.
    Schema(schema::Args),
    Completions(generate::CompletionsArgs),
    /// Show the manual page of the program or of a command.
    Man(generate::ManArgs),
}

impl Command {
    /// Runs the command, a second time where it meets damage behind a remembered inventory, which is forgotten by then.
    pub(in crate::cli) fn run(self, terminal: &mut Terminal) -> Result<Exit, Failure> {
        let uses_inventories = matches!(
            self,
            Self::Sweep(_)
                | Self::Test(_)
                | Self::Preview(_)
                | Self::New(_)
                | Self::Add(_)
                | Self::Update(_)
                | Self::Verify(_)
                | Self::Explain(_)
        );
        match self.run_once(terminal) {
            Err(failure) if uses_inventories && failure.is_damage() => self.run_once(terminal),
            ended => ended,
        }
    }

    fn run_once(&self, terminal: &mut Terminal) -> Result<Exit, Failure> {
        match self {
            Self::Check(args) => check::run(args, terminal),
            Self::Init(args) => init::run(args, terminal),
            Self::Lsp(args) => lsp::run(args),
            Self::Sweep(args) => sweep::run(args, terminal),
            Self::Test(args) => test::run(args, terminal),
            Self::PlanDocument(args) => plan_document::run(args, terminal),
            Self::Catalog(args) => catalog::run(args, terminal),
            Self::Preview(args) => preview::run(args, terminal),
            Self::New(args) => new::run(args, terminal),
            Self::Add(args) => add::run(args, terminal),
            Self::Update(args) => update::run(args, terminal),
            Self::Fleet(args) => fleet::run(args, terminal),
            Self::Verify(args) => verify::run(args, terminal),
            Self::Ops(args) => ops::run(args, terminal),
            Self::Explain(args) => explain::run(args, terminal),
            Self::List(args) => list::run(args, terminal),
            Self::Show(args) => show::run(args, terminal),
            Self::Mirror(args) => mirror::run(args, terminal),
            Self::Hash(args) => hash::run(args, terminal),
            Self::Canonical(args) => canonical::run(args, terminal),
            Self::Schema(args) => schema::run(*args, terminal),
            Self::Completions(args) => generate::completions(args, terminal),
            Self::Man(args) => generate::man(args, Cli::command(), terminal),
            Self::Resume(args) => resume::run(args, terminal),
            Self::Cleanup(args) => cleanup::run(args, terminal),
            Self::Prune(args) => prune::run(args, terminal),
            Self::Owners(args) => owners::run(args, terminal),
            Self::Pat(args) => pat::run(args, terminal),
            Self::Serve(args) => serve::run(args),
            Self::Token(args) => token::run(args, terminal),
            Self::Work(args) => work::run(args),
            Self::Recover(args) => work::recover(args, terminal),
            Self::Workers(args) => workers::run(args, terminal),
            Self::Runs(args) => runs::run(args, terminal),
            Self::Migrate(args) => migrate::run(args, terminal),
            Self::Compose(args) => compose::run(args, terminal),
            Self::Upgrade(args) => upgrade::run(args, terminal),
            Self::Doctor(args) => doctor::run(args, terminal),
            Self::Health(args) => health::run(args, terminal),
        }
    }
}
