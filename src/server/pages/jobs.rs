//! The jobs board: jobs of all kinds by status, with the filter in the address.

use super::chart::Chart;
use super::confirmation::ConfirmationPage;
use super::fields::{Fields, QueryFields};
use super::frame::{Frame, Html, web_address};
use super::time::{Moment, duration};
use crate::app::job_batches::{self, BatchAction, BatchOutcome};
use crate::app::jobs::{self, CappedCount, JobCounts, KindInfo};
use crate::app::{insights, products};
use crate::server::api::jobs::{JobFilterQuery, after};
use crate::server::guard::Signed;
use crate::server::page::{Page, PageQuery, invalid};
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use crate::store::id::UserId;
use crate::store::job::{JobStatus, job_status_to_api};
use crate::store::job_list::{JobEntry, JobFilter};
use crate::store::listed::{Listed, UnreadableRow};
use crate::store::product::Product;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use std::sync::Arc;

/// The number of days in the chart.
const DAYS: u32 = 30;
/// The number of products that the filter suggests.
const SUGGESTED: u32 = 200;
/// The fields of an address that are no part of the filter.
const BESIDE: [&str; 5] = ["after", "did", "changed", "refused", "expected"];

#[derive(Template)]
#[template(path = "jobs.html")]
struct JobsPage {
    frame: Frame,
    /// The outcome of the change that led here.
    told: Option<String>,
    fields: Fields,
    kinds: Vec<KindInfo>,
    products: Vec<Product>,
    tabs: Vec<StatusTab>,
    jobs: Vec<JobRow>,
    /// The queries of the first and of the next page.
    first: Option<String>,
    next: Option<String>,
    batches: Vec<BatchLink>,
    chart: Chart,
}

/// The jobs of one status, or of all.
struct StatusTab {
    label: &'static str,
    count: CappedCount,
    query: String,
    is_current: bool,
}

/// A change of all runs that match.
struct BatchLink {
    label: &'static str,
    query: String,
    is_destructive: bool,
}

/// A line of the board.
enum JobRow {
    Readable(Box<ReadableJob>),
    Unreadable(UnreadableRow),
}

/// A job in a line.
struct ReadableJob {
    job: JobEntry,
    kind: KindInfo,
    created: Moment,
    took: Option<String>,
}

/// The age of the jobs on the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Period {
    Hour,
    Day,
    Week,
    Month,
}

/// `GET /jobs`
pub(super) async fn show(
    State(state): State<Arc<ServerState>>,
    QueryFields(query): QueryFields,
    signed: Signed,
    frame: Frame,
) -> Result<Html<impl Template>, Problem> {
    let now = state.clock().now();
    let (database, caller) = (&state.database, &signed.caller);
    let filter = parse(&query, now)?;
    let page = PageQuery {
        after: query.get("after").map(str::to_owned),
        limit: None,
    };
    let limit = page.limit()?;
    let of_all_statuses = JobFilter {
        statuses: Vec::new(),
        ..filter.clone()
    };
    let filter = JobFilter {
        after: after(&page.cursor()?)?,
        ..filter
    };
    let found = jobs::list(database, caller, filter, limit + 1).await?;
    let found = Page::of(found, limit, |job| match job {
        Listed::Readable(job) => job.id.clone(),
        Listed::Unreadable(row) => row.id.clone(),
    });
    let counts = jobs::counts(database, caller, of_all_statuses).await?;
    let ended = insights::throughput(database, caller, DAYS).await?;
    let fields = query.without(&BESIDE);
    let frame = Frame {
        // The theme switch leads back without repeating the notice.
        here: format!("/jobs?{}", fields.query()),
        ..frame
    };
    Ok(Html(JobsPage {
        told: told(&query),
        kinds: jobs::kinds(),
        products: products::list(database, caller, "", SUGGESTED).await?,
        tabs: tabs(&fields, &counts),
        batches: batches(&fields, &counts),
        first: page.after.map(|_| fields.query()),
        next: found.next.map(|next| fields.with("after", &next).query()),
        jobs: found
            .items
            .into_iter()
            .map(|job| JobRow::new(job, now))
            .collect(),
        chart: Chart::new(ended, DAYS, now),
        fields,
        frame,
    }))
}

