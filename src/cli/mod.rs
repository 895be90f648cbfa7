//! The command line: the only place that prints, reads the clock and knows what a person typed.

mod add;
mod ask;
mod cache;
mod canonical;
mod catalog;
mod check;
mod choice;
mod cleanup;
mod command;
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

use clap::Parser as _;
use command::{Cli, Color};
use exit::Exit;
use std::process::ExitCode;
use terminal::Terminal;

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
    let result = cli.command.run(&mut terminal);
    match result.and_then(|exit| terminal.finish().map(|()| exit)) {
        Ok(Exit::Fine) => ExitCode::SUCCESS,
        Ok(Exit::Findings) => ExitCode::from(1),
        Ok(Exit::Code(code)) => ExitCode::from(code),
        Err(failure) => failure.report(&mut terminal),
    }
}
