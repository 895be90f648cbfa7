//! Submitting and claiming: one active run for a product, each job to one worker, oldest first.

use crate::support::jobs::{on_both_databases, product, submission, user, worker};
use groundplan::model::action::RiskLevel;
use groundplan::model::plan::Plan;
use groundplan::store::Store as _;
use groundplan::store::error::StoreError;
use groundplan::store::lease::ClaimTarget;
use groundplan::store::run::{RunFilter, RunStatus};
use std::collections::BTreeSet;

#[test]
fn a_submission_is_a_queued_job_and_a_pending_run_with_everything_that_was_accepted() {
    on_both_databases(async |desk| {
        let submitted = submission("p0", RiskLevel::Medium);
        let run = desk.store.submit(&submitted).await.unwrap();
        assert_eq!(desk.status(&run.id).await, "PENDING/QUEUED");
        assert_eq!(run.repo, "acme/acme-web");
        assert_eq!(run.tree.as_deref(), Some(submitted.risk.tree.as_str()));
        assert_eq!(run.risk, Some(submitted.risk.clone()));
        assert_eq!((run.worker, run.retries), (None, 0));
        assert_eq!(desk.story(&run.id).await, ["submitted"]);
        let asked = "requested_model IS NULL AND requested_thinking_budget IS NULL AND requested_permission_mode IS NULL";
        let asked = format!("CASE WHEN {asked} THEN 'nothing' ELSE 'something' END");
        assert_eq!(desk.value(&asked, "claude_jobs").await, "nothing");
        assert_eq!(desk.value("kind", "claude_jobs").await, "BOOTSTRAP_REPO");
    });
}

#[test]
fn a_plan_and_a_report_come_back_as_they_were_stored() {
    on_both_databases(async |desk| {
        let submitted = submission("p0", RiskLevel::Low);
        desk.store.submit(&submitted).await.unwrap();
        let task = desk.store.payload(&desk.claim(1).await).await.unwrap();
        let plan: Plan = serde_json::from_value(task.plan).unwrap();
        assert_eq!(plan, submitted.plan);
        let recipe_hash = plan.recipe_hash();
        assert_eq!(recipe_hash, submitted.report.recipe_hash);
        assert_eq!(plan.hash(&recipe_hash), submitted.report.plan_hash);
        let report = serde_json::to_value(&submitted.report).unwrap();
        assert_eq!(task.report, report);
    });
}

#[test]
fn of_two_simultaneous_submissions_for_a_product_exactly_one_is_taken() {
    on_both_databases(async |desk| {
        let one = submission("p0", RiskLevel::Low);
        for _ in 0..10 {
            let (first, second) = tokio::join!(desk.store.submit(&one), desk.store.submit(&one));
            let (taken, refused) = match (first, second) {
                (Ok(taken), Err(refused)) | (Err(refused), Ok(taken)) => (taken, refused),
                other => panic!("{other:?}"),
            };
            let StoreError::ActiveRun { run, .. } = refused else {
                panic!("{refused:?}");
            };
            assert_eq!(run, Some(taken.id));
            desk.write("DELETE FROM claude_jobs").await;
        }
    });
}

#[test]
fn who_is_unknown_or_only_looks_on_submits_nothing() {
    on_both_databases(async |desk| {
        let refused = async |user_id: &str, product_id: &str| {
            let mut submission = submission(product_id, RiskLevel::Low);
            submission.user = user(user_id);
            desk.store
                .submit(&submission)
                .await
                .unwrap_err()
                .to_string()
        };
        assert_eq!(refused("nobody", "p0").await, "there is no user `nobody`");
        assert_eq!(
            refused("demo", "demo-product").await,
            "`demo` is a demo user, who may look and not touch"
        );
        assert_eq!(
            refused("ada", "demo-product").await,
            "there is no product `demo-product` of user `ada`"
        );
        assert_eq!(desk.value("COUNT(*)", "claude_jobs").await, "0");
    });
}

#[test]
fn the_oldest_job_of_our_kind_is_claimed_first_and_no_other_kind_ever() {
    on_both_databases(async |desk| {
        let first = desk.submit("p0").await;
        let second = desk.submit("p1").await;
        desk.write(
            "INSERT INTO claude_jobs (id, user_id, product_id, kind, created_at, updated_at) \
             SELECT 'foreign', user_id, product_id, 'PLAN_CHAT', created_at, updated_at FROM claude_jobs LIMIT 1",
        )
        .await;
        let time = match desk.dialect() {
            groundplan::store::sql::Dialect::Sqlite => "1",
            groundplan::store::sql::Dialect::Postgres => "timestamp 'epoch'",
        };
        desk.write(&format!(
            "UPDATE claude_jobs SET created_at = {time} WHERE id = '{}'",
            second.job
        ))
        .await;
        assert_eq!(desk.claim(1).await.run, second.id);
        assert_eq!(desk.claim(1).await.run, first.id);
        let none = desk
            .store
            .claim(&worker(1), &ClaimTarget::Oldest)
            .await
            .unwrap();
        assert_eq!(none, None);
        assert_eq!(
            desk.value("status", "claude_jobs WHERE id = 'foreign'")
                .await,
            "QUEUED"
        );
    });
}

