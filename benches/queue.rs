//! Speed of the queue and the worker: latency, claims compared with pgbench, whole runs, and the duration of their steps.
//!
//! `cargo bench --bench queue [-- latency|claims|jobs|runs …]`. Starts a Postgres cluster with default settings, fsync
//! included. The compared rounds alternate, so that other load on the machine affects both.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark starts programs, prints, and stops at the first surprise"
)]

#[path = "../tests/support/postgres.rs"]
#[expect(dead_code, reason = "what only tests need")]
mod postgres;
mod spread;

use groundplan::base::clock::SystemClock;
use groundplan::catalog::{self, Catalog, builtin};
use groundplan::engine;
use groundplan::forge::address::{ForgeAddress, RequestSettings};
use groundplan::git::mirror::Mirrors;
use groundplan::git::{AllowedHosts, Git, GitSettings};
use groundplan::model::action::RiskLevel;
use groundplan::model::date::Day;
use groundplan::model::input::{Identity, Inputs, Owner, ProductName, RepoName};
use groundplan::model::provenance::CatalogSource;
use groundplan::model::selection::Selection;
use groundplan::model::slug::Slug;
use groundplan::policy::Policy;
use groundplan::publish::git_push::GitPush;
use groundplan::resolve::{self, Request, stored};
use groundplan::store::Store as _;
use groundplan::store::change::{Actor, RunChange};
use groundplan::store::id::{ProductId, RunId, UserId};
use groundplan::store::lease::{ClaimTarget, Lease, WorkerId};
use groundplan::store::recovery::Recovery;
use groundplan::store::run::{RunFilter, RunStatus};
use groundplan::store::sql::workers::Presence;
use groundplan::store::sql::{Database, Dialect};
use groundplan::store::submission::{RiskAssessment, Submission};
use groundplan::template::{Template, TemplateStore};
use groundplan::tree::inventory_cache::InventoryCache;
use groundplan::worker::context::{PushSettings, UpdateSources, WorkerContext};
use groundplan::worker::health_state::HealthState;
use groundplan::worker::log::Logs;
use groundplan::worker::metrics::Metrics;
use groundplan::worker::service::Service;
use groundplan::worker::workspace::Workspace;
use postgres::{Cluster, open};
use spread::Spread;
use sqlx::any::AnyPoolOptions;
use sqlx::{AssertSqlSafe, Executor as _};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};

const BOTH: [Dialect; 2] = [Dialect::Postgres, Dialect::Sqlite];
/// The number of rounds of a comparison; medians are printed.
const ROUNDS: usize = 3;
const WORKERS: [u32; 3] = [1, 4, 16];
/// The number of jobs claimed in one round, and the number of queued jobs, which keeps the queue from being empty.
const CLAIMED: u32 = 8_000;
const QUEUED: u32 = 10_000;

/// A claim of a job alone, without its run, its tier and its generation.
const BARE: &str = r"UPDATE claude_jobs SET status = 'CLAIMED', claimed_by_worker_id = 'bench',
claimed_at = now() AT TIME ZONE 'UTC', lease_until = now() AT TIME ZONE 'UTC' + interval '60 seconds',
updated_at = now() AT TIME ZONE 'UTC'
WHERE id = (SELECT id FROM claude_jobs WHERE kind = 'BOOTSTRAP_REPO' AND status = 'QUEUED'
ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id;
";

fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let wants = |part: &str| wanted.is_empty() || wanted.iter().any(|word| word == part);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let bench = Bench::new();
    println!("load at the beginning: {}", load());
    runtime.block_on(async {
        if wants("latency") {
            for dialect in BOTH {
                latency(&bench, dialect).await;
            }
        }
        if wants("claims") {
            claims(&bench).await;
        }
        if wants("jobs") {
            for dialect in BOTH {
                jobs(&bench, dialect).await;
            }
        }
        if wants("runs") {
            for dialect in BOTH {
                whole_runs(&bench, dialect).await;
                end_to_end(&bench, dialect).await;
            }
        }
    });
    println!("load at the end: {}", load());
}

/// Shared by all measurements: a cluster, a folder, and a catalogue with its template.
struct Bench {
    cluster: Cluster,
    folder: TempDir,
    catalog: Catalog,
    template: Template,
    count: AtomicU32,
}

