//! A store on either database, with a user, products, and an accepted preview to submit.

use super::postgres::{Cluster, open};
use super::{DEMO, request};
use groundplan::catalog::{self, CatalogOption, Category, SelectionType};
use groundplan::engine;
use groundplan::model::action::RiskLevel;
use groundplan::model::content::{File, Files};
use groundplan::model::digest::GitId;
use groundplan::model::plan::{Plan, TemplateOrigin, TemplatePin};
use groundplan::model::report::Report;
use groundplan::model::slug::OptionRef;
use groundplan::resolve::Request;
use groundplan::store::Store as _;
use groundplan::store::catalog::{PublishedCatalog, PublishedCategory, PublishedOption};
use groundplan::store::id::{ProductId, RunId, UserId};
use groundplan::store::lease::{ClaimTarget, Lease, WorkerId};
use groundplan::store::recovery::Recovery;
use groundplan::store::run::{Run, RunFilter};
use groundplan::store::sql::migrations::Tables;
use groundplan::store::sql::{Database, Dialect};
use groundplan::store::submission::{RiskAssessment, Submission};
use groundplan::tree::ids;
use groundplan::tree::memory::MemoryTree;
use groundplan::tree::validate::{Links, admit};
use sqlx::any::AnyPoolOptions;
use sqlx::{AnyPool, AssertSqlSafe, Row as _};
use std::path::Path;
use std::sync::OnceLock;

pub(crate) const BOTH: [Dialect; 2] = [Dialect::Sqlite, Dialect::Postgres];

/// A store with the user `ada`, who owns the products `p0` to `p9`, and the demo user `demo`, who owns `demo-product`.
pub(crate) struct StoreFixture {
    pub store: Database,
    pub address: String,
    /// A second pool, to read and change rows behind the store's back.
    pub(super) raw: AnyPool,
    _folder: tempfile::TempDir,
}

/// Declares a `#[test]` for each listed function and each database. The functions take a [`StoreFixture`].
macro_rules! promises {
    ($($promise:ident),+ $(,)?) => {$(
        mod $promise {
            use groundplan::store::sql::Dialect;

            #[test]
            fn on_sqlite() {
                crate::support::jobs::on(Dialect::Sqlite, super::$promise);
            }

            #[test]
            fn on_postgres() {
                crate::support::jobs::on(Dialect::Postgres, super::$promise);
            }
        }
    )+};
}
pub(crate) use promises;

/// Runs a test on each database.
pub(crate) fn on_both_databases(test: impl AsyncFn(StoreFixture)) {
    for dialect in BOTH {
        on(dialect, &test);
    }
}

/// Runs a test on one database.
pub(crate) fn on(dialect: Dialect, test: impl AsyncFn(StoreFixture)) {
    wait(async { test(StoreFixture::open(dialect).await).await });
}

/// Runs a future on several threads, as the programs do.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.unwrap().block_on(future)
}

/// The demo catalogue as a published catalogue.
pub(crate) fn published_catalog() -> PublishedCatalog {
    let files: Files = DEMO
        .iter()
        .map(|(path, text)| ((*path).to_owned(), File::regular(*text)))
        .collect();
    let catalog = catalog::load(&files, "demo").catalog.unwrap();
    let option_of = |category: &Category, option: &CatalogOption| {
        let name = OptionRef::new(&category.slug, &option.slug);
        let actions = catalog.recipe(&name).map(|recipe| &recipe.actions);
        PublishedOption {
            slug: option.slug.clone(),
            title: option.title.to_string(),
            description: None,
            is_default: option.default,
            actions: actions
                .into_iter()
                .flatten()
                .map(|action| action.action.clone())
                .collect(),
        }
    };
    let categories = catalog
        .categories()
        .iter()
        .map(|category| PublishedCategory {
            slug: category.slug.clone(),
            title: category.title.to_string(),
            description: None,
            is_multi: category.selection == SelectionType::Multi,
            is_required: category.required,
            options: category
                .options
                .iter()
                .map(|option| option_of(category, option))
                .collect(),
        });
    PublishedCatalog {
        catalog: catalog.slug().clone(),
        catalog_version: catalog.version().clone(),
        action_schema_version: 1,
        title: "Demo".to_owned(),
        categories: categories.collect(),
        files: files
            .iter()
            .map(|(path, file)| (path.clone(), file.into()))
            .collect(),
    }
}

