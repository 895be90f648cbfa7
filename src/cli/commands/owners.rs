//! `groundplan owners`

use crate::app::facts::Tone;
use crate::app::owners;
use crate::base::clock::SystemClock;
use crate::base::sanitize;
use crate::cli::args::forge::ForgeArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::preflight::colour;
use crate::cli::output::terminal::Terminal;
use crate::cli::runtime::wait_for;
use crate::model::preflight::OwnerKind;

/// List the accounts and organisations you can create repositories in.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    forge: ForgeArgs,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let (forge, kind) = args.forge.open_named()?;
    let host = args.forge.host(kind)?;
    let list = Terminal::busy("asking the forge", || {
        wait_for(owners::list(&*forge, kind, host, &SystemClock))
    })??;
    if args.format == Format::Json {
        terminal.json(&list)?;
        return Ok(Exit::Success);
    }
    let width = list
        .owners
        .iter()
        .map(|line| line.login.chars().count())
        .max()
        .unwrap_or(0)
        .min(40);
    for line in &list.owners {
        let style = colour(Tone::of_owner(line.standing));
        let about = match (line.kind, &line.reason) {
            (_, Some(reason)) => format!("  {reason}"),
            (OwnerKind::CurrentUser, None) => "  yourself".to_owned(),
            (OwnerKind::Organisation | OwnerKind::OtherUser, None) => String::new(),
        };
        writeln!(
            terminal.out(),
            "{:width$}  {style}{}{style:#}{about}",
            sanitize::line(&line.login),
            line.standing.as_str()
        )?;
    }
    if !list.is_complete {
        writeln!(
            terminal.stderr(),
            "there may be more: the forge does not list all organisations for this token"
        )?;
    }
    Ok(Exit::Success)
}
