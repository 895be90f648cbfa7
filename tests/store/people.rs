//! Users, tokens, workers and measures.

use crate::support::jobs::{on_both_databases, product, submission, user, worker};
use groundplan::model::action::RiskLevel;
use groundplan::store::Store as _;
use groundplan::store::error::StoreError;
use groundplan::store::run::RunStatus;
use groundplan::store::sql::users::TokenFacts;
use groundplan::store::sql::workers::Presence;

#[test]
fn a_sealed_token_is_kept_for_its_user_and_given_to_the_worker_only() {
    on_both_databases(async |desk| {
        let ada = user("ada");
        assert_eq!(desk.store.user(&ada).await.unwrap().token, None);
        let facts = TokenFacts {
            login: "ada-forge".to_owned(),
            verified_at: 1_795_000_000_123,
            scopes: vec!["repo".to_owned(), "odd \"scope\",{}".to_owned()],
            expires_at: None,
        };
        let saved = desk.store.save_token(&ada, "v1:sealed", &facts);
        saved.await.unwrap();
        assert_eq!(
            desk.store.user(&ada).await.unwrap().token,
            Some(facts.clone())
        );
        desk.submit("p0").await;
        let task = desk.store.payload(&desk.claim(1).await).await.unwrap();
        assert_eq!(task.sealed_token.as_deref(), Some("v1:sealed"));
        let demo = desk.store.save_token(&user("demo"), "x", &facts).await;
        assert!(matches!(demo, Err(StoreError::Demo { .. })), "{demo:?}");
    });
}

#[test]
fn a_local_user_and_product_are_made_once_and_never_taken_from_somebody_else() {
    on_both_databases(async |desk| {
        let (local, web) = (user("local"), product("web"));
        for _ in 0..2 {
            desk.store.ensure_local(&local, &web).await.unwrap();
        }
        let other = desk.store.ensure_local(&user("other"), &web).await;
        assert_eq!(
            other.unwrap_err().to_string(),
            "there is no product `web` of user `other`"
        );
        let owner = desk.value("user_id", "products WHERE id = 'web'").await;
        assert_eq!(owner, "local");
    });
}

#[test]
fn a_worker_is_listed_once_while_it_beats_and_goes_when_it_leaves() {
    on_both_databases(async |desk| {
        let presence = Presence {
            worker: worker(7),
            host: "host".to_owned(),
            process: 7,
            user: None,
        };
        for _ in 0..2 {
            desk.store.heartbeat(&presence).await.unwrap();
        }
        let listed = desk.value("hostname || ' ' || pid", "claude_workers").await;
        assert_eq!(listed, "host 7");
        desk.store.remove_worker(&worker(7)).await.unwrap();
        assert_eq!(desk.value("COUNT(*)", "claude_workers").await, "0");
    });
}

#[test]
fn measures_tell_what_waits_what_is_held_and_how_runs_ended() {
    on_both_databases(async |desk| {
        let empty = desk.store.queue_stats().await.unwrap();
        assert_eq!((empty.waiting, empty.held, empty.oldest), (0, 0, None));
        desk.submit("p0").await;
        desk.submit("p1").await;
        let held = submission("p2", RiskLevel::High);
        desk.store.submit(&held).await.unwrap();
        desk.submit("p3").await;
        desk.claim(1).await;
        let measures = desk.store.queue_stats().await.unwrap();
        assert_eq!((measures.waiting, measures.held), (2, 1));
        assert!(measures.oldest.is_some());
        assert!(measures.runs.contains(&(RunStatus::Pending, 4)));
        assert!(measures.runs.contains(&(RunStatus::Succeeded, 0)));
    });
}
