//! What tests of the worker share: the demo catalogue on a shelf, and its accepted plan.

use crate::forge::support::FakeClock;
use crate::support::jobs::{StoreFixture, product, user, worker};
use crate::support::{Sandbox, files_below};
use async_trait::async_trait;
use groundplan::catalog::{self, Catalog};
use groundplan::engine;
use groundplan::forge::address::ForgeAddress;
use groundplan::git::mirror::Mirrors;
use groundplan::git::{Git, GitSettings};
use groundplan::model::action::RiskLevel;
use groundplan::model::content::Files;
use groundplan::model::input::RepoName;
use groundplan::model::plan::Plan;
use groundplan::model::report::Report;
use groundplan::pat::sealed::Opener;
use groundplan::policy::Policy;
use groundplan::publish::git_push::GitPush;
use groundplan::publish::ledger::LedgerEntry;
use groundplan::publish::outcome::CleanupOutcome;
use groundplan::resolve::{Request, stored};
use groundplan::store::Store;
use groundplan::store::change::{Actor, RunChange};
use groundplan::store::error::StoreError;
use groundplan::store::event::{Event, EventKind};
use groundplan::store::id::RunId;
use groundplan::store::lease::{ClaimTarget, Lease, Renewal, WorkerId};
use groundplan::store::recovery::{Recovery, RecoveryReport};
use groundplan::store::run::{JobPayload, Run, RunFilter};
use groundplan::store::submission::{RiskAssessment, Submission};
use groundplan::template::{Template, TemplateStore};
use groundplan::tree::disk;
use groundplan::tree::inventory_cache::InventoryCache;
use groundplan::worker::context::{PushSettings, WorkerContext};
use groundplan::worker::lease_keeper::Shutdown;
use groundplan::worker::log::{Logs, RunLog};
use groundplan::worker::metrics::Metrics;
use groundplan::worker::outcome::AttemptOutcome;
use groundplan::worker::workspace::Workspace;
use groundplan::worker::{carry_out, clean_up};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// The git of this machine, which may read folders.
pub(crate) fn git() -> Git {
    Git::new(GitSettings {
        path: std::env::var_os("PATH").unwrap(),
        passed: Vec::new(),
        allow_file: true,
        timeout: Duration::from_mins(1),
        max_bytes: GitSettings::MAX_BYTES,
    })
}

/// The catalogues of a sandbox.
pub(crate) fn shelf(sandbox: &Sandbox) -> TemplateStore {
    let mut files = Files::new();
    for name in ["catalog", "recipes"] {
        let scan = disk::scan(&sandbox.join(name)).unwrap();
        let below = scan
            .files
            .into_iter()
            .map(|(path, file)| (format!("{name}/{path}"), file));
        files.extend(below);
    }
    let names = catalog::names(&files);
    let catalogs: Vec<Catalog> = names
        .iter()
        .map(|name| catalog::load(&files, name).catalog.unwrap())
        .collect();
    let cache = sandbox.join(".cache");
    let trees = InventoryCache::at(&cache.join("trees"));
    TemplateStore::new(catalogs, files, Mirrors::at(&cache), trees, git(), None)
}

pub(crate) fn demo_shelf() -> TemplateStore {
    shelf(&Sandbox::with_demo())
}

/// The template beside the demo catalogue.
pub(crate) fn demo_template(shelf: &TemplateStore) -> Template {
    let catalog = shelf.catalogs().next().unwrap();
    let path = catalog.file().template.path.as_ref().unwrap();
    Template::of_catalog(catalog, shelf.files(), path).unwrap()
}

/// The defaults of the demo catalogue over its own template.
pub(crate) fn demo_request(catalog: &Catalog, template: &Template) -> Request {
    Request {
        template: template.pin.clone(),
        ..crate::support::request(catalog)
    }
}

/// Makes one plan and its report for a repository of a name, over the demo catalogue.
pub(crate) fn accepted(shelf: &TemplateStore, repo: &str) -> (Plan, Report) {
    let catalog = shelf.catalogs().next().unwrap();
    let template = demo_template(shelf);
    let mut request = demo_request(catalog, &template);
    request.inputs.repo = RepoName::parse(repo).unwrap();
    let preview = engine::preview(catalog, request, template.tree()).unwrap();
    (preview.plan, preview.report)
}

/// A database, a folder of repositories, and everything that a worker between them needs.
pub(crate) struct Yard {
    pub desk: StoreFixture,
    pub sandbox: Sandbox,
    pub clock: Arc<FakeClock>,
    workers: AtomicU32,
}

/// What a worker in this process works with; the rest is as it is in the program.
pub(crate) struct Options {
    pub store: Arc<dyn Store>,
    pub forge: ForgeAddress,
    pub recovery: Recovery,
    pub policy: Policy,
    pub opener: Option<Opener>,
}

