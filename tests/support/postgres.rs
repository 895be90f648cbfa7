//! A temporary Postgres for the tests of one process, with a separate database for each test.

use groundplan::store::sql::address::DatabaseUrl;
use groundplan::store::sql::migrations::Tables;
use groundplan::store::sql::{Database, DatabaseOptions};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::OnceCell;

/// Starts a cluster and prints its folder; a line `stop` of the input stops it, any other one starts it again. The input ends
/// with the test process, however that ends; then everything is removed.
const SCRIPT: &str = r#"
set -eu
umask 077
folder=$(mktemp -d /tmp/groundplan-pg.XXXXXX)
trap 'rm -rf "$folder"' EXIT
initdb -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
pg_ctl -D "$folder/data" -w -t 60 -l "$folder/log" -o "-k $folder -c listen_addresses= $SETTINGS" start >/dev/null 2>&1 || { cat "$folder/log" >&2; exit 1; }
trap 'pg_ctl -D "$folder/data" -m immediate stop >/dev/null 2>&1; rm -rf "$folder"' EXIT
echo "$folder"
while read -r order; do
    [ "$order" = stop ] || order=restart
    pg_ctl -D "$folder/data" -w -t 60 -l "$folder/log" -m fast "$order" >/dev/null 2>&1 || { cat "$folder/log" >&2; exit 1; }
    echo "$folder"
done
"#;

/// Settings for tests: fast, and without protection against a power cut.
pub(crate) const CARELESS: &str = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=300 -c shared_buffers=64MB";

/// A running cluster.
pub(crate) struct Cluster {
    folder: String,
    /// Its input is open as long as this process runs.
    keeper: Child,
    output: BufReader<ChildStdout>,
    /// Set once the database `ours`, with all tables, exists.
    template: OnceCell<()>,
}

static CLUSTER: OnceLock<Cluster> = OnceLock::new();
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// The folders in which Postgres's programs may be, newest version first, and PATH after them.
pub(crate) fn search_path() -> String {
    let mut folders: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path().join("bin"))
        .collect();
    folders.sort_by_key(|folder| {
        let version = folder.parent().unwrap().file_name().unwrap();
        version.to_str().unwrap().parse::<u32>().unwrap_or(0)
    });
    folders.reverse();
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
    assert!(
        folders.iter().any(|folder| folder.join("initdb").is_file()),
        "these tests need Postgres: `apt-get install postgresql`"
    );
    let joined = std::env::join_paths(folders).unwrap();
    joined.into_string().unwrap()
}

impl Cluster {
    /// The cluster of this process.
    pub(crate) fn get() -> &'static Self {
        CLUSTER.get_or_init(|| Self::start(CARELESS))
    }

    /// Starts a separate cluster, which may be restarted, with settings in the form `-c NAME=VALUE …`.
    pub(crate) fn start(settings: &str) -> Self {
        let mut command = if rustix::process::geteuid().is_root() {
            // Postgres refuses to run as root.
            let mut command = Command::new("setpriv");
            command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "sh"]);
            command
        } else {
            Command::new("sh")
        };
        let mut keeper = command
            .args(["-c", SCRIPT])
            .current_dir("/tmp")
            .env("PATH", search_path())
            .env("LC_ALL", "C")
            .env("SETTINGS", settings)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut folder = String::new();
        let mut output = BufReader::new(keeper.stdout.take().unwrap());
        output.read_line(&mut folder).unwrap();
        let folder = folder.trim().to_owned();
        assert!(!folder.is_empty(), "Postgres did not start; see above");
        Self {
            folder,
            keeper,
            template: OnceCell::const_new(),
            output,
        }
    }

    /// Stops the server, which ends every session, and starts it again.
    pub(crate) fn restart(&mut self) {
        self.order("restart");
    }

    /// Stops the server until it is restarted.
    pub(crate) fn stop(&mut self) {
        self.order("stop");
    }

    fn order(&mut self, order: &str) {
        let input = self.keeper.stdin.as_mut().unwrap();
        writeln!(input, "{order}").unwrap();
        let mut folder = String::new();
        self.output.read_line(&mut folder).unwrap();
        assert_eq!(folder.trim(), self.folder, "Postgres did not {order}");
    }

    /// The address of a database.
    pub(crate) fn address(&self, database: &str) -> String {
        format!(
            "postgres://localhost/{database}?host={}&user=postgres",
            self.folder
        )
    }

    /// A connection to read and change rows behind the store's back.
    pub(crate) async fn connect(&self, database: &str) -> PgConnection {
        PgConnection::connect(&self.address(database))
            .await
            .unwrap()
    }

    /// Creates an empty database and returns its name.
    pub(crate) async fn empty(&self) -> String {
        self.create("").await
    }

    /// Creates a database with all tables and returns its name.
    pub(crate) async fn migrated(&self) -> String {
        self.template
            .get_or_init(|| async {
                let name = self.create("").await;
                let database = open(&self.address(&name)).await;
                database.migrate(Tables::All).await.unwrap();
                database.close().await;
                let rename = format!("ALTER DATABASE {name} RENAME TO ours");
                let mut admin = self.connect("postgres").await;
                admin.execute(AssertSqlSafe(rename)).await.unwrap();
            })
            .await;
        self.create("TEMPLATE ours").await
    }

    async fn create(&self, more: &str) -> String {
        let name = format!("t{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let mut admin = self.connect("postgres").await;
        let create = format!("CREATE DATABASE {name} {more}");
        admin.execute(AssertSqlSafe(create)).await.unwrap();
        name
    }
}

/// Opens a database by its address.
pub(crate) async fn open(address: &str) -> Database {
    let settings = DatabaseOptions {
        database: DatabaseUrl::parse(address).unwrap(),
        direct: None,
        connections: 10,
    };
    Database::open(settings).await.unwrap()
}