impl Bench {
    fn new() -> Self {
        let files = builtin::files();
        let catalog = catalog::load(&files, "nextjs").catalog.unwrap();
        let path = catalog.file().template.path.clone().unwrap();
        Self {
            cluster: Cluster::start("-c max_connections=200"),
            folder: tempfile::tempdir().unwrap(),
            template: Template::of_catalog(&catalog, &files, &path).unwrap(),
            catalog,
            count: AtomicU32::new(0),
        }
    }

    fn number(&self) -> u32 {
        self.count.fetch_add(1, Ordering::Relaxed)
    }

    /// A new empty database.
    async fn database(&self, dialect: Dialect) -> String {
        match dialect {
            Dialect::Postgres => self.cluster.address(&self.cluster.migrated().await),
            Dialect::Sqlite => {
                let file = self.folder.path().join(format!("{}.db", self.number()));
                let address = format!("sqlite:{}", file.display());
                open(&address).await.close().await;
                address
            }
        }
    }

    /// A database with a long queue of jobs without documents, because a claim does not read them.
    async fn queue(&self, dialect: Dialect) -> String {
        let address = self.database(dialect).await;
        let pool = AnyPoolOptions::new().max_connections(1).connect(&address);
        let pool = pool.await.unwrap();
        let (at, settle) = match dialect {
            Dialect::Postgres => (
                "timestamp '2026-01-01' + i * interval '1 millisecond'",
                &["VACUUM ANALYZE", "CHECKPOINT"][..],
            ),
            Dialect::Sqlite => ("i", &["ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)"][..]),
        };
        let from = format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {QUEUED})"
        );
        let each = [
            format!(
                "products (id, user_id, name, updated_at) {from} SELECT 'p' || i, 'ada', 'p', {at} FROM n"
            ),
            format!(
                "claude_jobs (id, user_id, product_id, kind, status, created_at, updated_at) {from} \
                 SELECT 'j' || i, 'ada', 'p' || i, 'BOOTSTRAP_REPO', 'QUEUED', {at}, {at} FROM n"
            ),
            format!(
                "bootstrap_runs (id, claude_job_id, product_id, user_id, recipe_hash, catalog_version, \
                 action_schema_version, recipe_snapshot, selected_options) {from} \
                 SELECT 'r' || i, 'j' || i, 'p' || i, 'ada', '-', '-', 1, '{{}}', '{{}}' FROM n"
            ),
            format!(
                "bootstrap_tiers (run_id, tier, tree) {from} SELECT 'r' || i, 'LOW', '-' FROM n"
            ),
        ];
        let user = match dialect {
            Dialect::Postgres => "now()",
            Dialect::Sqlite => "0",
        };
        let user = format!("users (id, username, updated_at) VALUES ('ada', 'ada', {user})");
        for rows in [user].iter().chain(&each) {
            let insert = format!("INSERT INTO {rows}");
            pool.execute(AssertSqlSafe(insert)).await.unwrap();
        }
        for statement in settle {
            pool.execute(*statement).await.unwrap();
        }
        pool.close().await;
        address
    }

    /// An accepted preview of the built-in catalogue's defaults, with a new product.
    fn submission(&self) -> Submission {
        let name = format!("web-{}", self.number());
        let mut selection = Selection::default();
        resolve::fill_with_defaults(&self.catalog, &mut selection);
        let request = Request {
            selection,
            inputs: Inputs {
                product_name: ProductName::parse("Acme Web").unwrap(),
                product_slug: Slug::parse("acme-web").unwrap(),
                owner: Owner::parse("acme").unwrap(),
                repo: RepoName::parse(&name).unwrap(),
                date: Day::parse("2026-11-21").unwrap(),
                repo_url: None,
                values: std::collections::BTreeMap::default(),
            },
            author: Identity::default(),
            catalog_source: Some(CatalogSource::Local),
            template: self.template.pin.clone(),
        };
        let preview = engine::preview(&self.catalog, request, self.template.tree()).unwrap();
        assert!(preview.report.can_proceed);
        Submission {
            user: UserId::parse("ada").unwrap(),
            product: ProductId::parse(&name).unwrap(),
            risk: RiskAssessment {
                tier: RiskLevel::Low,
                reasons: Vec::new(),
                tree: preview.report.tree_id.clone().unwrap(),
            },
            plan: preview.plan,
            report: preview.report,
            key: None,
        }
    }

    /// A number of submissions whose users and products exist.
    async fn submissions(&self, database: &Database, count: usize) -> Vec<Submission> {
        let mut made = Vec::new();
        for _ in 0..count {
            let submission = self.submission();
            let owner = database.ensure_local(&submission.user, &submission.product);
            owner.await.unwrap();
            made.push(submission);
        }
        made
    }

    /// A worker with the program's default settings and a new folder of repositories.
    fn service(&self, database: Database, concurrency: usize, is_once: bool) -> Service {
        let folder = self.folder.path().join(format!("w{}", self.number()));
        std::fs::create_dir_all(folder.join("forge")).unwrap();
        let (database, worker) = (Arc::new(database), worker(self.number()));
        let git = || {
            Git::new(GitSettings {
                path: std::env::var_os("PATH").unwrap(),
                passed: Vec::new(),
                allow_file: true,
                allow_hosts: AllowedHosts::All,
                timeout: Duration::from_mins(1),
                max_bytes: GitSettings::MAX_BYTES,
            })
        };
        let files = builtin::files();
        let catalog = catalog::load(&files, "nextjs").catalog.unwrap();
        let trees = InventoryCache::at(&folder.join("trees"));
        let means = WorkerContext {
            store: database.clone(),
            forge: ForgeAddress::Folder(folder.join("forge")),
            forge_requests: RequestSettings::new(Duration::from_secs(10)),
            push: PushSettings {
                git: Arc::new(git()),
                user: GitPush::USER.to_owned(),
            },
            signing: None,
            opener: None,
            templates: TemplateStore::new(
                [catalog],
                files,
                Mirrors::at(&folder),
                trees,
                git(),
                None,
            ),
            updates: UpdateSources {
                database: Arc::clone(&database),
                cache: Box::new(|| unreachable!("no run here is an update")),
                allowed_sources: Vec::new(),
            },
            plans: stored::StoredPlanReader::new(),
            policy: Policy::default(),
            clock: Arc::new(SystemClock),
            workspace: Workspace::open(&folder.join("state"), &worker).unwrap(),
            metrics: Arc::new(Metrics::new()),
            recovery: Recovery::Fail,
            renewal_interval: Lease::RENEWED_EVERY,
            worker: worker.clone(),
        };
        Service {
            context: Arc::new(means),
            database,
            health: Arc::new(HealthState::default()),
            logs: Arc::new(Logs::open(&folder.join("logs")).unwrap()),
            presence: Some(Presence {
                worker,
                host: "bench".to_owned(),
                process: std::process::id(),
                owner: None,
            }),
            concurrency,
            grace: Duration::from_secs(10),
            is_once,
        }
    }
}

