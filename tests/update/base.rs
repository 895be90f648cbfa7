//! The base of an update, over repositories that real git has merged, squashed, rebased and cut.

use crate::provenance::as_version_1;
use crate::support::{PRODUCT, Sandbox};
use groundplan::app::catalogs;
use groundplan::app::error::AppError;
use groundplan::app::generated_repos::GeneratedRepoRequest;
use groundplan::app::recorded_sources::RecordedSources;
use groundplan::app::templates::{TemplateCache, TemplateRequest};
use groundplan::app::update_base::{self, BaseFiles, BaseOrigin, UpdateBase};
use groundplan::error::{chain, hints};
use groundplan::model::content::File;
use groundplan::model::date::Day;
use groundplan::model::digest::GitId;
use groundplan::model::input::Identity;
use groundplan::model::path::TreePath;
use groundplan::tree::Tree as _;
use groundplan::tree::commits::Commits;
use groundplan::tree::generated::{GENERATED_REF, GeneratedCommit};
use groundplan::tree::memory::MemoryTree;
use std::sync::Arc;

const PROVENANCE: &str = ".scrum4me/bootstrap.json";
const ADA: [&str; 4] = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"];

/// A repository `out` of the demo catalogue.
fn made() -> Sandbox {
    let sandbox = Sandbox::with_demo();
    let flags = ["--defaults", "--author", "Ada <ada@example.org>"];
    sandbox
        .make(&[&flags[..], &["--into", "out"]].concat())
        .exits(0);
    sandbox
}

fn git(sandbox: &Sandbox, args: &[&str]) -> String {
    sandbox.git("out", &[&ADA[..], args].concat())
}

/// Another version of the catalogue, and what it generates, as the next commit of the generated line and on the branch
/// `update`, beside an edit of the user's on `main`.
fn updated(sandbox: &Sandbox) -> GitId {
    sandbox.write("catalog/demo/template/NEW.md", "new\n");
    let flags = ["--defaults", "--author", "Ada <ada@example.org>"];
    sandbox
        .make(&[&flags[..], &["--into", "next"]].concat())
        .exits(0);
    git(sandbox, &["fetch", "-q", "../next", "main"]);
    let tree = git(sandbox, &["rev-parse", "FETCH_HEAD^{tree}"]);
    let first = git(sandbox, &["rev-parse", "main"]);
    let generated = ["commit-tree", tree.trim(), "-p", first.trim(), "-m", "G1"];
    let generated = git(sandbox, &generated);
    let generated = GitId::parse(generated.trim()).unwrap();
    git(sandbox, &["update-ref", GENERATED_REF, generated.as_str()]);
    sandbox.write("out/mine.txt", "mine\n");
    git(sandbox, &["add", "."]);
    git(sandbox, &["commit", "-qm", "mine"]);
    git(sandbox, &["checkout", "-qb", "update"]);
    git(sandbox, &["checkout", "-q", "FETCH_HEAD", "--", "."]);
    git(sandbox, &["commit", "-qm", "update"]);
    git(sandbox, &["checkout", "-q", "main"]);
    generated
}

fn request(sandbox: &Sandbox, repository: &str, catalog: Option<&str>) -> GeneratedRepoRequest {
    let path = |path: &str| sandbox.join(path).display().to_string();
    GeneratedRepoRequest {
        repository: path(repository),
        provenance: TreePath::parse(PROVENANCE).unwrap(),
        catalog: catalog
            .map(|catalog| Arc::new(catalogs::open(&path(catalog), &no_cache).unwrap())),
        template: TemplateRequest::default(),
        allowed_sources: Vec::new(),
    }
}

fn no_cache() -> Result<TemplateCache<'static>, AppError> {
    panic!("no template in git is needed")
}

fn find(request: &GeneratedRepoRequest) -> Result<(UpdateBase, Vec<String>), AppError> {
    let repository = request.read(&no_cache)?;
    let sources = RecordedSources {
        cache: &no_cache,
        database: &|_, _| Ok(None),
    };
    let base = update_base::find(request, &repository, sources)?;
    let paths = match &base.files {
        BaseFiles::Stored(files) => files.keys().cloned().collect(),
        BaseFiles::Built(tree) => {
            let listing = tree.list().unwrap();
            listing.iter().map(|(path, _)| path.to_owned()).collect()
        }
    };
    Ok((base, paths))
}

