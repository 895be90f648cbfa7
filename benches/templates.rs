//! In-process speed with templates in git: the first preview, a preview with cache, and repeated previews.

#[path = "../examples/template.rs"]
#[expect(dead_code, reason = "the example's own main")]
mod template;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use groundplan::catalog::{self, Catalog};
use groundplan::engine;
use groundplan::model::content::{File, Files};
use groundplan::model::date::Day;
use groundplan::model::digest::GitId;
use groundplan::model::input::{Identity, Inputs, Owner, ProductName, RepoName};
use groundplan::model::path::TreePath;
use groundplan::model::plan::{TemplateOrigin, TemplatePin};
use groundplan::model::provenance::CatalogSource;
use groundplan::model::selection::Selection;
use groundplan::model::slug::Slug;
use groundplan::resolve::{self, Request};
use groundplan::tree::git::{GitTree, TemplatePart};
use groundplan::tree::ids::{FirstCommit, tree_id};
use groundplan::tree::inventory_cache::InventoryCache;
use groundplan::tree::memory::MemoryTree;
use groundplan::tree::repository::{CreatedRepository, Layout, Target};
use groundplan::tree::validate::Links;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// A bare repository with one commit of a number of files.
fn repository(folder: &Path, count: usize) -> (PathBuf, GitId) {
    let files = template::files(count).into_iter();
    let files = files.map(|(path, text)| {
        let path = TreePath::parse(&path).expect("a good path");
        (path, File::regular(text))
    });
    let tree = MemoryTree::of(files).expect("a good template");
    let into = folder.join(format!("template-{count}.git"));
    let commit = FirstCommit {
        author: Identity::default(),
        date: Day::parse("2026-11-21").expect("a good day"),
        message: "Template\n".to_owned(),
    };
    let made = CreatedRepository {
        tree: &tree,
        template: None,
        commit: &commit,
        signer: None,
        layout: Layout::Bare,
    };
    let target = Target::check(&into).expect("a free place");
    let ids = target
        .create(&made, &AtomicBool::new(false))
        .expect("a writable place");
    (into, GitId::of(&ids.commit))
}

fn open(repository: &Path, commit: &GitId, remembered: Option<&InventoryCache>) -> GitTree {
    let part = TemplatePart {
        commit: commit.clone(),
        folder: None,
        exclude: &[],
        links: Links::Refused,
    };
    GitTree::open(repository, &part, remembered).expect("a good template")
}

fn catalog() -> Catalog {
    let files = template::catalogue().into_iter();
    let files: Files = files
        .map(|(path, text)| (path, File::regular(text)))
        .collect();
    catalog::load(&files, "bench")
        .catalog
        .expect("a sound catalogue")
}

fn request(catalog: &Catalog, template: &GitTree, commit: &GitId) -> Request {
    let mut selection = Selection::default();
    resolve::fill_with_defaults(catalog, &mut selection);
    Request {
        catalog_source: Some(CatalogSource::Local),
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
        template: TemplatePin {
            repo: TemplateOrigin::Folder,
            r#ref: commit.to_string(),
            sha: Some(commit.clone()),
            path: None,
            tree: GitId::of(&tree_id(template).expect("a good template")),
        },
    }
}

fn benchmarks(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a writable temporary folder");
    let catalog = catalog();
    let mut group = criterion.benchmark_group("templates");
    group.sample_size(20);
    for count in [200, 2_000, 20_000] {
        let (repository, commit) = repository(folder.path(), count);
        let remembered = InventoryCache::at(&folder.path().join("trees"));
        group.bench_function(BenchmarkId::new("first look", count), |bencher| {
            bencher.iter(|| open(&repository, &commit, None));
        });
        let template = open(&repository, &commit, Some(&remembered));
        group.bench_function(BenchmarkId::new("remembered look", count), |bencher| {
            bencher.iter(|| open(&repository, &commit, Some(&remembered)));
        });
        let request = request(&catalog, &template, &commit);
        group.bench_function(BenchmarkId::new("warm preview", count), |bencher| {
            bencher.iter(|| {
                engine::preview(&catalog, request.clone(), &template)
                    .expect("a good selection")
                    .report
            });
        });
    }
    group.finish();
}

criterion_group!(benches, benchmarks);
criterion_main!(benches);
