//! Submitting and claiming: one active run for a product, each job to one worker, oldest first.

use crate::support::jobs::{StoreFixture, product, promises, submission, user, worker};
use groundplan::model::action::RiskLevel;
use groundplan::model::plan::Plan;
use groundplan::store::Store as _;
use groundplan::store::error::StoreError;
use groundplan::store::id::RunId;
use groundplan::store::lease::ClaimTarget;
use groundplan::store::run::{RunFilter, RunStatus};
use std::collections::BTreeSet;

promises! {
    a_submission_is_a_queued_job_and_a_pending_run,
    a_plan_and_a_report_are_read_as_they_were_stored,
    exactly_one_of_two_simultaneous_submissions_for_a_product_is_accepted,
    unknown_and_demo_users_cannot_submit,
    the_oldest_job_of_our_kind_is_claimed_first_and_no_other_kind_ever,
    forty_jobs_are_claimed_by_eight_workers_each_exactly_once,
    a_job_of_our_kind_without_a_run_is_failed_and_the_next_one_claimed,
    runs_are_filtered_and_listed_newest_first,
    a_list_of_any_length_is_read_page_by_page,
    a_document_that_no_database_can_store_is_refused,
    a_file_with_a_nul_that_a_recipe_copies_can_be_submitted,
    an_assessment_of_another_tree_is_refused,
}

async fn a_submission_is_a_queued_job_and_a_pending_run(fixture: StoreFixture) {
    let submitted = submission("p0", RiskLevel::Medium);
    let run = fixture.store.submit(&submitted).await.unwrap();
    assert_eq!(fixture.status(&run.id).await, "PENDING/QUEUED");
    assert_eq!(run.repo, "acme/acme-web");
    assert_eq!(run.tree.as_deref(), Some(submitted.risk.tree.as_str()));
    assert_eq!(run.risk, Some(submitted.risk.clone()));
    assert_eq!((run.worker, run.retries), (None, 0));
    assert_eq!(fixture.event_kinds(&run.id).await, ["submitted"]);
    let job = fixture.job(run.job.as_str()).await;
    assert_eq!(job.kind, "BOOTSTRAP_REPO");
    assert_eq!(job.requested_model, None);
    assert_eq!(job.requested_thinking_budget, None);
    assert_eq!(job.requested_permission_mode, None);
}

async fn a_plan_and_a_report_are_read_as_they_were_stored(fixture: StoreFixture) {
    let submitted = submission("p0", RiskLevel::Low);
    fixture.store.submit(&submitted).await.unwrap();
    let payload = fixture
        .store
        .payload(&fixture.claim(1).await)
        .await
        .unwrap();
    let plan: Plan = serde_json::from_value(payload.plan).unwrap();
    assert_eq!(plan, submitted.plan);
    let recipe_hash = plan.recipe_hash();
    assert_eq!(recipe_hash, submitted.report.recipe_hash);
    assert_eq!(plan.hash(&recipe_hash), submitted.report.plan_hash);
    let report = serde_json::to_value(&submitted.report).unwrap();
    assert_eq!(payload.report, report);
}

async fn exactly_one_of_two_simultaneous_submissions_for_a_product_is_accepted(
    fixture: StoreFixture,
) {
    let one = submission("p0", RiskLevel::Low);
    for _ in 0..10 {
        let (first, second) = tokio::join!(fixture.store.submit(&one), fixture.store.submit(&one));
        let (taken, refused) = match (first, second) {
            (Ok(taken), Err(refused)) | (Err(refused), Ok(taken)) => (taken, refused),
            other => panic!("{other:?}"),
        };
        let StoreError::ActiveRun { run, .. } = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(run, Some(taken.id));
        fixture.delete_jobs().await;
    }
}

async fn unknown_and_demo_users_cannot_submit(fixture: StoreFixture) {
    let refused = async |user_id: &str, product_id: &str| {
        let mut submission = submission(product_id, RiskLevel::Low);
        submission.user = user(user_id);
        fixture
            .store
            .submit(&submission)
            .await
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        refused("nobody", "p0").await,
        "user `nobody` does not exist"
    );
    assert_eq!(
        refused("demo", "demo-product").await,
        "user `demo` is a demo user and may only read"
    );
    assert_eq!(
        refused("ada", "demo-product").await,
        "product `demo-product` of user `ada` does not exist"
    );
    assert_eq!(fixture.count("claude_jobs").await, 0);
}

async fn the_oldest_job_of_our_kind_is_claimed_first_and_no_other_kind_ever(fixture: StoreFixture) {
    let first = fixture.submit("p0").await;
    let second = fixture.submit("p1").await;
    fixture.add_foreign_job("foreign", "QUEUED").await;
    fixture.make_oldest(second.job.as_str()).await;
    assert_eq!(fixture.claim(1).await.run, second.id);
    assert_eq!(fixture.claim(1).await.run, first.id);
    let none = fixture
        .store
        .claim(&worker(1), &ClaimTarget::Oldest)
        .await
        .unwrap();
    assert_eq!(none, None);
    assert_eq!(fixture.job("foreign").await.status, "QUEUED");
}

