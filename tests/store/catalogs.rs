//! Published catalogues: what is offered now, and every version for ever.

use crate::support::jobs::{StoreFixture, promises, published_catalog};
use crate::support::rows::OfferRow;
use groundplan::model::digest::Digest;
use groundplan::model::slug::Slug;
use groundplan::store::listed::Listed;

promises! {
    a_catalogue_that_is_published_twice_is_stored_once,
    a_new_version_replaces_the_offer_and_the_old_version_is_kept,
    the_state_of_the_rows_changes_with_each_of_them,
}

async fn a_catalogue_that_is_published_twice_is_stored_once(fixture: StoreFixture) {
    let catalog = published_catalog();
    let first = fixture
        .store
        .publish_catalog(&catalog, "ada")
        .await
        .unwrap();
    let rows = async || {
        let mut rows = Vec::new();
        for table in ["categories", "options", "actions"] {
            rows.push(fixture.ids(&format!("bootstrap_{table}")).await);
        }
        rows
    };
    let before = rows().await;
    let counts: Vec<_> = before.iter().map(Vec::len).collect();
    assert_eq!(counts, [2, 3, 2]);
    let again = fixture
        .store
        .publish_catalog(&catalog, "eve")
        .await
        .unwrap();
    assert_eq!(again, first, "the first user is kept");
    assert_eq!((again.number, again.by.as_str()), (1, "ada"));
    assert_eq!(rows().await, before);
    let kept = fixture
        .store
        .published_catalog(&catalog.catalog_version)
        .await;
    assert_eq!(kept.unwrap(), Some(catalog));
}

async fn a_new_version_replaces_the_offer_and_the_old_version_is_kept(fixture: StoreFixture) {
    let old = published_catalog();
    fixture.store.publish_catalog(&old, "ada").await.unwrap();
    let mut new = published_catalog();
    new.catalog_version = Digest::of(b"new");
    new.categories.remove(1);
    new.categories[0].options.remove(1);
    new.categories[0].options[0].actions.remove(0);
    new.categories[0].options[0].title = "Better sessions".into();
    let other = {
        let mut other = published_catalog();
        other.catalog = Slug::parse("demo-two").unwrap();
        other.catalog_version = Digest::of(b"other");
        other
    };
    fixture.store.publish_catalog(&other, "ada").await.unwrap();
    let published = fixture.store.publish_catalog(&new, "ada").await.unwrap();
    assert_eq!(published.number, 2);
    let offer = OfferRow {
        category: "demo/auth".to_owned(),
        option: "session".to_owned(),
        option_name: "Better sessions".to_owned(),
        action: "COPY_FILE".to_owned(),
    };
    assert_eq!(fixture.offers("demo").await, [offer]);
    assert_eq!(fixture.offers("demo-two").await.len(), 2);
    let history = fixture.store.catalog_history(&old.catalog).await.unwrap();
    let history = history.into_iter().filter_map(Listed::readable);
    let versions: Vec<_> = history.map(|one| one.catalog_version).collect();
    assert_eq!(versions, [new.catalog_version, old.catalog_version.clone()]);
    let kept = fixture.store.published_catalog(&old.catalog_version).await;
    assert_eq!(kept.unwrap(), Some(old));
}

async fn the_state_of_the_rows_changes_with_each_of_them(fixture: StoreFixture) {
    let (store, mut catalog) = (&fixture.store, published_catalog());
    let state = async || store.catalog_rows_version(&catalog.catalog).await.unwrap();
    assert_eq!(state().await, None);
    store.publish_catalog(&catalog, "ada").await.unwrap();
    let mut states = vec![state().await];
    assert_eq!(state().await, states[0], "nothing changed");
    for statement in [
        "UPDATE bootstrap_actions SET execution_order = execution_order + 10",
        "UPDATE bootstrap_options SET name = 'Other' WHERE slug = 'session'",
        "UPDATE bootstrap_categories SET position = position + 1",
        "DELETE FROM bootstrap_actions",
        "DELETE FROM bootstrap_options WHERE slug = 'session'",
    ] {
        assert!(fixture.write(statement).await > 0, "{statement}");
        let next = state().await;
        assert!(!states.contains(&next), "{statement}");
        states.push(next);
    }
    assert!(states.iter().all(Option::is_some));
    // Another version with the same categories: its files may differ.
    let slug = catalog.catalog.clone();
    catalog.catalog_version = Digest::of(b"new");
    store.publish_catalog(&catalog, "ada").await.unwrap();
    let published = store.catalog_rows_version(&slug).await.unwrap();
    assert!(!states.contains(&published));
}
