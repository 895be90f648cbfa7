//! Approvals and reviews: what waits for a decision and why, and the pages on which administrators decide.

use super::changes::ChangedPath;
use super::fields::{Fields, QueryFields};
use super::frame::{Frame, Html};
use super::run_list::status_label;
use super::time::Moment;
use crate::app::approvals::{self, EarlierRun};
use crate::app::run_view::RunView;
use crate::app::runs;
use crate::model::action::RiskLevel;
use crate::model::digest::GitId;
use crate::server::api::runs::parse;
use crate::server::guard::Signed;
use crate::server::page::invalid;
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use crate::store::id::RunId;
use crate::store::listed::{Listed, UnreadableRow};
use crate::store::run::Run;
use crate::store::update::UpdateResult;
use askama::Template;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Redirect, Response};
use std::sync::Arc;

/// The longest note, in characters.
const LONGEST_NOTE: usize = 500;

#[derive(Template)]
#[template(path = "approvals.html")]
struct ApprovalsPage {
    frame: Frame,
    /// The outcome of the decision that led here, and its run.
    told: Option<(&'static str, RunId)>,
    waiting: Vec<DecisionRow>,
    unreviewed: Vec<DecisionRow>,
}

/// A run about which something is to be decided.
enum DecisionRow {
    Readable(Box<DecisionSubject>),
    Unreadable(UnreadableRow),
}

struct DecisionSubject {
    run: RunView,
    created: Moment,
}

/// A decision of an administrator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    Approve,
    Refuse,
    Review,
}

#[derive(Template)]
#[template(path = "decision.html")]
struct DecisionPage {
    frame: Frame,
    decision: Decision,
    subject: DecisionSubject,
    earlier: Option<EarlierRow>,
    note: String,
    /// The reason why nothing was done, or can be done.
    refusal: Option<String>,
}

/// The run that the subject is compared with.
struct EarlierRow {
    run: RunView,
    created: Moment,
    difference: Option<Vec<ChangedPath>>,
}

/// `GET /approvals`
pub(super) async fn list(
    State(state): State<Arc<ServerState>>,
    QueryFields(query): QueryFields,
    signed: Signed,
    frame: Frame,
) -> Result<Html<impl Template>, Problem> {
    let (store, caller) = (state.database.as_ref(), &signed.caller);
    let now = state.clock().now();
    let rows = |runs: Vec<Listed<Run>>| {
        let rows = runs.into_iter().map(|run| DecisionRow::new(run, now));
        rows.collect()
    };
    let told = Decision::parse(query.text("did")).map(Decision::told);
    Ok(Html(ApprovalsPage {
        told: told.zip(RunId::parse(query.text("run")).ok()),
        waiting: rows(approvals::waiting(store, caller).await?),
        unreviewed: rows(approvals::unreviewed(store, caller).await?),
        frame: Frame {
            here: "/approvals".to_owned(),
            ..frame
        },
    }))
}

/// `GET /runs/{id}/approve`, `…/refuse` and `…/review`
pub(super) async fn confirm(
    State(state): State<Arc<ServerState>>,
    Path(id): Path<String>,
    signed: Signed,
    frame: Frame,
    decision: Decision,
) -> Result<Response, Problem> {
    let page = question(&state, &signed, frame, &parse(&id)?, decision).await?;
    Ok(Html(page).into_response())
}

/// `POST /runs/{id}/approve`, `…/refuse` and `…/review`
pub(super) async fn decide(
    State(state): State<Arc<ServerState>>,
    Path(id): Path<String>,
    signed: Signed,
    frame: Frame,
    decision: Decision,
    fields: Fields,
) -> Result<Response, Problem> {
    let id = parse(&id)?;
    let note = fields.get("note").map(str::to_owned);
    if note
        .as_ref()
        .is_some_and(|note| note.chars().count() > LONGEST_NOTE)
    {
        return Err(invalid("`note` has at most 500 characters"));
    }
    let (store, policy, caller) = (
        state.database.as_ref(),
        &state.context.policy,
        &signed.caller,
    );
    let decided = match decision {
        Decision::Approve => {
            let tree = GitId::parse(fields.text("tree"))
                .map_err(|_| invalid("a tree id has 40 hexadecimal digits"))?;
            runs::approve(store, policy, caller, &id, tree, note.clone()).await
        }
        Decision::Refuse => approvals::refuse(store, policy, caller, &id, note.clone()).await,
        Decision::Review => approvals::review(store, policy, caller, &id, note.clone()).await,
    };
    match decided.map_err(Problem::from) {
        Ok(_) => {
            let query = format!("did={}&run={id}", decision.as_str());
            let to = format!("{}/approvals?{query}", frame.base);
            Ok(Redirect::to(&to).into_response())
        }
        Err(problem) if problem.status() == StatusCode::CONFLICT => {
            let mut page = question(&state, &signed, frame, &id, decision).await?;
            page.refusal = Some(problem.detail().to_owned());
            page.note = note.unwrap_or_default();
            Ok((StatusCode::CONFLICT, Html(page)).into_response())
        }
        Err(problem) => Err(problem),
    }
}