/// The message and hints of a refusal.
#[track_caller]
fn refused(request: &GeneratedRepoRequest) -> String {
    match find(request) {
        Ok((base, _)) => panic!("found: {}", base.origin),
        Err(AppError::Findings(findings)) => panic!("{:?}", findings.findings),
        Err(AppError::Explained(error)) => {
            let hints = hints(&*error);
            let hints = hints
                .iter()
                .map(|hint| hint.render(|setting| setting.name().to_owned()));
            let mut lines = vec![chain(&*error)];
            lines.extend(hints);
            lines.join("\n")
        }
    }
}

#[track_caller]
fn found(sandbox: &Sandbox, catalog: Option<&str>, has_update: bool) -> UpdateBase {
    let (base, paths) = find(&request(sandbox, "out", catalog)).unwrap_or_else(|error| {
        let error: String = format!("{error:?}");
        panic!("{error}")
    });
    assert_eq!(
        paths.contains(&"NEW.md".to_owned()),
        has_update,
        "{paths:?}"
    );
    let alien = [PROVENANCE, "mine.txt"];
    assert!(
        !paths.iter().any(|path| alien.contains(&&**path)),
        "{paths:?}"
    );
    assert_eq!(base.provenance.tree(), Some(&base.tree));
    base
}

#[test]
fn before_the_first_update_the_base_is_the_first_commit_without_its_provenance() {
    let sandbox = made();
    let first = sandbox.git_id("out", "HEAD");
    sandbox.write("out/README.md", "mine\n");
    git(&sandbox, &["commit", "-qam", "mine"]);
    let base = found(&sandbox, None, false);
    assert_eq!(base.origin, BaseOrigin::FirstCommit(first.clone()));
    assert_eq!(base.previous, Some(first));
}

#[test]
fn a_merged_squashed_or_rebased_update_has_its_generated_commit_as_base() {
    let ways: [&[&[&str]]; 4] = [
        &[&["merge", "-q", "--no-ff", "-m", "merged", "update"]],
        &[
            &["merge", "-q", "--squash", "update"],
            &["commit", "-qm", "squashed"],
        ],
        &[
            &["commit", "-q", "--allow-empty", "-m", "later"],
            &["checkout", "-q", "update"],
            &["rebase", "-q", "main"],
            &["checkout", "-q", "main"],
            &["merge", "-q", "--ff-only", "update"],
        ],
        // A person resolved something in the same commit, and history was rewritten down to one commit.
        &[
            &["merge", "-q", "update"],
            &["reset", "-q", "--soft", "HEAD~2"],
            &["commit", "-q", "--amend", "-m", "all in one"],
        ],
    ];
    for way in ways {
        let sandbox = made();
        let generated = updated(&sandbox);
        // Not yet merged: the base is still the first commit's tree.
        let before = found(&sandbox, None, false);
        assert!(matches!(
            before.origin,
            BaseOrigin::FirstCommit(_) | BaseOrigin::Generated(_)
        ));
        for command in way {
            git(&sandbox, command);
        }
        sandbox.write("out/later.txt", "later\n");
        sandbox.commit("out");
        let base = found(&sandbox, None, true);
        assert_eq!(
            base.origin,
            BaseOrigin::Generated(generated.clone()),
            "{way:?}"
        );
        assert_eq!(base.previous, Some(generated), "{way:?}");
    }
}

