//! What happened, in order: the audit log, and what a watcher follows.

use super::id::RunId;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// One thing that happened to a run. It is never changed or removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Grows in the order of the commits, so that a reader who remembers the last one misses none.
    pub sequence: i64,
    pub run: RunId,
    /// Counts the run's own events from 1, without a gap.
    pub number: i64,
    /// In milliseconds since 1970.
    pub at: i64,
    pub kind: EventKind,
    /// The worker or the person.
    pub by: String,
    /// What there is to say beside the kind: an error, a step, a tree. Never a secret.
    pub detail: Value,
}

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    Submitted,
    /// It waits for an approval.
    Held,
    Approved,
    /// The approval was about another tree.
    ApprovalVoid,
    Started,
    /// Something outside is about to be tried.
    Intended,
    /// It was tried, and how that ended.
    Ended,
    CancelAsked,
    HandedBack,
    /// Its worker was gone, and it is to go on.
    Recovered,
    Retried,
    CleanedUp,
    Released,
    Succeeded,
    Failed,
    NeedsCleanup,
    Cancelled,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 17] = [
        Self::Submitted,
        Self::Held,
        Self::Approved,
        Self::ApprovalVoid,
        Self::Started,
        Self::Intended,
        Self::Ended,
        Self::CancelAsked,
        Self::HandedBack,
        Self::Recovered,
        Self::Retried,
        Self::CleanedUp,
        Self::Released,
        Self::Succeeded,
        Self::Failed,
        Self::NeedsCleanup,
        Self::Cancelled,
    ];

    /// Whether the run has ended with it. A retry or a cleanup may follow.
    pub fn is_terminal(self) -> bool {
        matches!(
            self,
            Self::Succeeded | Self::Failed | Self::NeedsCleanup | Self::Cancelled
        )
    }

    /// As it stands in a row.
    pub fn as_db(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Held => "held",
            Self::Approved => "approved",
            Self::ApprovalVoid => "approval_void",
            Self::Started => "started",
            Self::Intended => "intended",
            Self::Ended => "ended",
            Self::CancelAsked => "cancel_asked",
            Self::HandedBack => "handed_back",
            Self::Recovered => "recovered",
            Self::Retried => "retried",
            Self::CleanedUp => "cleaned_up",
            Self::Released => "released",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::NeedsCleanup => "needs_cleanup",
            Self::Cancelled => "cancelled",
        }
    }

    /// The kind that a row names.
    pub fn of_db(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_db() == text)
    }
}