/// The time from the call of `submit`, and from its return, until a listening worker has claimed the job.
async fn latency(bench: &Bench, dialect: Dialect) {
    let address = bench.database(dialect).await;
    let (desk, hall) = (open(&address).await, open(&address).await);
    let count = 200;
    let submissions = bench.submissions(&desk, count).await;
    let (tell, mut told) = mpsc::unbounded_channel();
    let listener = tokio::spawn(async move {
        let worker = worker(1);
        let mut wakeups = hall.wakeups().await;
        loop {
            let claimed = hall.claim(&worker, &ClaimTarget::Oldest).await.unwrap();
            match claimed {
                Some(_) => tell.send(Instant::now()).unwrap(),
                None => {
                    wakeups.next().await;
                }
            }
        }
    });
    let (mut whole, mut after) = (Vec::new(), Vec::new());
    for submission in &submissions {
        let begun = Instant::now();
        desk.submit(submission).await.unwrap();
        let stored = Instant::now();
        let claimed = told.recv().await.unwrap();
        whole.push(millis(claimed - begun));
        after.push(millis(claimed.saturating_duration_since(stored)));
    }
    listener.abort();
    let name = name(dialect);
    println!("{name}: submit called → claimed, ms: {}", Spread::of(whole));
    println!(
        "{name}: submit returned → claimed, ms: {}",
        Spread::of(after)
    );
}

