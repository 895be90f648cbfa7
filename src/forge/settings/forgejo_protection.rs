//! Branch protection of Forgejo and Gitea, with lists of accounts that approve and merge. An organisation is in these lists
//! as its team of owners.
//!
//! Source: <https://codeberg.org/api/swagger#/repository/repoCreateBranchProtection>.

use super::difference::{ADMINISTRATORS, APPROVALS, STALE_APPROVALS};
use super::{BRANCH, RepositoryClient, SettingDifference};
use crate::forge::documents::existing;
use crate::forge::error::ForgeError;
use crate::forge::repository::RepoPath;
use crate::model::input::Owner;
use crate::model::repository_settings::{AccountName, BranchProtection};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The team of an organisation's owners, which every organisation has.
const OWNERS: &str = "Owners";

/// The protection of a branch. A field that is missing in an answer is off.
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct ForgejoProtectionJson {
    enable_push: bool,
    required_approvals: u64,
    enable_approvals_whitelist: bool,
    approvals_whitelist_username: Option<Vec<String>>,
    approvals_whitelist_teams: Option<Vec<String>>,
    enable_merge_whitelist: bool,
    merge_whitelist_usernames: Option<Vec<String>>,
    merge_whitelist_teams: Option<Vec<String>>,
    dismiss_stale_approvals: bool,
    /// Forgejo's name of the rule for administrators.
    apply_to_admins: Option<bool>,
    /// Gitea's name of it.
    block_admin_merge_override: Option<bool>,
}

/// The accounts of a list, in the parts that the forge has for them. A list without accounts is not used.
#[derive(Default)]
struct AccountList {
    users: Vec<String>,
    teams: Vec<String>,
}

impl RepositoryClient<'_> {
    pub(super) async fn compare_forgejo_protection(
        &self,
        repo: &RepoPath,
        needed: &BranchProtection,
    ) -> Result<Vec<SettingDifference>, ForgeError> {
        let url = self.address(repo, &["branch_protections", BRANCH]);
        let found: Option<ForgejoProtectionJson> = existing(self.get(url).await)?;
        Ok(match (found, needed.enabled) {
            (None, false) => Vec::new(),
            (Some(_), false) => vec![SettingDifference::protected()],
            (None, true) => vec![SettingDifference::unprotected(needed)],
            (Some(found), true) => {
                let approvers = self.listed(repo, &needed.approvers).await?;
                let mergers = self.listed(repo, &needed.mergers).await?;
                found.differences(needed, &approvers, &mergers)
            }
        })
    }

    pub(super) async fn protect_on_forgejo(
        &self,
        repo: &RepoPath,
        needed: &BranchProtection,
    ) -> Result<(), ForgeError> {
        let named = self.address(repo, &["branch_protections", BRANCH]);
        let is_there = existing(self.get::<Value>(named.clone()).await)?.is_some();
        let approvers = self.listed(repo, &needed.approvers).await?;
        let mergers = self.listed(repo, &needed.mergers).await?;
        let mut body = json!({
            "enable_push": false,
            "required_approvals": needed.approvals,
            "enable_approvals_whitelist": !needed.approvers.is_empty(),
            "approvals_whitelist_username": approvers.users,
            "approvals_whitelist_teams": approvers.teams,
            "enable_merge_whitelist": !needed.mergers.is_empty(),
            "merge_whitelist_usernames": mergers.users,
            "merge_whitelist_teams": mergers.teams,
            "dismiss_stale_approvals": needed.dismiss_stale_approvals,
            "block_on_rejected_reviews": true,
            "apply_to_admins": needed.include_administrators,
            "block_admin_merge_override": needed.include_administrators,
        });
        if is_there {
            return self.send(Method::PATCH, named, &body).await;
        }
        body["rule_name"] = json!(BRANCH);
        self.post(self.address(repo, &["branch_protections"]), &body)
            .await
    }

    /// The users and teams of a list. The owner of the repository, where it is an organisation, is its team of owners.
    async fn listed(
        &self,
        repo: &RepoPath,
        accounts: &[AccountName],
    ) -> Result<AccountList, ForgeError> {
        let mut listed = AccountList::default();
        for account in accounts {
            if let Some((_, team)) = account.team() {
                listed.teams.push(team.to_owned());
            } else if account.is(repo.owner.as_str()) && self.is_organisation(&repo.owner).await? {
                listed.teams.push(OWNERS.to_owned());
            } else {
                listed.users.push(account.as_str().to_owned());
            }
        }
        Ok(listed)
    }

    async fn is_organisation(&self, owner: &Owner) -> Result<bool, ForgeError> {
        let url = self.transport.site().api(&["orgs", owner.as_str()]);
        let found: Option<Value> = existing(self.get(url).await)?;
        Ok(found.is_some())
    }
}

impl ForgejoProtectionJson {
    fn differences(
        &self,
        needed: &BranchProtection,
        approvers: &AccountList,
        mergers: &AccountList,
    ) -> Vec<SettingDifference> {
        let include_administrators = self.apply_to_admins.or(self.block_admin_merge_override);
        let found_approvers = AccountList::found(
            self.enable_approvals_whitelist,
            self.approvals_whitelist_username.as_deref(),
            self.approvals_whitelist_teams.as_deref(),
        );
        let found_mergers = AccountList::found(
            self.enable_merge_whitelist,
            self.merge_whitelist_usernames.as_deref(),
            self.merge_whitelist_teams.as_deref(),
        );
        [
            SettingDifference::of_protection("direct pushes", &false, &self.enable_push),
            SettingDifference::of_protection(
                APPROVALS,
                &u64::from(needed.approvals),
                &self.required_approvals,
            ),
            SettingDifference::of_protection(
                "approvers",
                &approvers.text(),
                &found_approvers.text(),
            ),
            SettingDifference::of_protection("mergers", &mergers.text(), &found_mergers.text()),
            SettingDifference::of_protection(
                STALE_APPROVALS,
                &needed.dismiss_stale_approvals,
                &self.dismiss_stale_approvals,
            ),
            SettingDifference::of_protection(
                ADMINISTRATORS,
                &needed.include_administrators,
                &include_administrators.unwrap_or(false),
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl AccountList {
    /// A list of the forge by its switch, its users and its teams.
    fn found(is_on: bool, users: Option<&[String]>, teams: Option<&[String]>) -> Self {
        if !is_on {
            return Self::default();
        }
        Self {
            users: users.map_or_else(Vec::new, <[_]>::to_vec),
            teams: teams.map_or_else(Vec::new, <[_]>::to_vec),
        }
    }

    /// The accounts in order; all that write where the list is not used.
    fn text(&self) -> String {
        let teams = self.teams.iter().map(|team| format!("team {team}"));
        let users = self.users.iter().map(|user| user.to_lowercase());
        let accounts: BTreeSet<String> = users.chain(teams).collect();
        if accounts.is_empty() {
            return "all writers".to_owned();
        }
        accounts.into_iter().collect::<Vec<_>>().join(", ")
    }
}
