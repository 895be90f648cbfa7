//! Run and job move together, with one time for both, and whoever looks is told the truth afterwards.

use super::made;
use crate::support::jobs::{on_both_databases, submission, user, worker};
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
    }
}

fn fail(left: Option<&str>) -> RunChange {
    RunChange::Fail {
        error: "the forge said no".to_owned(),
        left: left.map(str::to_owned),
    }
}

#[test]
fn a_start_gives_run_and_job_one_time_and_may_be_said_twice() {
    on_both_databases(async |desk| {
        let run = desk.submit("p0").await;
        let lease = desk.claim(1).await;
        let first = by_worker(&desk.store, &lease, RunChange::Start)
            .await
            .unwrap();
        assert_eq!(desk.status(&run.id).await, "RUNNING/RUNNING");
        let same = "CASE WHEN j.started_at = r.started_at AND j.claimed_at <= j.started_at THEN 'same' ELSE 'other' END";
        let pair = "claude_jobs j JOIN bootstrap_runs r ON r.claude_job_id = j.id";
        assert_eq!(desk.value(same, pair).await, "same");
        let again = by_worker(&desk.store, &lease, RunChange::Start)
            .await
            .unwrap();
        assert_eq!(again, first, "the answer to the first one was lost");
        assert_eq!(desk.story(&run.id).await, ["submitted", "started"]);
    });
}

#[test]
fn a_success_ends_both_frees_the_job_and_points_the_product_to_its_repository() {
    on_both_databases(async |desk| {
        let run = desk.submit("p0").await;
        let lease = desk.claim(1).await;
        by_worker(&desk.store, &lease, RunChange::Start)
            .await
            .unwrap();
        let done = by_worker(&desk.store, &lease, succeed()).await.unwrap();
        assert_eq!(desk.status(&run.id).await, "SUCCEEDED/DONE");
        assert_eq!((done.worker, done.is_held), (None, false));
        let product = "products WHERE id = 'p0'";
        for (column, expected) in [
            ("repo_url", "https://forge.example/acme/acme-web"),
            ("template_version", "v1"),
            ("last_bootstrap_run_id", run.id.as_str()),
            ("repo_owner", "acme"),
            ("repo_slug", "acme-web"),
        ] {
            assert_eq!(desk.value(column, product).await, expected, "{column}");
        }
        assert_eq!(desk.value("lease_until", "claude_jobs").await, "-");
        assert_eq!(desk.value("claimed_by_worker_id", "claude_jobs").await, "-");
        let error = by_worker(&desk.store, &lease, succeed()).await.unwrap_err();
        assert!(matches!(error, StoreError::LeaseLost { .. }), "{error}");
        assert_eq!(
            desk.story(&run.id).await,
            ["submitted", "started", "succeeded"]
        );
    });
}

#[test]
fn a_repository_that_another_product_points_to_does_not_stop_a_success() {
    on_both_databases(async |desk| {
        desk.write(
            "UPDATE products SET repo_owner = 'acme', repo_slug = 'acme-web' WHERE id = 'p9'",
        )
        .await;
        desk.submit("p0").await;
        let lease = desk.claim(1).await;
        by_worker(&desk.store, &lease, RunChange::Start)
            .await
            .unwrap();
        by_worker(&desk.store, &lease, succeed()).await.unwrap();
        assert_eq!(
            desk.value("repo_owner", "products WHERE id = 'p0'").await,
            "-"
        );
        assert_eq!(
            desk.value("repo_owner", "products WHERE id = 'p9'").await,
            "acme"
        );
    });
}

#[test]
fn a_failure_needs_cleanup_when_it_says_so_or_the_run_names_a_repository() {
    on_both_databases(async |desk| {
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
            let run = desk.submit(&format!("p{number}")).await;
            let lease = desk.claim(1).await;
            by_worker(&desk.store, &lease, RunChange::Start)
                .await
                .unwrap();
            if recorded {
                desk.write(&format!(
                    "UPDATE bootstrap_runs SET github_repo_full_name = 'acme/x' WHERE id = '{}'",
                    run.id
                ))
                .await;
            }
            let failed = by_worker(&desk.store, &lease, fail(left)).await.unwrap();
            assert_eq!(desk.status(&run.id).await, expected);
            assert_eq!(failed.error.as_deref(), Some("the forge said no"));
            assert!(!failed.is_held && failed.finished_at.is_some());
        }
    });
}

