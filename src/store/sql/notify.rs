//! What is told on the channel that the surrounding application listens to, after a commit (R20–R22).

use super::dialect::{Dialect, Statement};
use crate::store::error::StoreError;
use crate::store::job::{JobKind, job_status_to_api};
use crate::store::run::Run;
use serde_json::{Value, json};
use sqlx::AnyPool;

/// The channel.
pub(super) const CHANNEL: &str = "scrum4me_changes";

/// The most bytes of an error that are told. Postgres refuses a payload of 8,000; every byte may take six in JSON.
const MOST_ERROR: usize = 1000;

/// One message.
#[derive(Debug)]
pub(super) struct Notification(Value);

static NOTIFY: Statement = Statement::new("SELECT CAST(pg_notify('scrum4me_changes', $1) AS TEXT)");

impl Notification {
    /// A job waits for a worker.
    pub(super) fn enqueued(run: &Run) -> Self {
        Self(json!({
            "type": "claude_job_enqueued",
            "status": "queued",
            "job_id": run.job,
            "user_id": run.user,
            "product_id": run.product,
            "kind": JobKind::BootstrapRepo,
        }))
    }

    /// A job has another status.
    pub(super) fn status(run: &Run) -> Self {
        let mut told = json!({
            "type": "claude_job_status",
            "job_id": run.job,
            "user_id": run.user,
            "product_id": run.product,
            "kind": JobKind::BootstrapRepo,
            "status": job_status_to_api(run.job_status),
            "bootstrap_run_id": run.id,
        });
        if let Some(error) = &run.error {
            told["error"] = Value::from(start(error, MOST_ERROR));
        }
        Self(told)
    }

    pub(super) async fn send(&self, pool: &AnyPool) -> Result<(), StoreError> {
        let query = sqlx::query(NOTIFY.on(Dialect::Postgres)).bind(self.0.to_string());
        query.execute(pool).await?;
        Ok(())
    }
}

/// As much of a text as fits, cut between characters.
fn start(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// Whether a payload says that a job of our kind waits. What is not ours or cannot be understood says nothing.
pub(super) fn is_enqueued(payload: &str) -> bool {
    serde_json::from_str::<Value>(payload).is_ok_and(|told| {
        told["type"] == "claude_job_enqueued" && told["kind"] == JobKind::BootstrapRepo.as_db()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_waiting_job_of_our_kind_wakes_a_worker() {
        assert!(is_enqueued(
            r#"{"type":"claude_job_enqueued","kind":"BOOTSTRAP_REPO","more":1}"#
        ));
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
        assert_eq!(start("aé", 2), "a");
        assert_eq!(start("abc", 9), "abc");
    }
}