impl Yard {
    pub(crate) fn over(desk: StoreFixture) -> Self {
        let sandbox = Sandbox::with_demo();
        std::fs::create_dir(sandbox.join("forge")).unwrap();
        Self {
            desk,
            sandbox,
            clock: FakeClock::new(),
            workers: AtomicU32::new(1),
        }
    }

    /// The store itself.
    pub(crate) fn store(&self) -> Arc<dyn Store> {
        Arc::new(self.desk.store.clone())
    }

    pub(crate) fn options(&self, store: Arc<dyn Store>) -> Options {
        Options {
            store,
            forge: ForgeAddress::Folder(self.sandbox.join("forge")),
            recovery: Recovery::Fail,
            policy: Policy::default(),
            opener: None,
        }
    }

    /// The means of one more worker.
    pub(crate) fn means(&self, options: Options) -> Arc<WorkerContext> {
        let worker = worker(self.workers.fetch_add(1, Ordering::SeqCst));
        Arc::new(WorkerContext {
            store: options.store,
            forge: options.forge,
            forge_patience: Duration::from_millis(700),
            push: PushSettings {
                git: Arc::new(git()),
                user: GitPush::USER.to_owned(),
            },
            opener: options.opener,
            shelf: shelf(&self.sandbox),
            plans: stored::StoredPlanReader::new(),
            policy: options.policy,
            clock: self.clock.clone(),
            workshop: Workspace::open(&self.sandbox.join("state"), &worker).unwrap(),
            meter: Arc::new(Metrics::new()),
            recovery: options.recovery,
            renewed_every: Lease::RENEWED_EVERY,
            worker,
        })
    }

    /// What is accepted for the product `p<number>`: the repository `acme/web-<number>`.
    pub(crate) fn submission(&self, number: u32) -> Submission {
        let (plan, report) = accepted(&shelf(&self.sandbox), &format!("web-{number}"));
        Submission {
            user: user("ada"),
            product: product(&format!("p{number}")),
            risk: RiskAssessment {
                tier: RiskLevel::Low,
                reasons: Vec::new(),
                tree: report.tree_id.clone().unwrap(),
            },
            plan,
            report,
        }
    }

    pub(crate) async fn submit(&self, number: u32) -> Run {
        let submission = self.submission(number);
        self.desk.store.submit(&submission).await.unwrap()
    }

    /// Takes the oldest job, which must be there, for a worker.
    pub(crate) async fn claim(&self, means: &WorkerContext) -> Lease {
        let claimed = self
            .desk
            .store
            .claim(&means.worker, &ClaimTarget::Oldest)
            .await;
        claimed.unwrap().expect("a job waits")
    }

    /// Takes the oldest job and carries it out.
    pub(crate) async fn work(&self, means: &Arc<WorkerContext>) -> AttemptOutcome {
        let lease = self.claim(means).await;
        self.carry_out(means, lease).await
    }

    pub(crate) async fn carry_out(
        &self,
        means: &Arc<WorkerContext>,
        lease: Lease,
    ) -> AttemptOutcome {
        let (_open, shift) = watch::channel(Shutdown::On);
        let log = self.log(&lease);
        carry_out(means, lease, log, shift).await
    }

    pub(crate) fn log(&self, lease: &Lease) -> RunLog {
        Logs::open(&self.sandbox.join("logs")).unwrap().of(lease)
    }

    /// The repositories that stand in the folder, as `owner/name.git`. What a killed process had only begun to make
    /// stands in a hidden folder, and is none.
    pub(crate) fn repositories(&self) -> Vec<String> {
        let mut found = Vec::new();
        for owner in std::fs::read_dir(self.sandbox.join("forge")).unwrap() {
            let owner = owner.unwrap();
            if owner.file_name().to_str().unwrap().starts_with('.') {
                continue;
            }
            for name in std::fs::read_dir(owner.path()).unwrap() {
                let names = [owner.file_name(), name.unwrap().file_name()];
                found.push(names.map(|name| name.into_string().unwrap()).join("/"));
            }
        }
        found.sort();
        found
    }

    /// Whether the repository of a product is exactly what was accepted.
    pub(crate) fn is_right(&self, number: u32) -> bool {
        let report = self.submission(number).report;
        let folder = format!("forge/acme/web-{number}.git");
        Some(self.sandbox.git_id(&folder, "main")) == report.commit_id
            && Some(self.sandbox.git_id(&folder, "main^{tree}")) == report.tree_id
            && self.sandbox.read(&format!("{folder}/description")).trim() == "Acme Web"
    }