#[test]
fn a_failure_needs_cleanup_when_a_creation_has_no_certain_outcome() {
    on_both_databases(async |desk| {
        let run = desk.submit("p0").await;
        let lease = desk.claim(1).await;
        by_worker(&desk.store, &lease, RunChange::Start)
            .await
            .unwrap();
        for entry in made::unknown_creation() {
            desk.store.record(&lease, &entry).await.unwrap();
        }
        by_worker(&desk.store, &lease, fail(None)).await.unwrap();
        assert_eq!(desk.status(&run.id).await, "FAILED_NEEDS_CLEANUP/FAILED");
    });
}

#[test]
fn what_nobody_holds_is_cancelled_at_once() {
    on_both_databases(async |desk| {
        let run = desk.submit("p0").await;
        by_ada(&desk.store, &run.id, RunChange::Cancel)
            .await
            .unwrap();
        assert_eq!(desk.status(&run.id).await, "CANCELLED/CANCELLED");
        assert_eq!(
            desk.story(&run.id).await,
            ["submitted", "cancel_asked", "cancelled"]
        );
        desk.submit("p0").await;
    });
}

#[test]
fn what_a_worker_holds_is_withdrawn_by_that_worker_or_when_it_hands_back() {
    on_both_databases(async |desk| {
        for (number, end) in [
            RunChange::Withdraw { left: None },
            RunChange::HandBack {
                why: "stopping".to_owned(),
            },
        ]
        .into_iter()
        .enumerate()
        {
            let run = desk.submit(&format!("p{number}")).await;
            let lease = desk.claim(1).await;
            by_worker(&desk.store, &lease, RunChange::Start)
                .await
                .unwrap();
            by_ada(&desk.store, &run.id, RunChange::Cancel)
                .await
                .unwrap();
            assert_eq!(desk.status(&run.id).await, "RUNNING/CANCELLED");
            by_worker(&desk.store, &lease, end).await.unwrap();
            assert_eq!(desk.status(&run.id).await, "CANCELLED/CANCELLED");
            assert_eq!(
                desk.story(&run.id).await,
                ["submitted", "started", "cancel_asked", "cancelled"]
            );
        }
    });
}

#[test]
fn a_cancel_that_lands_before_success_is_written_stays() {
    on_both_databases(async |desk| {
        let run = desk.submit("p0").await;
        let lease = desk.claim(1).await;
        by_worker(&desk.store, &lease, RunChange::Start)
            .await
            .unwrap();
        by_ada(&desk.store, &run.id, RunChange::Cancel)
            .await
            .unwrap();
        let error = by_worker(&desk.store, &lease, succeed()).await.unwrap_err();
        assert!(matches!(error, StoreError::Cancelled { .. }), "{error}");
        assert_eq!(desk.status(&run.id).await, "RUNNING/CANCELLED");
        assert_eq!(
            desk.value("repo_url", "products WHERE id = 'p0'").await,
            "-"
        );
    });
}