/// Claims per second of a number of workers, each with its own connections, and of pgbench with as many clients.
async fn claims(bench: &Bench) {
    for workers in WORKERS {
        let (mut ours, mut bare, mut ratios, mut file) = (vec![], vec![], vec![], vec![]);
        for _ in 0..ROUNDS {
            let base = pgbench(bench, workers).await;
            let address = bench.queue(Dialect::Postgres).await;
            let own = claim_for_a_while(&address, workers).await;
            ratios.extend(base.map(|base| own / base));
            bare.extend(base);
            ours.push(own);
            let address = bench.queue(Dialect::Sqlite).await;
            file.push(claim_for_a_while(&address, workers).await);
        }
        println!(
            "claims per second, {workers} workers, postgres: {}",
            Spread::of(ours)
        );
        println!(
            "claims per second, {workers} workers, pgbench, bare statement: {}",
            Spread::of(bare)
        );
        println!(
            "claims per second, {workers} workers, ÷ pgbench: {}",
            Spread::of(ratios)
        );
        println!(
            "claims per second, {workers} workers, sqlite: {}",
            Spread::of(file)
        );
    }
}

async fn claim_for_a_while(address: &str, workers: u32) -> f64 {
    let mut stores = Vec::new();
    for _ in 0..workers {
        let store = open(address).await;
        // The first query opens the connection.
        store.claim(&worker(0), &ClaimTarget::Oldest).await.unwrap();
        stores.push(store);
    }
    let begun = Instant::now();
    let claimers = (1..).zip(stores).map(|(number, store)| {
        tokio::spawn(async move {
            let worker = worker(number);
            for _ in 0..CLAIMED / workers {
                let claimed = store.claim(&worker, &ClaimTarget::Oldest).await.unwrap();
                claimed.expect("more is queued than is taken");
            }
        })
    });
    let claimers: Vec<_> = claimers.collect();
    for claimer in claimers {
        claimer.await.unwrap();
    }
    f64::from(CLAIMED) / begun.elapsed().as_secs_f64()
}

/// Returns `None` if pgbench is not installed.
async fn pgbench(bench: &Bench, clients: u32) -> Option<f64> {
    let address = bench.queue(Dialect::Postgres).await;
    let script = bench.folder.path().join("claim.sql");
    std::fs::write(&script, BARE).unwrap();
    let output = Command::new("pgbench")
        .env("PATH", postgres::search_path())
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
        .arg(format!("--client={clients}"))
        .arg(format!("--transactions={}", CLAIMED / clients))
        .arg(format!("--file={}", script.display()))
        .arg(&address)
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).unwrap();
    let rate = text.lines().find_map(|line| line.strip_prefix("tps = "));
    let rate = rate.unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    rate.split(' ').next().unwrap().parse().ok()
}

/// The costs of the store alone: jobs with documents of a realistic size are stored, claimed and finished without work.
async fn jobs(bench: &Bench, dialect: Dialect) {
    let name = name(dialect);
    for workers in [1, 8] {
        let address = bench.database(dialect).await;
        let store = open(&address).await;
        let submissions = bench.submissions(&store, 400).await;
        let count = f64::from(u16::try_from(submissions.len()).unwrap());
        let sizes = [
            serde_json::to_string(&submissions[0].plan).unwrap().len(),
            serde_json::to_string(&submissions[0].report).unwrap().len(),
        ];
        let begun = Instant::now();
        for submission in &submissions {
            store.submit(submission).await.unwrap();
        }
        let rate = count / begun.elapsed().as_secs_f64();
        println!("{name}: submissions per second, plan and report of {sizes:?} bytes: {rate:.0}");
        let begun = Instant::now();
        let hands = (0..workers).map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let worker = worker(number);
                while let Some(lease) = store.claim(&worker, &ClaimTarget::Oldest).await.unwrap() {
                    let end = RunChange::Fail {
                        error: "nothing was to be done".to_owned(),
                        left: None,
                    };
                    let ended = store.change(&lease.run, Actor::Worker(&lease), &end);
                    ended.await.unwrap();
                }
            })
        });
        let hands: Vec<_> = hands.collect();
        for hand in hands {
            hand.await.unwrap();
        }
        let rate = count / begun.elapsed().as_secs_f64();
        println!("{name}: jobs claimed and ended per second, {workers} at a time: {rate:.0}");
    }
}

