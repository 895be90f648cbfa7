//! `groundplan completions` and `groundplan man`

use crate::cli::completion;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::pager;
use crate::cli::output::terminal::Terminal;
use clap_complete::Shell;
use std::io::{self, IsTerminal as _};

/// Print the completion script of a shell, to be read at its start.
///
/// For bash, add `source <(groundplan completions bash)` to ~/.bashrc.
#[derive(clap::Args)]
pub(crate) struct CompletionsArgs {
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(clap::Args)]
pub(crate) struct ManArgs {
    /// Command to show the page of [default: the program].
    command: Option<String>,
}

pub(crate) fn completions(
    args: &CompletionsArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    terminal.bytes(&completion::registration(args.shell)?)?;
    Ok(Exit::Success)
}

pub(crate) fn man(
    args: &ManArgs,
    mut command: clap::Command,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    command.build();
    let mut page = match &args.command {
        None => command,
        Some(name) => command.find_subcommand(name).cloned().ok_or_else(|| {
            Failure::usage("command_not_found", format!("there is no command `{name}`"))
                .hinted("run `groundplan help` for the list")
        })?,
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page.clone()).render(&mut text)?;
    if !io::stdout().is_terminal() {
        terminal.bytes(&text)?;
    } else if !pager::man(&text)? {
        // Without `man`, the help says the same.
        write!(terminal.out(), "{}", page.render_long_help().ansi())?;
    }
    Ok(Exit::Success)
}
