//! Changes: run and job change together, with one time for both.

use super::made;
use crate::support::jobs::{StoreFixture, promises, submission, user, worker};
use crate::support::rows::ProductRow;
use groundplan::model::action::RiskLevel;
use groundplan::model::digest::GitId;
use groundplan::store::Store as _;
use groundplan::store::change::{Actor, RunChange};
use groundplan::store::error::StoreError;
use groundplan::store::id::RunId;
use groundplan::store::lease::{ClaimTarget, Lease};
use groundplan::store::run::{Run, RunFilter};
use groundplan::store::sql::Database;
use groundplan::store::submission::RiskAssessment;

promises! {
    a_start_gives_run_and_job_one_time_and_may_be_repeated,
    a_success_ends_run_and_job_and_points_the_product_to_its_repository,
    a_repository_that_another_product_points_to_does_not_stop_a_success,
    a_failure_needs_cleanup_when_it_says_so_or_the_run_names_a_repository,
    a_failure_needs_cleanup_when_a_creation_has_no_certain_outcome,
    a_run_without_a_worker_is_cancelled_at_once,
    a_run_with_a_worker_is_withdrawn_by_that_worker_or_when_it_hands_back,
    a_cancel_before_the_success_is_written_wins,
    a_simultaneous_cancel_and_success_win_or_lose_as_a_whole,
    a_job_that_was_handed_back_is_claimed_again,
    a_failed_run_is_retried_unless_its_product_has_another_one,
    a_run_whose_remains_were_given_to_a_person_is_failed,
    a_high_tier_waits_for_an_approval_of_exactly_its_tree,
    a_job_whose_worker_finds_a_higher_tier_waits_in_the_queue,
    an_approval_without_a_user_is_removed,
    a_demo_user_and_a_stranger_change_nothing,
}

pub(super) async fn by_worker(
    store: &Database,
    lease: &Lease,
    change: RunChange,
) -> Result<Run, StoreError> {
    store
        .change(&lease.run, Actor::Worker(lease), &change)
        .await
}

pub(super) async fn by_ada(
    store: &Database,
    run: &RunId,
    change: RunChange,
) -> Result<Run, StoreError> {
    store
        .change(run, Actor::Person(&user("ada")), &change)
        .await
}

pub(super) fn succeed() -> RunChange {
    RunChange::Succeed {
        repo_url: "https://forge.example/acme/acme-web".to_owned(),
        statement: None,
    }
}

fn fail(left: Option<&str>) -> RunChange {
    RunChange::Fail {
        error: "the forge said no".to_owned(),
        left: left.map(str::to_owned),
    }
}

async fn a_start_gives_run_and_job_one_time_and_may_be_repeated(fixture: StoreFixture) {
    let run = fixture.submit("p0").await;
    let lease = fixture.claim(1).await;
    let first = by_worker(&fixture.store, &lease, RunChange::Start)
        .await
        .unwrap();
    assert_eq!(fixture.status(&run.id).await, "RUNNING/RUNNING");
    let job = fixture.job(run.job.as_str()).await;
    assert_eq!(
        job.started_at,
        fixture.run_columns(&run.id).await.started_at
    );
    assert!(
        job.started_at.is_some() && job.claimed_at <= job.started_at,
        "{job:?}"
    );
    let again = by_worker(&fixture.store, &lease, RunChange::Start)
        .await
        .unwrap();
    assert_eq!(again, first, "the answer to the first one was lost");
    assert_eq!(fixture.event_kinds(&run.id).await, ["submitted", "started"]);
}

async fn a_success_ends_run_and_job_and_points_the_product_to_its_repository(
    fixture: StoreFixture,
) {
    let run = fixture.submit("p0").await;
    let lease = fixture.claim(1).await;
    by_worker(&fixture.store, &lease, RunChange::Start)
        .await
        .unwrap();
    let done = by_worker(&fixture.store, &lease, succeed()).await.unwrap();
    assert_eq!(fixture.status(&run.id).await, "SUCCEEDED/DONE");
    assert_eq!((done.worker, done.is_held), (None, false));
    let expected = ProductRow {
        user_id: "ada".to_owned(),
        repo_url: Some("https://forge.example/acme/acme-web".to_owned()),
        template_version: Some("v1".to_owned()),
        last_run: Some(run.id.to_string()),
        repo_owner: Some("acme".to_owned()),
        repo_slug: Some("acme-web".to_owned()),
    };
    assert_eq!(fixture.product("p0").await, expected);
    let job = fixture.job(run.job.as_str()).await;
    assert_eq!((job.lease_until, job.worker), (None, None));
    let error = by_worker(&fixture.store, &lease, succeed())
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::LeaseLost { .. }), "{error}");
    assert_eq!(
        fixture.event_kinds(&run.id).await,
        ["submitted", "started", "succeeded"]
    );
}

