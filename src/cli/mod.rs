//! The command line: the only place that prints, reads the clock and knows what a person typed.

mod accepted_file;
mod args;
mod author;
mod commands;
mod completion;
mod daemon;
mod error;
mod forge_session;
mod git_settings;
mod input;
mod installation;
mod output;
mod prompt;
mod publication_files;
mod recorded_database;
mod runtime;
mod safe_directory;
mod signals;

use clap::Parser as _;
use commands::Cli;
use output::terminal::Color;
use output::terminal::Terminal;
use output::{Format, failure, usage};
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs one command line, whose first argument is the program's name, and returns its exit code.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    match completion::answer(&args) {
        Ok(false) => {}
        Ok(true) => return ExitCode::SUCCESS,
        Err(error) => return ExitCode::from(usage::print(error, &mut Terminal::new(Format::Text))),
    }
    // clap stops at a flag that it does not know, and then has not read `--format`.
    let format = Format::typed(&args);
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(usage::print(error, &mut Terminal::new(format))),
    };
    match cli.color {
        Color::Auto => {}
        Color::Always => anstream::ColorChoice::Always.write_global(),
        Color::Never => anstream::ColorChoice::Never.write_global(),
    }
    let mut terminal = Terminal::new(format);
    if cli.command.has_long_results() && !cli.no_pager {
        terminal.page_results();
    }
    let result = cli.command.run(&mut terminal);
    ExitCode::from(
        match result.and_then(|exit| terminal.finish().map(|()| exit)) {
            Ok(exit) => exit.code(),
            Err(failure) => failure::print(&failure, &mut terminal),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent_in_itself() {
        Cli::command().debug_assert();
    }
}
