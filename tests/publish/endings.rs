//! Endings one by one: strangers, renamed repositories, slow forges, tokens that may not delete, and a real folder.

use super::{Act, MemoryLedger, PushFault, is_empty, is_right, order, run};
use crate::forge::fake::{Dialect, Fake, Fault};
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
use groundplan::publish::file_ledger::FileLedger;
use groundplan::publish::ledger::PublishRequest;
use groundplan::publish::outcome::{FailureCause, PublishError, RemainsKind};
use groundplan::publish::push::{Push, PushError};
use std::process::Command;

const BOTH: [Dialect; 2] = [Dialect::GitHub, Dialect::Forgejo];

fn publish(fake: &Fake, fault: Option<PushFault>) -> PublishError {
    let ended = run(fake, &mut MemoryLedger::default(), fault, Act::Publish);
    ended.expect_err("it cannot be published")
}

#[test]
fn a_name_that_is_taken_or_leads_elsewhere_is_not_even_asked_for() {
    for dialect in BOTH {
        let fake = Fake::start(dialect);
        let id = fake.state().add("Acme", "Web", "mine");
        let full_name = "Acme/Web".to_owned();
        assert_eq!(
            publish(&fake, None),
            PublishError::NothingLeft {
                why: FailureCause::Taken { full_name }
            }
        );
        fake.state().repos.get_mut(&id).unwrap().name = "renamed".to_owned();
        fake.state().redirects.insert("acme/web".to_owned(), id);
        assert_eq!(
            publish(&fake, None),
            PublishError::NothingLeft {
                why: FailureCause::Redirected
            }
        );
        assert_eq!(fake.state().count("POST"), 0);
    }
}

#[test]
fn a_stranger_who_is_faster_keeps_what_is_his() {
    for dialect in BOTH {
        for description in ["mine".to_owned(), marker().description()] {
            let fake = Fake::start(dialect);
            // Not there when the name is looked at, there when it is asked for; marked or not, it is too old or other.
            fake.state().fault = Some((0, Fault::NotFound, 1));
            let id = fake.state().add("acme", "web", &description);
            fake.state().repos.get_mut(&id).unwrap().created_at -= 3600;
            let full_name = "acme/web".to_owned();
            assert_eq!(
                publish(&fake, None),
                PublishError::NothingLeft {
                    why: FailureCause::Taken { full_name }
                }
            );
            assert_eq!(fake.state().count("POST"), 1);
            assert_eq!(fake.state().count("DELETE"), 0);
            assert_eq!(fake.state().repos[&id].description, description);
        }
    }
}

#[test]
fn a_forge_that_gives_another_name_is_told_on_and_its_repository_accounted_for() {
    for dialect in BOTH {
        let fake = Fake::start(dialect);
        fake.state().renames_to = Some("web-1");
        let ended = publish(&fake, None);
        let PublishError::Left {
            why: FailureCause::Doubtful(OwnershipError::Name { found, .. }),
            left,
        } = ended
        else {
            panic!("{ended:?}");
        };
        assert_eq!(found, "acme/web-1");
        assert_eq!(left.id, Some(RepositoryId(42)));
        assert_eq!(fake.state().count("DELETE"), 0);
    }
}

#[test]
fn a_repository_that_shows_late_is_waited_for() {
    for dialect in BOTH {
        let fake = Fake::start(dialect);
        fake.state().hide_new = 4;
        run(&fake, &mut MemoryLedger::default(), None, Act::Publish).unwrap();
        assert!(is_right(&fake));
    }
}

#[test]
fn a_repository_that_never_shows_is_accounted_for() {
    let fake = Fake::start(Dialect::GitHub);
    fake.state().hide_new = 100;
    let mut ledger = MemoryLedger::default();
    let ended = run(&fake, &mut ledger, None, Act::Publish).unwrap_err();
    let PublishError::Left {
        why: FailureCause::NotShowing,
        left,
    } = ended
    else {
        panic!("{ended:?}");
    };
    assert_eq!(left.kind, RemainsKind::Unfinished);
    assert!(
        left.removal.ends_with("--method DELETE repositories/42"),
        "{left}"
    );
    fake.state().repos.get_mut(&42).unwrap().hidden = 0;
    run(&fake, &mut ledger, None, Act::Resume).unwrap();
    assert!(is_right(&fake));
    assert_eq!(fake.state().count("POST"), 1);
}

