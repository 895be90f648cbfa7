//! Events of runs: as a stream (SSE), and as JSON for clients without one.

use super::runs::parse;
use crate::app::caller::Scope;
use crate::app::run_view::RunView;
use crate::app::runs as use_case;
use crate::server::body::Json;
use crate::server::guard::Signed;
use crate::server::page::{Page, Query};
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use crate::store::Store as _;
use crate::store::error::StoreError;
use crate::store::event::Event;
use crate::store::id::RunId;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::sse::{Event as Message, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// The interval of the heartbeat.
const BEAT: Duration = Duration::from_secs(25);
/// The longest stream; the client connects again.
const LONGEST: Duration = Duration::from_mins(4);
/// The number of events of one read.
const PAGE: u32 = 500;
/// The wait of a client before it connects again.
const RECONNECT: Duration = Duration::from_secs(2);

/// Parameters of events.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(in crate::server) struct EventQuery {
    /// Only events with a higher sequence number.
    after: i64,
}

/// A stream of the events of one run, or of the jobs of a scope.
struct Follower {
    state: Arc<ServerState>,
    scope: Scope,
    subject: Subject,
    after: i64,
    new: broadcast::Receiver<Arc<Event>>,
    stopped: watch::Receiver<bool>,
    pending: VecDeque<Message>,
    beat_at: Instant,
    end_at: Instant,
    has_ended: bool,
}

/// The events that a stream follows.
enum Subject {
    Run(RunId),
    Jobs,
}

