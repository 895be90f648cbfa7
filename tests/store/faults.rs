//! A call whose answer was lost may be asked again: the run ends as it would have, once.

use super::changes::succeed;
use super::made::{begun, ended, intended, made};
use crate::support::faulty::{Fault, FaultTiming, FaultyStore, at_every_call};
use crate::support::jobs::{StoreFixture, promises, submission, worker};
use groundplan::model::action::RiskLevel;
use groundplan::publish::ledger::{LedgerEntry, PublishStep, StepOutcome};
use groundplan::store::Store;
use groundplan::store::change::{Actor, RunChange};
use groundplan::store::error::StoreError;
use groundplan::store::id::RunId;
use groundplan::store::lease::ClaimTarget;
use groundplan::store::recovery::Recovery;
use groundplan::store::run::RunFilter;
use std::sync::Arc;

promises! {
    a_call_that_fails_before_or_after_its_effect_is_repeated_and_the_run_succeeds_once,
}

fn entries() -> [LedgerEntry; 7] {
    [
        begun(),
        intended(PublishStep::Create, 1),
        ended(1, made()),
        intended(PublishStep::Push, 2),
        ended(2, StepOutcome::Done),
        intended(PublishStep::Describe, 3),
        ended(3, StepOutcome::Done),
    ]
}

/// Asks once more when the database could not be reached.
macro_rules! patiently {
    ($call:expr) => {
        match $call.await {
            Err(StoreError::Unavailable { .. }) => $call.await,
            answer => answer,
        }
    };
}

/// What a worker does: it claims, goes on where the ledger ends, and succeeds. False when there is nothing to claim.
async fn work(store: &dyn Store) -> Result<bool, StoreError> {
    let Some(lease) = patiently!(store.claim(&worker(1), &ClaimTarget::Oldest))? else {
        return Ok(false);
    };
    let payload = patiently!(store.payload(&lease))?;
    let actor = Actor::Worker(&lease);
    patiently!(store.change(&lease.run, actor, &RunChange::Start))?;
    for entry in entries().iter().skip(payload.entries.len()) {
        patiently!(store.record(&lease, entry))?;
        patiently!(store.renew(&lease))?;
    }
    patiently!(store.change(&lease.run, actor, &succeed()))?;
    Ok(true)
}

/// Submits, works, and recovers until the run has succeeded.
async fn run_to_success(fixture: &StoreFixture, product: &str, faulty: &dyn Store) -> RunId {
    let submission = submission(product, RiskLevel::Low);
    let run = match patiently!(faulty.submit(&submission)) {
        Ok(run) => run.id,
        // The first try was stored.
        Err(StoreError::ActiveRun { run, .. }) => run.unwrap(),
        Err(error) => panic!("{error}"),
    };
    for _ in 0..3 {
        match work(faulty).await {
            Ok(_) | Err(StoreError::LeaseLost { .. }) => {}
            Err(error) => panic!("{error}"),
        }
        if fixture.status(&run).await == "SUCCEEDED/DONE" {
            break;
        }
        fixture.expire_leases().await;
        let recovery = Recovery::Resume { attempts: 3 };
        fixture.store.recover_expired(recovery).await.unwrap();
    }
    run
}

async fn a_call_that_fails_before_or_after_its_effect_is_repeated_and_the_run_succeeds_once(
    fixture: StoreFixture,
) {
    let store: Arc<dyn Store> = Arc::new(fixture.store.clone());
    let recording = FaultyStore::recording(store.clone());
    run_to_success(&fixture, "p0", &recording).await;
    let points = recording.points();
    for timing in [FaultTiming::Before, FaultTiming::After] {
        let fault = || Fault::NoAnswer(timing);
        let case = async |_, point, faulty: Arc<FaultyStore>| {
            let run = run_to_success(&fixture, "p0", &*faulty).await;
            assert_eq!(fixture.status(&run).await, "SUCCEEDED/DONE");
            assert_eq!(fixture.store.entries(&run).await.unwrap(), entries());
            let kinds = fixture.event_kinds(&run).await;
            let count = |kind| kinds.iter().filter(|one| **one == kind).count();
            assert_eq!(count("succeeded"), 1, "{point:?} {timing:?}: {kinds:?}");
            assert_eq!((count("intended"), count("ended")), (3, 3), "{kinds:?}");
        };
        at_every_call(&store, &points, fault, case).await;
    }
    let runs = fixture.runs(&RunFilter::default()).await;
    assert!(runs.iter().all(|run| !run.status.is_active()));
}