#[test]
fn a_token_that_may_not_delete_leaves_an_account_with_the_command() {
    let fake = Fake::start(Dialect::GitHub);
    fake.state().scopes = "repo";
    let mut ledger = MemoryLedger::default();
    let ended = run(&fake, &mut ledger, Some(PushFault::Refused), Act::Publish).unwrap_err();
    let text = ended.to_string();
    assert_eq!(
        text,
        "the push was refused: the line went dead; `acme/web` is left unfinished (number 42), not removed because the \
         forge denies the request (the token lacks a scope): status 403: Must have admin rights to Repository.; \
         to remove it: gh api --hostname 127.0.0.1 --method DELETE repositories/42"
    );
    let PublishError::Left { left, .. } = ended else {
        panic!("{text}");
    };
    assert!(matches!(
        left.kept,
        Some(ForgeError::Forbidden {
            denial: Denial::Scopes,
            ..
        })
    ));
    run(&fake, &mut ledger, None, Act::Resume).unwrap();
    assert!(is_right(&fake));
}

#[test]
fn what_somebody_put_into_the_repository_keeps_it_from_being_removed() {
    for dialect in BOTH {
        let fake = Fake::start(dialect);
        let mut ledger = MemoryLedger::default();
        fake.state().scopes = "repo";
        fake.state().fault = Some((2, Fault::BadGatewayBefore, 1000));
        let ended = run(&fake, &mut ledger, None, Act::Publish);
        assert!(matches!(ended, Err(PublishError::Left { .. })), "{ended:?}");
        {
            let mut state = fake.state();
            state.fault = None;
            let repo = state.repos.get_mut(&42).unwrap();
            repo.branches
                .insert("main".to_owned(), ("5".repeat(40), "6".repeat(40)));
        }
        for act in [Act::Cleanup, Act::Resume] {
            let ended = run(&fake, &mut ledger, None, act);
            assert!(matches!(ended, Err(PublishError::Left { .. })), "{ended:?}");
        }
        assert_eq!(fake.state().deletes, [0; 0]);
        assert_eq!(fake.state().repos[&42].branches["main"].0, "5".repeat(40));
    }
}

#[test]
fn another_tree_than_promised_is_noticed_and_kept_for_a_person() {
    let fake = Fake::start(Dialect::Forgejo);
    let mut ledger = MemoryLedger::default();
    run(&fake, &mut ledger, None, Act::Publish).unwrap();
    let main = ("1".repeat(40), "9".repeat(40));
    fake.state()
        .repos
        .get_mut(&42)
        .unwrap()
        .branches
        .insert("main".to_owned(), main);
    let ended = run(&fake, &mut ledger, None, Act::Resume).unwrap_err();
    let PublishError::Left {
        why: FailureCause::Differs { .. },
        left,
    } = ended
    else {
        panic!("{ended:?}");
    };
    assert_eq!(left.kind, RemainsKind::Unfinished);
    assert!(!is_empty(&fake));
}

/// Pushes with the real git program.
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
fn a_folder_gets_the_commit_that_was_promised() {
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
    let order = PublishRequest {
        commit: id("HEAD"),
        tree: id("HEAD^{tree}"),
        ..order()
    };
    let push = GitPush(&sandbox);
    let publisher = Publisher {
        forge: &forge,
        push: &push,
        clock: &*clock,
    };
    let mut ledger = FileLedger::create(&sandbox.join("run.ledger")).unwrap();
    let published = wait(publisher.publish(&mut ledger, order.clone())).unwrap();
    assert_eq!(
        sandbox
            .git("forge/acme/web.git", &["rev-parse", "main"])
            .trim(),
        order.commit.as_str()
    );
    let standing = wait(forge.repository(published.id)).unwrap().unwrap();
    assert_eq!(standing.description, "Acme Web");
    assert_ne!(standing.content, Content::Empty);
}
