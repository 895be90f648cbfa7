//! Submissions, and the assessed risk that decides whether an approval is needed.

use super::answer::RequestKey;
use super::id::{ProductId, UserId};
use crate::model::action::RiskLevel;
use crate::model::digest::GitId;
use crate::model::plan::Plan;
use crate::model::report::Report;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An accepted preview, to be turned into a repository.
#[derive(Clone, Debug)]
pub struct Submission {
    pub user: UserId,
    pub product: ProductId,
    pub plan: Plan,
    /// The accepted report; it can proceed and has a tree id.
    pub report: Report,
    pub risk: RiskAssessment,
    /// The key of the request, if it has one.
    pub key: Option<RequestKey>,
}

/// The tier of a run: low runs at once, medium runs and is listed for review, high waits for an approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RiskAssessment {
    pub tier: RiskLevel,
    /// The reasons for the tier, in sentences.
    pub reasons: Vec<String>,
    /// The assessed tree.
    pub tree: GitId,
}

/// An administrator's approval of one tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Approval {
    pub by: UserId,
    /// In milliseconds since 1970.
    pub at: i64,
    /// The only tree that it allows.
    pub tree: GitId,
}
