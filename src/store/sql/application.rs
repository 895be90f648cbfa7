//! Whether an application's tables have what we need of them, before anything is added beside them.

use super::{Database, Dialect};
use crate::store::error::StoreError;
use crate::store::job::{JobKind, JobStatus};
use crate::store::run::RunStatus;
use sqlx::Row as _;
use std::collections::BTreeSet;

/// A table, the columns that we read or write with their kinds, and whether we add rows to it.
struct Needed {
    table: &'static str,
    columns: &'static [(&'static str, TypeKind)],
    /// Then every other column must be able to stay empty.
    is_added_to: bool,
}

/// What a column must hold, however it is exactly called.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TypeKind {
    Text,
    Number,
    Truth,
    Time,
    Json,
    Texts,
    /// An enum with this name.
    Enum(&'static str),
}

use TypeKind::{Enum, Json, Number, Text, Texts, Time, Truth};

const NEEDED: [Needed; 8] = [
    Needed {
        table: "users",
        columns: &[
            ("id", Text),
            ("username", Text),
            ("is_demo", Truth),
            ("github_pat_encrypted", Text),
            ("github_username", Text),
            ("github_pat_verified_at", Time),
            ("github_pat_scopes", Texts),
            ("github_pat_expires_at", Time),
            ("updated_at", Time),
        ],
        is_added_to: false,
    },
    Needed {
        table: "products",
        columns: &[
            ("id", Text),
            ("user_id", Text),
            ("repo_url", Text),
            ("repo_owner", Text),
            ("repo_slug", Text),
            ("template_version", Text),
            ("last_bootstrap_run_id", Text),
            ("updated_at", Time),
        ],
        is_added_to: false,
    },
    Needed {
        table: "claude_workers",
        columns: &[
            ("id", Text),
            ("user_id", Text),
            ("token_id", Text),
            ("instance_id", Text),
            ("hostname", Text),
            ("pid", Number),
            ("started_at", Time),
            ("last_seen_at", Time),
        ],
        // That a worker cannot be listed stops nothing.
        is_added_to: false,
    },
    Needed {
        table: "claude_jobs",
        columns: &[
            ("id", Text),
            ("user_id", Text),
            ("product_id", Text),
            ("kind", Enum("ClaudeJobKind")),
            ("status", Enum("ClaudeJobStatus")),
            ("claimed_by_worker_id", Text),
            ("claimed_at", Time),
            ("started_at", Time),
            ("finished_at", Time),
            ("lease_until", Time),
            ("requested_model", Text),
            ("requested_thinking_budget", Number),
            ("requested_permission_mode", Text),
            ("error", Text),
            ("retry_count", Number),
            ("created_at", Time),
            ("updated_at", Time),
        ],
        is_added_to: true,
    },
    Needed {
        table: "bootstrap_runs",
        columns: &[
            ("id", Text),
            ("claude_job_id", Text),
            ("product_id", Text),
            ("user_id", Text),
            ("status", Enum("BootstrapRunStatus")),
            ("github_repo_created_at", Time),
            ("github_repo_id", Number),
            ("github_repo_full_name", Text),
            ("push_completed_at", Time),
            ("recipe_hash", Text),
            ("catalog_version", Text),
            ("action_schema_version", Number),
            ("dry_run_report", Json),
            ("recipe_snapshot", Json),
            ("selected_options", Json),
            ("repo_url", Text),
            ("started_at", Time),
            ("finished_at", Time),
            ("created_at", Time),
        ],
        is_added_to: true,
    },
    Needed {
        table: "bootstrap_categories",
        columns: &[
            ("id", Text),
            ("slug", Text),
            ("name", Text),
            ("description", Text),
            ("selection_type", Enum("BootstrapSelectionType")),
            ("required", Truth),
            ("position", Number),
            ("updated_at", Time),
        ],
        is_added_to: true,
    },
    Needed {
        table: "bootstrap_options",
        columns: &[
            ("id", Text),
            ("category_id", Text),
            ("slug", Text),
            ("name", Text),
            ("description", Text),
            ("is_default", Truth),
            ("position", Number),
            ("updated_at", Time),
        ],
        is_added_to: true,
    },
    Needed {
        table: "bootstrap_actions",
        columns: &[
            ("id", Text),
            ("option_id", Text),
            ("kind", Enum("BootstrapActionKind")),
            ("execution_order", Number),
            ("config", Json),
            ("risk_level", Enum("RiskLevel")),
            ("updated_at", Time),
        ],
        is_added_to: true,
    },
];

impl TypeKind {
    /// Whether a column of this Postgres type holds it.
    fn fits(self, postgres_type: &str) -> bool {
        match self {
            Text => matches!(postgres_type, "text" | "varchar" | "bpchar" | "citext"),
            Number => matches!(postgres_type, "int2" | "int4" | "int8"),
            Truth => postgres_type == "bool",
            Time => postgres_type == "timestamp",
            Json => postgres_type == "jsonb",
            Texts => matches!(postgres_type, "_text" | "_varchar"),
            Enum(name) => postgres_type == name,
        }
    }