#[test]
fn a_cancel_and_a_success_at_one_time_win_or_lose_as_a_whole() {
    on_both_databases(async |desk| {
        for _ in 0..10 {
            let run = desk.submit("p0").await;
            let lease = desk.claim(1).await;
            by_worker(&desk.store, &lease, RunChange::Start)
                .await
                .unwrap();
            let (success, cancel) = tokio::join!(
                by_worker(&desk.store, &lease, succeed()),
                by_ada(&desk.store, &run.id, RunChange::Cancel)
            );
            let story = desk.story(&run.id).await;
            match (success, cancel) {
                (Ok(_), Err(StoreError::Conflict { .. })) => {
                    assert_eq!(desk.status(&run.id).await, "SUCCEEDED/DONE");
                    assert_eq!(story, ["submitted", "started", "succeeded"]);
                }
                (Err(StoreError::Cancelled { .. }), Ok(_)) => {
                    assert_eq!(desk.status(&run.id).await, "RUNNING/CANCELLED");
                    assert_eq!(story, ["submitted", "started", "cancel_asked"]);
                    by_worker(&desk.store, &lease, RunChange::Withdraw { left: None })
                        .await
                        .unwrap();
                }
                other => panic!("{other:?}"),
            }
        }
    });
}

#[test]
fn what_is_handed_back_is_claimed_again_as_if_it_had_not_been() {
    on_both_databases(async |desk| {
        let run = desk.submit("p0").await;
        let lease = desk.claim(1).await;
        by_worker(&desk.store, &lease, RunChange::Start)
            .await
            .unwrap();
        let back = RunChange::HandBack {
            why: "stopping".to_owned(),
        };
        let queued = by_worker(&desk.store, &lease, back).await.unwrap();
        assert_eq!(desk.status(&run.id).await, "PENDING/QUEUED");
        assert_eq!((queued.retries, queued.started_at), (0, None));
        let again = desk.claim(2).await;
        by_worker(&desk.store, &again, RunChange::Start)
            .await
            .unwrap();
        assert_eq!(
            desk.story(&run.id).await,
            ["submitted", "started", "handed_back", "started"]
        );
    });
}

#[test]
fn a_failed_run_is_retried_unless_its_product_has_another_one() {
    on_both_databases(async |desk| {
        let run = desk.submit("p0").await;
        let lease = desk.claim(1).await;
        let early = by_ada(&desk.store, &run.id, RunChange::Retry)
            .await
            .unwrap_err();
        let expected = format!(
            "run {} is PENDING and its job CLAIMED: it cannot be retried",
            run.id
        );
        assert_eq!(early.to_string(), expected);
        by_worker(&desk.store, &lease, fail(None)).await.unwrap();
        let other = desk.submit("p0").await;
        let error = by_ada(&desk.store, &run.id, RunChange::Retry)
            .await
            .unwrap_err();
        let StoreError::ActiveRun { run: active, .. } = &error else {
            panic!("{error:?}");
        };
        assert_eq!(active.as_ref(), Some(&other.id));
        by_ada(&desk.store, &other.id, RunChange::Cancel)
            .await
            .unwrap();
        let retried = by_ada(&desk.store, &run.id, RunChange::Retry)
            .await
            .unwrap();
        assert_eq!((retried.retries, retried.error), (1, None));
        assert_eq!(desk.status(&run.id).await, "PENDING/QUEUED");
        assert_eq!(desk.claim(1).await.run, run.id);
    });
}

#[test]
fn what_was_left_and_given_to_a_person_is_only_failed() {
    on_both_databases(async |desk| {
        let run = desk.submit("p0").await;
        let lease = desk.claim(1).await;
        by_worker(&desk.store, &lease, fail(Some("x")))
            .await
            .unwrap();
        by_ada(&desk.store, &run.id, RunChange::Release)
            .await
            .unwrap();
        assert_eq!(desk.status(&run.id).await, "FAILED/FAILED");
        assert_eq!(
            desk.story(&run.id).await,
            ["submitted", "needs_cleanup", "released"]
        );
    });
}

