//! What is submitted, and how much care it needs before it runs.

use super::id::{ProductId, UserId};
use crate::model::action::RiskLevel;
use crate::model::digest::GitId;
use crate::model::plan::Plan;
use crate::model::report::Report;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An accepted preview that is to become a repository.
#[derive(Clone, Debug)]
pub struct Submission {
    pub user: UserId,
    pub product: ProductId,
    pub plan: Plan,
    /// The report that was accepted; it can proceed, and names the tree.
    pub report: Report,
    pub risk: RiskAssessment,
}

/// Low runs at once, medium runs and is listed for review, high waits for an approval (R183).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RiskAssessment {
    pub tier: RiskLevel,
    /// Why, in sentences.
    pub reasons: Vec<String>,
    /// The tree that was judged.
    pub tree: GitId,
}

/// An administrator's word that one tree may be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Approval {
    pub by: UserId,
    /// In milliseconds since 1970.
    pub at: i64,
    /// The only tree that it is about.
    pub tree: GitId,
}