/// The plan and the report of the demo catalogue's default product.
pub(crate) fn accepted() -> (Plan, Report) {
    static ACCEPTED: OnceLock<(Plan, Report)> = OnceLock::new();
    let make = || {
        let files: Files = DEMO
            .iter()
            .map(|(path, text)| ((*path).to_owned(), File::regular(*text)))
            .collect();
        let catalog = catalog::load(&files, "demo").catalog.unwrap();
        let template = files
            .into_iter()
            .filter_map(|(path, file)| {
                let path = path.strip_prefix("catalog/demo/template/")?;
                Some((path.to_owned(), file))
            })
            .collect();
        let template = MemoryTree::of(admit(template, Links::Refused, &[]).unwrap()).unwrap();
        let request = Request {
            template: TemplatePin {
                repo: TemplateOrigin::Catalog("demo".to_owned()),
                r#ref: "v1".to_owned(),
                sha: None,
                path: None,
                tree: GitId::of(&ids::tree_id(&template).unwrap()),
            },
            ..request(&catalog)
        };
        let preview = engine::preview(&catalog, request, &template).unwrap();
        assert!(preview.report.can_proceed, "{:?}", preview.report.errors);
        (preview.plan, preview.report)
    };
    ACCEPTED.get_or_init(make).clone()
}

pub(crate) fn user(id: &str) -> UserId {
    UserId::parse(id).unwrap()
}

pub(crate) fn product(id: &str) -> ProductId {
    ProductId::parse(id).unwrap()
}

pub(crate) fn worker(number: u32) -> WorkerId {
    WorkerId::new("host", number, 1_795_000_000_000)
}

/// The accepted preview for a product of `ada`, with a tier.
pub(crate) fn submission(product_id: &str, tier: RiskLevel) -> Submission {
    let (plan, report) = accepted();
    Submission {
        user: user("ada"),
        product: product(product_id),
        risk: RiskAssessment {
            tier,
            reasons: vec!["because".to_owned()],
            tree: report.tree_id.clone().unwrap(),
        },
        plan,
        report,
        key: None,
    }
}

