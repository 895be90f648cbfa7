//! The check of an application's tables before ours are added beside them.

use super::{Database, Dialect};
use crate::model::action::{Action, RoleRequired, SideEffect};
use crate::store::catalog::PublishedCatalog;
use crate::store::error::StoreError;
use crate::store::job::{JobKind, JobStatus};
use crate::store::run::RunStatus;
use sqlx_macros::FromRow;
use std::collections::BTreeSet;

/// A table with the columns that this program reads or writes.
struct Needed {
    table: &'static str,
    columns: &'static [(&'static str, TypeKind)],
    /// True if rows are added; then every other column must have a default or accept null.
    is_added_to: bool,
}

/// The type of a column, without its exact name in Postgres.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TypeKind {
    Text,
    Number,
    Boolean,
    Time,
    Json,
    TextArray,
    /// A list of texts, as an array or in a document.
    List,
    /// A text or any enum.
    Word,
    /// An enum with this name.
    Enum(&'static str),
}

use TypeKind::{Boolean, Enum, Json, List, Number, Text, TextArray, Time, Word};

const NEEDED: [Needed; 9] = [
    Needed {
        table: "users",
        columns: &[
            ("id", Text),
            ("username", Text),
            ("is_demo", Boolean),
            ("github_pat_encrypted", Text),
            ("github_username", Text),
            ("github_pat_verified_at", Time),
            ("github_pat_scopes", TextArray),
            ("github_pat_expires_at", Time),
            ("github_orgs", List),
            ("updated_at", Time),
        ],
        is_added_to: false,
    },
    Needed {
        table: "products",
        columns: &[
            ("id", Text),
            ("user_id", Text),
            ("name", Text),
            ("code", Text),
            ("created_at", Time),
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
        table: "api_tokens",
        columns: &[
            ("id", Text),
            ("user_id", Text),
            ("token_hash", Text),
            ("label", Text),
            ("created_at", Time),
            ("revoked_at", Time),
            ("expires_at", Time),
        ],
        // The server reads them; adding one is the application's right.
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
        // A worker runs even when it cannot be listed.
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
            ("branch", Text),
            ("pr_url", Text),
            ("summary", Text),
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
            ("required", Boolean),
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
            ("is_default", Boolean),
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
            ("supports_dry_run", Boolean),
            ("role_required", Enum("RoleRequired")),
            ("side_effect", Enum("SideEffect")),
            ("updated_at", Time),
        ],
        is_added_to: true,
    },
];

/// The ideas of an application, which need not have them. The type of the status is its own.
const IDEAS: Needed = Needed {
    table: "ideas",
    columns: &[
        ("id", Text),
        ("user_id", Text),
        ("product_id", Text),
        ("title", Text),
        ("status", Word),
        ("plan_md", Text),
        ("created_at", Time),
        ("updated_at", Time),
    ],
    is_added_to: false,
};

impl TypeKind {
    /// True if a column of this Postgres type can store it.
    fn fits(self, postgres_type: &str) -> bool {
        match self {
            Text => matches!(postgres_type, "text" | "varchar" | "bpchar" | "citext"),
            Number => matches!(postgres_type, "int2" | "int4" | "int8"),
            Boolean => postgres_type == "bool",
            Time => postgres_type == "timestamp",
            Json => postgres_type == "jsonb",
            TextArray => matches!(postgres_type, "_text" | "_varchar"),
            Word => true,
            List => matches!(postgres_type, "_text" | "_varchar" | "jsonb"),
            Enum(name) => postgres_type == name,
        }
    }

    fn description(self) -> String {
        match self {
            Text => "text".to_owned(),
            Number => "a whole number".to_owned(),
            Boolean => "boolean".to_owned(),
            Time => "timestamp(3) without time zone".to_owned(),
            Json => "jsonb".to_owned(),
            TextArray => "text[]".to_owned(),
            Word => "a text or an enum".to_owned(),
            List => "text[] or jsonb".to_owned(),
            Enum(name) => format!("the enum \"{name}\""),
        }
    }
}

/// The values of enums that this program writes or compares with. Others may exist.
fn enum_values() -> Vec<(&'static str, Vec<&'static str>)> {
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
        // A catalogue with a later kind is refused when it is published.
        ("BootstrapActionKind", Action::KINDS[..6].to_vec()),
        ("RiskLevel", vec!["LOW", "MEDIUM", "HIGH"]),
    ]
}

const COLUMNS: &str = "
    SELECT CAST(table_name AS TEXT) AS table_name, CAST(column_name AS TEXT) AS name,
        CAST(udt_name AS TEXT) AS postgres_type,
        CASE WHEN is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO' THEN 1 ELSE 0 END AS is_required
    FROM information_schema.columns WHERE table_schema = current_schema()";
const ENUM_VALUES: &str = "
    SELECT CAST(t.typname AS TEXT), CAST(e.enumlabel AS TEXT)
    FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE n.nspname = current_schema()";
const ONE_ACTIVE_INDEXES: &str = "
    SELECT COUNT(*)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = current_schema() AND c.relname = 'bootstrap_runs' AND i.indisunique AND i.indpred IS NOT NULL
        AND pg_get_indexdef(i.indexrelid) LIKE '%(product_id)%'";

