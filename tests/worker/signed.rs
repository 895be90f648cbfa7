//! Workers with a signing key that die: the run ends with its signed repository and the note, under the same key alone.

use super::support::{Options, WorkerFixture};
use crate::signing::{NOTES, private};
use crate::support::faulty::{Call, Fault, FaultTiming, FaultyStore};
use crate::support::jobs::on;
use groundplan::publish::ledger::PublishStep;
use groundplan::signing::key::SigningKey;
use groundplan::store::Store;
use groundplan::store::recovery::Recovery;
use groundplan::store::sql::Dialect;
use groundplan::worker::context::WorkerContext;
use groundplan::worker::outcome::AttemptOutcome;
use std::sync::Arc;

const RESUME: Recovery = Recovery::Resume {
    attempts: Recovery::ATTEMPTS,
};

/// The context of a worker with a key, or without one.
fn context(fixture: &WorkerFixture, store: Arc<dyn Store>, seed: Option<u8>) -> Arc<WorkerContext> {
    let mut context = fixture.context(Options {
        recovery: RESUME,
        ..fixture.options(store)
    });
    let key = |seed| SigningKey::parse(private(seed).as_bytes()).unwrap();
    Arc::get_mut(&mut context).unwrap().signing = seed.map(|seed| Arc::new(key(seed)));
    context
}

/// A run whose first worker, with the first key, dies before a call, and the outcome of a second worker.
async fn resumed(
    fixture: &WorkerFixture,
    call: Call,
    seed: Option<u8>,
) -> (AttemptOutcome, String) {
    let run = fixture.submit(1).await;
    let fault = Fault::Death(FaultTiming::Before);
    let faulty = FaultyStore::new(fixture.store(), call, fault);
    fixture.work(&context(fixture, faulty, Some(1))).await;
    fixture.jobs.expire_leases().await;
    fixture.jobs.store.recover_expired(RESUME).await.unwrap();
    let outcome = fixture.work(&context(fixture, fixture.store(), seed)).await;
    (outcome, fixture.jobs.status(&run.id).await)
}

/// The notes of the created repository; none without them.
fn notes(fixture: &WorkerFixture) -> String {
    let refs = ["for-each-ref", "--format=%(objectname)", NOTES];
    fixture.sandbox.git("forge/acme/web-1.git", &refs)
}

const BEFORE_PUSH: [Call; 2] = [
    Call::RecordIntent(PublishStep::Create),
    Call::RecordIntent(PublishStep::Push),
];
const AFTER_PUSH: [Call; 2] = [Call::RecordIntent(PublishStep::Describe), Call::Succeed];

#[test]
fn a_signed_run_is_continued_by_a_worker_with_the_same_key_and_gets_its_note() {
    for call in [BEFORE_PUSH, AFTER_PUSH].concat() {
        on(Dialect::Sqlite, async |jobs| {
            let fixture = WorkerFixture::over(jobs);
            let (outcome, status) = resumed(&fixture, call, Some(1)).await;
            assert_eq!(outcome, AttemptOutcome::Succeeded, "{call:?}");
            assert_eq!(status, "SUCCEEDED/DONE", "{call:?}");
            assert_eq!(notes(&fixture).lines().count(), 1, "{call:?}");
        });
    }
}

#[test]
fn a_signed_run_is_not_pushed_by_a_worker_with_another_key() {
    for (call, seed) in BEFORE_PUSH
        .into_iter()
        .flat_map(|call| [(call, Some(2)), (call, None)])
    {
        on(Dialect::Sqlite, async |jobs| {
            let fixture = WorkerFixture::over(jobs);
            let (outcome, status) = resumed(&fixture, call, seed).await;
            assert!(
                matches!(outcome, AttemptOutcome::Failed { .. }),
                "{call:?}: {outcome:?}"
            );
            assert!(status.starts_with("FAILED"), "{call:?}: {status}");
        });
    }
}

#[test]
fn a_run_that_was_pushed_ends_under_any_key_and_its_commit_stays() {
    for (call, seed) in AFTER_PUSH
        .into_iter()
        .flat_map(|call| [(call, Some(2)), (call, None)])
    {
        on(Dialect::Sqlite, async |jobs| {
            let fixture = WorkerFixture::over(jobs);
            let (outcome, status) = resumed(&fixture, call, seed).await;
            assert_eq!(outcome, AttemptOutcome::Succeeded, "{call:?}");
            assert_eq!(status, "SUCCEEDED/DONE", "{call:?}");
            let commit = fixture
                .sandbox
                .git("forge/acme/web-1.git", &["cat-file", "commit", "main"]);
            assert!(commit.contains("\ngpgsig "), "{commit}");
            let has_note = call == Call::Succeed;
            assert_eq!(!notes(&fixture).is_empty(), has_note, "{call:?}");
        });
    }
}
