//! Single failures: repositories of others, renamed ones, slow forges, tokens that may not delete, and a real folder.

use super::faults::ONCE;
use super::{MemoryLedger, Operation, PushFault, is_empty, is_right, request, run};
use crate::forge::fake::{Dialect, Fake, Fault, PERMANENTLY, Repo};
use crate::forge::support::{FakeClock, marker, wait};
use crate::support::Sandbox;
use async_trait::async_trait;
use groundplan::forge::Forge as _;
use groundplan::forge::denial::Denial;
use groundplan::forge::error::ForgeError;
use groundplan::forge::local::Local;
use groundplan::forge::ownership::OwnershipError;
use groundplan::forge::repository::{Content, Remote, RepositoryId};
use groundplan::model::digest::GitId;
use groundplan::publish::Publisher;
use groundplan::publish::error::{FailureCause, PublishError};
use groundplan::publish::file_ledger::FileLedger;
use groundplan::publish::ledger::PublishRequest;
use groundplan::publish::push::{Push, PushError};
use groundplan::publish::remains::RemainsKind;
use std::process::Command;

const BOTH: [Dialect; 2] = [Dialect::GitHub, Dialect::Forgejo];

fn publish(fake: &Fake, fault: Option<PushFault>) -> PublishError {
    let failed = run(
        fake,
        &mut MemoryLedger::default(),
        fault,
        Operation::Publish,
    );
    failed.expect_err("the publication fails")
}

#[test]
fn a_repository_is_not_requested_under_a_name_that_is_taken_or_redirects() {
    for dialect in BOTH {
        let fake = Fake::start(dialect);
        let id = fake.state().add("Acme", "Web", "mine");
        let full_name = "Acme/Web".to_owned();
        assert_eq!(
            publish(&fake, None),
            PublishError::NotCreated {
                cause: FailureCause::Taken { full_name }
            }
        );
        fake.state().repos.get_mut(&id).unwrap().name = "renamed".to_owned();
        fake.state().redirects.insert("acme/web".to_owned(), id);
        assert_eq!(
            publish(&fake, None),
            PublishError::NotCreated {
                cause: FailureCause::Redirected
            }
        );
        assert_eq!(fake.state().count("POST"), 0);
    }
}

#[test]
fn a_repository_that_another_user_creates_first_is_not_touched() {
    for dialect in BOTH {
        let fake = Fake::start(dialect);
        // Missing when the name is checked and present when it is requested.
        fake.state().fault = Some((0, Fault::NotFound, 1));
        let id = fake.state().add("acme", "web", "mine");
        let full_name = "acme/web".to_owned();
        assert_eq!(
            publish(&fake, None),
            PublishError::NotCreated {
                cause: FailureCause::Taken { full_name }
            }
        );
        assert_eq!(fake.state().count("POST"), 1);
        assert_eq!(fake.state().count("DELETE"), 0);
        assert_eq!(fake.state().repos[&id].description, "mine");
    }
}

