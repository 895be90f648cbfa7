//! Branch protection of GitHub. Approvals of named accounts are those of code owners, which the tree names; a list of
//! accounts that merge does not exist.
//!
//! A request replaces the whole protection. Rules that no plan declares are read before and sent again.
//!
//! Source: <https://docs.github.com/en/rest/branches/branch-protection>.

use super::difference::{ADMINISTRATORS, APPROVALS, STALE_APPROVALS};
use super::{BRANCH, RepositoryClient, SettingDifference};
use crate::forge::denial::Denial;
use crate::forge::documents::existing;
use crate::forge::error::ForgeError;
use crate::forge::repository::RepoPath;
use crate::model::repository_settings::BranchProtection;
use reqwest::Method;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;
use std::ops::Not;

/// The protection of a branch. It is read from an answer and written as a request.
#[derive(Default, Deserialize, Serialize)]
struct GitHubProtectionJson {
    required_status_checks: Option<StatusChecksJson>,
    #[serde(default, deserialize_with = "enabled")]
    enforce_admins: bool,
    required_pull_request_reviews: Option<ReviewsJson>,
    /// The accounts that push; organisations alone have it.
    restrictions: Option<ActorsJson>,
    #[serde(default, deserialize_with = "enabled")]
    allow_force_pushes: bool,
    #[serde(default, deserialize_with = "enabled")]
    allow_deletions: bool,
    #[serde(
        default,
        deserialize_with = "enabled",
        skip_serializing_if = "Not::not"
    )]
    required_linear_history: bool,
    #[serde(
        default,
        deserialize_with = "enabled",
        skip_serializing_if = "Not::not"
    )]
    block_creations: bool,
    #[serde(
        default,
        deserialize_with = "enabled",
        skip_serializing_if = "Not::not"
    )]
    required_conversation_resolution: bool,
    #[serde(
        default,
        deserialize_with = "enabled",
        skip_serializing_if = "Not::not"
    )]
    lock_branch: bool,
    #[serde(
        default,
        deserialize_with = "enabled",
        skip_serializing_if = "Not::not"
    )]
    allow_fork_syncing: bool,
}

#[derive(Default, Deserialize, Serialize)]
struct ReviewsJson {
    #[serde(default)]
    dismiss_stale_reviews: bool,
    #[serde(default)]
    require_code_owner_reviews: bool,
    #[serde(default)]
    required_approving_review_count: u8,
    #[serde(default, skip_serializing_if = "Not::not")]
    require_last_push_approval: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    dismissal_restrictions: Option<ActorsJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bypass_pull_request_allowances: Option<ActorsJson>,
}

/// The checks that have to pass. A request names them in one of the two lists.
#[derive(Deserialize, Serialize)]
struct StatusChecksJson {
    #[serde(default)]
    strict: bool,
    #[serde(flatten)]
    list: StatusCheckList,
}

/// The checks with their applications, or the names alone, as older servers have them.
#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum StatusCheckList {
    Checks {
        checks: Vec<StatusCheckJson>,
    },
    Contexts {
        #[serde(default)]
        contexts: Vec<String>,
    },
}

#[derive(Deserialize, Serialize)]
struct StatusCheckJson {
    context: String,
    #[serde(default = "any_app", deserialize_with = "app_id")]
    app_id: i64,
}

/// Accounts, teams and applications.
#[derive(Deserialize, Serialize)]
struct ActorsJson {
    #[serde(default)]
    users: Vec<ActorJson>,
    #[serde(default)]
    teams: Vec<ActorJson>,
    #[serde(default)]
    apps: Vec<ActorJson>,
}

/// The name of an account: in an object of answers, alone in requests.
#[derive(Clone, Deserialize, Serialize)]
#[serde(into = "String")]
struct ActorJson {
    #[serde(alias = "login")]
    slug: String,
}

/// A rule that is on or off, in an answer. A request has the value alone.
#[derive(Deserialize)]
struct SwitchJson {
    enabled: bool,
}

