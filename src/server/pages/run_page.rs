//! A run: its steps with their log, its end, and what can be done with it.

use super::choice;
use super::confirmation::ConfirmationPage;
use super::fields::Fields;
use super::fleet::state_class;
use super::frame::{Frame, Html, web_address};
use super::run_list::status_label;
use super::time::{Moment, duration};
use crate::app::command_line::quote;
use crate::app::kept_previews;
use crate::app::run_view::{RunView, StepState, StepView};
use crate::app::runs::{self, RunDetails};
use crate::model::digest::GitId;
use crate::server::api::runs::{clean_up_run, parse};
use crate::server::guard::Signed;
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use crate::store::event::{Event, EventKind};
use crate::store::id::RunId;
use crate::store::update::UpdateResult;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "run.html")]
struct RunPage {
    frame: Frame,
    run: RunView,
    created: Moment,
    took: Option<String>,
    steps: Vec<StepRow>,
    /// The sequence number of the last event on the page.
    after: i64,
    /// The query that makes the same choice again.
    again: Option<String>,
}

/// A step with its log.
struct StepRow {
    label: &'static str,
    state: &'static str,
    class: &'static str,
    is_open: bool,
    is_current: bool,
    started: Moment,
    took: Option<String>,
    message: Option<String>,
    log: Vec<LogLine>,
}

/// A line of a log.
struct LogLine {
    at: String,
    text: String,
}

/// A change of a run that a page asks about first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RunAction {
    Cancel,
    Retry,
    Cleanup,
    Release,
}

/// `GET /runs/{id}`
pub(super) async fn show(
    State(state): State<Arc<ServerState>>,
    Path(id): Path<String>,
    signed: Signed,
    frame: Frame,
) -> Result<Html<impl Template>, Problem> {
    let details = read(&state, &signed, &parse(&id)?).await?;
    let now = state.clock().now();
    let after = details.events.last().map_or(0, |event| event.sequence);
    let events = details.events.clone();
    let run = RunView::from(details);
    let again = if is_active(&run) {
        None
    } else {
        same_choice(&state, &signed, &run).await
    };
    Ok(Html(RunPage {
        created: Moment::new(run.created_at, now),
        took: run
            .started_at
            .map(|from| duration(run.finished_at.unwrap_or(now) - from)),
        steps: steps(&run, &events, now),
        after,
        again,
        run,
        frame,
    }))
}

/// `GET /runs/{id}/{action}`
pub(super) async fn confirm(
    State(state): State<Arc<ServerState>>,
    Path((id, action)): Path<(String, String)>,
    signed: Signed,
    frame: Frame,
) -> Result<Html<ConfirmationPage>, Problem> {
    let action = RunAction::parse(&action).ok_or_else(Problem::not_found)?;
    let run = RunView::from(read(&state, &signed, &parse(&id)?).await?);
    let refusal = (!action.is_possible(&run))
        .then(|| format!("The run is in the state “{}”.", status_label(&run)));
    Ok(Html(action.question(frame, &run, refusal)))
}

/// `POST /runs/{id}/{action}`
pub(super) async fn carry_out(
    State(state): State<Arc<ServerState>>,
    Path((id, action)): Path<(String, String)>,
    signed: Signed,
    frame: Frame,
) -> Result<Response, Problem> {
    let action = RunAction::parse(&action).ok_or_else(Problem::not_found)?;
    let id = parse(&id)?;
    let (store, caller) = (state.database.as_ref(), &signed.caller);
    let done = match action {
        RunAction::Cancel => runs::cancel(store, caller, &id).await.map(drop),
        RunAction::Retry => runs::retry(store, caller, &id).await.map(drop),
        RunAction::Release => runs::release(store, caller, &id).await.map(drop),
        RunAction::Cleanup => {
            let cleaned = clean_up_run(&state, &signed, &id, false).await;
            return answer(&state, &signed, frame, &id, action, cleaned).await;
        }
    };
    let done = done.map_err(Problem::from);
    answer(&state, &signed, frame, &id, action, done).await
}

/// The page of the run; after a conflict the confirmation page, with the reason why nothing was done.
async fn answer(
    state: &ServerState,
    signed: &Signed,
    frame: Frame,
    id: &RunId,
    action: RunAction,
    done: Result<(), Problem>,
) -> Result<Response, Problem> {
    match done {
        Ok(()) => Ok(Redirect::to(&format!("{}/runs/{id}", frame.base)).into_response()),
        Err(problem) if problem.status() == StatusCode::CONFLICT => {
            let run = RunView::from(read(state, signed, id).await?);
            let page = action.question(frame, &run, Some(problem.detail().to_owned()));
            Ok((StatusCode::CONFLICT, Html(page)).into_response())
        }
        Err(problem) => Err(problem),
    }
}