#[test]
fn forty_jobs_are_claimed_by_eight_workers_each_exactly_once() {
    on_both_databases(async |desk| {
        for number in 10..50 {
            desk.write(&format!(
                "INSERT INTO products (id, user_id, name, updated_at) SELECT 'p{number}', user_id, name, updated_at \
                 FROM products WHERE id = 'p0'"
            ))
            .await;
            desk.submit(&format!("p{number}")).await;
        }
        let tasks: Vec<_> = (0..8)
            .map(|number| {
                let store = desk.store.clone();
                tokio::spawn(async move {
                    let mut mine = Vec::new();
                    while let Some(lease) = store
                        .claim(&worker(number), &ClaimTarget::Oldest)
                        .await
                        .unwrap()
                    {
                        mine.push(lease.job);
                    }
                    mine
                })
            })
            .collect();
        let mut all = Vec::new();
        for task in tasks {
            all.extend(task.await.unwrap());
        }
        assert_eq!(all.len(), 40);
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 40);
    });
}

#[test]
fn a_job_of_our_kind_without_a_run_is_failed_and_the_next_one_claimed() {
    on_both_databases(async |desk| {
        let run = desk.submit("p0").await;
        desk.write(
            "INSERT INTO claude_jobs (id, user_id, product_id, kind, created_at, updated_at) \
             SELECT 'empty', user_id, product_id, kind, updated_at, updated_at FROM claude_jobs",
        )
        .await;
        assert_eq!(desk.claim(1).await.run, run.id);
        let none = desk
            .store
            .claim(&worker(1), &ClaimTarget::Oldest)
            .await
            .unwrap();
        assert_eq!(none, None);
        let empty = "claude_jobs WHERE id = 'empty'";
        assert_eq!(desk.value("status", empty).await, "FAILED");
        let error = desk.value("error", empty).await;
        assert!(error.contains("no row in bootstrap_runs"), "{error}");
    });
}

#[test]
fn runs_are_listed_newest_first_and_by_what_is_wanted_of_them() {
    on_both_databases(async |desk| {
        let old = desk.submit("p0").await;
        let new = desk.submit("p1").await;
        desk.claim(1).await;
        let ids = async |filter: RunFilter| -> Vec<_> {
            let runs = desk.store.runs(&filter).await.unwrap();
            runs.into_iter().map(|run| run.id).collect()
        };
        let all = ids(RunFilter::default()).await;
        assert_eq!(all, [new.id.clone(), old.id.clone()]);
        let one = ids(RunFilter {
            product: Some(product("p0")),
            ..RunFilter::default()
        })
        .await;
        assert_eq!(one, [old.id]);
        let waiting = ids(RunFilter {
            statuses: vec![RunStatus::Pending, RunStatus::FailedNeedsCleanup],
            ..RunFilter::default()
        });
        assert_eq!(waiting.await.len(), 2);
        let failed = ids(RunFilter {
            statuses: vec![RunStatus::Failed],
            ..RunFilter::default()
        });
        assert_eq!(failed.await, []);
        let last = ids(RunFilter {
            limit: Some(1),
            ..RunFilter::default()
        })
        .await;
        assert_eq!(last, [new.id]);
    });
}

#[test]
fn a_document_that_no_database_can_hold_is_refused_before_anything_is_stored() {
    on_both_databases(async |desk| {
        let mut submitted = submission("p0", RiskLevel::Low);
        submitted.plan.template.r#ref = "v\0".to_owned();
        let error = desk.store.submit(&submitted).await.unwrap_err();
        assert!(matches!(error, StoreError::Unstorable { .. }), "{error}");
        assert!(error.to_string().starts_with("the plan cannot be stored"));
        assert_eq!(desk.value("COUNT(*)", "claude_jobs").await, "0");
        // A backslash before the same letters is another text.
        submitted.plan.template.r#ref = "v\\u0000".to_owned();
        desk.store.submit(&submitted).await.unwrap();
        let task = desk.store.payload(&desk.claim(1).await).await.unwrap();
        assert_eq!(task.plan["template"]["ref"], "v\\u0000");
    });
}

#[test]
fn a_file_with_a_nul_that_a_recipe_copies_can_be_submitted() {
    on_both_databases(async |desk| {
        let mut submitted = submission("p0", RiskLevel::Low);
        let literals = &mut submitted.plan.recipe.literals;
        literals.values_mut().next().unwrap().content = b"a\0b".as_slice().into();
        desk.store.submit(&submitted).await.unwrap();
        let task = desk.store.payload(&desk.claim(1).await).await.unwrap();
        let plan: Plan = serde_json::from_value(task.plan).unwrap();
        assert_eq!(plan, submitted.plan);
    });
}

#[test]
fn a_tier_that_was_judged_for_another_tree_is_refused() {
    on_both_databases(async |desk| {
        let mut submitted = submission("p0", RiskLevel::Low);
        submitted.report.tree_id = None;
        let error = desk.store.submit(&submitted).await.unwrap_err();
        assert!(matches!(error, StoreError::AnotherTree { .. }), "{error}");
    });
}
