//! A submission becomes a queued job and its run.

use super::clock::now;
use super::connection::Tx;
use super::dialect::Statement;
use super::{Database, events, row};
use crate::store::error::StoreError;
use crate::store::event::EventKind;
use crate::store::id::{JobId, ProductId, RunId, UserId};
use crate::store::run::Run;
use crate::store::submission::{RiskAssessment, Submission};
use serde::Serialize;
use serde_json::json;
use sqlx::Row as _;

static USER: Statement = Statement::new(
    "SELECT CASE WHEN is_demo THEN 1 ELSE 0 END AS is_demo FROM users WHERE id = $1",
);
static PRODUCT: Statement =
    Statement::new("SELECT id FROM products WHERE id = $1 AND user_id = $2");
static ACTIVE: Statement = Statement::new(
    "SELECT id FROM bootstrap_runs WHERE product_id = $1 AND status IN ('PENDING', 'RUNNING')",
);
/// The settings of a model stay empty: none is asked (R11).
static JOB: Statement = Statement::new(
    "INSERT INTO claude_jobs (id, user_id, product_id, kind, status, requested_model, requested_thinking_budget, \
     requested_permission_mode, created_at, updated_at) \
     VALUES ($1, $2, $3, 'BOOTSTRAP_REPO', 'QUEUED', NULL, NULL, NULL, {at:$4}, {at:$4})",
);
static RUN: Statement = Statement::new(
    "INSERT INTO bootstrap_runs (id, claude_job_id, product_id, user_id, status, recipe_hash, catalog_version, \
     action_schema_version, dry_run_report, recipe_snapshot, selected_options, created_at) \
     VALUES ($1, $2, $3, $4, 'PENDING', $5, $6, $7, {json:$8}, {json:$9}, {json:$10}, {at:$11})",
);
static TIER: Statement = Statement::new(
    "INSERT INTO bootstrap_tiers (run_id, tier, reasons, tree) VALUES ($1, $2, {json:$3}, $4) \
     ON CONFLICT (run_id) DO UPDATE SET tier = excluded.tier, reasons = excluded.reasons, tree = excluded.tree",
);

/// Refuses whoever may not write.
pub(super) async fn may_write(tx: &mut Tx, user: &UserId) -> Result<(), StoreError> {
    let query = sqlx::query(USER.on(tx.dialect)).bind(user.as_str());
    let row = query.fetch_optional(tx.at()).await?;
    let user = user.clone();
    let Some(row) = row else {
        return Err(StoreError::NoUser { user });
    };
    if row.try_get::<i64, _>("is_demo")? == 1 {
        return Err(StoreError::Demo { user });
    }
    Ok(())
}

/// Refuses a product that is not the user's.
pub(super) async fn owns(
    tx: &mut Tx,
    user: &UserId,
    product: &ProductId,
) -> Result<(), StoreError> {
    let query = sqlx::query(PRODUCT.on(tx.dialect));
    let query = query.bind(product.as_str()).bind(user.as_str());
    if query.fetch_optional(tx.at()).await?.is_some() {
        return Ok(());
    }
    let (product, user) = (product.clone(), user.clone());
    Err(StoreError::NoProduct { product, user })
}

impl Database {
    /// The refusal of a second run names the first one, which a transaction that broke the rule cannot see any more.
    pub(super) async fn with_active_run(&self, error: StoreError) -> StoreError {
        let StoreError::ActiveRun { product, .. } = error else {
            return error;
        };
        let active = async { active(&mut self.look().await?, &product).await };
        match active.await {
            Ok(run) => StoreError::ActiveRun { product, run },
            Err(error) => error,
        }
    }
}

/// The run of a product that may still change by itself.
async fn active(tx: &mut Tx, product: &ProductId) -> Result<Option<RunId>, StoreError> {
    let query = sqlx::query(ACTIVE.on(tx.dialect)).bind(product.as_str());
    let Some(row) = query.fetch_optional(tx.at()).await? else {
        return Ok(None);
    };
    Ok(RunId::parse(&row.try_get::<String, _>("id")?).ok())
}

