//! The promises of every forge, one test per promise, for GitHub, Forgejo and a folder.

use super::fake::{Dialect, Fake};
use super::support::{FakeClock, client, marker, proof, repo, wait};
use crate::support::Sandbox;
use groundplan::forge::Forge;
use groundplan::forge::error::ForgeError;
use groundplan::forge::local::Local;
use groundplan::forge::ownership::{OwnershipError, OwnershipProof};
use groundplan::forge::repository::{
    Availability, Branch, Content, NewRepository, Remote, Repository,
};
use groundplan::model::digest::GitId;
use groundplan::model::preflight::{OwnerKind, OwnerStanding};
use std::process::Command;

/// A forge, with access to its repositories besides its API.
struct Case<'c> {
    forge: &'c dyn Forge,
    /// Gives a repository a branch with [`Case::commit`], as a push does.
    push: &'c dyn Fn(&Repository, &str),
    /// Adds a repository of another user.
    add_foreign: &'c dyn Fn(&str, &str),
    commit: GitId,
    tree: GitId,
}

impl Case<'_> {
    async fn create(&self, name: &str) -> Repository {
        self.forge.create(&order(name)).await.unwrap()
    }

    async fn read(&self, repository: &Repository) -> Repository {
        let found = self.forge.repository(repository.id).await;
        found.unwrap().unwrap()
    }

    fn proof(&self, name: &str) -> OwnershipProof {
        OwnershipProof {
            commit: self.commit.clone(),
            ..proof("acme", name)
        }
    }
}

fn order(name: &str) -> NewRepository {
    NewRepository {
        repo: repo("acme", name),
        owner_kind: OwnerKind::Organisation,
        marker: marker(),
    }
}

async fn the_user_and_the_owners_are_listed(case: &Case<'_>) {
    let Case { forge, .. } = case;
    assert_ne!(forge.current_user().await.unwrap().login, "");
    let acme = forge.owner(&repo("acme", "web").owner).await.unwrap();
    assert_eq!(
        (acme.kind, acme.standing, acme.denial),
        (OwnerKind::Organisation, OwnerStanding::Visible, None)
    );
    let owners = forge.owners().await.unwrap();
    assert!(
        owners.options.iter().any(|option| option.login == "acme"),
        "{owners:?}"
    );
}

async fn a_new_repository_is_private_empty_and_marked(case: &Case<'_>) {
    let Case { forge, .. } = case;
    let free = forge.availability(&repo("acme", "web")).await;
    assert_eq!(free, Ok(Availability::Free));
    let created = case.create("web").await;
    assert_eq!(created.full_name, "acme/web");
    assert_eq!(created.content, Content::Empty);
    assert!(created.is_private);
    assert_eq!(created.description, marker().description());
    case.proof("web").check(&created).unwrap();
    match &created.remote {
        Remote::Url(url) => assert!(
            url.as_str().starts_with("http://127.0.0.1") && url.path().ends_with("/acme/web.git")
        ),
        Remote::Folder(folder) => assert!(folder.ends_with("acme/web.git")),
    }
}

async fn a_repository_is_found_by_its_number_and_by_its_name_in_any_case(case: &Case<'_>) {
    let Case { forge, .. } = case;
    let created = case.create("web").await;
    assert_eq!(case.read(&created).await, created);
    for name in ["web", "WEB"] {
        let taken = Availability::Taken {
            id: created.id,
            full_name: "acme/web".to_owned(),
        };
        assert_eq!(forge.availability(&repo("acme", name)).await, Ok(taken));
    }
}

async fn a_name_is_given_once(case: &Case<'_>) {
    case.create("web").await;
    for name in ["web", "Web"] {
        let again = case.forge.create(&order(name)).await;
        assert!(
            matches!(again, Err(ForgeError::NameTaken { .. })),
            "{again:?}"
        );
    }
}

async fn a_push_is_shown_with_its_ids(case: &Case<'_>) {
    let created = case.create("web").await;
    (case.push)(&created, "main");
    let main = Branch {
        name: "main".to_owned(),
        commit: case.commit.clone(),
        tree: case.tree.clone(),
    };
    let pushed = case.read(&created).await;
    assert_eq!(pushed.content, Content::Branch(main));
    case.proof("web").check(&pushed).unwrap();
}

async fn the_description_can_be_changed(case: &Case<'_>) {
    let created = case.create("web").await;
    let changed = case
        .forge
        .set_description(&created, "Acme's web site")
        .await;
    changed.unwrap();
    assert_eq!(case.read(&created).await.description, "Acme's web site");
}

async fn a_repository_that_is_not_provably_ours_is_not_deleted(case: &Case<'_>) {
    let Case { forge, .. } = case;
    let created = case.create("web").await;
    let refused = async |proof: OwnershipProof, error: OwnershipError| {
        let deleted = forge.delete(created.id, &proof).await;
        assert_eq!(deleted, Err(ForgeError::NotOurs(error)));
        assert!(forge.repository(created.id).await.unwrap().is_some());
    };
    let changed = forge.set_description(&created, "Acme's web site").await;
    changed.unwrap();
    refused(case.proof("web"), OwnershipError::Marker).await;
    let description = marker().description();
    let restored = forge.set_description(&created, &description).await;
    restored.unwrap();

    let name = OwnershipError::Name {
        found: "acme/web".to_owned(),
        expected: "acme/Web".to_owned(),
    };
    refused(case.proof("Web"), name).await;

    let refs = |refs: &str| OwnershipError::Content {
        refs: refs.to_owned(),
    };
    (case.push)(&created, "main");
    refused(proof("acme", "web"), refs("main")).await;
    (case.push)(&created, "more");
    refused(case.proof("web"), refs("main, more")).await;
}