/// Runs per minute with a full queue, and the duration of each step of a single run.
async fn whole_runs(bench: &Bench, dialect: Dialect) {
    let name = name(dialect);
    for concurrency in [1, 4] {
        let mut rates = Vec::new();
        for round in 0..ROUNDS {
            let address = bench.database(dialect).await;
            let store = open(&address).await;
            let count = 40;
            let mut runs = Vec::new();
            for submission in bench.submissions(&store, count).await {
                runs.push(store.submit(&submission).await.unwrap().id);
            }
            let service = bench.service(open(&address).await, concurrency, true);
            let (_open, stop) = watch::channel(false);
            let begun = Instant::now();
            let finished = service.run(stop).await;
            let took = begun.elapsed();
            assert!(finished.runs == 40 && !finished.has_failed, "{finished:?}");
            rates.push(f64::from(40_u8) / took.as_secs_f64() * 60.0);
            if concurrency == 1 && round + 1 == ROUNDS {
                phases(&store, &runs, &service.context.metrics).await;
            }
        }
        println!(
            "{name}: whole runs per minute, {concurrency} at a time: {}",
            Spread::of(rates)
        );
    }
}

/// Prints the time between consecutive events of the audit log, and the worker's own metrics.
async fn phases(store: &Database, runs: &[RunId], metrics: &Metrics) {
    let mut gaps: BTreeMap<i64, (String, Vec<f64>)> = BTreeMap::new();
    for run in runs {
        let events = store.events(0, Some(run), 100).await.unwrap();
        for pair in events.windows(2) {
            let say = |at: usize| {
                let event = &pair[at];
                let step = event.detail["step"].as_str().unwrap_or_default();
                format!("{} {step}", event.kind.as_db()).trim().to_owned()
            };
            let named = || (format!("{} → {}", say(0), say(1)), Vec::new());
            let gap = f64::from(i32::try_from(pair[1].at - pair[0].at).unwrap());
            let (_, all) = gaps.entry(pair[0].number).or_insert_with(named);
            all.push(gap);
        }
    }
    // Before its start, a run waits for the runs before it.
    for (name, all) in gaps.into_values().skip(1) {
        println!("    {name}, ms: {}", Spread::of(all));
    }
    let text = metrics.encode();
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.map_or(0.0, |value| value.trim().parse().unwrap())
    };
    for step in ["build", "create", "push", "describe", "attempt"] {
        let of = |what| {
            value(&format!(
                "groundplan_step_seconds_{what}{{step=\"{step}\"}}"
            ))
        };
        println!(
            "    step {step}, mean: {:.1} ms",
            of("sum") / of("count") * 1000.0
        );
    }
}

/// The time from the call of `submit` until the run has succeeded, sequentially, with an idle worker.
async fn end_to_end(bench: &Bench, dialect: Dialect) {
    let address = bench.database(dialect).await;
    let store = open(&address).await;
    let submissions = bench.submissions(&store, 40).await;
    let service = bench.service(open(&address).await, 4, false);
    let (stop, stopped) = watch::channel(false);
    let working = tokio::spawn(async move { service.run(stopped).await });
    let mut times = Vec::new();
    for submission in &submissions {
        let begun = Instant::now();
        let filter = RunFilter {
            id: Some(store.submit(submission).await.unwrap().id),
            ..RunFilter::default()
        };
        loop {
            let run = store.runs(&filter).await.unwrap().remove(0);
            let run = run.readable().expect("a run that was just submitted");
            if run.status == RunStatus::Succeeded {
                break;
            }
            assert!(run.status.is_active(), "{run:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        times.push(millis(begun.elapsed()));
    }
    stop.send_replace(true);
    working.await.unwrap();
    let name = name(dialect);
    println!(
        "{name}: submit called → SUCCEEDED, ms: {}",
        Spread::of(times)
    );
}

fn worker(number: u32) -> WorkerId {
    WorkerId::new("bench", number, 0)
}

fn name(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Postgres => "postgres",
        Dialect::Sqlite => "sqlite",
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn load() -> String {
    let text = std::fs::read_to_string(Path::new("/proc/loadavg")).unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}
