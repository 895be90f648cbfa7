//! Published catalogues: what is offered now, and every version for ever.

use crate::support::jobs::{edition, on_both_databases};
use groundplan::model::digest::Digest;
use groundplan::model::slug::Slug;

#[test]
fn a_catalogue_that_is_published_twice_is_there_once() {
    on_both_databases(async |desk| {
        let edition = edition();
        let first = desk.store.publish_catalog(&edition, "ada").await.unwrap();
        let rows = async || {
            let mut rows = Vec::new();
            for table in ["categories", "options", "actions"] {
                let table = format!("bootstrap_{table}");
                rows.push(desk.value("COUNT(*)", &table).await);
                rows.push(desk.value("MIN(id)", &table).await);
            }
            rows
        };
        let before = rows().await;
        let counts: Vec<_> = before.iter().step_by(2).map(String::as_str).collect();
        assert_eq!(counts, ["2", "3", "2"]);
        let again = desk.store.publish_catalog(&edition, "eve").await.unwrap();
        assert_eq!(again, first, "who published it first stays");
        assert_eq!((again.number, again.by.as_str()), (1, "ada"));
        assert_eq!(rows().await, before);
        let kept = desk.store.published_catalog(&edition.catalog_version).await;
        assert_eq!(kept.unwrap(), Some(edition));
    });
}

#[test]
fn a_new_version_replaces_what_is_offered_and_the_old_one_is_kept() {
    on_both_databases(async |desk| {
        let old = edition();
        desk.store.publish_catalog(&old, "ada").await.unwrap();
        let mut new = edition();
        new.catalog_version = Digest::of(b"new");
        new.categories.remove(1);
        new.categories[0].options.remove(1);
        new.categories[0].options[0].actions.remove(0);
        new.categories[0].options[0].title = "Better sessions".to_owned();
        let other = {
            let mut other = edition();
            other.catalog = Slug::parse("demo-two").unwrap();
            other.catalog_version = Digest::of(b"other");
            other
        };
        desk.store.publish_catalog(&other, "ada").await.unwrap();
        let published = desk.store.publish_catalog(&new, "ada").await.unwrap();
        assert_eq!(published.number, 2);
        let offered = "bootstrap_options o JOIN bootstrap_categories c ON c.id = o.category_id \
                       WHERE c.slug LIKE 'demo/%'";
        let name = desk.value("c.slug || '/' || o.slug || ' ' || o.name", offered);
        assert_eq!(name.await, "demo/auth/session Better sessions");
        let actions = format!("bootstrap_actions WHERE option_id IN (SELECT o.id FROM {offered})");
        assert_eq!(desk.value("kind", &actions).await, "COPY_FILE");
        let others = "bootstrap_categories WHERE slug LIKE 'demo-two/%'";
        assert_eq!(desk.value("COUNT(*)", others).await, "2");
        let history = desk.store.catalog_history(&old.catalog).await.unwrap();
        let versions: Vec<_> = history.into_iter().map(|one| one.catalog_version).collect();
        assert_eq!(versions, [new.catalog_version, old.catalog_version.clone()]);
        let kept = desk.store.published_catalog(&old.catalog_version).await;
        assert_eq!(kept.unwrap(), Some(old));
    });
}
