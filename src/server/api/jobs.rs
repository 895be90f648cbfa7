//! Jobs of all kinds, for a board.

use crate::app::jobs::{self as use_case, JobCounts};
use crate::server::body::Json;
use crate::server::guard::Signed;
use crate::server::page::{Page, PageQuery, Query, invalid};
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use crate::store::id::{JobId, ProductId};
use crate::store::job::job_status_of_api;
use crate::store::job_list::{JobEntry, JobFilter};
use crate::store::listed::Listed;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

/// The longest text to search for, in characters.
const LONGEST_TEXT: usize = 200;

/// Conditions on jobs.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(in crate::server) struct JobFilterQuery {
    /// Kinds such as `BOOTSTRAP_REPO`, separated by commas.
    pub(in crate::server) kind: Option<String>,
    /// Statuses in lower case, separated by commas.
    pub(in crate::server) status: Option<String>,
    /// The id of a product.
    pub(in crate::server) product: Option<String>,
    /// A text that the id, the product, the repository, the branch, the summary or the error contains.
    pub(in crate::server) text: Option<String>,
}

/// Parameters of a list of jobs.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(in crate::server) struct JobQuery {
    /// Kinds such as `BOOTSTRAP_REPO`, separated by commas.
    kind: Option<String>,
    /// Statuses in lower case, separated by commas.
    status: Option<String>,
    /// The id of a product.
    product: Option<String>,
    /// A text that the id, the product, the repository, the branch, the summary or the error contains.
    text: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// Number of items, 1 to 200; default 50.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u32>,
}

/// `GET /jobs`
pub(in crate::server) async fn list(
    State(state): State<Arc<ServerState>>,
    Query(query): Query<JobQuery>,
    signed: Signed,
) -> Result<Json<Page<Listed<JobEntry>>>, Problem> {
    let page = PageQuery {
        after: query.after,
        limit: query.limit,
    };
    let filter = JobFilterQuery {
        kind: query.kind,
        status: query.status,
        product: query.product,
        text: query.text,
    };
    let limit = page.limit()?;
    let filter = JobFilter {
        after: after(&page.cursor()?)?,
        ..filter.parse()?
    };
    let jobs = use_case::list(&state.database, &signed.caller, filter, limit + 1).await?;
    let cursor = |job: &Listed<JobEntry>| match job {
        Listed::Readable(job) => job.id.clone(),
        Listed::Unreadable(row) => row.id.clone(),
    };
    Ok(Json(Page::of(jobs, limit, cursor)))
}

/// `GET /jobs/counts`
pub(in crate::server) async fn counts(
    State(state): State<Arc<ServerState>>,
    Query(query): Query<JobFilterQuery>,
    signed: Signed,
) -> Result<Json<JobCounts>, Problem> {
    let counts = use_case::counts(&state.database, &signed.caller, query.parse()?).await?;
    Ok(Json(counts))
}

impl JobFilterQuery {
    /// The filter.
    pub(in crate::server) fn parse(&self) -> Result<JobFilter, Problem> {
        let product = self.product.as_deref().map(ProductId::parse).transpose();
        let text = self.text.as_deref().map(str::trim);
        if text.is_some_and(|text| text.chars().count() > LONGEST_TEXT) {
            return Err(invalid("`text` has at most 200 characters"));
        }
        Ok(JobFilter {
            product: product.map_err(invalid)?,
            kinds: words(self.kind.as_deref())
                .map(kind)
                .collect::<Result<_, _>>()?,
            statuses: words(self.status.as_deref())
                .map(|text| {
                    job_status_of_api(text).ok_or_else(|| {
                        invalid(format!("`{}` is no status of a job", text.escape_debug()))
                    })
                })
                .collect::<Result<_, _>>()?,
            text: text.filter(|text| !text.is_empty()).map(str::to_owned),
            ..JobFilter::default()
        })
    }
}

/// The words of a list; none for an empty text, which a form sends for an empty field.
fn words(list: Option<&str>) -> impl Iterator<Item = &str> {
    let list = list.filter(|list| !list.is_empty());
    list.into_iter().flat_map(|list| list.split(','))
}

/// The name of a kind; an application may have kinds that this program does not know.
fn kind(text: &str) -> Result<String, Problem> {
    let is_name = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    if !text.is_empty() && text.len() <= 63 && text.bytes().all(is_name) {
        return Ok(text.to_owned());
    }
    Err(invalid(format!(
        "`{}` is no kind of a job",
        text.escape_debug()
    )))
}

/// The job that a cursor names.
pub(in crate::server) fn after(cursor: &str) -> Result<Option<JobId>, Problem> {
    if cursor.is_empty() {
        return Ok(None);
    }
    let job = JobId::parse(cursor);
    job.map(Some)
        .map_err(|_| invalid("`after` is not the `next` of a page of jobs"))
}
