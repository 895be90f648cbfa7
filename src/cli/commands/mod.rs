//! All commands, each in a file of its own name.

mod add;
mod canonical;
mod catalog;
mod check;
mod cleanup;
mod doctor;
mod explain;
mod generate;
mod hash;
mod health;
mod init;
mod list;
mod migrate;
mod mirror;
mod new;
mod owners;
mod pat;
mod preview;
mod resume;
mod runs;
mod schema;
mod show;
mod sweep;
mod test;
mod verify;
mod work;

use crate::cli::error::{Exit, Failure};
use crate::cli::output::terminal::Terminal;
use clap::{CommandFactory as _, Parser, Subcommand};

/// Previews and makes a new repository from a catalogue of options, down to its git tree id.
///
/// Exit codes: 0 fine, 1 findings or what cannot be done as asked, 2 usage, 3 environment (files, folders, disk, network), 4 a
/// forge does not accept the token, 130 stopped by a signal or cancelled; `work` says 143 after SIGTERM.
#[derive(Parser)]
#[command(name = "groundplan", version, arg_required_else_help = true)]
pub(in crate::cli) struct Cli {
    /// When to use colours.
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true)]
    pub(in crate::cli) color: Color,
    #[command(subcommand)]
    pub(in crate::cli) command: Command,
}

#[derive(Subcommand)]
pub(in crate::cli) enum Command {
    /// List the built-in catalogues, or those of a folder.
    List(list::Args),
    /// Show what a catalogue offers.
    Show(show::Args),
    /// Show exactly what a new repository would hold. Nothing is written.
    Preview(preview::Args),
    /// Make the repository, in a folder or on a forge.
    New(new::Args),
    /// Go on with a publication that stopped half-way.
    Resume(resume::Args),
    /// Remove what an unfinished publication left on the forge.
    Cleanup(resume::Args),
    /// Add to a repository what it lacks of a catalogue. What is there stays as it is.
    Add(add::Args),
    /// Compare a repository's commits with the plan it was made by.
    Verify(verify::Args),
    /// Say where each line of a generated file comes from.
    Explain(explain::Args),
    /// List for whom repositories can be made on a forge.
    Owners(owners::Args),
    /// Seal, store and test personal access tokens.
    Pat(pat::Args),
    /// Keep templates from git at hand.
    Mirror(mirror::Args),
    /// Begin a catalogue of your own.
    Init(init::Args),
    /// Check a catalogue, a recipe, or a folder with catalog/ and recipes/.
    Check(check::Args),
    /// Test a catalogue by its cases: selections and the files they give.
    Test(test::Args),
    /// Prove that the options of a catalogue go together.
    Sweep(sweep::Args),
    /// Publish catalogues, and compare their versions.
    Catalog(catalog::Args),
    /// Bring a database up to date.
    Migrate(migrate::Args),
    /// Submit runs for workers, and look after them.
    Runs(runs::Args),
    /// Take jobs from the database and make repositories of them, until a signal comes.
    Work(Box<work::Args>),
    /// Bring runs whose worker is gone to an end, or back into the queue.
    Recover(work::RecoverArgs),
    /// Look whether a worker has what it needs here, and say what to do.
    Doctor(doctor::Args),
    /// Ask the worker of this machine how it is.
    ///
    /// Code 0 when nobody has to look, 1 otherwise.
    Health(health::Args),
    /// Print the versions and hashes of a catalogue and a selection.
    Hash(hash::Args),
    /// Print the canonical bytes (RFC 8785) of a JSON file.
    Canonical(canonical::Args),
    /// Print the JSON Schema of a document.
    Schema(schema::Args),
    /// Print completions for a shell.
    Completions(generate::CompletionsArgs),
    /// Print the manual page of the program or of a command.
    Man(generate::ManArgs),
}

#[derive(Clone, Copy, clap::ValueEnum)]
pub(in crate::cli) enum Color {
    Auto,
    Always,
    Never,
}

impl Command {
    /// Carries the command out.
    pub(in crate::cli) fn run(self, terminal: &mut Terminal) -> Result<Exit, Failure> {
        match self {
            Self::Check(args) => check::run(&args, terminal),
            Self::Init(args) => init::run(&args, terminal),
            Self::Sweep(args) => sweep::run(&args, terminal),
            Self::Test(args) => test::run(&args, terminal),
            Self::Catalog(args) => catalog::run(&args, terminal),
            Self::Preview(args) => preview::run(&args, terminal),
            Self::New(args) => new::run(&args, terminal),
            Self::Add(args) => add::run(&args, terminal),
            Self::Verify(args) => verify::run(&args, terminal),
            Self::Explain(args) => explain::run(&args, terminal),
            Self::List(args) => list::run(&args, terminal),
            Self::Show(args) => show::run(&args, terminal),
            Self::Mirror(args) => mirror::run(&args, terminal),
            Self::Hash(args) => hash::run(&args, terminal),
            Self::Canonical(args) => canonical::run(&args, terminal),
            Self::Schema(args) => schema::run(args, terminal),
            Self::Completions(args) => generate::completions(&args, Cli::command(), terminal),
            Self::Man(args) => generate::man(&args, Cli::command(), terminal),
            Self::Resume(args) => resume::run(&args, terminal),
            Self::Cleanup(args) => cleanup::run(&args, terminal),
            Self::Owners(args) => owners::run(&args, terminal),
            Self::Pat(args) => pat::run(&args, terminal),
            Self::Work(args) => work::run(&args),
            Self::Recover(args) => work::recover(&args, terminal),
            Self::Runs(args) => runs::run(&args, terminal),
            Self::Migrate(args) => migrate::run(&args, terminal),
            Self::Doctor(args) => doctor::run(&args, terminal),
            Self::Health(args) => health::run(&args, terminal),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent_in_itself() {
        Cli::command().debug_assert();
    }
}
