//! In-process speed of loading and checking a catalogue, and of previewing its default selection.

use criterion::{Criterion, criterion_group, criterion_main};
use groundplan::app::checks;
use groundplan::catalog::{self, Catalog, builtin};
use groundplan::engine;
use groundplan::model::content::Files;
use groundplan::model::date::Day;
use groundplan::model::digest::GitId;
use groundplan::model::input::{Identity, Inputs, Owner, ProductName, RepoName};
use groundplan::model::path::TreePath;
use groundplan::model::plan::{TemplateOrigin, TemplatePin};
use groundplan::model::provenance::CatalogSource;
use groundplan::model::selection::Selection;
use groundplan::model::slug::Slug;
use groundplan::resolve::{self, Request};
use groundplan::tree::ids;
use groundplan::tree::memory::MemoryTree;
use std::hint::black_box;

fn load(files: &Files) -> Catalog {
    catalog::load(files, "nextjs")
        .catalog
        .expect("the built-in catalogue is sound")
}

fn template(files: &Files) -> MemoryTree {
    let prefix = "catalog/nextjs/template/";
    let below = files
        .iter()
        .filter_map(|(path, file)| Some((path.strip_prefix(prefix)?, file)));
    let checked =
        below.map(|(path, file)| (TreePath::parse(path).expect("a good path"), file.clone()));
    MemoryTree::of(checked).expect("a good template")
}

fn request(catalog: &Catalog, template: &MemoryTree) -> Request {
    let mut selection = Selection::default();
    resolve::fill_with_defaults(catalog, &mut selection);
    Request {
        selection,
        inputs: Inputs {
            product_name: ProductName::parse("Acme Web").expect("a good name"),
            product_slug: Slug::parse("acme-web").expect("a good slug"),
            owner: Owner::parse("acme").expect("a good owner"),
            repo: RepoName::parse("acme-web").expect("a good name"),
            date: Day::parse("2026-11-21").expect("a good day"),
            repo_url: None,
            values: std::collections::BTreeMap::default(),
        },
        author: Identity::default(),
        catalog_source: Some(CatalogSource::Local),
        template: TemplatePin {
            repo: TemplateOrigin::Catalog("nextjs".to_owned()),
            r#ref: "v1.0.0".to_owned(),
            sha: None,
            path: None,
            tree: GitId::of(&ids::tree_id(template).expect("memory never fails")),
        },
    }
}

fn benchmarks(criterion: &mut Criterion) {
    let files = builtin::files();
    criterion.bench_function(
        "check: load the nextjs catalogue with all rules",
        |bencher| {
            bencher.iter(|| load(black_box(&files)));
        },
    );
    criterion.bench_function(
        "check: the nextjs catalogue with template and trial plans",
        |bencher| {
            bencher.iter(|| checks::one_catalog(black_box(&files), "nextjs", &mut None));
        },
    );
    criterion.bench_function(
        "language server: check after a change of a recipe",
        |bencher| {
            let mut kept = None;
            checks::one_catalog(&files, "nextjs", &mut kept);
            bencher.iter(|| checks::one_catalog(black_box(&files), "nextjs", &mut kept));
        },
    );
    let catalog = load(&files);
    let template = template(&files);
    let request = request(&catalog, &template);
    criterion.bench_function("resolve: default selection to plan", |bencher| {
        bencher.iter(|| resolve::resolve(&catalog, black_box(request.clone())));
    });
    criterion.bench_function("preview: default selection to report and ids", |bencher| {
        bencher.iter(|| {
            engine::preview(&catalog, black_box(request.clone()), &template)
                .expect("a good selection")
                .report
        });
    });
}

criterion_group!(benches, benchmarks);
criterion_main!(benches);