async fn a_repository_that_another_product_points_to_does_not_stop_a_success(
    fixture: StoreFixture,
) {
    fixture
        .set_product_repository("p9", "acme", "acme-web")
        .await;
    fixture.submit("p0").await;
    let lease = fixture.claim(1).await;
    by_worker(&fixture.store, &lease, RunChange::Start)
        .await
        .unwrap();
    by_worker(&fixture.store, &lease, succeed()).await.unwrap();
    assert_eq!(fixture.product("p0").await.repo_owner, None);
    assert_eq!(
        fixture.product("p9").await.repo_owner.as_deref(),
        Some("acme")
    );
}

async fn a_failure_needs_cleanup_when_it_says_so_or_the_run_names_a_repository(
    fixture: StoreFixture,
) {
    for (number, left, recorded, expected) in [
        (0, None, false, "FAILED/FAILED"),
        (
            1,
            Some("it may be there"),
            false,
            "FAILED_NEEDS_CLEANUP/FAILED",
        ),
        (2, None, true, "FAILED_NEEDS_CLEANUP/FAILED"),
    ] {
        let run = fixture.submit(&format!("p{number}")).await;
        let lease = fixture.claim(1).await;
        by_worker(&fixture.store, &lease, RunChange::Start)
            .await
            .unwrap();
        if recorded {
            fixture.set_full_name(&run.id, "acme/x").await;
        }
        let failed = by_worker(&fixture.store, &lease, fail(left)).await.unwrap();
        assert_eq!(fixture.status(&run.id).await, expected);
        assert_eq!(failed.error.as_deref(), Some("the forge said no"));
        assert!(!failed.is_held && failed.finished_at.is_some());
    }
}

async fn a_failure_needs_cleanup_when_a_creation_has_no_certain_outcome(fixture: StoreFixture) {
    let run = fixture.submit("p0").await;
    let lease = fixture.claim(1).await;
    by_worker(&fixture.store, &lease, RunChange::Start)
        .await
        .unwrap();
    for entry in made::unknown_creation() {
        fixture.store.record(&lease, &entry).await.unwrap();
    }
    by_worker(&fixture.store, &lease, fail(None)).await.unwrap();
    assert_eq!(fixture.status(&run.id).await, "FAILED_NEEDS_CLEANUP/FAILED");
}

async fn a_run_without_a_worker_is_cancelled_at_once(fixture: StoreFixture) {
    let run = fixture.submit("p0").await;
    by_ada(&fixture.store, &run.id, RunChange::Cancel)
        .await
        .unwrap();
    assert_eq!(fixture.status(&run.id).await, "CANCELLED/CANCELLED");
    assert_eq!(
        fixture.event_kinds(&run.id).await,
        ["submitted", "cancel_asked", "cancelled"]
    );
    fixture.submit("p0").await;
}

async fn a_run_with_a_worker_is_withdrawn_by_that_worker_or_when_it_hands_back(
    fixture: StoreFixture,
) {
    for (number, end) in [
        RunChange::Withdraw { left: None },
        RunChange::HandBack {
            why: "stopping".to_owned(),
        },
    ]
    .into_iter()
    .enumerate()
    {
        let run = fixture.submit(&format!("p{number}")).await;
        let lease = fixture.claim(1).await;
        by_worker(&fixture.store, &lease, RunChange::Start)
            .await
            .unwrap();
        by_ada(&fixture.store, &run.id, RunChange::Cancel)
            .await
            .unwrap();
        assert_eq!(fixture.status(&run.id).await, "RUNNING/CANCELLED");
        by_worker(&fixture.store, &lease, end).await.unwrap();
        assert_eq!(fixture.status(&run.id).await, "CANCELLED/CANCELLED");
        assert_eq!(
            fixture.event_kinds(&run.id).await,
            ["submitted", "started", "cancel_asked", "cancelled"]
        );
    }
}