/// `GET /jobs/batch`
pub(super) async fn confirm_batch(
    State(state): State<Arc<ServerState>>,
    QueryFields(query): QueryFields,
    signed: Signed,
    frame: Frame,
) -> Result<Response, Problem> {
    let count = count(&state, &signed, &query).await?;
    Ok(Html(confirmation(frame, &query, count, None)?).into_response())
}

/// `POST /jobs/batch`
pub(super) async fn carry_out_batch(
    State(state): State<Arc<ServerState>>,
    signed: Signed,
    frame: Frame,
    fields: Fields,
) -> Result<Response, Problem> {
    let count = count(&state, &signed, &fields).await?;
    if fields.text("expected") != count.to_string() {
        let refusal = format!(
            "Nothing was done: {} matched when the question was shown, now it is {count}.",
            fields.text("expected")
        );
        let page = Html(confirmation(frame, &fields, count, Some(refusal))?);
        return Ok((StatusCode::CONFLICT, page).into_response());
    }
    let (action, filter) = (action(&fields)?, parse(&fields, state.clock().now())?);
    let outcome = job_batches::carry_out(&state.database, &signed.caller, &filter, action).await?;
    let query = fields
        .without(&BESIDE)
        .without(&["action"])
        .with("did", action.as_str())
        .with("changed", &outcome.changed.to_string())
        .with("refused", &outcome.refused.to_string());
    let to = format!("{}/jobs?{}", frame.base, query.query());
    Ok(Redirect::to(&to).into_response())
}

async fn count(state: &ServerState, signed: &Signed, fields: &Fields) -> Result<u64, Problem> {
    let filter = parse(fields, state.clock().now())?;
    let (database, caller) = (&state.database, &signed.caller);
    Ok(job_batches::count(database, caller, &filter, action(fields)?).await?)
}

fn action(fields: &Fields) -> Result<BatchAction, Problem> {
    BatchAction::parse(fields.text("action"))
        .ok_or_else(|| invalid("`action` is `retry` or `cancel`"))
}

/// The question before a batch of `count` runs.
fn confirmation(
    frame: Frame,
    fields: &Fields,
    count: u64,
    refusal: Option<String>,
) -> Result<ConfirmationPage, Problem> {
    let action = action(fields)?;
    let (verb, consequence) = match action {
        BatchAction::Retry => (
            "Retry",
            "Each failed run is queued again and continues from where it stopped.",
        ),
        BatchAction::Cancel => (
            "Cancel",
            "Each run stops at its next step. What it created on the forge so far is removed, or is listed on its page.",
        ),
    };
    let most = u64::from(job_batches::MOST);
    let mut sentences = vec![match count {
        0 => "No run matches the filter and has a state that allows it.".to_owned(),
        count if count > most => {
            format!(
                "{count} runs match. This changes the {most} newest of them; repeat it for the others."
            )
        }
        1 => "1 run matches.".to_owned(),
        count => format!("{count} runs match."),
    }];
    let kept = fields.without(&BESIDE);
    let conditions: Vec<String> = kept
        .without(&["action"])
        .iter()
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    if !conditions.is_empty() {
        sentences.push(format!("The filter is: {}.", conditions.join(", ")));
    }
    if count > 0 {
        sentences.push(consequence.to_owned());
    }
    let title = match count.min(most) {
        1 => format!("{verb} 1 run"),
        number => format!("{verb} {number} runs"),
    };
    Ok(ConfirmationPage {
        frame,
        button: title.clone(),
        title,
        sentences,
        refusal,
        target: (count > 0).then(|| "/jobs/batch".to_owned()),
        back: format!("/jobs?{}", kept.without(&["action"]).query()),
        fields: kept.with("expected", &count.to_string()),
        is_destructive: action == BatchAction::Cancel,
    })
}

/// The filter of an address at a time in milliseconds since 1970.
fn parse(fields: &Fields, now: i64) -> Result<JobFilter, Problem> {
    let text = |name: &str| fields.get(name).map(str::to_owned);
    let filter = JobFilterQuery {
        kind: text("kind"),
        status: text("status"),
        product: text("product"),
        text: text("text"),
    };
    let user = fields.get("user").map(UserId::parse).transpose();
    let period = match fields.get("period") {
        None => None,
        Some(text) => Some(
            Period::parse(text)
                .ok_or_else(|| invalid("`period` is `hour`, `day`, `week` or `month`"))?,
        ),
    };
    Ok(JobFilter {
        user: user.map_err(invalid)?,
        created_from: period.map(|period| now - period.millis()),
        ..filter.parse()?
    })
}