async fn our_repository_is_deleted_once(case: &Case<'_>) {
    let Case { forge, .. } = case;
    let kept = case.create("web").await;
    let created = case.create("other").await;
    assert_ne!(created.id, kept.id);
    let deleted = forge.delete(created.id, &case.proof("other")).await;
    deleted.unwrap();
    assert_eq!(forge.repository(created.id).await, Ok(None));
    let free = forge.availability(&repo("acme", "other")).await;
    assert_eq!(free, Ok(Availability::Free));
    let again = forge.delete(created.id, &case.proof("other")).await;
    assert!(
        matches!(again, Err(ForgeError::NotFound { .. })),
        "{again:?}"
    );
    assert_eq!(case.read(&kept).await, kept);
}

async fn a_number_is_never_given_again(case: &Case<'_>) {
    let first = case.create("web").await;
    let deleted = case.forge.delete(first.id, &case.proof("web")).await;
    deleted.unwrap();
    assert_ne!(case.create("web").await.id, first.id);
}

async fn a_foreign_repository_is_neither_replaced_nor_deleted(case: &Case<'_>) {
    let Case { forge, .. } = case;
    (case.add_foreign)("acme", "foreign");
    let found = forge.availability(&repo("acme", "foreign")).await;
    let Ok(Availability::Taken { id, .. }) = found else {
        panic!("the foreign repository exists: {found:?}");
    };
    let created = forge.create(&order("foreign")).await;
    assert!(
        matches!(created, Err(ForgeError::NameTaken { .. })),
        "{created:?}"
    );
    let deleted = forge.delete(id, &case.proof("foreign")).await;
    assert!(
        matches!(
            deleted,
            Err(ForgeError::NotOurs(_) | ForgeError::NotFound { .. })
        ),
        "{deleted:?}"
    );
    let kept = forge.availability(&repo("acme", "foreign")).await;
    assert!(matches!(kept, Ok(Availability::Taken { .. })), "{kept:?}");
}

/// Runs a promise against a fake.
fn over_http(dialect: Dialect, promise: impl AsyncFnOnce(&Case<'_>)) {
    let fake = Fake::start(dialect);
    let forge = client(&fake, FakeClock::new());
    let (commit, tree) = ("3".repeat(40), "4".repeat(40));
    let case = Case {
        forge: &*forge,
        push: &|repository, branch| {
            let mut state = fake.state();
            let branches = &mut state.repos.get_mut(&repository.id.0).unwrap().branches;
            branches.insert(branch.to_owned(), (commit.clone(), tree.clone()));
        },
        add_foreign: &|owner, name| {
            fake.state().add(owner, name, "mine");
        },
        commit: GitId::parse(&commit).unwrap(),
        tree: GitId::parse(&tree).unwrap(),
    };
    wait(promise(&case));
}

/// Runs a promise against a folder, with pushes by git.
fn over_a_folder(promise: impl AsyncFnOnce(&Case<'_>)) {
    let sandbox = Sandbox::new();
    sandbox.write("work/file", "content");
    sandbox.commit("work");
    let id = |what| GitId::parse(sandbox.git("work", &["rev-parse", what]).trim()).unwrap();
    std::fs::create_dir_all(sandbox.join("forge/acme")).unwrap();
    let forge = Local::new(sandbox.join("forge"), FakeClock::new());
    let case = Case {
        forge: &forge,
        push: &|repository, branch| {
            let to = format!("HEAD:refs/heads/{branch}");
            sandbox.git("work", &["push", "-q", &repository.remote.to_string(), &to]);
        },
        add_foreign: &|owner, name| {
            let path = sandbox
                .join("forge")
                .join(owner)
                .join(format!("{name}.git"));
            sandbox
                .run(Command::new("git").args(["init", "-q", "--bare"]).arg(path))
                .exits(0);
        },
        commit: id("HEAD"),
        tree: id("HEAD^{tree}"),
    };
    wait(promise(&case));
    let entries: Vec<_> = std::fs::read_dir(sandbox.join("forge")).unwrap().collect();
    assert_eq!(entries.len(), 1, "no temporary folder remains: {entries:?}");
}

/// A test of each promise, in a module for each kind of forge.
macro_rules! conformance {
    ($($promise:ident),+ $(,)?) => {
        mod github {
            $(#[test] fn $promise() { super::over_http(super::Dialect::GitHub, super::$promise); })+
        }
        /// It is served below a path.
        mod forgejo {
            $(#[test] fn $promise() { super::over_http(super::Dialect::Forgejo, super::$promise); })+
        }
        mod folder {
            $(#[test] fn $promise() { super::over_a_folder(super::$promise); })+
        }
    };
}

conformance! {
    the_user_and_the_owners_are_listed,
    a_new_repository_is_private_empty_and_marked,
    a_repository_is_found_by_its_number_and_by_its_name_in_any_case,
    a_name_is_given_once,
    a_push_is_shown_with_its_ids,
    the_description_can_be_changed,
    a_repository_that_is_not_provably_ours_is_not_deleted,
    our_repository_is_deleted_once,
    a_number_is_never_given_again,
    a_foreign_repository_is_neither_replaced_nor_deleted,
}
