//! Publishing: what stands on the forge after every failure, and what the run says about it.

mod endings;
mod ledgers;
mod sweep;

use crate::forge::fake::{Fake, NOON};
use crate::forge::support::{COMMIT, FakeClock, client, marker, repo, wait};
use async_trait::async_trait;
use groundplan::forge::repository::Remote;
use groundplan::model::digest::GitId;
use groundplan::model::preflight::OwnerKind;
use groundplan::publish::Publisher;
use groundplan::publish::ledger::{Ledger, LedgerEntry, LedgerError, PublishRequest};
use groundplan::publish::outcome::{CleanupOutcome, PublishError, PublishedRepo};
use groundplan::publish::push::{Push, PushError};
use std::sync::Mutex;

const TREE: &str = "2222222222222222222222222222222222222222";

/// A ledger in memory, as text, so that what is written can be searched.
#[derive(Default)]
struct MemoryLedger(Vec<String>);

#[async_trait]
impl Ledger for MemoryLedger {
    async fn record(&mut self, entry: &LedgerEntry) -> Result<(), LedgerError> {
        self.0.push(serde_json::to_string(entry).unwrap());
        Ok(())
    }

    async fn entries(&mut self) -> Result<Vec<LedgerEntry>, LedgerError> {
        Ok(self
            .0
            .iter()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect())
    }
}

/// How a push goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PushFault {
    Refused,
    UnknownBefore,
    UnknownAfter,
}

/// Pushes into the fake's memory.
struct FakePush<'f> {
    fake: &'f Fake,
    fault: Option<PushFault>,
    pushes: Mutex<usize>,
}

#[async_trait]
impl Push for FakePush<'_> {
    async fn push(&self, remote: &Remote) -> Result<(), PushError> {
        *self.pushes.lock().unwrap() += 1;
        let Remote::Url(url) = remote else {
            panic!("the fake has an address: {remote}");
        };
        let mut state = self.fake.state();
        let repo = state.repos.values_mut().find(|repo| {
            url.path()
                .ends_with(&format!("/{}/{}.git", repo.owner, repo.name))
        });
        let repo = repo.expect("a push goes to a repository that is there");
        let message = || "the line went dead".to_owned();
        match self.fault {
            Some(PushFault::Refused) => Err(PushError::Refused { message: message() }),
            Some(PushFault::UnknownBefore) => Err(PushError::Unknown { message: message() }),
            fault => {
                assert!(repo.branches.is_empty(), "nothing is pushed over something");
                repo.branches
                    .insert("main".to_owned(), (COMMIT.to_owned(), TREE.to_owned()));
                match fault {
                    Some(_) => Err(PushError::Unknown { message: message() }),
                    None => Ok(()),
                }
            }
        }
    }
}

fn order() -> PublishRequest {
    PublishRequest {
        place: repo("acme", "web"),
        kind: OwnerKind::Organisation,
        marker: marker(),
        commit: GitId::parse(COMMIT).unwrap(),
        tree: GitId::parse(TREE).unwrap(),
        description: "Acme Web".to_owned(),
        asked_at: NOON,
    }
}

/// What a process does with a ledger.
#[derive(Clone, Copy, Debug)]
enum Act {
    Publish,
    Resume,
    Cleanup,
}

/// How it ended.
type Ended = Result<Option<PublishedRepo>, PublishError>;

/// Runs a process of its own over the fake: another client, another clock, the same ledger.
fn run(fake: &Fake, ledger: &mut dyn Ledger, fault: Option<PushFault>, act: Act) -> Ended {
    let clock = FakeClock::new();
    let forge = client(fake, clock.clone());
    let push = FakePush {
        fake,
        fault,
        pushes: Mutex::default(),
    };
    let publisher = Publisher {
        forge: &*forge,
        push: &push,
        clock: &*clock,
    };
    let ended = wait(async {
        match act {
            Act::Publish => publisher.publish(ledger, order()).await.map(Some),
            Act::Resume => publisher.resume(ledger).await.map(Some),
            Act::Cleanup => publisher
                .cleanup(ledger)
                .await
                .map(|cleaned| match cleaned {
                    CleanupOutcome::Nothing | CleanupOutcome::Removed(_) => None,
                }),
        }
    });
    assert!(*push.pushes.lock().unwrap() <= 1, "one process pushes once");
    ended
}

/// Whether what stands at acme/web is the whole, right repository.
fn is_right(fake: &Fake) -> bool {
    let state = fake.state();
    let ours: Vec<_> = state
        .repos
        .values()
        .filter(|repo| repo.name == "web")
        .collect();
    let [repo] = ours.as_slice() else {
        return false;
    };
    let main = (COMMIT.to_owned(), TREE.to_owned());
    repo.private
        && repo.description == "Acme Web"
        && repo.branches == [("main".to_owned(), main)].into()
}

/// Whether nothing stands at acme/web.
fn is_empty(fake: &Fake) -> bool {
    !fake.state().repos.values().any(|repo| repo.name == "web")
}
