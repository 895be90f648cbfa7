//! Runs that update repositories, in the store.

use super::changes::{by_ada, by_worker, succeed};
use crate::support::jobs::{StoreFixture, product, promises, submission, user, worker};
use groundplan::model::action::RiskLevel;
use groundplan::store::Store as _;
use groundplan::store::change::RunChange;
use groundplan::store::error::StoreError;
use groundplan::store::job_list::JobFilter;
use groundplan::store::lease::ClaimTarget;
use groundplan::store::run::Run;
use groundplan::store::update::{UpdateMode, UpdateSubmission};

promises! {
    a_product_without_a_repository_and_one_with_an_active_run_get_no_update,
    an_update_is_claimed_in_the_order_of_the_queue,
    a_failed_update_leaves_nothing_to_clean_up,
}

fn update(product_id: &str) -> UpdateSubmission {
    UpdateSubmission {
        user: user("ada"),
        product: product(product_id),
        mode: UpdateMode::Propose,
        key: None,
    }
}

/// The run that created the repository of a product.
async fn created(fixture: &StoreFixture, product_id: &str) -> Run {
    let run = fixture.submit(product_id).await;
    let lease = fixture.claim(1).await;
    by_worker(&fixture.store, &lease, RunChange::Start)
        .await
        .unwrap();
    by_worker(&fixture.store, &lease, succeed()).await.unwrap();
    fixture.run(&run.id).await
}

async fn a_product_without_a_repository_and_one_with_an_active_run_get_no_update(
    fixture: StoreFixture,
) {
    let refused = fixture.store.submit_update(&update("p0")).await;
    let error = refused.expect_err("there is no repository");
    assert!(matches!(error, StoreError::NoRepository { .. }), "{error}");
    created(&fixture, "p0").await;
    let run = fixture.store.submit_update(&update("p0")).await.unwrap();
    let refused = fixture.store.submit_update(&update("p0")).await;
    match refused.expect_err("the product has an active run") {
        StoreError::ActiveRun { run: active, .. } => assert_eq!(active, Some(run.id)),
        error => panic!("{error}"),
    }
    let demo = UpdateSubmission {
        user: user("demo"),
        ..update("p0")
    };
    let refused = fixture.store.submit_update(&demo).await;
    assert!(matches!(refused, Err(StoreError::Demo { .. })));
}

async fn an_update_is_claimed_in_the_order_of_the_queue(fixture: StoreFixture) {
    let creation = created(&fixture, "p0").await;
    let run = fixture.store.submit_update(&update("p0")).await.unwrap();
    fixture
        .store
        .submit(&submission("p1", RiskLevel::Low))
        .await
        .unwrap();
    assert_eq!(
        (run.repo.as_str(), run.tree.as_deref()),
        ("acme/acme-web", None)
    );
    assert_eq!(run.recipe_hash, creation.recipe_hash);
    let lease = fixture.claim(1).await;
    assert_eq!(lease.run, run.id);
    let payload = fixture.store.payload(&lease).await.unwrap();
    assert_eq!(payload.run.update.unwrap().mode, UpdateMode::Propose);
    assert_eq!(payload.report, serde_json::Value::Null);
    let filter = JobFilter {
        kinds: vec!["UPDATE_REPO".to_owned()],
        ..JobFilter::default()
    };
    let jobs = fixture.store.jobs(&filter, 10).await.unwrap();
    assert_eq!(jobs.len(), 1);
    let fleet = fixture.store.fleet("", 10).await.unwrap();
    let row = fleet
        .into_iter()
        .next()
        .unwrap()
        .into_result("row")
        .unwrap();
    assert_eq!((&row.created_by, row.compared), (&creation.id, None));
    assert_eq!(row.newest.unwrap().0, run.id);
}

async fn a_failed_update_leaves_nothing_to_clean_up(fixture: StoreFixture) {
    created(&fixture, "p0").await;
    let run = fixture.store.submit_update(&update("p0")).await.unwrap();
    let lease = fixture.claim(1).await;
    let fail = RunChange::Fail {
        error: "no".to_owned(),
        left: None,
    };
    by_worker(&fixture.store, &lease, fail).await.unwrap();
    assert_eq!(fixture.status(&run.id).await, "FAILED/FAILED");
    let target = ClaimTarget::Ended(run.id.clone());
    let claimed = fixture.store.claim(&worker(1), &target).await.unwrap();
    assert_eq!(claimed, None);
    by_ada(&fixture.store, &run.id, RunChange::Retry)
        .await
        .unwrap();
    assert_eq!(fixture.status(&run.id).await, "PENDING/QUEUED");
}
