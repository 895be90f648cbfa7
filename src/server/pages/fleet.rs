//! The repositories that runs created: the result of their newest update, and the form that queues updates.

use super::fields::{Fields, QueryFields};
use super::frame::{Frame, Html, web_address};
use super::time::Moment;
use crate::app::queued_updates::FleetEntry;
use crate::model::update::FleetState;
use crate::server::api::fleet;
use crate::server::guard::Signed;
use crate::server::page::{PageQuery, invalid};
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use crate::store::id::ProductId;
use crate::store::listed::{Listed, UnreadableRow};
use crate::store::update::{UpdateMode, UpdateResult};
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "fleet.html")]
struct FleetPage {
    frame: Frame,
    /// The outcome of the request that led here.
    told: Option<String>,
    rows: Vec<FleetLine>,
    next: Option<String>,
    is_first: bool,
}

/// A line of the list.
enum FleetLine {
    Readable(Box<ReadableEntry>),
    Unreadable(UnreadableRow),
}

struct ReadableEntry {
    entry: FleetEntry,
    compared: Option<Moment>,
}

/// `GET /fleet`
pub(super) async fn show(
    State(state): State<Arc<ServerState>>,
    QueryFields(query): QueryFields,
    signed: Signed,
    frame: Frame,
) -> Result<Html<impl Template>, Problem> {
    let page = PageQuery {
        after: query.get("after").map(str::to_owned),
        limit: None,
    };
    let found = fleet::read(&state, &signed, &page.cursor()?, page.limit()?).await?;
    let now = state.clock().now();
    let line = |entry: Listed<FleetEntry>| match entry {
        Listed::Readable(entry) => FleetLine::Readable(Box::new(ReadableEntry {
            compared: entry.compared_at.map(|at| Moment::new(at, now)),
            entry,
        })),
        Listed::Unreadable(row) => FleetLine::Unreadable(row),
    };
    Ok(Html(FleetPage {
        told: told(&query),
        rows: found.items.into_iter().map(line).collect(),
        next: found.next,
        is_first: page.after.is_none(),
        frame: Frame {
            // The theme switch leads back without repeating the notice.
            here: "/fleet".to_owned(),
            ..frame
        },
    }))
}

/// `POST /fleet`
pub(super) async fn queue(
    State(state): State<Arc<ServerState>>,
    signed: Signed,
    frame: Frame,
    fields: Fields,
) -> Result<Response, Problem> {
    let mode = UpdateMode::of_db(fields.text("mode"))
        .ok_or_else(|| invalid("`mode` is `compare` or `propose`"))?;
    let named = fields
        .values("product")
        .map(ProductId::parse)
        .collect::<Result<Vec<_>, _>>();
    let products = match fields.get("all") {
        Some(_) => None,
        None => Some(named.map_err(invalid)?),
    };
    let queued = fleet::queue(&state, &signed, products, mode).await?;
    let refused = queued.iter().filter(|one| one.run.is_none()).count();
    let to = format!(
        "{}/fleet?queued={}&refused={refused}",
        frame.base,
        queued.len() - refused
    );
    Ok(Redirect::to(&to).into_response())
}

/// The outcome of a request, as the address names it.
fn told(query: &Fields) -> Option<String> {
    let number = |name: &str| query.text(name).parse::<u32>().ok();
    let (queued, refused) = (number("queued")?, number("refused")?);
    let runs = match queued {
        0 => "No run was queued.".to_owned(),
        1 => "1 run is queued.".to_owned(),
        many => format!("{many} runs are queued."),
    };
    Some(match refused {
        0 => runs,
        _ => format!(
            "{runs} Not queued: {refused}, because their product has an active run or no repository."
        ),
    })
}

impl ReadableEntry {
    /// The address of the repository for a browser.
    fn web_url(&self) -> Option<&str> {
        self.entry.repo_url.as_deref().and_then(web_address)
    }

    /// The state in a phrase and its class.
    fn state(&self) -> (&'static str, &'static str) {
        match &self.entry.result {
            None => ("not compared", "muted"),
            Some(result) => (result.state.phrase(), state_class(result.state)),
        }
    }

    fn pull_request(&self) -> Option<&str> {
        self.entry
            .result
            .as_ref()
            .and_then(UpdateResult::url)
            .and_then(web_address)
    }

    /// The details of the comparison: its reason, or the number of paths by verdict.
    fn detail(&self) -> String {
        let summary = self.entry.result.as_ref().map(UpdateResult::summary);
        let text = summary.unwrap_or_default();
        text.split_once(": ")
            .map_or_else(String::new, |(_, detail)| detail.to_owned())
    }
}

/// The class of a state.
pub(super) fn state_class(state: FleetState) -> &'static str {
    match state {
        FleetState::Current => "done",
        FleetState::BehindClean | FleetState::Untouched => "running",
        FleetState::BehindConflicts => "unknown",
        FleetState::CannotBeRemade => "failed",
    }
}