async fn a_cancel_before_the_success_is_written_wins(fixture: StoreFixture) {
    let run = fixture.submit("p0").await;
    let lease = fixture.claim(1).await;
    by_worker(&fixture.store, &lease, RunChange::Start)
        .await
        .unwrap();
    by_ada(&fixture.store, &run.id, RunChange::Cancel)
        .await
        .unwrap();
    let error = by_worker(&fixture.store, &lease, succeed())
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Cancelled { .. }), "{error}");
    assert_eq!(fixture.status(&run.id).await, "RUNNING/CANCELLED");
    assert_eq!(fixture.product("p0").await.repo_url, None);
}

async fn a_simultaneous_cancel_and_success_win_or_lose_as_a_whole(fixture: StoreFixture) {
    for _ in 0..10 {
        let run = fixture.submit("p0").await;
        let lease = fixture.claim(1).await;
        by_worker(&fixture.store, &lease, RunChange::Start)
            .await
            .unwrap();
        let (success, cancel) = tokio::join!(
            by_worker(&fixture.store, &lease, succeed()),
            by_ada(&fixture.store, &run.id, RunChange::Cancel)
        );
        let kinds = fixture.event_kinds(&run.id).await;
        match (success, cancel) {
            (Ok(_), Err(StoreError::Conflict { .. })) => {
                assert_eq!(fixture.status(&run.id).await, "SUCCEEDED/DONE");
                assert_eq!(kinds, ["submitted", "started", "succeeded"]);
            }
            (Err(StoreError::Cancelled { .. }), Ok(_)) => {
                assert_eq!(fixture.status(&run.id).await, "RUNNING/CANCELLED");
                assert_eq!(kinds, ["submitted", "started", "cancel_asked"]);
                by_worker(&fixture.store, &lease, RunChange::Withdraw { left: None })
                    .await
                    .unwrap();
            }
            other => panic!("{other:?}"),
        }
    }
}

async fn a_job_that_was_handed_back_is_claimed_again(fixture: StoreFixture) {
    let run = fixture.submit("p0").await;
    let lease = fixture.claim(1).await;
    by_worker(&fixture.store, &lease, RunChange::Start)
        .await
        .unwrap();
    let back = RunChange::HandBack {
        why: "stopping".to_owned(),
    };
    let queued = by_worker(&fixture.store, &lease, back).await.unwrap();
    assert_eq!(fixture.status(&run.id).await, "PENDING/QUEUED");
    assert_eq!((queued.retries, queued.started_at), (0, None));
    let again = fixture.claim(2).await;
    by_worker(&fixture.store, &again, RunChange::Start)
        .await
        .unwrap();
    assert_eq!(
        fixture.event_kinds(&run.id).await,
        ["submitted", "started", "handed_back", "started"]
    );
}

async fn a_failed_run_is_retried_unless_its_product_has_another_one(fixture: StoreFixture) {
    let run = fixture.submit("p0").await;
    let lease = fixture.claim(1).await;
    let early = by_ada(&fixture.store, &run.id, RunChange::Retry)
        .await
        .unwrap_err();
    let expected = format!(
        "run {} is PENDING and its job CLAIMED: it cannot be retried",
        run.id
    );
    assert_eq!(early.to_string(), expected);
    by_worker(&fixture.store, &lease, fail(None)).await.unwrap();
    let other = fixture.submit("p0").await;
    let error = by_ada(&fixture.store, &run.id, RunChange::Retry)
        .await
        .unwrap_err();
    let StoreError::ActiveRun { run: active, .. } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(active.as_ref(), Some(&other.id));
    by_ada(&fixture.store, &other.id, RunChange::Cancel)
        .await
        .unwrap();
    let retried = by_ada(&fixture.store, &run.id, RunChange::Retry)
        .await
        .unwrap();
    assert_eq!((retried.retries, retried.error), (1, None));
    assert_eq!(fixture.status(&run.id).await, "PENDING/QUEUED");
    assert_eq!(fixture.claim(1).await.run, run.id);
}

async fn a_run_whose_remains_were_given_to_a_person_is_failed(fixture: StoreFixture) {
    let run = fixture.submit("p0").await;
    let lease = fixture.claim(1).await;
    by_worker(&fixture.store, &lease, fail(Some("x")))
        .await
        .unwrap();
    by_ada(&fixture.store, &run.id, RunChange::Release)
        .await
        .unwrap();
    assert_eq!(fixture.status(&run.id).await, "FAILED/FAILED");
    assert_eq!(
        fixture.event_kinds(&run.id).await,
        ["submitted", "needs_cleanup", "released"]
    );
}

