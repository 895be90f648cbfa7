//! What every forge promises, asked of GitHub, Forgejo and a folder alike.

use super::fake::{Dialect, Fake};
use super::support::{FakeClock, claim, client, marker, place, wait};
use crate::support::Sandbox;
use groundplan::forge::Forge;
use groundplan::forge::account::{OwnerKind, OwnerStanding};
use groundplan::forge::error::ForgeError;
use groundplan::forge::local::Local;
use groundplan::forge::ownership::{OwnershipError, OwnershipProof};
use groundplan::forge::repository::{
    Availability, Branch, Content, NewRepository, Remote, Repository,
};
use groundplan::model::digest::GitId;
use std::process::Command;

/// A forge, and a hand that reaches behind it.
struct Case<'c> {
    forge: &'c dyn Forge,
    /// Gives a repository a branch with the sandbox's commit, as a push does.
    push: &'c dyn Fn(&Repository, &str),
    /// Puts a repository of somebody else's there.
    stranger: &'c dyn Fn(&str, &str),
    /// The commit that is pushed, and its tree.
    ids: (GitId, GitId),
}

fn order(owner: &str, name: &str) -> NewRepository {
    NewRepository {
        place: place(owner, name),
        kind: OwnerKind::Organisation,
        marker: marker(),
    }
}

async fn conforms(case: &Case<'_>) {
    let Case {
        forge,
        push,
        stranger,
        ids: (commit, tree),
    } = case;
    let ours = |name| OwnershipProof {
        commit: commit.clone(),
        ..claim("acme", name)
    };

    // Somebody acts, and every owner has a standing.
    assert_ne!(forge.current_user().await.unwrap().login, "");
    let acme = forge.owner(&place("acme", "web").owner).await.unwrap();
    assert_eq!(
        (acme.kind, acme.standing),
        (OwnerKind::Organisation, OwnerStanding::Visible)
    );
    let owners = forge.owners().await.unwrap();
    assert!(
        owners.options.iter().any(|option| option.login == "acme"),
        "{owners:?}"
    );

    // What is made is private, empty, marked, and found by its number and in any letters.
    assert_eq!(
        forge.availability(&place("acme", "web")).await,
        Ok(Availability::Free)
    );
    let made = forge.create(&order("acme", "web")).await.unwrap();
    assert_eq!(made.full_name, "acme/web");
    assert_eq!(made.content, Content::Empty);
    assert!(made.is_private);
    assert_eq!(made.description, marker().description());
    assert_eq!(forge.repository(made.id).await, Ok(Some(made.clone())));
    for name in ["web", "WEB"] {
        let standing = Availability::Taken {
            id: made.id,
            full_name: "acme/web".to_owned(),
        };
        assert_eq!(forge.availability(&place("acme", name)).await, Ok(standing));
    }
    ours("web").check(&made).unwrap();
    match &made.remote {
        Remote::Url(url) => assert!(
            url.as_str().starts_with("http://127.0.0.1") && url.path().ends_with("/acme/web.git")
        ),
        Remote::Folder(folder) => assert!(folder.ends_with("acme/web.git")),
    }

    // A name is given once.
    for name in ["web", "Web"] {
        let again = forge.create(&order("acme", name)).await;
        assert!(
            matches!(again, Err(ForgeError::NameTaken { .. })),
            "{again:?}"
        );
    }

    // A push shows with its ids, and the description can be changed.
    push(&made, "main");
    let main = Branch {
        name: "main".to_owned(),
        commit: commit.clone(),
        tree: tree.clone(),
    };
    let pushed = forge.repository(made.id).await.unwrap().unwrap();
    assert_eq!(pushed.content, Content::One(main));
    ours("web").check(&pushed).unwrap();
    forge.describe(&pushed, "Acme's web site").await.unwrap();
    let described = forge.repository(made.id).await.unwrap().unwrap();
    assert_eq!(described.description, "Acme's web site");

    // What is not provably ours is not removed.
    let delete = forge.delete(made.id, &ours("web")).await;
    assert_eq!(delete, Err(ForgeError::NotOurs(OwnershipError::Marker)));
    forge
        .describe(&described, &marker().description())
        .await
        .unwrap();
    let delete = forge.delete(made.id, &claim("acme", "web")).await;
    assert_eq!(
        delete,
        Err(ForgeError::NotOurs(OwnershipError::Content {
            refs: "main".to_owned()
        }))
    );
    let later = OwnershipProof {
        asked_at: made.created_at + 3600,
        ..ours("web")
    };
    assert_eq!(
        forge.delete(made.id, &later).await,
        Err(ForgeError::NotOurs(OwnershipError::Age))
    );
    let name = OwnershipError::Name {
        found: "acme/web".to_owned(),
        expected: "acme/Web".to_owned(),
    };
    assert_eq!(
        forge.delete(made.id, &ours("Web")).await,
        Err(ForgeError::NotOurs(name))
    );
    push(&made, "more");
    let refs = OwnershipError::Content {
        refs: "main, more".to_owned(),
    };
    assert_eq!(
        forge.delete(made.id, &ours("web")).await,
        Err(ForgeError::NotOurs(refs))
    );
    assert!(forge.repository(made.id).await.unwrap().is_some());

    // What is ours is removed, once.
    let other = forge.create(&order("acme", "other")).await.unwrap();
    assert_ne!(other.id, made.id);
    forge.delete(other.id, &ours("other")).await.unwrap();
    assert_eq!(forge.repository(other.id).await, Ok(None));
    assert_eq!(
        forge.availability(&place("acme", "other")).await,
        Ok(Availability::Free)
    );
    let again = forge.delete(other.id, &ours("other")).await;
    assert!(
        matches!(again, Err(ForgeError::NotFound { .. })),
        "{again:?}"
    );

    // The same name again is another repository, and a stranger's is nobody's to adopt.
    let second = forge.create(&order("acme", "other")).await.unwrap();
    assert_ne!(second.id, other.id);
    stranger("acme", "strange");
    let Availability::Taken { id, .. } =
        forge.availability(&place("acme", "strange")).await.unwrap()
    else {
        panic!("a stranger's repository stands there");
    };
    let taken = forge.create(&order("acme", "strange")).await;
    assert!(
        matches!(taken, Err(ForgeError::NameTaken { .. })),
        "{taken:?}"
    );
    let delete = forge.delete(id, &ours("strange")).await;
    assert!(
        matches!(
            delete,
            Err(ForgeError::NotOurs(_) | ForgeError::NotFound { .. })
        ),
        "{delete:?}"
    );
}

