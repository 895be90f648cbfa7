//! The ledger of effects: what was intended, how it ended, and what that proves to the run's own row.

use super::made::{begun, ended, intended, made, unknown_creation};
use crate::support::jobs::{on_both_databases, user};
use groundplan::publish::ledger::{LedgerEntry, PublishStep, StepOutcome};
use groundplan::store::Store as _;
use groundplan::store::change::{Actor, RunChange};
use groundplan::store::error::StoreError;
use serde_json::json;

#[test]
fn entries_come_back_in_order_and_as_they_were() {
    on_both_databases(async |desk| {
        let run = desk.submit("p0").await;
        let lease = desk.claim(1).await;
        let entries = unknown_creation();
        for entry in &entries {
            desk.store.record(&lease, entry).await.unwrap();
        }
        assert_eq!(desk.store.entries(&run.id).await.unwrap(), entries);
        let task = desk.store.payload(&lease).await.unwrap();
        assert_eq!(task.entries, entries);
    });
}

#[test]
fn an_entry_that_is_there_already_is_not_added_again() {
    on_both_databases(async |desk| {
        let run = desk.submit("p0").await;
        let lease = desk.claim(1).await;
        for entry in unknown_creation() {
            for _ in 0..2 {
                desk.store.record(&lease, &entry).await.unwrap();
            }
        }
        assert_eq!(desk.store.entries(&run.id).await.unwrap().len(), 3);
        assert_eq!(
            desk.story(&run.id).await,
            ["submitted", "intended", "ended"]
        );
    });
}

#[test]
fn an_entry_that_does_not_follow_is_refused() {
    on_both_databases(async |desk| {
        let run = desk.submit("p0").await;
        let lease = desk.claim(1).await;
        let early = desk
            .store
            .record(&lease, &intended(PublishStep::Push, 1))
            .await;
        let message = early.unwrap_err().to_string();
        assert!(message.contains("entry 1 of the ledger"), "{message}");
        desk.store.record(&lease, &begun()).await.unwrap();
        let other = desk
            .store
            .record(&lease, &ended(9, StepOutcome::Done))
            .await;
        assert!(
            matches!(other, Err(StoreError::Damaged { .. })),
            "{other:?}"
        );
        assert_eq!(desk.store.entries(&run.id).await.unwrap(), [begun()]);
    });
}

#[test]
fn what_the_ledger_proves_stands_in_the_run_and_goes_with_the_repository() {
    on_both_databases(async |desk| {
        let run = desk.submit("p0").await;
        let lease = desk.claim(1).await;
        let record = async |entries: &[LedgerEntry]| {
            for entry in entries {
                desk.store.record(&lease, entry).await.unwrap();
            }
        };
        let columns = async || {
            let mut columns = Vec::new();
            for column in ["github_repo_id", "github_repo_full_name"] {
                columns.push(desk.value(column, "bootstrap_runs").await);
            }
            for column in ["github_repo_created_at", "push_completed_at"] {
                let there = format!("CASE WHEN {column} IS NULL THEN '-' ELSE 'there' END");
                columns.push(desk.value(&there, "bootstrap_runs").await);
            }
            columns.join(" ")
        };
        record(&[begun(), intended(PublishStep::Create, 1)]).await;
        assert_eq!(columns().await, "- - - -");
        record(&[ended(1, made())]).await;
        assert_eq!(columns().await, "42 Acme/acme-web there -");
        record(&[intended(PublishStep::Push, 2), ended(2, StepOutcome::Done)]).await;
        assert_eq!(columns().await, "42 Acme/acme-web there there");
        let gone = [
            intended(PublishStep::Delete, 3),
            ended(3, StepOutcome::Done),
        ];
        record(&gone).await;
        assert_eq!(columns().await, "- - - -");
        let events = desk.store.events(0, Some(&run.id), 100).await.unwrap();
        let details: Vec<_> = events.iter().map(|event| event.detail.clone()).collect();
        assert_eq!(
            details[1..4],
            [
                json!({ "step": "create" }),
                json!({ "step": "create", "outcome": "made", "repository": "Acme/acme-web" }),
                json!({ "step": "push" }),
            ]
        );
        let fail = RunChange::Fail {
            error: "e".to_owned(),
            left: None,
        };
        let failed = desk.store.change(&run.id, Actor::Worker(&lease), &fail);
        failed.await.unwrap();
        assert_eq!(desk.status(&run.id).await, "FAILED/FAILED", "all is gone");
    });
}

#[test]
fn a_cancelled_run_tries_nothing_new_and_may_still_say_how_things_ended() {
    on_both_databases(async |desk| {
        let run = desk.submit("p0").await;
        let lease = desk.claim(1).await;
        for entry in [begun(), intended(PublishStep::Create, 1)] {
            desk.store.record(&lease, &entry).await.unwrap();
        }
        let ada = user("ada");
        let cancel = desk
            .store
            .change(&run.id, Actor::Person(&ada), &RunChange::Cancel);
        cancel.await.unwrap();
        desk.store.record(&lease, &ended(1, made())).await.unwrap();
        let push = desk
            .store
            .record(&lease, &intended(PublishStep::Push, 2))
            .await;
        assert!(
            matches!(push, Err(StoreError::Cancelled { .. })),
            "{push:?}"
        );
        for entry in [
            intended(PublishStep::Delete, 3),
            ended(3, StepOutcome::Done),
        ] {
            desk.store.record(&lease, &entry).await.unwrap();
        }
        let withdraw = RunChange::Withdraw { left: None };
        let withdrawn = desk.store.change(&run.id, Actor::Worker(&lease), &withdraw);
        withdrawn.await.unwrap();
        assert_eq!(desk.status(&run.id).await, "CANCELLED/CANCELLED");
    });
}
