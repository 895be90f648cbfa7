//! The accounts and organisations that a token may create repositories in.

use super::error::AppError;
use crate::base::clock::Clock;
use crate::forge::Forge;
use crate::forge::account::OwnerOption;
use crate::model::preflight::{ForgeKind, OwnerKind, OwnerStanding};
use crate::model::timestamp::Timestamp;
use crate::preflight::excerpt;
use schemars::JsonSchema;
use serde::Serialize;

/// The owners that a forge offers to a token.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnerList {
    pub checked_at: Option<Timestamp>,
    pub kind: ForgeKind,
    pub host: String,
    pub owners: Vec<OwnerEntry>,
    /// False if the forge may have hidden organisations from the token.
    pub is_complete: bool,
}

/// An owner of repositories.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnerEntry {
    pub login: String,
    pub kind: OwnerKind,
    pub standing: OwnerStanding,
    /// The reason for a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Lists the owners that a forge offers to the token of its client.
pub async fn list(
    forge: &dyn Forge,
    kind: ForgeKind,
    host: String,
    clock: &dyn Clock,
) -> Result<OwnerList, AppError> {
    let owners = forge.owners().await?;
    Ok(OwnerList {
        checked_at: Timestamp::of_unix_millis(clock.now()),
        kind,
        host,
        owners: owners.options.into_iter().map(OwnerEntry::from).collect(),
        is_complete: owners.is_complete,
    })
}

impl From<OwnerOption> for OwnerEntry {
    fn from(owner: OwnerOption) -> Self {
        Self {
            login: excerpt(&owner.login),
            kind: owner.kind,
            standing: owner.standing,
            reason: owner.denial.map(|denial| denial.to_string()),
        }
    }
}