impl StoreFixture {
    pub(crate) async fn open(dialect: Dialect) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = match dialect {
            Dialect::Sqlite => format!("sqlite:{}", folder.path().join("jobs.db").display()),
            Dialect::Postgres => {
                let cluster = Cluster::get();
                cluster.address(&cluster.migrated().await)
            }
        };
        Self::at(dialect, address, folder).await
    }

    /// Opens a store in a SQLite file in a folder.
    pub(crate) async fn in_folder(folder: &Path) -> Self {
        let address = format!("sqlite:{}", folder.join("jobs.db").display());
        Self::at(Dialect::Sqlite, address, tempfile::tempdir().unwrap()).await
    }

    /// Opens a store in the empty database of a separate cluster.
    pub(crate) async fn on(cluster: &Cluster) -> Self {
        let address = cluster.address("postgres");
        open(&address).await.migrate(Tables::All).await.unwrap();
        Self::at(Dialect::Postgres, address, tempfile::tempdir().unwrap()).await
    }

    async fn at(dialect: Dialect, address: String, folder: tempfile::TempDir) -> Self {
        let store = open(&address).await;
        let raw = AnyPoolOptions::new()
            .max_connections(2)
            .connect(&address)
            .await
            .unwrap();
        let fixture = Self {
            store,
            address,
            raw,
            _folder: folder,
        };
        let time = match dialect {
            Dialect::Sqlite => "0",
            Dialect::Postgres => "timestamp 'epoch'",
        };
        for (id, is_demo) in [("ada", "0 = 1"), ("demo", "1 = 1")] {
            fixture.write(&format!(
                "INSERT INTO users (id, username, is_demo, updated_at) VALUES ('{id}', '{id}', {is_demo}, {time})"
            ))
            .await;
        }
        let own = (0..10).map(|number| (format!("p{number}"), "ada"));
        for (id, owner) in own.chain([("demo-product".to_owned(), "demo")]) {
            fixture.write(&format!(
                "INSERT INTO products (id, user_id, name, updated_at) VALUES ('{id}', '{owner}', '{id}', {time})"
            ))
            .await;
        }
        fixture
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.store.dialect()
    }

    /// Runs a statement behind the store's back and returns the number of changed rows.
    #[track_caller]
    pub(crate) fn write(&self, sql: &str) -> impl Future<Output = u64> {
        let query = sqlx::query(AssertSqlSafe(sql.to_owned()));
        let sql = sql.to_owned();
        async move {
            let done = query.execute(&self.raw).await;
            done.unwrap_or_else(|error| panic!("{sql}: {error}"))
                .rows_affected()
        }
    }

    /// The value of an expression over one row, as text; `-` for null.
    pub(crate) async fn value(&self, expression: &str, from: &str) -> String {
        let sql = format!("SELECT CAST({expression} AS TEXT) AS value FROM {from}");
        let row = sqlx::query(AssertSqlSafe(sql.clone()))
            .fetch_one(&self.raw)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        let value: Option<String> = row.try_get("value").unwrap();
        value.unwrap_or_else(|| "-".to_owned())
    }

    /// A time long ago.
    pub(super) fn epoch(&self) -> &'static str {
        match self.dialect() {
            Dialect::Sqlite => "1",
            Dialect::Postgres => "timestamp 'epoch'",
        }
    }

    /// Lets every lease expire.
    pub(crate) async fn expire_leases(&self) {
        let past = self.epoch();
        self.write(&format!("UPDATE bootstrap_claims SET lease_until = {past}"))
            .await;
        self.write(&format!(
            "UPDATE claude_jobs SET lease_until = {past} WHERE lease_until IS NOT NULL AND CAST(kind AS TEXT) IN ('BOOTSTRAP_REPO', 'UPDATE_REPO')"
        ))
        .await;
    }

    /// Makes an expired lease valid again.
    pub(crate) async fn extend_lease(&self, run: &Run) {
        let later = match self.dialect() {
            Dialect::Sqlite => "9999999999999",
            Dialect::Postgres => "timestamp '2999-01-01'",
        };
        self.write(&format!(
            "UPDATE bootstrap_claims SET lease_until = {later} WHERE run_id = '{}'",
            run.id
        ))
        .await;
    }

    /// Lets a worker lose a job and claim it again.
    pub(crate) async fn claim_again(&self, lease: &Lease) -> Lease {
        self.expire_leases().await;
        let recovery = Recovery::Resume { attempts: 100 };
        self.store.recover_expired(recovery).await.unwrap();
        let again = self.store.claim(&lease.worker, &ClaimTarget::Oldest).await;
        again.unwrap().expect("the job is requeued")
    }

    /// Submits for a product of `ada`.
    pub(crate) async fn submit(&self, product_id: &str) -> Run {
        let submission = submission(product_id, RiskLevel::Low);
        self.store.submit(&submission).await.unwrap()
    }

    /// Claims the oldest job, which must be there.
    pub(crate) async fn claim(&self, number: u32) -> Lease {
        let claimed = self
            .store
            .claim(&worker(number), &ClaimTarget::Oldest)
            .await;
        claimed.unwrap().expect("a job waits")
    }

    /// The runs that a filter selects, each readable.
    pub(crate) async fn runs(&self, filter: &RunFilter) -> Vec<Run> {
        let listed = self.store.runs(filter).await.unwrap();
        let readable = listed.into_iter().map(|run| run.into_result("run"));
        readable.collect::<Result<_, _>>().unwrap()
    }

    /// The current state of a run.
    pub(crate) async fn run(&self, id: &RunId) -> Run {
        let mut runs = self.runs(&RunFilter::one(id)).await;
        assert_eq!(runs.len(), 1);
        runs.remove(0)
    }

    /// The status of a run and its job, as `RUNNING/RUNNING`.
    pub(crate) async fn status(&self, id: &RunId) -> String {
        let run = self.run(id).await;
        format!("{}/{}", run.status.as_db(), run.job_status.as_db())
    }

    /// The kinds of a run's events, in order. Their numbers have no gap.
    pub(crate) async fn event_kinds(&self, id: &RunId) -> Vec<&'static str> {
        let events = self.store.events(0, Some(id), 1000).await.unwrap();
        for (at, event) in events.iter().enumerate() {
            assert_eq!(event.number, i64::try_from(at).unwrap() + 1);
        }
        events.iter().map(|event| event.kind.as_db()).collect()
    }
}