#[test]
fn a_high_tier_waits_for_an_approval_of_exactly_its_tree() {
    on_both_databases(async |desk| {
        let submitted = submission("p0", RiskLevel::High);
        let run = desk.store.submit(&submitted).await.unwrap();
        let none = desk.store.claim(&worker(1), &ClaimTarget::Oldest).await;
        assert_eq!(none.unwrap(), None);
        let waiting = RunFilter {
            awaiting_approval: true,
            ..RunFilter::default()
        };
        assert_eq!(desk.store.runs(&waiting).await.unwrap().len(), 1);
        let other = GitId::parse("4b825dc642cb6eb9a060e54bf8d69288fbee4904").unwrap();
        let approve = RunChange::Approve {
            tree: other.clone(),
        };
        let error = by_ada(&desk.store, &run.id, approve).await.unwrap_err();
        assert!(matches!(error, StoreError::AnotherTree { .. }), "{error}");
        assert!(error.to_string().contains(other.as_str()), "{error}");
        let tree = submitted.risk.tree;
        let approve = RunChange::Approve { tree: tree.clone() };
        let approved = by_ada(&desk.store, &run.id, approve).await.unwrap();
        let approval = approved.approval.unwrap();
        assert_eq!((approval.by.as_str(), approval.tree), ("ada", tree));
        assert_eq!(desk.store.runs(&waiting).await.unwrap().len(), 0);
        assert_eq!(desk.claim(1).await.run, run.id);
        assert_eq!(desk.story(&run.id).await, ["submitted", "held", "approved"]);
    });
}

#[test]
fn a_worker_that_finds_a_higher_tier_gives_the_job_back_to_wait() {
    on_both_databases(async |desk| {
        let run = desk.submit("p0").await;
        let lease = desk.claim(1).await;
        let tree = GitId::parse(run.tree.as_deref().unwrap()).unwrap();
        let hold = RunChange::Hold {
            risk: RiskAssessment {
                tier: RiskLevel::High,
                reasons: vec!["a workflow".to_owned()],
                tree: tree.clone(),
            },
        };
        let held = by_worker(&desk.store, &lease, hold).await.unwrap();
        assert_eq!(held.risk.unwrap().reasons, ["a workflow"]);
        assert_eq!(desk.status(&run.id).await, "PENDING/QUEUED");
        let none = desk.store.claim(&worker(1), &ClaimTarget::Oldest).await;
        assert_eq!(none.unwrap(), None);
        by_ada(&desk.store, &run.id, RunChange::Approve { tree })
            .await
            .unwrap();
        desk.claim(1).await;
    });
}

#[test]
fn an_approval_by_nobody_is_taken_away_instead_of_being_claimed_for_ever() {
    on_both_databases(async |desk| {
        let run = desk.submit("p0").await;
        let lease = desk.claim(1).await;
        let tree = GitId::parse(run.tree.as_deref().unwrap()).unwrap();
        desk.write("UPDATE bootstrap_tiers SET approved_tree = tree")
            .await;
        let risk = RiskAssessment {
            tier: RiskLevel::High,
            reasons: Vec::new(),
            tree,
        };
        by_worker(&desk.store, &lease, RunChange::Hold { risk })
            .await
            .unwrap();
        let none = desk.store.claim(&worker(1), &ClaimTarget::Oldest).await;
        assert_eq!(none.unwrap(), None);
    });
}

#[test]
fn a_demo_user_and_a_stranger_change_nothing() {
    on_both_databases(async |desk| {
        let run = desk.submit("p0").await;
        let tree = GitId::parse(run.tree.as_deref().unwrap()).unwrap();
        for change in [
            RunChange::Cancel,
            RunChange::Retry,
            RunChange::Approve { tree },
            RunChange::Release,
        ] {
            let demo = user("demo");
            let refused = desk.store.change(&run.id, Actor::Person(&demo), &change);
            let error = refused.await.unwrap_err();
            assert!(matches!(error, StoreError::Demo { .. }), "{error}");
            let nobody = user("nobody");
            let refused = desk.store.change(&run.id, Actor::Person(&nobody), &change);
            let error = refused.await.unwrap_err();
            assert!(matches!(error, StoreError::NoUser { .. }), "{error}");
        }
        assert_eq!(desk.story(&run.id).await, ["submitted"]);
        let missing = RunId::parse("missing").unwrap();
        let error = by_ada(&desk.store, &missing, RunChange::Cancel)
            .await
            .unwrap_err();
        assert_eq!(error.to_string(), "there is no run `missing`");
    });
}