async fn forty_jobs_are_claimed_by_eight_workers_each_exactly_once(fixture: StoreFixture) {
    fixture.add_products(10..50).await;
    for number in 10..50 {
        fixture.submit(&format!("p{number}")).await;
    }
    let tasks: Vec<_> = (0..8)
        .map(|number| {
            let store = fixture.store.clone();
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
}

async fn a_job_of_our_kind_without_a_run_is_failed_and_the_next_one_claimed(fixture: StoreFixture) {
    let run = fixture.submit("p0").await;
    fixture.add_job_without_run("empty").await;
    assert_eq!(fixture.claim(1).await.run, run.id);
    let none = fixture
        .store
        .claim(&worker(1), &ClaimTarget::Oldest)
        .await
        .unwrap();
    assert_eq!(none, None);
    let job = fixture.job("empty").await;
    assert_eq!(job.status, "FAILED");
    let error = job.error.unwrap();
    assert!(error.contains("no row in bootstrap_runs"), "{error}");
}

async fn runs_are_filtered_and_listed_newest_first(fixture: StoreFixture) {
    let old = fixture.submit("p0").await;
    let new = fixture.submit("p1").await;
    fixture.claim(1).await;
    let ids = async |filter: RunFilter| -> Vec<_> {
        let runs = fixture.runs(&filter).await;
        runs.into_iter().map(|run| run.id).collect()
    };
    let all = ids(RunFilter::default()).await;
    assert_eq!(all, [new.id.clone(), old.id.clone()]);
    let one = ids(RunFilter {
        product: Some(product("p0")),
        ..RunFilter::default()
    })
    .await;
    assert_eq!(one, std::slice::from_ref(&old.id));
    let waiting = ids(RunFilter {
        statuses: vec![RunStatus::Pending, RunStatus::FailedNeedsCleanup],
        ..RunFilter::default()
    });
    assert_eq!(waiting.await.len(), 2);
    let held = ids(RunFilter {
        held: true,
        ..RunFilter::default()
    });
    assert_eq!(held.await, std::slice::from_ref(&old.id));
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
    assert_eq!(last, std::slice::from_ref(&new.id));
    let next = ids(RunFilter {
        after: Some(new.id.clone()),
        ..RunFilter::default()
    })
    .await;
    assert_eq!(next, std::slice::from_ref(&old.id));
    let of_another = ids(RunFilter {
        user: Some(user("bob")),
        ..RunFilter::default()
    })
    .await;
    assert_eq!(of_another, []);
    let beginning = ids(RunFilter {
        id_prefix: Some(old.id.as_str()[..24].to_owned()),
        ..RunFilter::default()
    })
    .await;
    assert!(beginning.contains(&old.id), "{beginning:?}");
    let unknown = RunFilter {
        after: Some(RunId::parse("unknown").unwrap()),
        ..RunFilter::default()
    };
    let missing = fixture.store.runs(&unknown).await.unwrap_err();
    assert!(matches!(missing, StoreError::NoRun { .. }), "{missing}");
}

async fn a_list_of_any_length_is_read_page_by_page(fixture: StoreFixture) {
    fixture.submit("p0").await;
    fixture.copy_run(2_500).await;
    let mut after = None;
    let mut ids = BTreeSet::new();
    loop {
        let page = RunFilter {
            after,
            limit: Some(1_000),
            ..RunFilter::default()
        };
        let page = fixture.runs(&page).await;
        let Some(last) = page.last() else {
            break;
        };
        after = Some(last.id.clone());
        ids.extend(page.into_iter().map(|run| run.id));
    }
    assert_eq!(ids.len(), 2_501);
}

async fn a_document_that_no_database_can_store_is_refused(fixture: StoreFixture) {
    let mut submitted = submission("p0", RiskLevel::Low);
    submitted.plan.template.r#ref = "v\0".into();
    let error = fixture.store.submit(&submitted).await.unwrap_err();
    assert!(matches!(error, StoreError::Unstorable { .. }), "{error}");
    assert!(error.to_string().starts_with("the plan cannot be stored"));
    assert_eq!(fixture.count("claude_jobs").await, 0);
    // A backslash before the same letters is another text.
    submitted.plan.template.r#ref = "v\\u0000".into();
    fixture.store.submit(&submitted).await.unwrap();
    let payload = fixture
        .store
        .payload(&fixture.claim(1).await)
        .await
        .unwrap();
    assert_eq!(payload.plan["template"]["ref"], "v\\u0000");
}

async fn a_file_with_a_nul_that_a_recipe_copies_can_be_submitted(fixture: StoreFixture) {
    let mut submitted = submission("p0", RiskLevel::Low);
    let literals = &mut submitted.plan.recipe.literals;
    literals.values_mut().next().unwrap().content = b"a\0b".as_slice().into();
    fixture.store.submit(&submitted).await.unwrap();
    let payload = fixture
        .store
        .payload(&fixture.claim(1).await)
        .await
        .unwrap();
    let plan: Plan = serde_json::from_value(payload.plan).unwrap();
    assert_eq!(plan, submitted.plan);
}

async fn an_assessment_of_another_tree_is_refused(fixture: StoreFixture) {
    let mut submitted = submission("p0", RiskLevel::Low);
    submitted.report.tree_id = None;
    let error = fixture.store.submit(&submitted).await.unwrap_err();
    assert!(matches!(error, StoreError::AnotherTree { .. }), "{error}");
}