/// A column of the application.
#[derive(FromRow)]
struct ColumnRow {
    table_name: String,
    name: String,
    postgres_type: String,
    /// 1 if an insert must give a value.
    is_required: i64,
}

/// Checks the tables.
///
/// # Errors
/// [`StoreError::NotReady`] with everything that is missing.
pub(super) async fn check(database: &Database) -> Result<(), StoreError> {
    if database.dialect() == Dialect::Sqlite {
        return Err(StoreError::NotReady {
            message: "an application's tables can be joined only on Postgres".to_owned(),
        });
    }
    let columns: Vec<ColumnRow> = sqlx::query_as(COLUMNS).fetch_all(&database.pool).await?;
    let mut missing: Vec<String> = NEEDED
        .iter()
        .flat_map(|needed| needed.missing_in(&columns))
        .collect();
    let needed = enum_values().into_iter();
    let needed =
        needed.flat_map(|(name, values)| values.into_iter().map(move |value| (name, value)));
    missing.extend(missing_values(database, needed).await?);
    let indexes: i64 = sqlx::query_scalar(ONE_ACTIVE_INDEXES)
        .fetch_one(&database.pool)
        .await?;
    if indexes == 0 {
        missing.push(
            "a unique index on bootstrap_runs (product_id) where the status is PENDING or RUNNING"
                .to_owned(),
        );
    }
    refuse(&missing)
}

/// Checks the table of ideas.
///
/// # Errors
/// [`StoreError::NotReady`] with everything that is missing.
pub(super) async fn check_ideas(database: &Database) -> Result<(), StoreError> {
    let columns: Vec<ColumnRow> = sqlx::query_as(COLUMNS).fetch_all(&database.pool).await?;
    refuse(&IDEAS.missing_in(&columns))
}

/// Checks that the enums of the tables have the kinds, roles and effects of a catalogue's actions. An older application
/// has fewer kinds, and roles and effects are written only where they are not the default.
///
/// # Errors
/// [`StoreError::NotReady`] with the values that are missing.
pub(super) async fn check_attributes(
    database: &Database,
    catalog: &PublishedCatalog,
) -> Result<(), StoreError> {
    let options = catalog
        .categories
        .iter()
        .flat_map(|category| &category.options);
    let mut needed = BTreeSet::new();
    for action in options.flat_map(|option| &option.actions) {
        let (role, effect) = (action.common().role(), action.common().effect());
        if role != RoleRequired::default() {
            needed.insert(("RoleRequired", role.as_str()));
        }
        if effect != SideEffect::default() {
            needed.insert(("SideEffect", effect.as_str()));
        }
        needed.insert(("BootstrapActionKind", action.kind()));
    }
    refuse(&missing_values(database, needed.into_iter()).await?)
}

/// Checks that the enum of the kinds of jobs has that of updates, which an older application lacks.
///
/// # Errors
/// [`StoreError::NoUpdateJobs`].
pub(super) async fn check_updates(database: &Database) -> Result<(), StoreError> {
    let needed = [("ClaudeJobKind", JobKind::UpdateRepo.as_db())];
    let missing = missing_values(database, needed.into_iter()).await?;
    if missing.is_empty() {
        return Ok(());
    }
    Err(StoreError::NoUpdateJobs)
}

/// The values that enums of the tables lack.
async fn missing_values(
    database: &Database,
    needed: impl Iterator<Item = (&'static str, &'static str)>,
) -> Result<Vec<String>, StoreError> {
    let values: BTreeSet<(String, String)> = sqlx::query_as(ENUM_VALUES)
        .fetch_all(&database.pool)
        .await?
        .into_iter()
        .collect();
    Ok(needed
        .filter(|(name, value)| !values.contains(&((*name).to_owned(), (*value).to_owned())))
        .map(|(name, value)| format!("{value} in the enum \"{name}\""))
        .collect())
}

fn refuse(missing: &[String]) -> Result<(), StoreError> {
    if missing.is_empty() {
        return Ok(());
    }
    Err(StoreError::NotReady {
        message: format!("the application's tables lack {}", missing.join("; ")),
    })
}

impl Needed {
    /// The parts of this table that the columns of a database lack.
    fn missing_in(&self, columns: &[ColumnRow]) -> Vec<String> {
        let table = self.table;
        let found: Vec<_> = columns
            .iter()
            .filter(|column| column.table_name == table)
            .collect();
        if found.is_empty() {
            return vec![format!("the table {table}")];
        }
        let of_columns = self.columns.iter().filter_map(|(name, kind)| {
            let Some(column) = found.iter().find(|column| column.name == *name) else {
                return Some(format!("{table}.{name}"));
            };
            let postgres_type = &column.postgres_type;
            (!kind.fits(postgres_type)).then(|| {
                let wanted = kind.description();
                format!("{table}.{name} as {wanted} (it is {postgres_type})")
            })
        });
        let is_known = |name: &str| self.columns.iter().any(|(column, _)| *column == name);
        let without_default = found
            .iter()
            .filter(|column| self.is_added_to && column.is_required == 1 && !is_known(&column.name))
            .map(|column| format!("a default for {table}.{}", column.name));
        of_columns.chain(without_default).collect()
    }
}
