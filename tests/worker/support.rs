//! Fixtures of worker tests: the demo catalogue, its accepted plan, and a worker with a store and a forge.

use crate::forge::support::FakeClock;
use crate::support::jobs::{StoreFixture, product, user, worker};
use crate::support::{Sandbox, files_below};
use groundplan::app::templates::TemplateCache;
use groundplan::catalog::{self, Catalog};
use groundplan::engine;
use groundplan::forge::address::{ForgeAddress, RequestSettings};
use groundplan::git::mirror::{Freshness, Mirrors};
use groundplan::git::{AllowedHosts, Git, GitSettings};
use groundplan::model::action::RiskLevel;
use groundplan::model::content::Files;
use groundplan::model::input::RepoName;
use groundplan::model::plan::Plan;
use groundplan::model::report::Report;
use groundplan::pat::sealed::Opener;
use groundplan::policy::Policy;
use groundplan::publish::CleanupOutcome;
use groundplan::publish::git_push::GitPush;
use groundplan::resolve::{Request, stored};
use groundplan::store::Store;
use groundplan::store::event::EventKind;
use groundplan::store::id::RunId;
use groundplan::store::lease::{ClaimTarget, Lease};
use groundplan::store::recovery::Recovery;
use groundplan::store::run::Run;
use groundplan::store::sql::Dialect;
use groundplan::store::submission::{RiskAssessment, Submission};
use groundplan::template::{Template, TemplateStore};
use groundplan::tree::disk;
use groundplan::tree::inventory_cache::InventoryCache;
use groundplan::worker::context::{PushSettings, UpdateSources, WorkerContext};
use groundplan::worker::lease_keeper::Shutdown;
use groundplan::worker::log::{Logs, RunLog};
use groundplan::worker::metrics::Metrics;
use groundplan::worker::outcome::{AttemptOutcome, CleanupError};
use groundplan::worker::workspace::Workspace;
use groundplan::worker::{clean_up, execute};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// The git program of this machine, which may read folders.
pub(crate) fn git() -> Git {
    Git::new(GitSettings {
        path: std::env::var_os("PATH").unwrap(),
        passed: Vec::new(),
        allow_file: true,
        allow_hosts: AllowedHosts::All,
        timeout: Duration::from_mins(1),
        max_bytes: GitSettings::MAX_BYTES,
    })
}

