//! Users, tokens, workers and the statistics of the queue.

use crate::support::jobs::{StoreFixture, product, promises, submission, user, worker};
use crate::support::rows::WorkerRow;
use groundplan::model::action::RiskLevel;
use groundplan::store::Store as _;
use groundplan::store::error::StoreError;
use groundplan::store::run::RunStatus;
use groundplan::store::sql::users::TokenFacts;
use groundplan::store::sql::workers::Presence;

promises! {
    a_sealed_token_is_stored_for_its_user_and_given_only_to_the_worker,
    a_local_user_and_product_are_added_once_and_never_taken_from_another_user,
    a_worker_is_listed_once_until_it_is_removed,
    queue_stats_count_waiting_and_held_jobs_and_runs_by_status,
}

async fn a_sealed_token_is_stored_for_its_user_and_given_only_to_the_worker(fixture: StoreFixture) {
    let ada = user("ada");
    assert_eq!(fixture.store.user(&ada).await.unwrap().token, None);
    let facts = TokenFacts {
        login: "ada-forge".to_owned(),
        verified_at: 1_795_000_000_123,
        scopes: vec!["repo".to_owned(), "odd \"scope\",{}".to_owned()],
        expires_at: None,
        organisations: vec!["acme".to_owned(), "odd \"name\"".to_owned()],
    };
    let saved = fixture.store.save_token(&ada, "v1:sealed", &facts);
    saved.await.unwrap();
    assert_eq!(
        fixture.store.user(&ada).await.unwrap().token,
        Some(facts.clone())
    );
    fixture.submit("p0").await;
    let payload = fixture
        .store
        .payload(&fixture.claim(1).await)
        .await
        .unwrap();
    assert_eq!(payload.sealed_token.as_deref(), Some("v1:sealed"));
    let demo = fixture.store.save_token(&user("demo"), "x", &facts).await;
    assert!(matches!(demo, Err(StoreError::Demo { .. })), "{demo:?}");
}

async fn a_local_user_and_product_are_added_once_and_never_taken_from_another_user(
    fixture: StoreFixture,
) {
    let (local, web) = (user("local"), product("web"));
    for _ in 0..2 {
        fixture.store.ensure_local(&local, &web).await.unwrap();
    }
    let other = fixture.store.ensure_local(&user("other"), &web).await;
    assert_eq!(
        other.unwrap_err().to_string(),
        "product `web` of user `other` does not exist"
    );
    assert_eq!(fixture.product("web").await.user_id, "local");
}

async fn a_worker_is_listed_once_until_it_is_removed(fixture: StoreFixture) {
    let presence = Presence {
        worker: worker(7),
        host: "host".to_owned(),
        process: 7,
        owner: None,
    };
    for _ in 0..2 {
        fixture.store.heartbeat(&presence).await.unwrap();
    }
    let listed = WorkerRow {
        hostname: "host".to_owned(),
        pid: 7,
    };
    assert_eq!(fixture.workers().await, [listed]);
    fixture.store.remove_worker(&worker(7)).await.unwrap();
    assert_eq!(fixture.workers().await, []);
}

async fn queue_stats_count_waiting_and_held_jobs_and_runs_by_status(fixture: StoreFixture) {
    let empty = fixture.store.queue_stats().await.unwrap();
    assert_eq!((empty.waiting, empty.held, empty.oldest), (0, 0, None));
    fixture.submit("p0").await;
    fixture.submit("p1").await;
    let held = submission("p2", RiskLevel::High);
    fixture.store.submit(&held).await.unwrap();
    fixture.submit("p3").await;
    fixture.claim(1).await;
    let measures = fixture.store.queue_stats().await.unwrap();
    assert_eq!((measures.waiting, measures.held), (2, 1));
    assert!(measures.oldest.is_some());
    assert!(measures.runs.contains(&(RunStatus::Pending, 4)));
    assert!(measures.runs.contains(&(RunStatus::Succeeded, 0)));
}