/// A change to the repository of a run by another user or by the forge.
type Change = (&'static str, fn(&mut Repo));

/// Every property that another user or the forge may change, besides the marker.
const CHANGES: [Change; 5] = [
    ("public", |repo| repo.private = false),
    ("starred", |repo| repo.stars = 1),
    ("tagged", |repo| repo.tags.push("v1".to_owned())),
    ("in other letters", |repo| "Web".clone_into(&mut repo.name)),
    ("years old", |repo| repo.created_at = 0),
];

#[test]
fn a_repository_with_the_marker_is_never_another_users() {
    for dialect in BOTH {
        for (change, apply) in CHANGES {
            let fake = Fake::start(dialect);
            let mut ledger = MemoryLedger::default();
            // The repository is created and its answer is lost, as are those of the next reads.
            fake.state().fault = Some((1, Fault::CutAfter, PERMANENTLY));
            let first = run(&fake, &mut ledger, None, Operation::Publish);
            let first = first.expect_err("the forge is gone");
            assert!(first.remains().is_some(), "{first:?}");
            fake.state().fault = None;
            for repo in fake.state().repos.values_mut() {
                apply(repo);
            }
            for operation in [Operation::Resume, Operation::Cleanup] {
                if change == "years old" && matches!(operation, Operation::Resume) {
                    continue;
                }
                match run(&fake, &mut ledger, None, operation) {
                    Ok(_) => assert_eq!(change, "years old"),
                    Err(error) => {
                        let remains = error.remains().expect("the repository is reported");
                        assert_eq!(remains.id, Some(RepositoryId(42)), "{change}: {error:?}");
                    }
                }
            }
            let is_removed = fake.state().repos.is_empty();
            assert_eq!(is_removed, change == "years old", "{change}");
        }
    }
}

#[test]
fn a_repository_that_appears_after_it_was_recorded_as_missing_is_recognised() {
    for dialect in BOTH {
        for operation in [Operation::Resume, Operation::Cleanup] {
            let fake = Fake::start(dialect);
            let mut ledger = MemoryLedger::default();
            fake.state().fault = Some((1, Fault::BadGatewayBefore, ONCE));
            let first = run(&fake, &mut ledger, None, Operation::Publish);
            assert!(first.expect_err("no answer").remains().is_some());
            fake.state().calls.clear();
            fake.state().fault = None;
            run(&fake, &mut ledger, None, Operation::Cleanup).expect("nothing is there");

            let late = marker().description();
            let id = fake.state().add("acme", "web", &late);
            let last = run(&fake, &mut ledger, None, operation);
            last.unwrap_or_else(|error| panic!("{dialect:?} {operation:?}: {error:?}"));
            assert_eq!(fake.state().count("POST"), 0);
            match operation {
                Operation::Cleanup => assert_eq!(fake.state().deletes, [id]),
                Operation::Publish | Operation::Resume => assert!(is_right(&fake)),
            }
        }
    }
}

#[test]
fn an_unanswered_search_for_a_late_repository_does_not_report_nothing() {
    for dialect in BOTH {
        let fake = Fake::start(dialect);
        let mut ledger = MemoryLedger::default();
        fake.state().fault = Some((1, Fault::BadGatewayBefore, ONCE));
        run(&fake, &mut ledger, None, Operation::Publish).expect_err("no answer");
        fake.state().fault = None;
        run(&fake, &mut ledger, None, Operation::Cleanup).expect("nothing is there");
        fake.state().calls.clear();
        fake.state().fault = Some((0, Fault::Unauthorized, PERMANENTLY));
        let failed = run(&fake, &mut ledger, None, Operation::Cleanup);
        let failed = failed.expect_err("the token is rejected");
        let remains = failed.remains().expect("it may be there");
        assert_eq!(remains.kind, RemainsKind::MayAppear);
    }
}

#[test]
fn a_requested_repository_that_was_renamed_is_not_reported_as_missing() {
    for dialect in BOTH {
        let fake = Fake::start(dialect);
        let mut ledger = MemoryLedger::default();
        fake.state().fault = Some((1, Fault::CutAfter, PERMANENTLY));
        run(&fake, &mut ledger, None, Operation::Publish).expect_err("the forge is gone");
        fake.state().fault = None;
        let mut state = fake.state();
        let repo = state.repos.get_mut(&42).unwrap();
        repo.name = "renamed".to_owned();
        state.redirects.insert("acme/web".to_owned(), 42);
        drop(state);
        for operation in [Operation::Cleanup, Operation::Resume] {
            let failed = run(&fake, &mut ledger, None, operation).expect_err("it is renamed");
            assert!(failed.remains().is_some(), "{failed:?}");
        }
    }
}

#[test]
fn a_repository_that_the_forge_names_differently_is_reported() {
    for dialect in BOTH {
        let fake = Fake::start(dialect);
        fake.state().renames_to = Some("web-1");
        let failed = publish(&fake, None);
        let PublishError::Incomplete {
            cause: FailureCause::NotOurs(OwnershipError::Name { found, .. }),
            remains,
        } = failed
        else {
            panic!("{failed:?}");
        };
        assert_eq!(found, "acme/web-1");
        assert_eq!(remains.id, Some(RepositoryId(42)));
        assert_eq!(fake.state().count("DELETE"), 0);
    }
}

#[test]
fn a_repository_that_the_forge_shows_late_is_published() {
    for dialect in BOTH {
        let fake = Fake::start(dialect);
        fake.state().hide_new = 4;
        run(
            &fake,
            &mut MemoryLedger::default(),
            None,
            Operation::Publish,
        )
        .unwrap();
        assert!(is_right(&fake));
    }
}

#[test]
fn a_repository_that_the_forge_never_shows_is_reported() {
    let fake = Fake::start(Dialect::GitHub);
    fake.state().hide_new = 100;
    let mut ledger = MemoryLedger::default();
    let failed = run(&fake, &mut ledger, None, Operation::Publish).unwrap_err();
    let PublishError::Incomplete {
        cause: FailureCause::NotVisible,
        remains,
    } = failed
    else {
        panic!("{failed:?}");
    };
    assert_eq!(remains.kind, RemainsKind::Unfinished);
    assert!(
        remains
            .removal
            .as_deref()
            .is_some_and(|command| command.ends_with("--method DELETE repositories/42")),
        "{remains}"
    );
    fake.state().repos.get_mut(&42).unwrap().hidden = 0;
    run(&fake, &mut ledger, None, Operation::Resume).unwrap();
    assert!(is_right(&fake));
    assert_eq!(fake.state().count("POST"), 1);
}

#[test]
fn with_a_token_that_may_not_delete_the_command_for_the_removal_is_reported() {
    let fake = Fake::start(Dialect::GitHub);
    fake.state().scopes = "repo";
    let mut ledger = MemoryLedger::default();
    let failed = run(
        &fake,
        &mut ledger,
        Some(PushFault::Refused),
        Operation::Publish,
    )
    .unwrap_err();
    let text = failed.to_string();
    let address = fake.address();
    let host = address.trim_start_matches("http://");
    assert_eq!(
        text,
        format!(
            "the push was refused: the connection was closed; `acme/web` was created and is unfinished (id 42), not removed: \
             the forge denies the request (the token lacks a scope): status 403: Must have admin rights to Repository.; \
             to remove it: gh api --hostname {host} --method DELETE repositories/42"
        )
    );
    let PublishError::Incomplete { remains, .. } = failed else {
        panic!("{text}");
    };
    assert!(matches!(
        remains.kept,
        Some(ForgeError::Forbidden {
            denial: Denial::Scopes,
            ..
        })
    ));
    run(&fake, &mut ledger, None, Operation::Resume).unwrap();
    assert!(is_right(&fake));
}

#[test]
fn a_repository_with_content_of_others_is_not_removed() {
    for dialect in BOTH {
        let fake = Fake::start(dialect);
        let mut ledger = MemoryLedger::default();
        fake.state().scopes = "repo";
        fake.state().fault = Some((2, Fault::BadGatewayBefore, 1000));
        let failed = run(&fake, &mut ledger, None, Operation::Publish);
        assert!(
            matches!(failed, Err(PublishError::Incomplete { .. })),
            "{failed:?}"
        );
        {
            let mut state = fake.state();
            state.fault = None;
            let repo = state.repos.get_mut(&42).unwrap();
            repo.branches
                .insert("main".to_owned(), ("5".repeat(40), "6".repeat(40)));
        }
        for operation in [Operation::Cleanup, Operation::Resume] {
            let failed = run(&fake, &mut ledger, None, operation);
            assert!(
                matches!(failed, Err(PublishError::Incomplete { .. })),
                "{failed:?}"
            );
        }
        assert_eq!(fake.state().deletes, [0; 0]);
        assert_eq!(fake.state().repos[&42].branches["main"].0, "5".repeat(40));
    }
}

#[test]
fn a_repository_with_another_tree_is_reported_as_unfinished_and_not_removed() {
    let fake = Fake::start(Dialect::Forgejo);
    let mut ledger = MemoryLedger::default();
    run(&fake, &mut ledger, None, Operation::Publish).unwrap();
    let main = ("1".repeat(40), "9".repeat(40));
    fake.state()
        .repos
        .get_mut(&42)
        .unwrap()
        .branches
        .insert("main".to_owned(), main);
    let failed = run(&fake, &mut ledger, None, Operation::Resume).unwrap_err();
    let PublishError::Incomplete {
        cause: FailureCause::Differs { .. },
        remains,
    } = failed
    else {
        panic!("{failed:?}");
    };
    assert_eq!(remains.kind, RemainsKind::Unfinished);
    assert!(!is_empty(&fake));
}

/// A push with the real git program.
struct GitPush<'s>(&'s Sandbox);

