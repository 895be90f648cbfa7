//! Options beside a selection: which can be added, and what prevents the others.

use crate::support::Sandbox;
use groundplan::app::catalogs;
use groundplan::app::choices::{find, obstacle};
use groundplan::model::selection::Selection;
use groundplan::model::slug::OptionRef;

const CATALOG: &str = "catalog: shop
title: Shop
template: { path: template, version: v1 }
categories:
  - slug: database
    title: Database
    selection: SINGLE
    options:
      - { slug: postgres, title: PostgreSQL, default: true }
      - { slug: none, title: No database, conflicts: [cache/redis] }
  - slug: cache
    title: Cache
    selection: MULTI
    options:
      - { slug: redis, title: Redis }
      - { slug: tables, title: Tables, requires: [database/postgres] }
";

#[test]
fn an_option_says_what_it_conflicts_with_and_what_it_requires() {
    let sandbox = Sandbox::new();
    sandbox.write("catalog/shop/catalog.yaml", CATALOG);
    sandbox.write("catalog/shop/template/README.md", "# Shop\n");
    let root = sandbox.join(".").display().to_string();
    let catalog = catalogs::open(&root, &super::no_cache).unwrap().catalog;
    let told = |selected: &[&str], option: &str| {
        let mut selection = Selection::default();
        for option in selected {
            selection.insert_option(&OptionRef::parse(option).unwrap());
        }
        let entry = find(&catalog, &OptionRef::parse(option).unwrap()).unwrap();
        obstacle(&catalog, &selection, &entry)
    };
    let redis = Some("Cannot be combined with Redis (Cache).".to_owned());
    let none = Some("Cannot be combined with No database (Database).".to_owned());
    let postgres = Some("Requires PostgreSQL (Database).".to_owned());
    // Either side may state the conflict.
    assert_eq!(told(&["cache/redis"], "database/none"), redis);
    assert_eq!(told(&["database/none"], "cache/redis"), none);
    assert_eq!(told(&["database/none"], "cache/tables"), postgres);
    assert_eq!(told(&["database/postgres"], "cache/tables"), None);
    // An option of a category that allows one replaces the selected one.
    assert_eq!(told(&["database/none"], "database/postgres"), None);
}
