//! Products: what repositories are created for.

use super::id::{ProductId, RunId};
use schemars::JsonSchema;
use serde::Serialize;

/// A product of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    pub id: ProductId,
    /// The machine-readable name. In tables of our own it is the id.
    pub slug: String,
    pub name: String,
    pub code: Option<String>,
    /// The address of its repository, once one was created.
    pub repo_url: Option<String>,
    /// The run that created the repository.
    pub last_run: Option<RunId>,
    /// In milliseconds since 1970.
    pub created_at: i64,
}