impl RepositoryClient<'_> {
    pub(super) async fn compare_github_protection(
        &self,
        repo: &RepoPath,
        needed: &BranchProtection,
    ) -> Result<Vec<SettingDifference>, ForgeError> {
        let found = match self.github_protection(repo).await {
            // A plan without protection is no obstacle where none is needed.
            Err(ForgeError::Forbidden {
                denial: denial @ Denial::PaidPlan,
                ..
            }) if needed.enabled => {
                return Ok(vec![SettingDifference {
                    found: "not available".to_owned(),
                    help: format!("{denial}: upgrade it, or choose an option without protection"),
                    ..SettingDifference::unprotected(needed)
                }]);
            }
            Err(ForgeError::Forbidden {
                denial: Denial::PaidPlan,
                ..
            }) => None,
            found => found?,
        };
        Ok(match (found, needed.enabled) {
            (None, false) => Vec::new(),
            (Some(_), false) => vec![SettingDifference::protected()],
            (None, true) => vec![SettingDifference::unprotected(needed)],
            (Some(found), true) => differences(&found, needed),
        })
    }

    /// Sets what is needed. The other rules of an existing protection stay.
    pub(super) async fn protect_on_github(
        &self,
        repo: &RepoPath,
        needed: &BranchProtection,
    ) -> Result<(), ForgeError> {
        let found = self.github_protection(repo).await?.unwrap_or_default();
        let reviews = found.required_pull_request_reviews.unwrap_or_default();
        let protection = GitHubProtectionJson {
            enforce_admins: needed.include_administrators,
            required_pull_request_reviews: Some(ReviewsJson {
                dismiss_stale_reviews: needed.dismiss_stale_approvals,
                require_code_owner_reviews: !needed.approvers.is_empty(),
                required_approving_review_count: needed.approvals,
                ..reviews
            }),
            allow_force_pushes: false,
            allow_deletions: false,
            ..found
        };
        let url = self.github_protection_address(repo);
        self.send(Method::PUT, url, &json!(protection)).await
    }

    async fn github_protection(
        &self,
        repo: &RepoPath,
    ) -> Result<Option<GitHubProtectionJson>, ForgeError> {
        existing(self.get(self.github_protection_address(repo)).await)
    }

    fn github_protection_address(&self, repo: &RepoPath) -> url::Url {
        self.address(repo, &["branches", BRANCH, "protection"])
    }
}

fn differences(found: &GitHubProtectionJson, needed: &BranchProtection) -> Vec<SettingDifference> {
    let Some(reviews) = &found.required_pull_request_reviews else {
        return vec![SettingDifference::unprotected(needed)];
    };
    [
        SettingDifference::of_protection(
            APPROVALS,
            &needed.approvals,
            &reviews.required_approving_review_count,
        ),
        SettingDifference::of_protection(
            "approvals of code owners",
            &!needed.approvers.is_empty(),
            &reviews.require_code_owner_reviews,
        ),
        SettingDifference::of_protection(
            STALE_APPROVALS,
            &needed.dismiss_stale_approvals,
            &reviews.dismiss_stale_reviews,
        ),
        SettingDifference::of_protection(
            ADMINISTRATORS,
            &needed.include_administrators,
            &found.enforce_admins,
        ),
        SettingDifference::of_protection("force pushes", &false, &found.allow_force_pushes),
        SettingDifference::of_protection("deletion", &false, &found.allow_deletions),
    ]
    .into_iter()
    .flatten()
    .collect()
}

impl From<ActorJson> for String {
    fn from(actor: ActorJson) -> Self {
        actor.slug
    }
}

fn enabled<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    let switch = Option::<SwitchJson>::deserialize(from)?;
    Ok(switch.is_some_and(|switch| switch.enabled))
}

/// The number of an application; an answer has `null` for all of them.
fn app_id<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    let id = Option::<i64>::deserialize(from)?;
    Ok(id.unwrap_or_else(any_app))
}

/// The number that stands for all applications in a request.
fn any_app() -> i64 {
    -1
}
