//! Ideas, and the state in which an idea accepts a plan document.

use super::id::{IdeaId, ProductId};
use schemars::JsonSchema;
use serde::Serialize;

/// An idea of a user. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Idea {
    pub id: IdeaId,
    pub product: Option<String>,
    pub title: String,
    /// `draft`, `grilling`, `grilled`, `planning`, `plan_failed`, `plan_ready`, `planned`; `unknown` for a status of a newer
    /// application.
    pub status: &'static str,
    /// The length of its plan document, in characters.
    pub plan_characters: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
}

/// A new idea.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewIdea {
    pub title: String,
    pub product: Option<ProductId>,
}

/// A plan document that was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPlan {
    /// The status of the idea before.
    pub former: IdeaStatus,
    pub status: IdeaStatus,
}

/// The status of an idea.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdeaStatus {
    Draft,
    /// Questions about it are asked.
    Grilling,
    Grilled,
    Planning,
    PlanFailed,
    PlanReady,
    /// Its plan was taken over.
    Planned,
}

impl IdeaStatus {
    /// Every status.
    pub const ALL: [Self; 7] = [
        Self::Draft,
        Self::Grilling,
        Self::Grilled,
        Self::Planning,
        Self::PlanFailed,
        Self::PlanReady,
        Self::Planned,
    ];

    /// The status after a plan document is stored; `None` while a job works on the idea, and once its plan was taken over.
    #[must_use]
    pub fn after_plan(self) -> Option<Self> {
        match self {
            Self::Draft | Self::Grilled | Self::PlanFailed | Self::PlanReady => {
                Some(Self::PlanReady)
            }
            Self::Grilling | Self::Planning | Self::Planned => None,
        }
    }

    /// The name in a row.
    pub fn as_db(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Grilling => "GRILLING",
            Self::Grilled => "GRILLED",
            Self::Planning => "PLANNING",
            Self::PlanFailed => "PLAN_FAILED",
            Self::PlanReady => "PLAN_READY",
            Self::Planned => "PLANNED",
        }
    }

    /// The name in the API.
    pub fn to_api(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Grilling => "grilling",
            Self::Grilled => "grilled",
            Self::Planning => "planning",
            Self::PlanFailed => "plan_failed",
            Self::PlanReady => "plan_ready",
            Self::Planned => "planned",
        }
    }

    /// The status with a name in a row; `None` for an unknown name.
    pub fn of_db(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_db() == text)
    }
}
