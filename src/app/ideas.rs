//! Ideas of users, and plan documents for them.

use super::caller::{Access, Caller};
use super::error::{AppError, Findings};
use crate::model::action::SingleLine;
use crate::model::content::{File, Files};
use crate::plan_document::PlanDocument;
use crate::store::id::{IdeaId, ProductId};
use crate::store::idea::{Idea, NewIdea, StoredPlan};
use crate::store::sql::Database;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The name of a document in its findings.
const DOCUMENT: &str = "plan.md";

/// An idea to add.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IdeaRequest {
    pub title: SingleLine,
    /// The product that the idea is about.
    #[serde(default)]
    pub product: Option<ProductId>,
}

/// An idea with its plan document.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IdeaDetails {
    #[serde(flatten)]
    pub idea: Idea,
    /// Markdown with the plan as front matter; null for an idea without a plan.
    pub plan: Option<String>,
}

/// A plan document for an idea.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanDocumentRequest {
    pub idea: IdeaId,
    /// Markdown with the plan as YAML front matter, at most 100,000 characters.
    pub document: String,
}

/// A plan document that was stored.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanDocumentAnswer {
    pub idea: IdeaId,
    /// `plan_ready`.
    pub status: &'static str,
    /// The status of the idea before.
    pub former_status: &'static str,
    /// The title of the product backlog item.
    pub title: SingleLine,
    pub stories: usize,
    pub tasks: usize,
    pub characters: usize,
}

/// Adds an idea of the caller.
///
/// # Errors
/// Refuses demo users and products of others.
pub async fn create(
    database: &Database,
    caller: &Caller,
    request: IdeaRequest,
) -> Result<IdeaDetails, AppError> {
    caller.check(Access::Write)?;
    let new = NewIdea {
        title: request.title.to_string(),
        product: request.product,
    };
    let id = database.add_idea(caller.user(), &new).await?;
    find(database, caller, &id).await
}

/// At most `limit` ideas of the caller after an id, by id.
pub async fn list(
    database: &Database,
    caller: &Caller,
    after: &str,
    limit: u32,
) -> Result<Vec<Idea>, AppError> {
    Ok(database.ideas(caller.user(), after, limit).await?)
}

/// An idea of the caller.
pub async fn find(
    database: &Database,
    caller: &Caller,
    id: &IdeaId,
) -> Result<IdeaDetails, AppError> {
    let (idea, plan) = database.idea(caller.user(), id).await?;
    Ok(IdeaDetails { idea, plan })
}

/// Checks a plan document and stores it for an idea of the caller, in place of an earlier one.
///
/// # Errors
/// Refuses demo users, ideas of others, an idea that a job works on or whose plan was taken over, and a document with
/// findings. Nothing is stored then.
pub async fn save_plan_document(
    database: &Database,
    caller: &Caller,
    request: PlanDocumentRequest,
) -> Result<PlanDocumentAnswer, AppError> {
    caller.check(Access::Write)?;
    let PlanDocumentRequest { idea, document } = request;
    // An idea of another user looks missing, whatever the document is.
    database.idea(caller.user(), &idea).await?;
    let plan = PlanDocument::read(DOCUMENT, document.as_bytes()).map_err(|findings| Findings {
        findings,
        files: Files::from([(DOCUMENT.to_owned(), File::regular(document.clone()))]),
        root: None,
    })?;
    let saved = database.save_plan_document(caller.user(), &idea, &document);
    let StoredPlan { former, status } = saved.await?;
    Ok(PlanDocumentAnswer {
        idea,
        status: status.to_api(),
        former_status: former.to_api(),
        stories: plan.stories.len(),
        tasks: plan.tasks(),
        title: plan.pbi.title,
        characters: document.chars().count(),
    })
}
