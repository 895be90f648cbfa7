//! Notifications on the channel of the surrounding application, sent after a commit.

use crate::store::error::StoreError;
use crate::store::id::{JobId, ProductId, RunId, UserId};
use crate::store::job::{JobKind, JobStatus, job_status_to_api};
use crate::store::run::Run;
use serde::Serialize;
use serde_json::Value;
use sqlx::AnyPool;

/// The channel.
pub(super) const CHANNEL: &str = "scrum4me_changes";

/// The longest error in a notification, in bytes. Postgres refuses a payload of 8,000 bytes, and a byte may take six in
/// JSON.
const LONGEST_ERROR: usize = 1000;

/// One notification. The names are those that the application reads.
#[derive(Debug, Serialize)]
pub(super) struct Notification {
    r#type: &'static str,
    status: &'static str,
    job_id: JobId,
    user_id: UserId,
    product_id: ProductId,
    kind: JobKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    bootstrap_run_id: Option<RunId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Notification {
    /// A job waits for a worker.
    pub(super) fn enqueued(run: &Run) -> Self {
        Self {
            r#type: "claude_job_enqueued",
            status: "queued",
            job_id: run.job.clone(),
            user_id: run.user.clone(),
            product_id: run.product.clone(),
            kind: run.kind,
            bootstrap_run_id: None,
            error: None,
        }
    }

    /// A worker claimed the job of a run.
    pub(super) fn claimed(
        kind: JobKind,
        job_id: JobId,
        user_id: UserId,
        product_id: ProductId,
        run: RunId,
    ) -> Self {
        Self {
            r#type: "claude_job_status",
            status: job_status_to_api(JobStatus::Claimed),
            job_id,
            user_id,
            product_id,
            kind,
            bootstrap_run_id: Some(run),
            error: None,
        }
    }

    /// A job has another status.
    pub(super) fn status(run: &Run) -> Self {
        let error = run.error.as_deref();
        Self {
            r#type: "claude_job_status",
            status: job_status_to_api(run.job_status),
            bootstrap_run_id: Some(run.id.clone()),
            error: error.map(|error| beginning(error, LONGEST_ERROR).to_owned()),
            ..Self::enqueued(run)
        }
    }

    pub(super) async fn send(&self, pool: &AnyPool) -> Result<(), StoreError> {
        let payload = serde_json::to_string(self).map_err(|error| StoreError::Unstorable {
            what: "a notification",
            source: error.into(),
        })?;
        sqlx::query("SELECT CAST(pg_notify($1, $2) AS TEXT)")
            .bind(CHANNEL)
            .bind(payload)
            .execute(pool)
            .await?;
        Ok(())
    }
}

/// At most `limit` bytes from the beginning of a text, cut between characters.
fn beginning(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

/// True if a payload announces a queued job of our kinds. Payloads of others and unknown ones are ignored.
pub(super) fn is_enqueued(payload: &str) -> bool {
    serde_json::from_str::<Value>(payload).is_ok_and(|payload| {
        payload["type"] == "claude_job_enqueued"
            && JobKind::OWN
                .iter()
                .any(|kind| payload["kind"] == kind.as_db())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_queued_job_of_our_kinds_wakes_a_worker() {
        for kind in ["BOOTSTRAP_REPO", "UPDATE_REPO"] {
            let payload = format!(r#"{{"type":"claude_job_enqueued","kind":"{kind}","more":1}}"#);
            assert!(is_enqueued(&payload), "{payload}");
        }
        for payload in [
            "",
            "BOOTSTRAP_REPO",
            "[]",
            r#"{"kind":"BOOTSTRAP_REPO"}"#,
            r#"{"type":"claude_job_enqueued","kind":"PLAN_CHAT"}"#,
            r#"{"type":"claude_job_status","kind":"BOOTSTRAP_REPO"}"#,
        ] {
            assert!(!is_enqueued(payload), "{payload}");
        }
    }

    #[test]
    fn a_long_error_is_cut_between_characters() {
        assert_eq!(beginning("aé", 2), "a");
        assert_eq!(beginning("abc", 9), "abc");
    }
}