#[test]
fn without_the_reference_a_commit_with_exactly_the_recorded_tree_or_the_built_plan_is_the_base() {
    let sandbox = made();
    updated(&sandbox);
    git(&sandbox, &["merge", "-q", "update"]);
    git(&sandbox, &["update-ref", "-d", GENERATED_REF]);
    let base = found(&sandbox, Some("."), true);
    assert_eq!((base.origin, base.previous), (BaseOrigin::Built, None));

    let sandbox = made();
    sandbox.write("catalog/demo/template/NEW.md", "new\n");
    let flags = [
        "--defaults",
        "--author",
        "Ada <ada@example.org>",
        "--into",
        "next",
    ];
    sandbox.make(&flags).exits(0);
    git(&sandbox, &["fetch", "-q", "../next", "main"]);
    git(&sandbox, &["checkout", "-q", "FETCH_HEAD", "--", "."]);
    git(&sandbox, &["commit", "-qm", "update"]);
    let pure = sandbox.git_id("out", "HEAD");
    sandbox.write("out/mine.txt", "mine\n");
    sandbox.commit("out");
    assert_eq!(found(&sandbox, None, true).origin, BaseOrigin::Commit(pure));
}

#[test]
fn a_base_that_cannot_be_proved_is_refused_with_what_is_missing() {
    let sandbox = made();
    updated(&sandbox);
    git(&sandbox, &["merge", "-q", "update"]);
    git(&sandbox, &["update-ref", "-d", GENERATED_REF]);
    // The catalogue has moved on.
    sandbox.write("catalog/demo/template/NEW.md", "newer\n");
    let moved_on = refused(&request(&sandbox, "out", Some(".")));
    assert!(
        moved_on.contains("is in no commit of the repository"),
        "{moved_on}"
    );
    assert!(moved_on.contains("created from template"), "{moved_on}");
    assert!(moved_on.contains("--from-catalog"), "{moved_on}");
    assert!(
        moved_on.contains(&format!("git fetch origin {GENERATED_REF}")),
        "{moved_on}"
    );
    let lost = refused(&request(&sandbox, "out", None));
    assert!(
        lost.contains("was read from a folder or a database"),
        "{lost}"
    );

    let url = format!("file://{}", sandbox.join("out").display());
    sandbox.git(".", &["clone", "-q", "--depth", "1", &url, "shallow"]);
    let shallow = refused(&request(&sandbox, "shallow", None));
    assert!(shallow.contains("git fetch --unshallow"), "{shallow}");

    let sandbox = made();
    let path = format!("out/{PROVENANCE}");
    let text = sandbox.read(&path);
    let tree = serde_json::from_str::<serde_json::Value>(&text).unwrap()["tree"].clone();
    let tree = tree.as_str().unwrap();
    sandbox.write(&path, text.replace(tree, &"1".repeat(40)));
    sandbox.commit("out");
    let differs = refused(&request(&sandbox, "out", Some(".")));
    let expected = format!(
        "gives tree {tree}, but the repository records {}",
        "1".repeat(40)
    );
    assert!(differs.contains(&expected), "{differs}");
    for (text, message) in [
        ("<<<<<<< mine\n", "cannot read"),
        ("{\"version\": 3}", "cannot read"),
    ] {
        sandbox.write(&path, text);
        sandbox.commit("out");
        assert!(refused(&request(&sandbox, "out", None)).contains(message));
    }
    std::fs::remove_file(sandbox.join(&path)).unwrap();
    sandbox.commit("out");
    let gone = refused(&request(&sandbox, "out", None));
    assert!(
        gone.contains("has no `.scrum4me/bootstrap.json`\nrestore the file"),
        "{gone}"
    );
}

#[test]
fn a_repository_of_version_1_has_its_first_commit_as_base_if_its_plan_gives_that_tree() {
    let sandbox = made();
    let path = format!("out/{PROVENANCE}");
    sandbox.write(&path, as_version_1(&sandbox.read(&path)));
    git(&sandbox, &["commit", "-q", "-a", "--amend", "--no-edit"]);
    let first = sandbox.git_id("out", "HEAD");
    sandbox.write("out/README.md", "mine\n");
    git(&sandbox, &["commit", "-qam", "mine"]);
    let (base, paths) = find(&request(&sandbox, "out", Some("."))).unwrap();
    assert_eq!(base.origin, BaseOrigin::FirstCommit(first));
    assert!(!paths.contains(&PROVENANCE.to_owned()));
    let lost = refused(&request(&sandbox, "out", None));
    assert!(lost.contains("no built-in catalogue `demo`"), "{lost}");
    // The first commit was changed: the plan of the same program is built again.
    git(&sandbox, &["reset", "-q", "--soft", "HEAD~1"]);
    git(&sandbox, &["commit", "-q", "--amend", "--no-edit"]);
    let (built, _) = find(&request(&sandbox, "out", Some("."))).unwrap();
    assert_eq!((built.origin, &built.tree), (BaseOrigin::Built, &base.tree));
}