/// Whether a statement broke the rule "one active run for a product", the only one that a run's row can break.
pub(super) fn or_active(error: sqlx::Error, product: &ProductId) -> StoreError {
    let is_second = error
        .as_database_error()
        .is_some_and(sqlx::error::DatabaseError::is_unique_violation);
    if is_second {
        StoreError::ActiveRun {
            product: product.clone(),
            run: None,
        }
    } else {
        error.into()
    }
}

/// Stores a run and its job.
pub(super) async fn insert(tx: &mut Tx, submission: &Submission) -> Result<Run, StoreError> {
    let Submission {
        user,
        product,
        plan,
        report,
        risk,
    } = submission;
    let promised = report.tree_id.as_ref();
    if promised != Some(&risk.tree) {
        return Err(StoreError::AnotherTree {
            named: risk.tree.to_string(),
            promised: promised.map_or_else(|| "none".to_owned(), ToString::to_string),
        });
    }
    may_write(tx, user).await?;
    owns(tx, user, product).await?;
    let at = now(tx).await?;
    let millis = u64::try_from(at).unwrap_or_default();
    let job = JobId::fresh(millis)?;
    let run = RunId::fresh(millis)?;
    sqlx::query(JOB.on(tx.dialect))
        .bind(job.as_str())
        .bind(user.as_str())
        .bind(product.as_str())
        .bind(at)
        .execute(tx.at())
        .await?;
    sqlx::query(RUN.on(tx.dialect))
        .bind(run.as_str())
        .bind(job.as_str())
        .bind(product.as_str())
        .bind(user.as_str())
        .bind(report.recipe_hash.as_str())
        .bind(report.catalog_version.as_str())
        .bind(i64::from(plan.action_schema_version))
        .bind(document("the report", report)?)
        .bind(document("the plan", plan)?)
        .bind(document("the selection", &plan.recipe.selections)?)
        .bind(at)
        .execute(tx.at())
        .await
        .map_err(|error| or_active(error, product))?;
    judge(tx, &run, risk).await?;
    let mut happened = vec![(
        EventKind::Submitted,
        json!({ "tree": risk.tree, "tier": risk.tier }),
    )];
    if risk.needs_approval(None) {
        happened.push((EventKind::Held, json!(risk)));
    }
    events::append(tx, &run, at, user.as_str(), &happened).await?;
    Ok(row::find(tx, &run).await?.run)
}

/// Writes the tier of a run. An approval stays: it names its tree.
pub(super) async fn judge(
    tx: &mut Tx,
    run: &RunId,
    risk: &RiskAssessment,
) -> Result<(), StoreError> {
    sqlx::query(TIER.on(tx.dialect))
        .bind(run.as_str())
        .bind(risk.tier.as_str())
        .bind(json!(risk.reasons).to_string())
        .bind(risk.tree.as_str())
        .execute(tx.at())
        .await?;
    Ok(())
}

/// A document as the database keeps it.
pub(super) fn document<T: Serialize>(what: &'static str, value: &T) -> Result<String, StoreError> {
    // Not the canonical form: that makes other numbers of integers beyond 2^53, which nonces are.
    let text = serde_json::to_string(value).map_err(|error| StoreError::Unstorable {
        what,
        message: error.to_string(),
    })?;
    // The escape of a NUL, unless its backslash is itself escaped.
    let holds_nul = text.match_indices("\\u0000").any(|(at, _)| {
        let before = text[..at]
            .bytes()
            .rev()
            .take_while(|byte| *byte == b'\\')
            .count();
        before % 2 == 0
    });
    if holds_nul {
        return Err(StoreError::Unstorable {
            what,
            message: "it holds the character NUL; bring such a file with COPY_FILE".to_owned(),
        });
    }
    Ok(text)
}
