//! `groundplan runs show`

use super::{colour, moment, watch};
use crate::app::caller::Scope;
use crate::app::runs::{self, RunDetails, RunName};
use crate::base::sanitize;
use crate::cli::args::database::DatabaseArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::render::level;
use crate::cli::output::terminal::{BOLD, Terminal};
use crate::store::update::UpdateResult;

#[derive(clap::Args)]
pub(super) struct Args {
    /// Id of the run, the beginning of one, or `latest`.
    #[arg(value_name = "RUN", value_parser = RunName::parse)]
    run: RunName,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let scope = Scope::All;
    let details = args.database.look(async |database| {
        let id = runs::find_id(database, &scope, &args.run).await?;
        Ok(runs::show(database, &scope, &id).await?)
    })?;
    if args.format == Format::Json {
        terminal.json(&details)?;
        return Ok(Exit::Success);
    }
    let RunDetails { run, events } = details;
    let style = colour(run.status);
    let out = terminal.out();
    writeln!(
        out,
        "{BOLD}{}{BOLD:#}  {style}{}{style:#}  for {}",
        run.id,
        run.status.as_db(),
        sanitize::line(&run.repo)
    )?;
    let tier = run.risk.as_ref();
    let result = run
        .update
        .as_ref()
        .and_then(|update| update.result.as_ref());
    let proposal = result.and_then(|result| result.proposal.as_ref());
    let facts = [
        (
            "job",
            Some(format!("{} ({})", run.job, run.job_status.as_db())),
        ),
        ("user", Some(run.user.to_string())),
        ("product", Some(run.product.to_string())),
        ("tree", run.tree.clone()),
        ("tier", tier.map(|risk| level(risk.tier).0.to_owned())),
        (
            "approved",
            run.approval.as_ref().map(|approval| {
                format!(
                    "by {} at {}, tree {}",
                    approval.by,
                    moment(approval.at),
                    approval.tree
                )
            }),
        ),
        ("worker", run.worker.clone()),
        ("made", run.full_name.clone()),
        ("url", run.repo_url.clone()),
        ("update", result.map(UpdateResult::summary)),
        ("branch", proposal.map(|proposal| proposal.branch.clone())),
        (
            "pull",
            result.and_then(UpdateResult::url).map(str::to_owned),
        ),
        ("error", run.error.clone()),
    ];
    for (name, value) in facts {
        if let Some(value) = value {
            writeln!(out, "  {name:8}  {}", sanitize::line(&value))?;
        }
    }
    let reasons = tier.map_or(&[][..], |risk| &risk.reasons);
    for (nth, reason) in reasons.iter().enumerate() {
        let name = if nth == 0 { "reasons" } else { "" };
        writeln!(out, "  {name:8}  {}", sanitize::line(reason))?;
    }
    writeln!(out)?;
    for event in &events {
        watch::line(event, out)?;
    }
    Ok(Exit::Success)
}
