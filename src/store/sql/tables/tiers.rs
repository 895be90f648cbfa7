//! `bootstrap_tiers`: the assessed risk of each run, and the approval of its tree.

use crate::model::digest::GitId;
use crate::store::error::StoreError;
use crate::store::id::{RunId, UserId};
use crate::store::sql::connection::Tx;
use crate::store::sql::dialect::{Statement, statements};
use crate::store::submission::RiskAssessment;
use serde_json::json;

statements! {
    /// An approval stays: it names its tree.
    ASSESS = ["
        INSERT INTO bootstrap_tiers (run_id, tier, reasons, tree) VALUES ($1, $2, {cast:$3 AS jsonb}, $4)
        ON CONFLICT (run_id) DO UPDATE
        SET tier = excluded.tier, reasons = excluded.reasons, tree = excluded.tree"];

    APPROVE = ["
        INSERT INTO bootstrap_tiers (run_id, approved_by, approved_at, approved_tree)
        VALUES ($1, $2, {at:$3}, $4)
        ON CONFLICT (run_id) DO UPDATE
        SET approved_by = excluded.approved_by, approved_at = excluded.approved_at,
            approved_tree = excluded.approved_tree"];

    /// Removes an approval of another tree, one by a user who is refused, and one without user or time. Otherwise the job
    /// would be claimed and handed back without end.
    VOID = ["
        UPDATE bootstrap_tiers SET approved_by = NULL, approved_at = NULL, approved_tree = NULL
        WHERE run_id = $1
            AND (approved_tree <> $2 OR approved_by = $3 OR approved_by IS NULL OR approved_at IS NULL)"];
}

/// Writes the assessed risk of a run.
pub(crate) async fn assess(
    tx: &mut Tx,
    run: &RunId,
    risk: &RiskAssessment,
) -> Result<(), StoreError> {
    sqlx::query(ASSESS.on(tx.dialect))
        .bind(run.as_str())
        .bind(risk.tier.as_str())
        .bind(json!(risk.reasons).to_string())
        .bind(risk.tree.as_str())
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Writes the approval of one tree.
pub(crate) async fn approve(
    tx: &mut Tx,
    run: &RunId,
    user: &UserId,
    at: i64,
    tree: &GitId,
) -> Result<(), StoreError> {
    sqlx::query(APPROVE.on(tx.dialect))
        .bind(run.as_str())
        .bind(user.as_str())
        .bind(at)
        .bind(tree.as_str())
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Removes an approval that does not allow this tree, or is by the user `refused`.
pub(crate) async fn void_approval(
    tx: &mut Tx,
    run: &RunId,
    tree: &GitId,
    refused: Option<&UserId>,
) -> Result<(), StoreError> {
    sqlx::query(VOID.on(tx.dialect))
        .bind(run.as_str())
        .bind(tree.as_str())
        .bind(refused.map(UserId::as_str))
        .execute(tx.connection())
        .await?;
    Ok(())
}
