//! Publishing: the state of the forge after every failure, and the report of it.

mod failures;
mod faults;
mod ledgers;
mod settings;

use crate::forge::fake::{Fake, NOON};
use crate::forge::support::{COMMIT, FakeClock, client, marker, repo, wait};
use async_trait::async_trait;
use groundplan::forge::repository::Remote;
use groundplan::model::digest::GitId;
use groundplan::model::preflight::OwnerKind;
use groundplan::publish::error::PublishError;
use groundplan::publish::ledger::{Ledger, LedgerEntry, LedgerError, PublishRequest};
use groundplan::publish::push::{Push, PushError};
use groundplan::publish::{CleanupOutcome, PublishedRepo, Publisher};
use std::sync::Mutex;

const TREE: &str = "2222222222222222222222222222222222222222";

/// A ledger in memory, as text that can be searched.
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

/// A failure of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PushFault {
    Refused,
    NotSent,
    Insecure,
    UnknownBefore,
    UnknownAfter,
}

/// A push into the memory of the fake.
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
        let message = || "the connection was closed".to_owned();
        match self.fault {
            Some(PushFault::Refused) => Err(PushError::Refused { message: message() }),
            Some(PushFault::NotSent) => Err(PushError::NotSent { message: message() }),
            Some(PushFault::Insecure) => Err(PushError::Insecure { message: message() }),
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

fn request() -> PublishRequest {
    PublishRequest {
        repo: repo("acme", "web"),
        owner_kind: OwnerKind::Organisation,
        marker: marker(),
        commit: GitId::parse(COMMIT).unwrap(),
        tree: GitId::parse(TREE).unwrap(),
        description: "Acme Web".to_owned(),
        settings: Box::default(),
        requested_at: NOON,
    }
}

/// An operation on a ledger.
#[derive(Clone, Copy, Debug)]
enum Operation {
    Publish,
    Resume,
    Cleanup,
}

/// The result of an operation; a cleanup has no repository.
type Published = Result<Option<PublishedRepo>, PublishError>;

/// Runs an operation as a new process would: with another client, another clock and the same ledger.
fn run(
    fake: &Fake,
    ledger: &mut dyn Ledger,
    fault: Option<PushFault>,
    operation: Operation,
) -> Published {
    run_request(fake, ledger, fault, operation, request())
}

/// Runs an operation with another request than the usual one.
fn run_request(
    fake: &Fake,
    ledger: &mut dyn Ledger,
    fault: Option<PushFault>,
    operation: Operation,
    request: PublishRequest,
) -> Published {
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
    let published = wait(async {
        match operation {
            Operation::Publish => publisher.publish(ledger, request).await.map(Some),
            Operation::Resume => publisher.resume(ledger).await.map(Some),
            Operation::Cleanup => publisher
                .cleanup(ledger)
                .await
                .map(|cleaned| match cleaned {
                    CleanupOutcome::Nothing | CleanupOutcome::Removed(_) => None,
                }),
        }
    });
    assert!(*push.pushes.lock().unwrap() <= 1, "one process pushes once");
    published
}

/// True if acme/web is the complete, right repository.
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

/// True if acme/web does not exist.
fn is_empty(fake: &Fake) -> bool {
    !fake.state().repos.values().any(|repo| repo.name == "web")
}