#[test]
fn generated_commits_form_a_line_that_git_accepts_and_a_clone_can_fetch() {
    let sandbox = made();
    let commits = Commits::open(&sandbox.join("out")).unwrap();
    assert_eq!(commits.newest_generated().unwrap(), None);
    let first = sandbox.git_id("out", "HEAD");
    let author = Identity::parse("Ada <ada@example.org>").unwrap();
    let date = Day::parse("2026-11-21").unwrap();
    let mut line = vec![first];
    for number in 0..2 {
        let path = TreePath::parse("docs/a.md").unwrap();
        let tree = MemoryTree::of([(path, File::regular(format!("{number}\n")))]).unwrap();
        let previous = line.last().unwrap().clone();
        let next = GeneratedCommit {
            tree: &tree,
            previous: Some(&previous),
            author: &author,
            date: &date,
            message: "generated",
        };
        let commit = commits.store_generated(&next).unwrap();
        let before = commits.newest_generated().unwrap();
        commits
            .set_newest_generated(&commit, before.as_ref(), &author)
            .unwrap();
        // The same tree again is the same commit.
        let again = GeneratedCommit {
            previous: Some(&commit),
            ..next
        };
        assert_eq!(commits.store_generated(&again).unwrap(), commit);
        // A reference that moved meanwhile is left alone.
        assert!(
            commits
                .set_newest_generated(&line[0], before.as_ref(), &author)
                .is_err()
        );
        line.push(commit);
    }
    line.reverse();
    assert_eq!(commits.generated().unwrap(), line);
    sandbox.git("out", &["fsck", "--strict", "--no-dangling"]);
    let log = sandbox.git("out", &["log", "--format=%H", GENERATED_REF]);
    assert_eq!(
        log.lines().collect::<Vec<_>>(),
        line.iter().map(GitId::as_str).collect::<Vec<_>>()
    );
    sandbox.git(".", &["clone", "-q", "out", "clone"]);
    let refspec = format!("{GENERATED_REF}:{GENERATED_REF}");
    sandbox.git("clone", &["fetch", "-q", "origin", &refspec]);
    let cloned = Commits::open(&sandbox.join("clone")).unwrap();
    assert_eq!(cloned.generated().unwrap(), line);
}

#[test]
fn verify_and_explain_follow_an_update_and_name_what_it_brought() {
    let sandbox = made();
    updated(&sandbox);
    git(&sandbox, &["merge", "-q", "--squash", "update"]);
    git(&sandbox, &["commit", "-qm", "squashed"]);
    let explain = ["explain", "NEW.md", "--in", "out", "--catalog", "."];
    let explained = sandbox.groundplan(explain).exits(0);
    assert!(
        explained.stdout.contains("template"),
        "{}",
        explained.stdout
    );
    // The first plan is of another version of the catalogue.
    std::fs::remove_file(sandbox.join("catalog/demo/template/NEW.md")).unwrap();
    let verify = ["verify", "out", "--catalog", "."];
    let verified = sandbox.groundplan(verify).exits(0);
    let lines: Vec<&str> = verified.stdout.lines().collect();
    let at = lines
        .iter()
        .position(|line| line.starts_with("Update in commit"))
        .unwrap();
    assert_eq!(
        lines[at + 1..],
        ["  ~ .scrum4me/bootstrap.json", "  + NEW.md"]
    );
    let json = verify.iter().chain(&["--format", "json"]);
    let json = sandbox.groundplan(json).exits(0).json();
    assert_eq!(json["steps"].as_array().unwrap().len(), 2);
    assert_eq!(json["steps"][1]["found"], true);
    assert!(PRODUCT.contains(&"acme-web"));
}