/// The outcome of a batch, which its redirection names.
fn told(query: &Fields) -> Option<String> {
    let action = BatchAction::parse(query.text("did"))?;
    let outcome = BatchOutcome {
        changed: query.text("changed").parse().ok()?,
        refused: query.text("refused").parse().ok()?,
    };
    let runs = match outcome.changed {
        1 => "1 run".to_owned(),
        number => format!("{number} runs"),
    };
    let done = match action {
        BatchAction::Retry => format!("Queued again: {runs}."),
        BatchAction::Cancel => format!("Cancelled: {runs}."),
    };
    Some(match outcome.refused {
        0 => done,
        refused => format!("{done} Not changed, because the state changed meanwhile: {refused}."),
    })
}

/// A tab for all jobs and for each status. A status of a newer application is listed where there is one.
fn tabs(fields: &Fields, counts: &JobCounts) -> Vec<StatusTab> {
    let current = fields.text("status");
    let all = StatusTab {
        label: "All",
        count: counts.total,
        query: fields.without(&["status"]).query(),
        is_current: current.is_empty(),
    };
    let of_status = counts.statuses.iter().map(|one| StatusTab {
        label: status_label(one.status),
        count: one.number,
        query: fields.with("status", one.status).query(),
        is_current: current == one.status,
    });
    // Jobs of an unknown status cannot be asked for.
    let known = of_status.filter(|tab| tab.label != "Unknown");
    std::iter::once(all).chain(known).collect()
}

/// The changes that some of the jobs may allow.
fn batches(fields: &Fields, counts: &JobCounts) -> Vec<BatchLink> {
    let is_any = |statuses: &[JobStatus]| {
        let names: Vec<&str> = statuses
            .iter()
            .map(|status| job_status_to_api(*status))
            .collect();
        let status = fields.text("status");
        counts.statuses.iter().any(|one| {
            one.number.count > 0
                && names.contains(&one.status)
                && (status.is_empty() || status == one.status)
        })
    };
    [
        (
            BatchAction::Retry,
            "Retry all failed runs that match",
            false,
        ),
        (
            BatchAction::Cancel,
            "Cancel all unfinished runs that match",
            true,
        ),
    ]
    .into_iter()
    .filter(|(action, ..)| is_any(action.statuses()))
    .map(|(action, label, is_destructive)| BatchLink {
        label,
        query: fields.with("action", action.as_str()).query(),
        is_destructive,
    })
    .collect()
}

/// The status of a job in words.
fn status_label(status: &str) -> &'static str {
    match status {
        "queued" => "Queued",
        "claimed" => "Claimed",
        "running" => "Running",
        "done" => "Done",
        "failed" => "Failed",
        "cancelled" => "Cancelled",
        "skipped" => "Skipped",
        _ => "Unknown",
    }
}

impl JobsPage {
    /// True if the board shows a part of the jobs only.
    fn is_filtered(&self) -> bool {
        self.fields.iter().next().is_some()
    }

    fn periods() -> [(Period, &'static str); 4] {
        Period::ALL.map(|period| (period, period.label()))
    }
}

impl JobRow {
    fn new(job: Listed<JobEntry>, now: i64) -> Self {
        match job {
            Listed::Readable(job) => Self::Readable(Box::new(ReadableJob {
                kind: KindInfo::of(&job.kind),
                created: Moment::new(job.created_at, now),
                took: job
                    .started_at
                    .map(|from| duration(job.finished_at.unwrap_or(now) - from)),
                job,
            })),
            Listed::Unreadable(row) => Self::Unreadable(row),
        }
    }
}

impl ReadableJob {
    fn label(&self) -> &'static str {
        status_label(self.job.status)
    }

    /// The address of what the job made, for a browser.
    fn web_url(&self) -> Option<&str> {
        self.job.url.as_deref().and_then(web_address)
    }
}

impl Period {
    const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Week, Self::Month];

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|period| period.as_str() == text)
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Hour => "Last hour",
            Self::Day => "Last 24 hours",
            Self::Week => "Last 7 days",
            Self::Month => "Last 30 days",
        }
    }

    fn millis(self) -> i64 {
        const HOUR: i64 = 60 * 60 * 1000;
        match self {
            Self::Hour => HOUR,
            Self::Day => 24 * HOUR,
            Self::Week => 7 * 24 * HOUR,
            Self::Month => 30 * 24 * HOUR,
        }
    }
}
