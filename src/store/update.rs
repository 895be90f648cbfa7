//! Updates of repositories that runs created: what a run is asked for, and what it found and proposed.

use super::answer::RequestKey;
use super::id::{ProductId, RunId, UserId};
use super::run::RunStatus;
use super::submission::RiskAssessment;
use crate::model::digest::{Digest, GitId};
use crate::model::plan::Plan;
use crate::model::update::{FleetState, ProposalOutcome, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The extent of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UpdateMode {
    /// Compare the repository with its new plan. Nothing is changed outside.
    Compare,
    /// Compare it, and propose the update as a pull request, or as a branch on a forge without them.
    Propose,
}

/// A request to update the repository of a product.
#[derive(Clone, Debug)]
pub struct UpdateSubmission {
    /// The user who asks for it, whose token is used.
    pub user: UserId,
    pub product: ProductId,
    pub mode: UpdateMode,
    /// The key of the request, if it has one.
    pub key: Option<RequestKey>,
}

/// The update that a run of kind `UPDATE_REPO` makes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunUpdate {
    pub mode: UpdateMode,
    /// None until a worker has compared the repository.
    pub result: Option<UpdateResult>,
}

/// The result of the comparison of a repository with its new plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateResult {
    pub state: FleetState,
    /// The reason why the comparison is not possible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The commit of the repository that was compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<GitId>,
    /// The tree after the update.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree_id: Option<GitId>,
    /// The number of paths by verdict.
    pub counts: BTreeMap<Verdict, usize>,
    /// The first paths with a conflict, at most [`Self::MOST_CONFLICTS`].
    pub conflicts: Vec<String>,
    /// The branch or pull request with the update.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<ProposedUpdate>,
}

/// The branch with an update, and its pull request on a forge that has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProposedUpdate {
    pub branch: String,
    pub commit_id: GitId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<UpdatePullRequest>,
}

/// The pull request of an update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdatePullRequest {
    pub number: u64,
    pub url: String,
    pub outcome: ProposalOutcome,
    /// True for an update with conflicts.
    pub is_draft: bool,
}

/// A comparison by a worker, with the documents of the update that it computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComparedUpdate {
    pub result: UpdateResult,
    /// None where the comparison is not possible.
    pub documents: Option<UpdateDocuments>,
    /// The risk of an update that is to be proposed.
    pub risk: Option<RiskAssessment>,
}

/// The documents of an update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateDocuments {
    /// The new plan.
    pub plan: Plan,
    pub recipe_hash: Digest,
    /// The report of the update, with the id of the tree that it promises.
    pub report: Value,
}

/// A repository that a run of this installation created, with its newest update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetRow {
    pub product: ProductId,
    pub product_name: String,
    /// The owner of the product.
    pub user: UserId,
    /// `owner/name` of the repository.
    pub repo: String,
    pub repo_url: Option<String>,
    /// The run that created the repository.
    pub created_by: RunId,
    /// The newest comparison of the repository, and its time in milliseconds since 1970.
    pub compared: Option<(UpdateResult, i64)>,
    /// The newest run that updates the repository.
    pub newest: Option<(RunId, UpdateMode, RunStatus)>,
}

impl UpdateMode {
    /// The name in a row.
    pub fn as_db(self) -> &'static str {
        match self {
            Self::Compare => "compare",
            Self::Propose => "propose",
        }
    }

    /// The mode with a name; `None` for an unknown name.
    pub fn of_db(text: &str) -> Option<Self> {
        let mut all = [Self::Compare, Self::Propose].into_iter();
        all.find(|mode| mode.as_db() == text)
    }
}

impl UpdateResult {
    /// The number of paths with a conflict that are listed.
    pub const MOST_CONFLICTS: usize = 50;

    /// The result in one line: the state, and the reason or the number of paths by verdict.
    pub fn summary(&self) -> String {
        let counts = self
            .counts
            .iter()
            .map(|(verdict, count)| format!("{count} {}", verdict.word()));
        let detail = match &self.reason {
            Some(reason) => reason.clone(),
            None => counts.collect::<Vec<_>>().join(", "),
        };
        match detail.as_str() {
            "" => self.state.phrase().to_owned(),
            detail => format!("{}: {detail}", self.state.phrase()),
        }
    }

    /// The address of the pull request.
    pub fn url(&self) -> Option<&str> {
        let pull_request = self.proposal.as_ref()?.pull_request.as_ref()?;
        Some(&pull_request.url)
    }
}