    fn as_words(self) -> String {
        match self {
            Text => "text".to_owned(),
            Number => "a whole number".to_owned(),
            Truth => "boolean".to_owned(),
            Time => "timestamp(3) without time zone".to_owned(),
            Json => "jsonb".to_owned(),
            Texts => "text[]".to_owned(),
            Enum(name) => format!("the enum \"{name}\""),
        }
    }
}

/// The values that we write or ask for. Others may be there.
fn values() -> Vec<(&'static str, Vec<&'static str>)> {
    vec![
        ("ClaudeJobKind", vec![JobKind::BootstrapRepo.as_db()]),
        (
            "ClaudeJobStatus",
            JobStatus::ALL.map(JobStatus::as_db).to_vec(),
        ),
        (
            "BootstrapRunStatus",
            RunStatus::ALL.map(RunStatus::as_db).to_vec(),
        ),
        ("BootstrapSelectionType", vec!["SINGLE", "MULTI"]),
        (
            "BootstrapActionKind",
            vec![
                "COPY_FILE",
                "WRITE_FILE",
                "APPEND_TO_FILE",
                "REPLACE_STRING",
                "CREATE_ADR_STUB",
                "ADD_DEPENDENCY",
            ],
        ),
        ("RiskLevel", vec!["LOW", "MEDIUM", "HIGH"]),
    ]
}

const COLUMNS: &str = "SELECT CAST(table_name AS TEXT) AS tbl, CAST(column_name AS TEXT) AS col, \
     CAST(udt_name AS TEXT) AS typ, \
     CASE WHEN is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO' THEN 1 ELSE 0 END AS demanded \
     FROM information_schema.columns WHERE table_schema = current_schema()";
const VALUES: &str = "SELECT CAST(t.typname AS TEXT) AS typ, CAST(e.enumlabel AS TEXT) AS label \
     FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid \
     JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname = current_schema()";
const ONE_ACTIVE: &str = "SELECT COUNT(*) AS there FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid \
     JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema() AND c.relname = 'bootstrap_runs' \
     AND i.indisunique AND i.indpred IS NOT NULL AND pg_get_indexdef(i.indexrelid) LIKE '%(product_id)%'";

/// Names everything that is missing at once.
///
/// # Errors
/// [`StoreError::NotReady`].
pub(super) async fn check(database: &Database) -> Result<(), StoreError> {
    if database.dialect() == Dialect::Sqlite {
        return Err(StoreError::NotReady {
            message: "an application's tables are joined on Postgres only".to_owned(),
        });
    }
    let mut missing = columns(database).await?;
    let rows = sqlx::query(VALUES).fetch_all(&database.pool).await?;
    let mut there = BTreeSet::new();
    for row in &rows {
        let value: (String, String) = (row.try_get("typ")?, row.try_get("label")?);
        there.insert(value);
    }
    for (name, values) in values() {
        for value in values {
            if !there.contains(&(name.to_owned(), value.to_owned())) {
                missing.push(format!("{value} in the enum \"{name}\""));
            }
        }
    }
    let row = sqlx::query(ONE_ACTIVE).fetch_one(&database.pool).await?;
    if row.try_get::<i64, _>("there")? == 0 {
        missing.push(
            "a unique index on bootstrap_runs (product_id) where the status is PENDING or RUNNING"
                .to_owned(),
        );
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(StoreError::NotReady {
        message: format!(
            "the application's tables lack what is needed: {}",
            missing.join("; ")
        ),
    })
}

async fn columns(database: &Database) -> Result<Vec<String>, StoreError> {
    let mut there = Vec::new();
    for row in sqlx::query(COLUMNS).fetch_all(&database.pool).await? {
        let table: String = row.try_get("tbl")?;
        let column: String = row.try_get("col")?;
        let kind: String = row.try_get("typ")?;
        there.push((table, column, kind, row.try_get::<i64, _>("demanded")? == 1));
    }
    let mut missing = Vec::new();
    for needed in NEEDED {
        let of_table = || there.iter().filter(|(table, ..)| table == needed.table);
        if of_table().next().is_none() {
            missing.push(format!("the table {}", needed.table));
            continue;
        }
        for (column, kind) in needed.columns {
            match of_table().find(|(_, name, ..)| name == column) {
                None => missing.push(format!("{}.{column}", needed.table)),
                Some((.., found, _)) if !kind.fits(found) => missing.push(format!(
                    "{}.{column} as {} (it is {found})",
                    needed.table,
                    kind.as_words()
                )),
                Some(_) => {}
            }
        }
        let is_known = |name: &str| needed.columns.iter().any(|(column, _)| *column == name);
        for (_, column, _, is_demanded) in of_table() {
            if needed.is_added_to && *is_demanded && !is_known(column) {
                missing.push(format!("a default for {}.{column}", needed.table));
            }
        }
    }
    Ok(missing)
}