/// `GET /runs/{id}/events`
pub(in crate::server) async fn of_run(
    State(state): State<Arc<ServerState>>,
    Path(id): Path<String>,
    Query(query): Query<EventQuery>,
    headers: HeaderMap,
    signed: Signed,
) -> Result<Response, Problem> {
    let id = parse(&id)?;
    let scope = signed.caller.scope();
    let after = query.after.max(last_event_id(&headers));
    if !accepts_stream(&headers) {
        let page = use_case::follow(state.database.as_ref(), &scope, &id, after).await?;
        let next = page.events.last().map(|event| event.sequence.to_string());
        return Ok(Json(Page {
            items: page.events,
            next,
        })
        .into_response());
    }
    let subject = Subject::Run(id.clone());
    let mut follower = Follower::new(Arc::clone(&state), scope.clone(), subject, after);
    follower.ready();
    // The run first, so that one that has ended comes with its last event.
    let run = scope.find_run(state.database.as_ref(), &id).await?;
    follower.catch_up().await?;
    if !run.status.is_active() {
        if follower.after == after && last_event_id(&headers) > 0 {
            // A client that has seen the end stops connecting.
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
        follower.end();
    }
    Ok(follower.respond())
}

/// `GET /api/realtime/jobs`
pub(in crate::server) async fn of_jobs(
    State(state): State<Arc<ServerState>>,
    headers: HeaderMap,
    signed: Signed,
) -> Result<Response, Problem> {
    let scope = signed.caller.scope();
    let last = last_event_id(&headers);
    let after = match last {
        0 => state.database.last_event().await?,
        last => last,
    };
    let mut follower = Follower::new(state, scope, Subject::Jobs, after);
    follower.ready();
    if last > 0 {
        follower.catch_up().await?;
    }
    Ok(follower.respond())
}

/// The number in `Last-Event-ID`; 0 without one.
fn last_event_id(headers: &HeaderMap) -> i64 {
    headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

fn accepts_stream(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.contains("text/event-stream"))
}

impl Follower {
    fn new(state: Arc<ServerState>, scope: Scope, subject: Subject, after: i64) -> Self {
        let now = Instant::now();
        Self {
            new: state.events.subscribe(),
            stopped: state.stopped.clone(),
            state,
            scope,
            subject,
            after,
            pending: VecDeque::new(),
            beat_at: now + BEAT,
            end_at: now + LONGEST,
            has_ended: false,
        }
    }

    fn ready(&mut self) {
        let ready = Message::default().event("ready").retry(RECONNECT);
        self.pending
            .push_back(ready.data(json!({ "after": self.after }).to_string()));
    }

    fn push_event(&mut self, event: &Event) {
        self.after = event.sequence;
        let message = Message::default()
            .event("event")
            .id(event.sequence.to_string());
        self.pending
            .push_back(message.data(json!(event).to_string()));
    }

    fn end(&mut self) {
        let end = Message::default().event("end").id(self.after.to_string());
        self.pending.push_back(end.data("{}"));
        self.has_ended = true;
    }

    /// The next message; `None` at the end of the stream.
    async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some(message) = self.pending.pop_front() {
                return Some(message);
            }
            if self.has_ended || *self.stopped.borrow() {
                return None;
            }
            tokio::select! {
                received = self.new.recv() => match received {
                    Ok(event) if event.sequence > self.after => self.receive(&event).await,
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => self.read_again().await,
                    Err(RecvError::Closed) => return None,
                },
                () = sleep_until(self.beat_at) => {
                    self.beat_at = Instant::now() + BEAT;
                    return Some(Message::default().event("beat").data("{}"));
                }
                () = sleep_until(self.end_at) => return None,
                _ = self.stopped.changed() => return None,
            }
        }
    }

    /// A new event: the end of the run is the end of its stream.
    async fn receive(&mut self, event: &Event) {
        self.push(event).await;
        if matches!(&self.subject, Subject::Run(run) if event.run == *run)
            && event.kind.is_terminal()
        {
            self.end();
        }
    }

    async fn push(&mut self, event: &Event) {
        match &self.subject {
            Subject::Run(run) if event.run == *run => self.push_event(event),
            Subject::Run(_) => {}
            Subject::Jobs => self.push_job(event).await,
        }
    }

    /// Sends the state of the job of an event, if the caller may see it.
    async fn push_job(&mut self, event: &Event) {
        self.after = event.sequence;
        let run = match self
            .scope
            .find_run(self.state.database.as_ref(), &event.run)
            .await
        {
            Ok(run) => run,
            // The run of another user.
            Err(StoreError::NoRun { .. }) => return,
            Err(error) => {
                tracing::debug!(%error, "cannot read the run of an event");
                return;
            }
        };
        let view = RunView::from(run);
        let payload = json!({
            "type": "claude_job_status",
            "job_id": view.job,
            "user_id": view.user,
            "product_id": view.product,
            "kind": view.kind.as_db(),
            "label": view.kind.label(),
            "status": view.job_status,
            "bootstrap_run_id": view.id,
            "run_status": view.status,
            "error": view.error,
        });
        let message = Message::default()
            .event("job")
            .id(event.sequence.to_string())
            .data(payload.to_string());
        self.pending.push_back(message);
    }

    /// Reads the events that the stream missed because it was too slow.
    async fn read_again(&mut self) {
        if let Err(error) = self.catch_up().await {
            tracing::debug!(%error, "cannot read the events of a slow stream");
            self.has_ended = true;
        }
    }

    /// Adds all events after the last one that was sent.
    async fn catch_up(&mut self) -> Result<(), StoreError> {
        let run = match &self.subject {
            Subject::Run(run) => Some(run.clone()),
            Subject::Jobs => None,
        };
        let database = Arc::clone(&self.state.database);
        loop {
            let page = database.events(self.after, run.as_ref(), PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            for event in &page {
                self.push(event).await;
            }
            self.after = last.sequence;
        }
    }

    fn respond(self) -> Response {
        let messages = stream::unfold(self, |mut follower| async {
            let message = follower.next().await?;
            Some((Ok::<_, Infallible>(message), follower))
        });
        let headers = [
            (header::CACHE_CONTROL, "no-cache"),
            (HeaderName::from_static("x-accel-buffering"), "no"),
        ];
        (headers, Sse::new(messages)).into_response()
    }
}