/// The page that asks before a decision.
async fn question(
    state: &ServerState,
    signed: &Signed,
    frame: Frame,
    id: &RunId,
    decision: Decision,
) -> Result<DecisionPage, Problem> {
    let (database, caller) = (&state.database, &signed.caller);
    let now = state.clock().now();
    let run = caller.scope().find_run(database.as_ref(), id).await?;
    let earlier = approvals::earlier(database, caller, &run).await?;
    let subject = DecisionSubject::new(run, now);
    Ok(DecisionPage {
        refusal: decision.obstacle(&subject.run),
        earlier: earlier.map(|earlier| EarlierRow::new(earlier, now)),
        note: String::new(),
        frame,
        decision,
        subject,
    })
}

impl DecisionRow {
    fn new(run: Listed<Run>, now: i64) -> Self {
        match run {
            Listed::Readable(run) => Self::Readable(Box::new(DecisionSubject::new(run, now))),
            Listed::Unreadable(row) => Self::Unreadable(row),
        }
    }
}

impl DecisionSubject {
    fn new(run: Run, now: i64) -> Self {
        Self {
            created: Moment::new(run.created_at, now),
            run: RunView::from(run),
        }
    }

    fn label(&self) -> &'static str {
        status_label(&self.run)
    }

    /// The tier in a word and its class.
    fn tier(&self) -> (&'static str, &'static str) {
        match &self.run.risk {
            Some(risk) => (risk.tier.word(), risk.tier.word()),
            None => ("not assessed", "medium"),
        }
    }

    fn reasons(&self) -> &[String] {
        self.run.risk.as_ref().map_or(&[], |risk| &risk.reasons)
    }

    /// The result of an update, once a worker has compared the repository.
    fn update_result(&self) -> Option<&UpdateResult> {
        self.run.update.as_ref()?.result.as_ref()
    }

    /// The tree that a decision is about.
    fn tree(&self) -> &str {
        match &self.run.risk {
            Some(risk) => risk.tree.as_str(),
            None => self.run.tree_id.as_deref().unwrap_or_default(),
        }
    }
}

impl EarlierRow {
    fn new(earlier: EarlierRun, now: i64) -> Self {
        Self {
            created: Moment::new(earlier.run.created_at, now),
            run: RunView::from(earlier.run),
            difference: earlier.difference.as_ref().map(ChangedPath::all),
        }
    }
}

/// The decision in the last part of an address.
impl<S: Send + Sync> FromRequestParts<S> for Decision {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let last = parts.uri.path().rsplit('/').next();
        last.and_then(Self::parse).ok_or_else(Problem::not_found)
    }
}

impl Decision {
    const ALL: [Self; 3] = [Self::Approve, Self::Refuse, Self::Review];

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }

    /// The last part of the address.
    fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Refuse => "refuse",
            Self::Review => "review",
        }
    }

    /// The text of the button.
    fn label(self) -> &'static str {
        match self {
            Self::Approve => "Approve the run",
            Self::Refuse => "Refuse the run",
            Self::Review => "Record the review",
        }
    }

    /// The consequence, in a sentence.
    fn consequence(self) -> &'static str {
        match self {
            Self::Approve => {
                "A worker creates exactly this tree. The approval is void for any other one."
            }
            Self::Refuse => {
                "The run is cancelled and cannot be retried. Its user can submit another one."
            }
            Self::Review => {
                "Your name and the note are recorded with the run. Nothing waits for the review, and nothing is undone by it."
            }
        }
    }

    /// The outcome of the decision.
    fn told(self) -> &'static str {
        match self {
            Self::Approve => "Approved.",
            Self::Refuse => "Refused and cancelled.",
            Self::Review => "The review is recorded.",
        }
    }

    /// The reason why the decision cannot be made about a run.
    fn obstacle(self, run: &RunView) -> Option<String> {
        let is_possible = match self {
            Self::Approve | Self::Refuse => run.awaits_approval,
            Self::Review => run
                .risk
                .as_ref()
                .is_some_and(|risk| risk.tier == RiskLevel::Medium),
        };
        (!is_possible).then(|| {
            format!(
                "There is nothing to decide: the run has the state “{}”.",
                status_label(run)
            )
        })
    }
}
