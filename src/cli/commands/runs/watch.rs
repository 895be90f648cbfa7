//! `groundplan runs watch`

use super::moment;
use crate::app::caller::Scope;
use crate::app::runs::{self, RunDetails, RunName};
use crate::base::sanitize;
use crate::cli::args::database::DatabaseArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::terminal::{GREEN, RED, Terminal, YELLOW};
use crate::cli::signals;
use crate::store::Store;
use crate::store::event::{Event, EventKind};
use crate::store::run::RunStatus;
use anstyle::Style;
use serde_json::Value;
use std::io::{self, Write};
use std::sync::atomic::Ordering;
use std::time::Duration;

#[derive(clap::Args)]
pub(super) struct Args {
    /// Id of the run, the beginning of one, or `latest`.
    #[arg(value_name = "RUN", value_parser = RunName::parse)]
    run: RunName,
    /// `json` prints one event per line.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// The time between two reads of a run. Not every database sends notifications.
const LOOK_EVERY: Duration = Duration::from_millis(200);

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let database = &args.database;
    let status = database.look(async |database| follow(database, args, terminal).await)?;
    Ok(match status {
        RunStatus::Succeeded => Exit::Success,
        _ => Exit::Findings,
    })
}

async fn follow(
    store: &dyn Store,
    args: &Args,
    terminal: &mut Terminal,
) -> Result<RunStatus, Failure> {
    let id = runs::find_id(store, &Scope::All, &args.run).await?;
    let mut after = 0;
    let mut is_told = false;
    loop {
        let page = runs::follow(store, &Scope::All, &id, after).await?;
        let RunDetails { run, events } = page;
        for event in &events {
            match args.format {
                Format::Text => line(event, terminal.out())?,
                Format::Json => terminal.json_line(event)?,
            }
            after = event.sequence;
        }
        terminal.finish()?;
        if events.is_empty() && !run.status.is_active() {
            return Ok(run.status);
        }
        if signals::stop().load(Ordering::Relaxed) {
            return Err(Failure::interrupted(
                "watch_stopped",
                "stopped watching; the run continues",
            )
            .hinted(format!("stop it with `groundplan runs cancel {id}`")));
        }
        if !is_told && events.is_empty() && !run.is_held && args.format == Format::Text {
            is_told = true;
            let whom = match &run.risk {
                Some(risk) if risk.needs_approval(run.approval.as_ref()) => "an approval",
                _ => "a worker",
            };
            writeln!(terminal.stderr(), "waiting for {whom}")?;
        }
        if events.is_empty() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

/// One event for people.
pub(super) fn line(event: &Event, out: &mut dyn Write) -> io::Result<()> {
    let style = match event.kind {
        EventKind::Succeeded | EventKind::Approved | EventKind::Reviewed => GREEN,
        EventKind::Failed | EventKind::NeedsCleanup | EventKind::Refused => RED,
        EventKind::Held | EventKind::ApprovalVoid | EventKind::CancelAsked => YELLOW,
        _ => Style::new(),
    };
    writeln!(
        out,
        "{}  {style}{:13}{style:#}  {}{}",
        moment(event.at),
        event.kind.as_db(),
        sanitize::line(&event.by),
        sanitize::line(&details(&event.detail)),
    )
}

/// The texts of an event's detail, in the order of its fields.
fn details(detail: &Value) -> String {
    let Value::Object(fields) = detail else {
        return String::new();
    };
    let shown = fields.iter().filter_map(|(name, value)| {
        let value = match value {
            Value::Null => return None,
            Value::String(text) => text.clone(),
            // The reasons of a tier. `runs show` prints each on its line.
            Value::Array(items) => format!("{} in all", items.len()),
            other => other.to_string(),
        };
        Some(format!("  {name}: {value}"))
    });
    shown.collect()
}
