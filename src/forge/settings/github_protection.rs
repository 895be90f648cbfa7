//! Branch protection of GitHub. Approvals of named accounts are those of code owners, which the tree names; a list of
//! accounts that merge does not exist.
//!
//! Source: <https://docs.github.com/en/rest/branches/branch-protection>.

use super::{BRANCH, RepositoryClient, SettingDifference};
use crate::forge::denial::Denial;
use crate::forge::documents::existing;
use crate::forge::error::ForgeError;
use crate::forge::repository::RepoPath;
use crate::model::repository_settings::BranchProtection;
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

/// The protection of a branch.
#[derive(Deserialize)]
struct GitHubProtectionJson {
    required_pull_request_reviews: Option<ReviewsJson>,
    enforce_admins: Option<SwitchJson>,
    allow_force_pushes: Option<SwitchJson>,
    allow_deletions: Option<SwitchJson>,
}

#[derive(Deserialize)]
struct ReviewsJson {
    #[serde(default)]
    dismiss_stale_reviews: bool,
    #[serde(default)]
    require_code_owner_reviews: bool,
    #[serde(default)]
    required_approving_review_count: u8,
}

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
        let url = self.address(repo, &["branches", BRANCH, "protection"]);
        let found: Option<GitHubProtectionJson> = match existing(self.get(url).await) {
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

    pub(super) async fn protect_on_github(
        &self,
        repo: &RepoPath,
        needed: &BranchProtection,
    ) -> Result<(), ForgeError> {
        let url = self.address(repo, &["branches", BRANCH, "protection"]);
        let body = json!({
            "required_status_checks": null,
            "enforce_admins": needed.include_administrators,
            "required_pull_request_reviews": {
                "required_approving_review_count": needed.approvals,
                "require_code_owner_reviews": !needed.approvers.is_empty(),
                "dismiss_stale_reviews": needed.dismiss_stale_approvals,
            },
            // Organisations alone can restrict pushes to accounts.
            "restrictions": null,
            "allow_force_pushes": false,
            "allow_deletions": false,
        });
        self.send(Method::PUT, url, &body).await
    }
}

fn differences(found: &GitHubProtectionJson, needed: &BranchProtection) -> Vec<SettingDifference> {
    let is_on = |switch: &Option<SwitchJson>| switch.as_ref().is_some_and(|one| one.enabled);
    let Some(reviews) = &found.required_pull_request_reviews else {
        return vec![SettingDifference::unprotected(needed)];
    };
    [
        SettingDifference::of_protection(
            "approvals",
            &needed.approvals,
            &reviews.required_approving_review_count,
        ),
        SettingDifference::of_protection(
            "approvals of code owners",
            &!needed.approvers.is_empty(),
            &reviews.require_code_owner_reviews,
        ),
        SettingDifference::of_protection(
            "dismissal of stale approvals",
            &needed.dismiss_stale_approvals,
            &reviews.dismiss_stale_reviews,
        ),
        SettingDifference::of_protection(
            "inclusion of administrators",
            &needed.include_administrators,
            &is_on(&found.enforce_admins),
        ),
        SettingDifference::of_protection("force pushes", &false, &is_on(&found.allow_force_pushes)),
        SettingDifference::of_protection("deletion", &false, &is_on(&found.allow_deletions)),
    ]
    .into_iter()
    .flatten()
    .collect()
}