async fn read(state: &ServerState, signed: &Signed, id: &RunId) -> Result<RunDetails, Problem> {
    let scope = signed.caller.scope();
    Ok(runs::show(state.database.as_ref(), &scope, id).await?)
}

/// The query that makes the choice of a run again, while its preview is kept.
async fn same_choice(state: &ServerState, signed: &Signed, run: &RunView) -> Option<String> {
    let tree = GitId::parse(run.tree_id.as_deref()?).ok()?;
    let (database, plans) = (&state.database, &state.context.plans);
    match kept_previews::find(database, plans, &signed.caller, &tree).await {
        Ok(kept) => Some(choice::query_of(&kept.plan)),
        Err(error) => {
            tracing::debug!(?error, "the choice of a run cannot be made again");
            None
        }
    }
}

/// The steps of a run, each with the events from its begin to the begin of the next.
fn steps(run: &RunView, events: &[Event], now: i64) -> Vec<StepRow> {
    let mut logs: Vec<Vec<LogLine>> = Vec::new();
    for event in events {
        let begins = matches!(
            event.kind,
            EventKind::Submitted
                | EventKind::Retried
                | EventKind::Recovered
                | EventKind::Started
                | EventKind::Intended
        );
        if begins || logs.is_empty() {
            logs.push(Vec::new());
        }
        if let Some(log) = logs.last_mut() {
            log.push(LogLine {
                at: Moment::new(event.at, now).exact,
                text: event_text(event),
            });
        }
    }
    let count = run.steps.len();
    // A step without events yet has an empty log.
    let all_logs = logs.into_iter().chain(std::iter::repeat_with(Vec::new));
    let row = |(index, (step, log)): (usize, (&StepView, Vec<LogLine>))| {
        StepRow::new(step, log, index + 1 == count && is_active(run), now)
    };
    run.steps
        .iter()
        .zip(all_logs)
        .enumerate()
        .map(row)
        .collect()
}

fn is_active(run: &RunView) -> bool {
    matches!(run.status, "pending" | "running")
}

impl StepRow {
    fn new(step: &StepView, log: Vec<LogLine>, is_current: bool, now: i64) -> Self {
        let (state, class) = match step.state {
            StepState::Running if is_current => ("running", "running"),
            StepState::Running => ("ended", "done"),
            StepState::Done => ("done", "done"),
            StepState::Failed => ("failed", "failed"),
            StepState::Unknown => ("outcome unknown", "unknown"),
        };
        Self {
            label: step_label(&step.name),
            state,
            class,
            is_open: is_current || matches!(step.state, StepState::Failed | StepState::Unknown),
            is_current,
            started: Moment::new(step.started_at, now),
            took: step.ended_at.map(|end| duration(end - step.started_at)),
            message: step.message.clone(),
            log,
        }
    }
}

/// A step in words.
fn step_label(name: &str) -> &'static str {
    match name {
        "queue" => "Wait in the queue",
        "build" => "Build the tree",
        "create" => "Create the repository",
        "push" => "Push the commit",
        "configure" => "Set labels, protection and other settings",
        "describe" => "Describe the repository",
        "delete" => "Remove the repository",
        "compare" => "Compare the repository with the new plan",
        "propose" => "Propose the update",
        _ => "Other step",
    }
}

/// An event in words.
fn event_text(event: &Event) -> String {
    let by = &event.by;
    let detail = |name: &str| event.detail[name].as_str().unwrap_or_default();
    let because = |name: &str| match detail(name) {
        "" => String::new(),
        text => format!(": {text}"),
    };
    match event.kind {
        EventKind::Submitted => format!("submitted by {by}"),
        EventKind::Held => "waits for the approval of an administrator".to_owned(),
        EventKind::Approved => format!("approved by {by}{}", because("note")),
        EventKind::Refused => format!("refused by {by}{}", because("note")),
        EventKind::Reviewed => format!("reviewed by {by}{}", because("note")),
        EventKind::ApprovalVoid => "the approval was about another tree".to_owned(),
        EventKind::Started => format!("started by worker {by}"),
        EventKind::Compared => format!("compared{}", because("summary")),
        EventKind::Intended => format!("step {} begins", detail("step")),
        EventKind::Ended => format!("step ended{}", because("message")),
        EventKind::CancelAsked => format!("cancellation requested by {by}"),
        EventKind::HandedBack => format!("given back by worker {by}"),
        EventKind::Recovered => "the worker died; the run continues".to_owned(),
        EventKind::Retried => format!("queued again by {by}"),
        EventKind::SettingsAsked => format!("settings on the forge set again by {by}"),
        EventKind::CleanedUp => "what was left has been removed".to_owned(),
        EventKind::Released => format!("left to its owner by {by}"),
        EventKind::Succeeded => "succeeded".to_owned(),
        EventKind::Failed => format!("failed{}", because("error")),
        EventKind::NeedsCleanup => format!("failed and left something{}", because("error")),
        EventKind::Cancelled => "cancelled".to_owned(),
        EventKind::Unreadable => "this event is damaged".to_owned(),
    }
}

