//! The ledger of effects: intents, outcomes, and what they prove repeated in the run.

use super::made::{begun, ended, intended, made, unknown_creation};
use crate::support::jobs::{StoreFixture, promises, user};
use groundplan::error::chain;
use groundplan::publish::ledger::{LedgerEntry, PublishStep, StepOutcome};
use groundplan::store::Store as _;
use groundplan::store::change::{Actor, RunChange};
use groundplan::store::error::StoreError;
use serde_json::json;

promises! {
    entries_come_back_in_order_and_as_they_were,
    an_entry_that_is_there_already_is_not_added_again,
    an_entry_that_does_not_follow_is_refused,
    the_run_repeats_what_the_ledger_proves_until_the_repository_is_removed,
    a_cancelled_run_records_outcomes_and_no_new_intents,
}

async fn entries_come_back_in_order_and_as_they_were(fixture: StoreFixture) {
    let run = fixture.submit("p0").await;
    let lease = fixture.claim(1).await;
    let entries = unknown_creation();
    for entry in &entries {
        fixture.store.record(&lease, entry).await.unwrap();
    }
    assert_eq!(fixture.store.entries(&run.id).await.unwrap(), entries);
    let payload = fixture.store.payload(&lease).await.unwrap();
    assert_eq!(payload.entries, entries);
}

async fn an_entry_that_is_there_already_is_not_added_again(fixture: StoreFixture) {
    let run = fixture.submit("p0").await;
    let lease = fixture.claim(1).await;
    for entry in unknown_creation() {
        for _ in 0..2 {
            fixture.store.record(&lease, &entry).await.unwrap();
        }
    }
    assert_eq!(fixture.store.entries(&run.id).await.unwrap().len(), 3);
    assert_eq!(
        fixture.event_kinds(&run.id).await,
        ["submitted", "intended", "ended"]
    );
}

async fn an_entry_that_does_not_follow_is_refused(fixture: StoreFixture) {
    let run = fixture.submit("p0").await;
    let lease = fixture.claim(1).await;
    let early = fixture
        .store
        .record(&lease, &intended(PublishStep::Push, 1))
        .await;
    let message = chain(&early.unwrap_err());
    assert!(message.contains("entry 1 of the ledger"), "{message}");
    fixture.store.record(&lease, &begun()).await.unwrap();
    let other = fixture
        .store
        .record(&lease, &ended(9, StepOutcome::Done))
        .await;
    assert!(
        matches!(other, Err(StoreError::Damaged { .. })),
        "{other:?}"
    );
    assert_eq!(fixture.store.entries(&run.id).await.unwrap(), [begun()]);
}

async fn the_run_repeats_what_the_ledger_proves_until_the_repository_is_removed(
    fixture: StoreFixture,
) {
    let run = fixture.submit("p0").await;
    let lease = fixture.claim(1).await;
    let record = async |entries: &[LedgerEntry]| {
        for entry in entries {
            fixture.store.record(&lease, entry).await.unwrap();
        }
    };
    let columns = async || {
        let row = fixture.run_columns(&run.id).await;
        let dates = (row.created_at.is_some(), row.pushed_at.is_some());
        (row.repository_id, row.full_name, dates)
    };
    let repository = |dates| {
        let full_name = "Acme/acme-web".to_owned();
        (Some("42".to_owned()), Some(full_name), dates)
    };
    let nothing = (None, None, (false, false));
    record(&[begun(), intended(PublishStep::Create, 1)]).await;
    assert_eq!(columns().await, nothing);
    record(&[ended(1, made())]).await;
    assert_eq!(columns().await, repository((true, false)));
    record(&[intended(PublishStep::Push, 2), ended(2, StepOutcome::Done)]).await;
    assert_eq!(columns().await, repository((true, true)));
    let gone = [
        intended(PublishStep::Delete, 3),
        ended(3, StepOutcome::Done),
    ];
    record(&gone).await;
    assert_eq!(columns().await, nothing);
    let events = fixture.store.events(0, Some(&run.id), 100).await.unwrap();
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
    let failed = fixture.store.change(&run.id, Actor::Worker(&lease), &fail);
    failed.await.unwrap();
    assert_eq!(
        fixture.status(&run.id).await,
        "FAILED/FAILED",
        "all is gone"
    );
}

async fn a_cancelled_run_records_outcomes_and_no_new_intents(fixture: StoreFixture) {
    let run = fixture.submit("p0").await;
    let lease = fixture.claim(1).await;
    for entry in [begun(), intended(PublishStep::Create, 1)] {
        fixture.store.record(&lease, &entry).await.unwrap();
    }
    let ada = user("ada");
    let cancel = fixture
        .store
        .change(&run.id, Actor::Person(&ada), &RunChange::Cancel);
    cancel.await.unwrap();
    fixture
        .store
        .record(&lease, &ended(1, made()))
        .await
        .unwrap();
    let push = fixture
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
        fixture.store.record(&lease, &entry).await.unwrap();
    }
    let withdraw = RunChange::Withdraw { left: None };
    let withdrawn = fixture
        .store
        .change(&run.id, Actor::Worker(&lease), &withdraw);
    withdrawn.await.unwrap();
    assert_eq!(fixture.status(&run.id).await, "CANCELLED/CANCELLED");
}