    /// Every file that workers left where they build.
    pub(crate) fn rest(&self) -> Vec<String> {
        let mut rest = files_below(&self.sandbox.join("state"));
        rest.retain(|file| !file.ends_with("/lock"));
        rest
    }

    /// Refuses anything beside logs that workers left.
    pub(crate) fn holds_only_logs(&self) {
        let rest = self.rest();
        assert!(
            rest.iter().all(|file| file.starts_with("logs/")),
            "{rest:?}"
        );
    }

    /// Takes a run that ended, and cleans up after it.
    pub(crate) async fn clean_up(
        &self,
        means: &Arc<WorkerContext>,
        run: &RunId,
    ) -> Result<CleanupOutcome, String> {
        let pick = ClaimTarget::Ended(run.clone());
        let claimed = self.desk.store.claim(&means.worker, &pick).await;
        let lease = claimed.unwrap().expect("something is left");
        let log = self.log(&lease);
        clean_up(means, lease, log).await
    }

    /// The kinds of a run's events, of which exactly one is terminal, and it is the last.
    pub(crate) async fn story(&self, run: &RunId) -> Vec<&'static str> {
        let story = self.desk.event_kinds(run).await;
        let is_terminal = |kind: &&str| EventKind::of_db(kind).unwrap().is_terminal();
        assert!(is_terminal(story.last().unwrap()), "{story:?}");
        assert_eq!(
            story.iter().filter(|kind| is_terminal(kind)).count(),
            1,
            "{story:?}"
        );
        story
    }
}

/// What happens to a store at one of its calls.
pub(crate) enum Blow {
    /// Nothing arrives from this call on, as when the worker is killed; the call itself may have happened.
    Dies { is_stored: bool },
    /// Something else happens just before the call.
    Meanwhile(Box<dyn Fn() -> BoxFuture + Send + Sync>),
}

pub(crate) type BoxFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A store that is struck at one call.
pub(crate) struct Struck {
    inner: Arc<dyn Store>,
    /// Counted from 0.
    at: usize,
    blow: Blow,
    calls: AtomicUsize,
}

impl Struck {
    pub(crate) fn new(inner: Arc<dyn Store>, at: usize, blow: Blow) -> Arc<Self> {
        let calls = AtomicUsize::new(0);
        Arc::new(Self {
            inner,
            at,
            blow,
            calls,
        })
    }

    /// Whether the run came as far as the call.
    pub(crate) fn was_struck(&self) -> bool {
        self.calls.load(Ordering::SeqCst) > self.at
    }

    async fn pass<T>(
        &self,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst);
        let dead = || StoreError::Unavailable {
            source: "the process was killed".into(),
        };
        match &self.blow {
            Blow::Dies { is_stored: true } if number == self.at => {
                drop(call.await);
                Err(dead())
            }
            Blow::Dies { .. } if number >= self.at => Err(dead()),
            Blow::Meanwhile(hook) if number == self.at => {
                hook().await;
                call.await
            }
            Blow::Dies { .. } | Blow::Meanwhile(_) => call.await,
        }
    }
}

#[async_trait]
impl Store for Struck {
    async fn submit(&self, submission: &Submission) -> Result<Run, StoreError> {
        self.inner.submit(submission).await
    }

    async fn claim(
        &self,
        worker: &WorkerId,
        pick: &ClaimTarget,
    ) -> Result<Option<Lease>, StoreError> {
        self.inner.claim(worker, pick).await
    }

    async fn renew(&self, lease: &Lease) -> Result<Renewal, StoreError> {
        self.inner.renew(lease).await
    }

    async fn payload(&self, lease: &Lease) -> Result<JobPayload, StoreError> {
        self.pass(self.inner.payload(lease)).await
    }

    async fn change(
        &self,
        run: &RunId,
        actor: Actor<'_>,
        change: &RunChange,
    ) -> Result<Run, StoreError> {
        self.pass(self.inner.change(run, actor, change)).await
    }

    async fn record(&self, lease: &Lease, entry: &LedgerEntry) -> Result<(), StoreError> {
        self.pass(self.inner.record(lease, entry)).await
    }

    async fn entries(&self, run: &RunId) -> Result<Vec<LedgerEntry>, StoreError> {
        self.pass(self.inner.entries(run)).await
    }

    async fn runs(&self, filter: &RunFilter) -> Result<Vec<Run>, StoreError> {
        self.pass(self.inner.runs(filter)).await
    }

    async fn events(
        &self,
        after: i64,
        run: Option<&RunId>,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        self.inner.events(after, run, limit).await
    }

    async fn recover_expired(&self, recovery: Recovery) -> Result<RecoveryReport, StoreError> {
        self.inner.recover_expired(recovery).await
    }
}
