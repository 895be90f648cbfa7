//! `groundplan owners`

use crate::base::clock::{Clock as _, SystemClock};
use crate::base::sanitize;
use crate::cli::args::forge::ForgeArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::preflight::colour;
use crate::cli::output::terminal::Terminal;
use crate::cli::runtime::wait_for;
use crate::forge::account::OwnerOption;
use crate::model::preflight::{OwnerKind, OwnerStanding};
use crate::model::timestamp::Timestamp;
use crate::preflight::excerpt;
use serde_json::json;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    forge: ForgeArgs,
}

/// An owner, as it is printed.
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    login: String,
    kind: OwnerKind,
    standing: OwnerStanding,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl From<OwnerOption> for Line {
    fn from(owner: OwnerOption) -> Self {
        Self {
            login: excerpt(&owner.login),
            kind: owner.kind,
            standing: owner.standing,
            reason: owner.denial.map(|denial| denial.to_string()),
        }
    }
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let (forge, kind) = args.forge.open_named()?;
    let owners = Terminal::busy("asking the forge", || wait_for(forge.owners()))??;
    let lines: Vec<Line> = owners.options.into_iter().map(Line::from).collect();
    if args.format == Format::Json {
        terminal.json(&json!({
            "checkedAt": Timestamp::of_unix_millis(SystemClock.now()),
            "kind": kind,
            "host": args.forge.host(kind)?,
            "owners": lines,
            "isComplete": owners.is_complete,
        }))?;
        return Ok(Exit::Success);
    }
    let width = lines.iter().map(|line| line.login.chars().count()).max();
    let width = width.unwrap_or(0).min(40);
    for line in &lines {
        let style = colour(line.standing);
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
    if !owners.is_complete {
        writeln!(
            terminal.stderr(),
            "there may be more: the forge does not list all organisations for this token"
        )?;
    }
    Ok(Exit::Success)
}