#[async_trait]
impl Push for GitPush<'_> {
    async fn push(&self, remote: &Remote) -> Result<(), PushError> {
        let mut git = Command::new("git");
        git.args([
            "-C",
            "work",
            "push",
            "-q",
            &remote.to_string(),
            "HEAD:refs/heads/main",
        ]);
        let ran = self.0.run(&mut git);
        let message = ran.stderr;
        (ran.code == 0)
            .then_some(())
            .ok_or(PushError::Refused { message })
    }
}

#[test]
fn a_repository_in_a_folder_has_the_requested_commit() {
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
    std::fs::create_dir(sandbox.join("forge")).unwrap();
    let clock = FakeClock::new();
    let forge = Local::new(sandbox.join("forge"), clock.clone());
    let request = PublishRequest {
        commit: id("HEAD"),
        tree: id("HEAD^{tree}"),
        ..request()
    };
    let push = GitPush(&sandbox);
    let publisher = Publisher {
        forge: &forge,
        push: &push,
        clock: &*clock,
    };
    let mut ledger = FileLedger::create(&sandbox.join("run.ledger")).unwrap();
    let published = wait(publisher.publish(&mut ledger, request.clone())).unwrap();
    assert_eq!(
        sandbox
            .git("forge/acme/web.git", &["rev-parse", "main"])
            .trim(),
        request.commit.as_str()
    );
    let repository = wait(forge.repository(published.id)).unwrap().unwrap();
    assert_eq!(repository.description, "Acme Web");
    assert_ne!(repository.content, Content::Empty);
}
