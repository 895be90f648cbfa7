//! Events of runs, in order: the audit log, which watchers follow.

use super::id::RunId;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// One event of a run. It is never changed or removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Grows in the order of the commits, so that a reader who continues after the last one misses none.
    pub sequence: i64,
    pub run: RunId,
    /// Counts the events of the run from 1, without a gap.
    pub number: i64,
    /// In milliseconds since 1970.
    pub at: i64,
    pub kind: EventKind,
    /// The worker or the person.
    pub by: String,
    /// Details by kind: an error, a step, a tree. Never a secret.
    pub detail: Value,
}

impl Event {
    /// The detail of a success with the envelope of the signed statement.
    pub const STATEMENT: &'static str = "statement";
}

/// The kind of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    Submitted,
    /// It waits for an approval.
    Held,
    Approved,
    /// The approval was about another tree.
    ApprovalVoid,
    /// An administrator refused to approve it; it is cancelled.
    Refused,
    /// An administrator has reviewed the result.
    Reviewed,
    Started,
    /// A repository was compared with its new plan.
    Compared,
    /// A step outside is about to be tried.
    Intended,
    /// The step was tried; the detail has its outcome.
    Ended,
    CancelAsked,
    HandedBack,
    /// Its worker died, and it continues.
    Recovered,
    Retried,
    /// A person sets what differs from the plan on the forge again; the detail names it.
    SettingsAsked,
    CleanedUp,
    Released,
    Succeeded,
    Failed,
    NeedsCleanup,
    Cancelled,
    /// The row of the event is damaged. Never written.
    Unreadable,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 22] = [
        Self::Submitted,
        Self::Held,
        Self::Approved,
        Self::ApprovalVoid,
        Self::Refused,
        Self::Reviewed,
        Self::Started,
        Self::Compared,
        Self::Intended,
        Self::Ended,
        Self::CancelAsked,
        Self::HandedBack,
        Self::Recovered,
        Self::Retried,
        Self::SettingsAsked,
        Self::CleanedUp,
        Self::Released,
        Self::Succeeded,
        Self::Failed,
        Self::NeedsCleanup,
        Self::Cancelled,
        Self::Unreadable,
    ];

    /// True if the run ends with it. A retry or a cleanup may follow.
    pub fn is_terminal(self) -> bool {
        matches!(
            self,
            Self::Succeeded | Self::Failed | Self::NeedsCleanup | Self::Cancelled
        )
    }

    /// The name in a row.
    pub fn as_db(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Held => "held",
            Self::Approved => "approved",
            Self::ApprovalVoid => "approval_void",
            Self::Refused => "refused",
            Self::Reviewed => "reviewed",
            Self::Started => "started",
            Self::Compared => "compared",
            Self::Intended => "intended",
            Self::Ended => "ended",
            Self::CancelAsked => "cancel_asked",
            Self::HandedBack => "handed_back",
            Self::Recovered => "recovered",
            Self::Retried => "retried",
            Self::SettingsAsked => "settings_asked",
            Self::CleanedUp => "cleaned_up",
            Self::Released => "released",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::NeedsCleanup => "needs_cleanup",
            Self::Cancelled => "cancelled",
            Self::Unreadable => "unreadable",
        }
    }

    /// The kind with a name; `None` for an unknown name.
    pub fn of_db(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_db() == text)
    }
}