impl RunAction {
    const ALL: [Self; 4] = [Self::Cancel, Self::Retry, Self::Cleanup, Self::Release];

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == text)
    }

    /// The last part of the address.
    fn as_str(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Retry => "retry",
            Self::Cleanup => "cleanup",
            Self::Release => "release",
        }
    }

    /// The text of the button.
    fn label(self) -> &'static str {
        match self {
            Self::Cancel => "Cancel the run",
            Self::Retry => "Retry the run",
            Self::Cleanup => "Remove what is left",
            Self::Release => "Keep what is left",
        }
    }

    /// The consequence, in a sentence.
    fn consequence(self, run: &RunView) -> &'static str {
        match self {
            Self::Cancel if run.update.is_some() => {
                "The run stops at its next step. A branch or a pull request that exists by then stays."
            }
            Self::Retry if run.update.is_some() => {
                "The run is queued again and compares the repository as it is then."
            }
            Self::Cancel => {
                "The run stops at its next step. What it has created on the forge so far is removed, or is listed on its page."
            }
            Self::Retry => {
                "The run is queued again and continues from where it stopped. It creates the same tree."
            }
            Self::Cleanup => {
                "The repository that the run left on the forge is deleted, if it is proven that the run created it and that nobody used it since."
            }
            Self::Release => "Nothing is removed. The run ends, and what it left belongs to you.",
        }
    }

    fn is_destructive(self) -> bool {
        matches!(self, Self::Cancel | Self::Cleanup)
    }

    /// The page that asks before the change, or says why it cannot be made.
    fn question(self, frame: Frame, run: &RunView, refusal: Option<String>) -> ConfirmationPage {
        let path = format!("/runs/{}", run.id);
        let mut sentences = vec![format!("{}: {}.", run.repo, status_label(run))];
        if refusal.is_none() {
            sentences.push(self.consequence(run).to_owned());
            let left = run.left.iter();
            sentences.extend(left.map(|repo| format!("Left on the forge: {repo}")));
        }
        ConfirmationPage {
            frame,
            title: self.label().to_owned(),
            sentences,
            target: refusal
                .is_none()
                .then(|| format!("{path}/{}", self.as_str())),
            refusal: refusal.map(|reason| format!("Nothing was done. {reason}")),
            fields: Fields::default(),
            button: self.label().to_owned(),
            is_destructive: self.is_destructive(),
            back: path,
        }
    }

    fn is_possible(self, run: &RunView) -> bool {
        match self {
            Self::Cancel => is_active(run),
            Self::Retry => matches!(run.status, "failed" | "failed_needs_cleanup"),
            Self::Cleanup | Self::Release => run.status == "failed_needs_cleanup",
        }
    }
}

impl RunPage {
    fn label(&self) -> &'static str {
        status_label(&self.run)
    }

    fn is_active(&self) -> bool {
        is_active(&self.run)
    }

    /// The changes that the state of the run allows.
    fn actions(&self) -> impl Iterator<Item = RunAction> {
        let run = &self.run;
        RunAction::ALL
            .into_iter()
            .filter(|action| action.is_possible(run))
    }

    /// The result of an update, once a worker has compared the repository.
    fn update_result(&self) -> Option<&UpdateResult> {
        self.run.update.as_ref()?.result.as_ref()
    }

    fn update_class(result: &UpdateResult) -> &'static str {
        state_class(result.state)
    }

    /// An address that a link may lead to.
    fn web_link(address: &str) -> Option<&str> {
        web_address(address)
    }

    /// The address of the repository for a browser.
    fn web_url(&self) -> Option<&str> {
        self.run.repo_url.as_deref().and_then(web_address)
    }

    /// The address for `git clone`, and the name of the folder that it makes, quoted for a shell.
    fn clone_address(&self) -> Option<(String, String)> {
        let url = self.run.repo_url.as_deref()?;
        let name = self.run.repo.rsplit('/').next()?;
        Some((quote(url), quote(name)))
    }
}