/// The catalogues of a sandbox.
pub(crate) fn templates(sandbox: &Sandbox) -> TemplateStore {
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

pub(crate) fn demo_templates() -> TemplateStore {
    templates(&Sandbox::with_demo())
}

/// The template beside the demo catalogue.
pub(crate) fn demo_template(templates: &TemplateStore) -> Template {
    let catalog = templates.catalogs().next().unwrap();
    let path = catalog.file().template.path.as_ref().unwrap();
    Template::of_catalog(catalog, templates.files(), path).unwrap()
}

/// The defaults of the demo catalogue over its own template.
pub(crate) fn demo_request(catalog: &Catalog, template: &Template) -> Request {
    Request {
        template: template.pin.clone(),
        ..crate::support::request(catalog)
    }
}

/// A plan of the demo catalogue for a repository of this name, and its report.
pub(crate) fn accepted(templates: &TemplateStore, repo: &str) -> (Plan, Report) {
    let catalog = templates.catalogs().next().unwrap();
    let template = demo_template(templates);
    let mut request = demo_request(catalog, &template);
    request.inputs.repo = RepoName::parse(repo).unwrap();
    let preview = engine::preview(catalog, request, template.tree()).unwrap();
    (preview.plan, preview.report)
}

/// A store, a folder of repositories, and the settings of workers.
pub(crate) struct WorkerFixture {
    pub jobs: StoreFixture,
    pub sandbox: Sandbox,
    pub clock: Arc<FakeClock>,
    workers: AtomicU32,
}

/// The settings of a worker that tests change; the others are those of the program.
pub(crate) struct Options {
    pub store: Arc<dyn Store>,
    pub forge: ForgeAddress,
    pub recovery: Recovery,
    pub policy: Policy,
    pub opener: Option<Opener>,
}

impl WorkerFixture {
    pub(crate) fn over(jobs: StoreFixture) -> Self {
        let sandbox = Sandbox::with_demo();
        std::fs::create_dir(sandbox.join("forge")).unwrap();
        Self {
            jobs,
            sandbox,
            clock: FakeClock::new(),
            workers: AtomicU32::new(1),
        }
    }

    /// The store without faults.
    pub(crate) fn store(&self) -> Arc<dyn Store> {
        Arc::new(self.jobs.store.clone())
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

    /// The context of a new worker.
    pub(crate) fn context(&self, options: Options) -> Arc<WorkerContext> {
        let worker = worker(self.workers.fetch_add(1, Ordering::SeqCst));
        Arc::new(WorkerContext {
            store: options.store,
            forge: options.forge,
            forge_requests: RequestSettings::new(Duration::from_millis(700)),
            push: PushSettings {
                git: Arc::new(git()),
                user: GitPush::USER.to_owned(),
            },
            signing: None,
            opener: options.opener,
            templates: templates(&self.sandbox),
            updates: self.update_sources(),
            plans: stored::StoredPlanReader::new(),
            policy: options.policy,
            clock: self.clock.clone(),
            workspace: Workspace::open(&self.sandbox.join("state"), &worker).unwrap(),
            metrics: Arc::new(Metrics::new()),
            recovery: options.recovery,
            renewal_interval: Lease::RENEWED_EVERY,
            worker,
        })
    }

    /// The places that updates are computed from.
    fn update_sources(&self) -> UpdateSources {
        static NEVER: AtomicBool = AtomicBool::new(false);
        let folder = self.sandbox.join(".cache");
        UpdateSources {
            database: Arc::new(self.jobs.store.clone()),
            cache: Box::new(move || {
                Ok(TemplateCache {
                    mirrors: Mirrors::at(&folder),
                    trees: InventoryCache::at(&folder.join("trees")),
                    git: git(),
                    credential: None,
                    freshness: Freshness::Offline,
                    stop: &NEVER,
                })
            }),
            allowed_sources: Vec::new(),
        }
    }

    /// The accepted preview of the product `p<number>`: the repository `acme/web-<number>`.
    pub(crate) fn submission(&self, number: u32) -> Submission {
        let (plan, report) = accepted(&templates(&self.sandbox), &format!("web-{number}"));
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
            key: None,
        }
    }

    /// Adds the product `p<number>` of `ada`.
    pub(crate) async fn add_product(&self, number: u32) {
        let time = match self.jobs.dialect() {
            Dialect::Sqlite => "0",
            Dialect::Postgres => "timestamp 'epoch'",
        };
        self.jobs
            .write(&format!(
                "INSERT INTO products (id, user_id, name, updated_at) VALUES ('p{number}', 'ada', 'p{number}', {time})"
            ))
            .await;
    }

    pub(crate) async fn submit(&self, number: u32) -> Run {
        let submission = self.submission(number);
        self.jobs.store.submit(&submission).await.unwrap()
    }

    /// Claims the oldest job for a worker. Fails if the queue is empty.
    pub(crate) async fn claim(&self, context: &WorkerContext) -> Lease {
        let claimed = self
            .jobs
            .store
            .claim(&context.worker, &ClaimTarget::Oldest)
            .await;
        claimed.unwrap().expect("the queue has a job")
    }

    /// Claims and executes the oldest job.
    pub(crate) async fn work(&self, context: &Arc<WorkerContext>) -> AttemptOutcome {
        let lease = self.claim(context).await;
        self.execute(context, lease).await
    }

    pub(crate) async fn execute(
        &self,
        context: &Arc<WorkerContext>,
        lease: Lease,
    ) -> AttemptOutcome {
        let (_running, shutdown) = watch::channel(Shutdown::Running);
        let log = self.log(&lease);
        execute(context, lease, log, shutdown).await
    }

    pub(crate) fn log(&self, lease: &Lease) -> RunLog {
        Logs::open(&self.sandbox.join("logs"))
            .unwrap()
            .run_log(lease)
    }

    /// The repositories in the folder, as `owner/name.git`, without the hidden folders that a killed process may leave.
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

    /// True if the repository of a product is exactly the accepted one.
    pub(crate) fn is_right(&self, number: u32) -> bool {
        let report = self.submission(number).report;
        let folder = format!("forge/acme/web-{number}.git");
        Some(self.sandbox.git_id(&folder, "main")) == report.commit_id
            && Some(self.sandbox.git_id(&folder, "main^{tree}")) == report.tree_id
            && self.sandbox.read(&format!("{folder}/description")).trim() == "Acme Web"
    }

    /// The files that workers left in the folder of their builds.
    pub(crate) fn leftovers(&self) -> Vec<String> {
        let mut files = files_below(&self.sandbox.join("state"));
        files.retain(|file| !file.ends_with("/lock") && file != "state.json");
        files
    }

    /// Fails if workers left anything besides logs.
    pub(crate) fn assert_only_logs(&self) {
        let leftovers = self.leftovers();
        assert!(
            leftovers.iter().all(|file| file.starts_with("logs/")),
            "{leftovers:?}"
        );
    }

    /// Claims a finished run and removes its repository.
    pub(crate) async fn clean_up(
        &self,
        context: &Arc<WorkerContext>,
        run: &RunId,
    ) -> Result<CleanupOutcome, CleanupError> {
        let target = ClaimTarget::Ended(run.clone());
        let claimed = self.jobs.store.claim(&context.worker, &target).await;
        let lease = claimed.unwrap().expect("the run needs a cleanup");
        let log = self.log(&lease);
        clean_up(context, lease, log).await
    }

    /// The kinds of a run's events. Fails unless the last one, and only that, is terminal.
    pub(crate) async fn event_kinds(&self, run: &RunId) -> Vec<&'static str> {
        let kinds = self.jobs.event_kinds(run).await;
        let is_terminal = |kind: &&str| EventKind::of_db(kind).unwrap().is_terminal();
        assert!(is_terminal(kinds.last().unwrap()), "{kinds:?}");
        assert_eq!(
            kinds.iter().filter(|kind| is_terminal(kind)).count(),
            1,
            "{kinds:?}"
        );
        kinds
    }
}