async fn a_high_tier_waits_for_an_approval_of_exactly_its_tree(fixture: StoreFixture) {
    let submitted = submission("p0", RiskLevel::High);
    let run = fixture.store.submit(&submitted).await.unwrap();
    let none = fixture.store.claim(&worker(1), &ClaimTarget::Oldest).await;
    assert_eq!(none.unwrap(), None);
    let waiting = RunFilter {
        awaiting_approval: true,
        ..RunFilter::default()
    };
    assert_eq!(fixture.store.runs(&waiting).await.unwrap().len(), 1);
    let other = GitId::parse("4b825dc642cb6eb9a060e54bf8d69288fbee4904").unwrap();
    let approve = RunChange::Approve {
        tree: other.clone(),
        note: None,
    };
    let error = by_ada(&fixture.store, &run.id, approve).await.unwrap_err();
    assert!(matches!(error, StoreError::AnotherTree { .. }), "{error}");
    assert!(error.to_string().contains(other.as_str()), "{error}");
    let tree = submitted.risk.tree;
    let approve = RunChange::Approve {
        tree: tree.clone(),
        note: None,
    };
    let approved = by_ada(&fixture.store, &run.id, approve).await.unwrap();
    let approval = approved.approval.unwrap();
    assert_eq!((approval.by.as_str(), approval.tree), ("ada", tree));
    assert_eq!(fixture.store.runs(&waiting).await.unwrap().len(), 0);
    assert_eq!(fixture.claim(1).await.run, run.id);
    assert_eq!(
        fixture.event_kinds(&run.id).await,
        ["submitted", "held", "approved"]
    );
}

async fn a_job_whose_worker_finds_a_higher_tier_waits_in_the_queue(fixture: StoreFixture) {
    let run = fixture.submit("p0").await;
    let lease = fixture.claim(1).await;
    let tree = GitId::parse(run.tree.as_deref().unwrap()).unwrap();
    let hold = RunChange::Hold {
        refused: None,
        risk: RiskAssessment {
            tier: RiskLevel::High,
            reasons: vec!["a workflow".to_owned()],
            tree: tree.clone(),
        },
    };
    let held = by_worker(&fixture.store, &lease, hold).await.unwrap();
    assert_eq!(held.risk.unwrap().reasons, ["a workflow"]);
    assert_eq!(fixture.status(&run.id).await, "PENDING/QUEUED");
    let none = fixture.store.claim(&worker(1), &ClaimTarget::Oldest).await;
    assert_eq!(none.unwrap(), None);
    by_ada(
        &fixture.store,
        &run.id,
        RunChange::Approve { tree, note: None },
    )
    .await
    .unwrap();
    fixture.claim(1).await;
}

async fn an_approval_without_a_user_is_removed(fixture: StoreFixture) {
    let run = fixture.submit("p0").await;
    let lease = fixture.claim(1).await;
    let tree = GitId::parse(run.tree.as_deref().unwrap()).unwrap();
    fixture.approve_without_user().await;
    let risk = RiskAssessment {
        tier: RiskLevel::High,
        reasons: Vec::new(),
        tree,
    };
    by_worker(
        &fixture.store,
        &lease,
        RunChange::Hold {
            risk,
            refused: None,
        },
    )
    .await
    .unwrap();
    let none = fixture.store.claim(&worker(1), &ClaimTarget::Oldest).await;
    assert_eq!(none.unwrap(), None);
}

async fn a_demo_user_and_a_stranger_change_nothing(fixture: StoreFixture) {
    let run = fixture.submit("p0").await;
    let tree = GitId::parse(run.tree.as_deref().unwrap()).unwrap();
    for change in [
        RunChange::Cancel,
        RunChange::Retry,
        RunChange::Approve { tree, note: None },
        RunChange::Release,
    ] {
        let demo = user("demo");
        let refused = fixture.store.change(&run.id, Actor::Person(&demo), &change);
        let error = refused.await.unwrap_err();
        assert!(matches!(error, StoreError::Demo { .. }), "{error}");
        let nobody = user("nobody");
        let refused = fixture
            .store
            .change(&run.id, Actor::Person(&nobody), &change);
        let error = refused.await.unwrap_err();
        assert!(matches!(error, StoreError::NoUser { .. }), "{error}");
    }
    assert_eq!(fixture.event_kinds(&run.id).await, ["submitted"]);
    let missing = RunId::parse("missing").unwrap();
    let error = by_ada(&fixture.store, &missing, RunChange::Cancel)
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "run `missing` does not exist");
}
