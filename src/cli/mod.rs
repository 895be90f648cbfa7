//! The command line: the only place that prints, reads the clock and knows what a person typed.

mod add;
mod ask;
mod cache;
mod canonical;
mod catalog;
mod check;
mod choice;
mod cleanup;
mod database;
mod doctor;
mod exec;
mod exit;
mod explain;
mod facts;
mod findings;
mod forge;
mod generate;
mod golden;
mod hash;
mod health;
mod init;
mod input;
mod list;
mod made;
mod means;
mod migrate;
mod mirror;
mod new;
mod operator;
mod owners;
mod pat;
mod preview;
mod publish;
mod push;
mod remedies;
mod render;
mod resume;
mod runs;
mod schema;
mod show;
mod signals;
mod state;
mod sweep;
mod template;
mod terminal;
mod test;
mod trace;
mod verify;
mod work;

use clap::{CommandFactory as _, Parser, Subcommand};
use exit::Exit;
use std::process::ExitCode;
use terminal::Terminal;

/// Previews and makes a new repository from a catalogue of options, down to its git tree id.
///
/// Exit codes: 0 fine, 1 findings, 2 usage, 3 environment (files, folders, disk, network), 4 a
/// forge does not accept the token, 130 stopped by a signal or cancelled.
#[derive(Parser)]
#[command(name = "groundplan", version, arg_required_else_help = true)]
struct Cli {
    /// When to use colours.
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true)]
    color: Color,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check a catalogue, a recipe, or a folder with catalog/ and recipes/.
    Check(check::Args),
    /// Make something to begin with.
    Init(init::Args),
    /// Prove that the options of a catalogue go together.
    Sweep(sweep::Args),
    /// Test a catalogue by its cases: selections and the files they give.
    Test(test::Args),
    /// Compare versions of a catalogue.
    Catalog(catalog::Args),
    /// Show exactly what a new repository would hold. Nothing is written.
    Preview(preview::Args),
    /// Make the repository.
    New(new::Args),
    /// Add what a repository misses of a catalogue. What is there stays as it is.
    Add(add::Args),
    /// Compare a repository with the plan it was made by.
    Verify(verify::Args),
    /// Say where each line of a generated file comes from.
    Explain(explain::Args),
    /// List the built-in catalogues, or those of a folder.
    List(list::Args),
    /// Show what a catalogue offers.
    Show(show::Args),
    /// Keep templates from git at hand.
    Mirror(mirror::Args),
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
    /// Go on with a publication that stopped half-way.
    Resume(resume::Args),
    /// Remove what an unfinished publication left on the forge.
    Cleanup(resume::Args),
    /// List for whom repositories can be made on a forge.
    Owners(owners::Args),
    /// Seal and test personal access tokens.
    Pat(pat::Args),
    /// Take jobs from the database and make repositories of them, until a signal comes.
    Work(Box<work::Args>),
    /// Bring runs whose worker is gone to an end, or back into the queue.
    Recover(work::RecoverArgs),
    /// Submit runs for workers, and look after them.
    Runs(runs::Args),
    /// Bring a database up to date.
    Migrate(migrate::Args),
    /// Look whether a worker has what it needs here, and say what to do.
    Doctor(doctor::Args),
    /// Ask the worker of this machine how it is: code 0 when nobody has to look, 1 otherwise.
    Health(health::Args),
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return exit::for_usage(&error),
    };
    match cli.color {
        Color::Auto => {}
        Color::Always => anstream::ColorChoice::Always.write_global(),
        Color::Never => anstream::ColorChoice::Never.write_global(),
    }
    let mut terminal = Terminal::new();
    let result = match cli.command {
        Command::Check(args) => check::run(&args, &mut terminal),
        Command::Init(args) => init::run(&args, &mut terminal),
        Command::Sweep(args) => sweep::run(&args, &mut terminal),
        Command::Test(args) => test::run(&args, &mut terminal),
        Command::Catalog(args) => catalog::run(&args, &mut terminal),
        Command::Preview(args) => preview::run(&args, &mut terminal),
        Command::New(args) => new::run(&args, &mut terminal),
        Command::Add(args) => add::run(&args, &mut terminal),
        Command::Verify(args) => verify::run(&args, &mut terminal),
        Command::Explain(args) => explain::run(&args, &mut terminal),
        Command::List(args) => list::run(&args, &mut terminal),
        Command::Show(args) => show::run(&args, &mut terminal),
        Command::Mirror(args) => mirror::run(&args, &mut terminal),
        Command::Hash(args) => hash::run(&args, &mut terminal),
        Command::Canonical(args) => canonical::run(&args, &mut terminal),
        Command::Schema(args) => schema::run(args, &mut terminal),
        Command::Completions(args) => generate::completions(&args, Cli::command(), &mut terminal),
        Command::Man(args) => generate::man(&args, Cli::command(), &mut terminal),
        Command::Resume(args) => resume::run(&args, &mut terminal),
        Command::Cleanup(args) => cleanup::run(&args, &mut terminal),
        Command::Owners(args) => owners::run(&args, &mut terminal),
        Command::Pat(args) => pat::run(&args, &mut terminal),
        Command::Work(args) => work::run(&args),
        Command::Recover(args) => work::recover(&args, &mut terminal),
        Command::Runs(args) => runs::run(&args, &mut terminal),
        Command::Migrate(args) => migrate::run(&args, &mut terminal),
        Command::Doctor(args) => doctor::run(&args, &mut terminal),
        Command::Health(args) => health::run(&args, &mut terminal),
    };
    match result.and_then(|exit| terminal.finish().map(|()| exit)) {
        Ok(Exit::Fine) => ExitCode::SUCCESS,
        Ok(Exit::Findings) => ExitCode::from(1),
        Ok(Exit::Code(code)) => ExitCode::from(code),
        Err(failure) => failure.report(&mut terminal),
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
