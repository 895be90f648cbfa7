//! `groundplan runs list`

use super::{colour, moment, print_unreadable};
use crate::app::caller::Scope;
use crate::app::runs::{self, RunName};
use crate::base::sanitize;
use crate::cli::args::database::DatabaseArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::render::level;
use crate::cli::output::terminal::{BOLD, Terminal};
use crate::store::id::ProductId;
use crate::store::listed::Listed;
use crate::store::run::{Run, RunFilter, RunStatus};

#[derive(clap::Args)]
pub(super) struct Args {
    /// Only runs with this status; repeatable.
    #[arg(long, value_name = "STATUS", value_parser = parse_status)]
    status: Vec<RunStatus>,
    /// Only runs of this product.
    #[arg(long, value_name = "ID", value_parser = ProductId::parse)]
    product: Option<ProductId>,
    /// Only runs that wait for an approval.
    #[arg(long)]
    waiting: bool,
    /// Only runs older than this one: an id, the beginning of one, or `latest`.
    #[arg(long, value_name = "RUN", value_parser = RunName::parse)]
    after: Option<RunName>,
    /// Maximum number of runs.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let database = &args.database;
    let found = database.look(async |database| {
        let after = match &args.after {
            Some(name) => Some(runs::find_id(database, &Scope::All, name).await?),
            None => None,
        };
        let filter = RunFilter {
            product: args.product.clone(),
            statuses: args.status.clone(),
            awaiting_approval: args.waiting,
            after,
            limit: Some(args.limit),
            ..RunFilter::default()
        };
        Ok(runs::list(database, &filter).await?)
    })?;
    if args.format == Format::Json {
        terminal.json(&found)?;
        return Ok(Exit::Success);
    }
    if found.is_empty() {
        writeln!(terminal.stderr(), "no matching runs")?;
    }
    print(&found, terminal)?;
    if found.len() == args.limit as usize
        && let Some(last) = found.last()
    {
        let id = match last {
            Listed::Readable(run) => run.id.as_str(),
            Listed::Unreadable(row) => &row.id,
        };
        let id = sanitize::line(id);
        writeln!(terminal.stderr(), "list older runs with `--after {id}`")?;
    }
    Ok(Exit::Success)
}

fn print(found: &[Listed<Run>], terminal: &mut Terminal) -> Result<(), Failure> {
    let widths = found.iter().map(|listed| match listed {
        Listed::Readable(run) => run.repo.len(),
        Listed::Unreadable(_) => 0,
    });
    let width = widths.max().unwrap_or(0).max("REPOSITORY".len());
    // Without a header for programs that read the lines.
    if !found.is_empty() && Terminal::is_shown_to_person() {
        writeln!(
            terminal.out(),
            "{BOLD}{:25}  {:20}  {:width$}  {:6}  STATUS{BOLD:#}",
            "RUN",
            "CREATED",
            "REPOSITORY",
            "TIER",
        )?;
    }
    for listed in found {
        let run = match listed {
            Listed::Readable(run) => run,
            Listed::Unreadable(row) => {
                print_unreadable(row, terminal)?;
                continue;
            }
        };
        let style = colour(run.status);
        let tier = run.risk.as_ref().map_or("", |risk| level(risk.tier).0);
        writeln!(
            terminal.out(),
            "{}  {}  {:width$}  {tier:6}  {style}{}{style:#}{}",
            run.id,
            moment(run.created_at),
            sanitize::line(&run.repo),
            run.status.as_db(),
            sanitize::line(&remark(run)),
        )?;
    }
    Ok(())
}

/// A note on a run beside its status: its error, its URL, or the approval it waits for.
pub(super) fn remark(run: &Run) -> String {
    if let Some(error) = &run.error {
        return format!("  {error}");
    }
    if let Some(url) = run
        .repo_url
        .as_ref()
        .filter(|_| run.status == RunStatus::Succeeded)
    {
        return format!("  {url}");
    }
    match &run.risk {
        Some(risk) if run.status.is_active() && risk.needs_approval(run.approval.as_ref()) => {
            "  waits for an approval".to_owned()
        }
        _ => String::new(),
    }
}

fn parse_status(text: &str) -> Result<RunStatus, String> {
    let wanted = text.to_ascii_uppercase().replace('-', "_");
    RunStatus::of_db(&wanted).ok_or_else(|| {
        let names = RunStatus::ALL.map(RunStatus::as_db).map(str::to_lowercase);
        format!("the statuses are {}", names.join(", "))
    })
}