fn http_conforms(dialect: Dialect) {
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
        stranger: &|owner, name| {
            fake.state().add(owner, name, "mine");
        },
        ids: (GitId::parse(&commit).unwrap(), GitId::parse(&tree).unwrap()),
    };
    wait(conforms(&case));
    assert_eq!(fake.state().deletes.len(), 1);
}

#[test]
fn github_keeps_the_promises_of_a_forge() {
    http_conforms(Dialect::GitHub);
}

#[test]
fn forgejo_below_a_path_keeps_the_promises_of_a_forge() {
    http_conforms(Dialect::Forgejo);
}

#[test]
fn a_folder_keeps_the_promises_of_a_forge() {
    let sandbox = Sandbox::new();
    sandbox.write("work/file", "content");
    sandbox.git("work", &["init", "-q"]);
    sandbox.git("work", &["add", "."]);
    sandbox.git(
        "work",
        &[
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b",
            "commit",
            "-qm",
            "first",
        ],
    );
    let id = |what| GitId::parse(sandbox.git("work", &["rev-parse", what]).trim()).unwrap();
    std::fs::create_dir_all(sandbox.join("forge/acme")).unwrap();
    let forge = Local::new(sandbox.join("forge"), FakeClock::new());
    let case = Case {
        forge: &forge,
        push: &|repository, branch| {
            let to = format!("HEAD:refs/heads/{branch}");
            sandbox.git("work", &["push", "-q", &repository.remote.to_string(), &to]);
        },
        stranger: &|owner, name| {
            let path = sandbox
                .join("forge")
                .join(owner)
                .join(format!("{name}.git"));
            sandbox
                .run(Command::new("git").args(["init", "-q", "--bare"]).arg(path))
                .exits(0);
        },
        ids: (id("HEAD"), id("HEAD^{tree}")),
    };
    wait(conforms(&case));
    let left: Vec<_> = std::fs::read_dir(sandbox.join("forge")).unwrap().collect();
    assert_eq!(left.len(), 1, "no workshop is left: {left:?}");
}
