//! Shared parts of the tests of forges: a clock without waiting, clients of the fakes, and an ownership proof.

use super::fake::{Dialect, Fake, NOON, TOKEN};
use async_trait::async_trait;
use groundplan::base::clock::Clock;
use groundplan::forge::Forge;
use groundplan::forge::forgejo::Forgejo;
use groundplan::forge::github::GitHub;
use groundplan::forge::marker::Marker;
use groundplan::forge::ownership::OwnershipProof;
use groundplan::forge::repository::RepoPath;
use groundplan::forge::site::Site;
use groundplan::forge::transport::HttpConfig;
use groundplan::model::digest::GitId;
use groundplan::model::input::{Owner, RepoName};
use groundplan::secret::Secret;
use std::future::Future;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) const COMMIT: &str = "1111111111111111111111111111111111111111";
pub(crate) const MARKER: &str = "0123456789abcdef0123456789abcdef";

/// A clock on which waiting takes no time. It records the waits.
pub(crate) struct FakeClock {
    now: AtomicI64,
    pub waits: Mutex<Vec<Duration>>,
}

impl FakeClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            now: AtomicI64::new(NOON * 1000),
            waits: Mutex::default(),
        })
    }
}

#[async_trait]
impl Clock for FakeClock {
    fn now(&self) -> i64 {
        self.now.load(Ordering::SeqCst)
    }

    async fn sleep(&self, time: Duration) {
        let passed = i64::try_from(time.as_millis()).unwrap();
        self.now.fetch_add(passed, Ordering::SeqCst);
        self.waits.lock().unwrap().push(time);
    }

    fn jitter(&self) -> f64 {
        1.0
    }
}

/// Runs a future on a new runtime.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(future)
}

/// A client of the fake.
pub(crate) fn client(fake: &Fake, clock: Arc<FakeClock>) -> Box<dyn Forge> {
    client_with(fake, clock, TOKEN)
}

pub(crate) fn client_with(fake: &Fake, clock: Arc<FakeClock>, token: &str) -> Box<dyn Forge> {
    let secret = Secret::parse(token.to_owned()).unwrap();
    let config = HttpConfig {
        request_timeout: Duration::from_millis(700),
        ..HttpConfig::new(clock)
    };
    match fake.dialect {
        Dialect::GitHub => {
            let site = Site::github(&fake.address(), &[]).unwrap();
            Box::new(GitHub::new(site, secret, config).unwrap())
        }
        Dialect::Forgejo => {
            let site = Site::forgejo(&fake.address(), &[]).unwrap();
            Box::new(Forgejo::new(site, secret, config).unwrap())
        }
    }
}

pub(crate) fn repo(owner: &str, name: &str) -> RepoPath {
    RepoPath {
        owner: Owner::parse(owner).unwrap(),
        name: RepoName::parse(name).unwrap(),
    }
}

pub(crate) fn marker() -> Marker {
    Marker::parse(MARKER).unwrap()
}

/// The proof of a run.
pub(crate) fn proof(owner: &str, name: &str) -> OwnershipProof {
    OwnershipProof {
        repo: repo(owner, name),
        marker: marker(),
        commit: GitId::parse(COMMIT).unwrap(),
    }
}
