//! The risk tier of a run: the risk of its result, raised by the operator's policy.

use crate::error::{Class, Explain, Hint};
use crate::hint;
use crate::model::action::{RiskLevel, RoleRequired};
use crate::model::digest::GitId;
use crate::model::plan::Plan;
use crate::model::report::Risk;
use crate::model::slug::OptionRef;
use crate::store::id::UserId;
use crate::store::submission::RiskAssessment;
use std::collections::BTreeMap;
use std::iter;
use std::path::{Path, PathBuf};
use thiserror::Error;
use toml_edit::{Document, Item, Table, Value};

/// The operator's tiers for catalogues and options, and the users who may approve. It is read from a file of the
/// operator, never from a catalogue or a repository.
///
/// ```toml
/// [tiers]
/// nextjs = "low"                # a catalogue without a tier is high
/// "nextjs/auth/none" = "high"   # an option raises its catalogue's tier
///
/// [approval]
/// administrators = ["ada"]      # ids of users
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// `None` without a policy: the tier is the risk of the result.
    tiers: Option<BTreeMap<String, PolicyTier>>,
    administrators: Vec<UserId>,
}

/// The tier of a catalogue or an option in a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
enum PolicyTier {
    Known(RiskLevel),
    /// An unknown word or a value of another type. It counts as high.
    Invalid(String),
}

/// An error in the text of a policy. An unknown tier is no error: it counts as high.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PolicyError {
    #[error("the policy is not UTF-8")]
    NotText,
    #[error("the policy is not TOML: {message}")]
    NotToml { message: String },
    #[error("the policy has no table `[tiers]`: add it, even if it is empty")]
    NoTiers,
    #[error(
        "unknown name `{name}` in the policy: expected `[tiers]`, or `[approval]` with `administrators`"
    )]
    Unknown { name: String },
    #[error("`administrators` in the policy must be a list of user ids, such as `[\"ada\"]`")]
    Administrators,
}

/// A selected option that only administrators may use.
#[derive(Debug, Error)]
#[error("option `{option}` is for administrators, and user `{user}` is not one")]
pub struct RoleError {
    option: OptionRef,
    user: UserId,
}

impl Explain for RoleError {
    fn class(&self) -> Class {
        Class::Refused
    }

    fn code(&self) -> &'static str {
        "option_for_administrators"
    }

    fn hint(&self) -> Option<Hint> {
        Some(
            "select another option, or ask an administrator to submit it; nothing was created"
                .into(),
        )
    }
}

/// A policy file that cannot be used.
#[derive(Debug, Error)]
#[error("invalid policy `{}`", path.display())]
pub struct PolicyFileError {
    path: PathBuf,
    source: PolicyError,
}

impl Explain for PolicyError {
    fn class(&self) -> Class {
        Class::Usage
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotText => "policy_not_text",
            Self::NotToml { .. } => "policy_not_toml",
            Self::NoTiers => "policy_without_tiers",
            Self::Unknown { .. } => "policy_name_unknown",
            Self::Administrators => "policy_administrators_invalid",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(hint!("see docs/operations.md for an example"))
    }
}

impl Explain for PolicyFileError {
    fn class(&self) -> Class {
        self.source.class()
    }

    fn code(&self) -> &'static str {
        "policy_invalid"
    }

    fn inner(&self) -> Option<&dyn Explain> {
        Some(&self.source)
    }
}

impl Policy {
    /// Fails if an action of a plan requires an administrator and the user is none. `is_administrator` is true for an
    /// administrator of the installation; the policy may name others.
    pub fn check_roles(
        &self,
        plan: &Plan,
        user: &UserId,
        is_administrator: bool,
    ) -> Result<(), RoleError> {
        if is_administrator || self.is_administrator(user) {
            return Ok(());
        }
        let mut actions = plan.recipe.actions.iter();
        let restricted =
            actions.find(|planned| planned.action.common().role() == RoleRequired::Admin);
        restricted.map_or(Ok(()), |planned| {
            Err(RoleError {
                option: planned.origin.option.clone(),
                user: user.clone(),
            })
        })
    }

    /// Parses the content of the file at `path`.
    pub fn of_file(path: &Path, bytes: &[u8]) -> Result<Self, PolicyFileError> {
        let text = std::str::from_utf8(bytes).map_err(|_| PolicyError::NotText);
        text.and_then(Self::parse)
            .map_err(|source| PolicyFileError {
                path: path.to_owned(),
                source,
            })
    }

    /// Parses the text of a policy.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let document = Document::parse(text).map_err(|error| PolicyError::NotToml {
            message: error.message().to_owned(),
        })?;
        let known = |name: &str| name == "tiers" || name == "approval";
        if let Some((name, _)) = document.iter().find(|(name, _)| !known(name)) {
            return Err(PolicyError::Unknown {
                name: name.escape_debug().to_string(),
            });
        }
        let tiers = document
            .get("tiers")
            .and_then(Item::as_table)
            .ok_or(PolicyError::NoTiers)?;
        let administrators = match document.get("approval") {
            None => Vec::new(),
            Some(approval) => administrators(approval.as_table())?,
        };
        Ok(Self {
            tiers: Some(tiers.iter().map(policy_tier).collect()),
            administrators,
        })
    }

    /// Assesses the result with the id `tree`: the tier is the highest of the risk of the result and the tiers of the
    /// catalogue and the selected options.
    pub fn assess(&self, plan: &Plan, risk: &Risk, tree: &GitId) -> RiskAssessment {
        let mut tier = risk.level;
        let mut reasons = Vec::new();
        let mut decisive = risk
            .reasons
            .iter()
            .filter(|reason| reason.level == risk.level);
        for reason in decisive.by_ref().take(MAX_REASONS) {
            reasons.push(format!("{}: {}", reason.path, reason.message));
        }
        let more = decisive.count();
        if more > 0 {
            reasons.push(format!("and {more} more like these"));
        }
        for (level, reason) in self.tiers_of(plan) {
            if level > RiskLevel::Low {
                reasons.push(reason);
            }
            tier = tier.max(level);
        }
        RiskAssessment {
            tier,
            reasons,
            tree: tree.clone(),
        }
    }

    /// The tiers of the catalogue and of the selected options, each with its reason.
    fn tiers_of(&self, plan: &Plan) -> Vec<(RiskLevel, String)> {
        let Some(tiers) = &self.tiers else {
            return Vec::new();
        };
        let catalog = plan.catalog.to_string();
        let whole = match tiers.get(&catalog) {
            Some(tier) => tier.level(&catalog),
            None => (
                RiskLevel::High,
                format!("the policy has no tier for the catalogue `{catalog}`"),
            ),
        };
        let options = plan
            .recipe
            .selections
            .iter()
            .flat_map(|(category, options)| options.iter().map(move |option| (category, option)))
            .filter_map(|(category, option)| {
                let name = format!("{catalog}/{category}/{option}");
                Some(tiers.get(&name)?.level(&name))
            });
        iter::once(whole).chain(options).collect()
    }

    /// True if the policy names a user who may approve.
    pub fn has_administrators(&self) -> bool {
        !self.administrators.is_empty()
    }

    /// True if a user may approve.
    pub fn is_administrator(&self, user: &UserId) -> bool {
        self.administrators.contains(user)
    }
}

/// The number of reasons of the result that are listed.
const MAX_REASONS: usize = 10;

impl PolicyTier {
    /// The level and the reason for it.
    fn level(&self, name: &str) -> (RiskLevel, String) {
        match self {
            Self::Known(level) => (*level, format!("the policy sets this tier for `{name}`")),
            Self::Invalid(text) => (
                RiskLevel::High,
                format!("the policy sets the unknown tier `{text}` for `{name}`"),
            ),
        }
    }
}

fn policy_tier((name, item): (&str, &Item)) -> (String, PolicyTier) {
    let tier = match item.as_str() {
        Some("low") => PolicyTier::Known(RiskLevel::Low),
        Some("medium") => PolicyTier::Known(RiskLevel::Medium),
        Some("high") => PolicyTier::Known(RiskLevel::High),
        Some(text) => PolicyTier::Invalid(text.escape_debug().take(40).collect()),
        None => PolicyTier::Invalid(item.type_name().to_owned()),
    };
    (name.to_owned(), tier)
}

fn administrators(approval: Option<&Table>) -> Result<Vec<UserId>, PolicyError> {
    let table = approval.ok_or(PolicyError::Administrators)?;
    if let Some((name, _)) = table.iter().find(|(name, _)| *name != "administrators") {
        return Err(PolicyError::Unknown {
            name: format!("approval.{}", name.escape_debug()),
        });
    }
    table
        .get("administrators")
        .and_then(Item::as_array)
        .and_then(|users| {
            let user = |value: &Value| UserId::parse(value.as_str()?).ok();
            users.iter().map(user).collect()
        })
        .ok_or(PolicyError::Administrators)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::path::TreePath;
    use crate::model::report::RiskReason;
    use crate::store::submission::Approval;
    use serde_json::json;

    fn plan() -> Plan {
        let zeros = "0".repeat(64);
        serde_json::from_value(json!({
            "generator": "groundplan 0.1.0",
            "action_schema_version": 1,
            "catalog": "nextjs",
            "catalog_version": zeros,
            "template": { "repo": "catalog:nextjs", "ref": "v1", "tree": "0".repeat(40) },
            "provenance_path": ".scrum4me/bootstrap.json",
            "placeholders": [],
            "inputs": {
                "product_name": "Acme", "product_slug": "acme", "owner": "acme", "repo": "acme",
                "date": "2026-11-21",
            },
            "author": "Ada <ada@example.org>",
            "selections": { "auth": ["none"] },
            "actions": [],
            "literals": {},
        }))
        .expect("a plan")
    }

    fn tree() -> GitId {
        GitId::parse(&"a".repeat(40)).expect("an id")
    }

    fn tier(policy: &str, level: RiskLevel) -> RiskAssessment {
        let risk = Risk {
            level,
            reasons: vec![RiskReason {
                level,
                path: TreePath::parse("package.json").expect("a path"),
                message: "a new dependency: x 1.0.0".to_owned(),
            }],
        };
        let policy = Policy::parse(policy).expect("a policy");
        policy.assess(&plan(), &risk, &tree())
    }

    #[test]
    fn a_policy_raises_the_risk_of_a_result_and_never_lowers_it() {
        for (named, computed, expected) in [
            ("low", RiskLevel::Low, RiskLevel::Low),
            ("medium", RiskLevel::Low, RiskLevel::Medium),
            ("low", RiskLevel::Medium, RiskLevel::Medium),
            ("low", RiskLevel::High, RiskLevel::High),
            ("high", RiskLevel::Low, RiskLevel::High),
        ] {
            let assessed = tier(&format!("[tiers]\nnextjs = \"{named}\""), computed);
            assert_eq!(assessed.tier, expected, "{named} {computed:?}");
        }
    }

    #[test]
    fn a_catalogue_without_a_tier_or_with_an_unknown_one_is_high() {
        for (policy, reason) in [
            (
                "[tiers]",
                "the policy has no tier for the catalogue `nextjs`",
            ),
            (
                "[tiers]\nnextjs = \"Low\"",
                "the policy sets the unknown tier `Low` for `nextjs`",
            ),
            (
                "[tiers]\nnextjs = 1",
                "the policy sets the unknown tier `integer` for `nextjs`",
            ),
        ] {
            let assessed = tier(policy, RiskLevel::Low);
            assert_eq!(assessed.tier, RiskLevel::High, "{policy}");
            assert_eq!(assessed.reasons.last().map(String::as_str), Some(reason));
        }
    }

    #[test]
    fn a_selected_option_that_the_policy_names_raises_its_catalogue() {
        let policy = "[tiers]\nnextjs = \"low\"\n\"nextjs/auth/none\" = \"high\"";
        assert_eq!(tier(policy, RiskLevel::Low).tier, RiskLevel::High);
        let other = "[tiers]\nnextjs = \"low\"\n\"nextjs/auth/iron-session\" = \"high\"";
        assert_eq!(tier(other, RiskLevel::Low).tier, RiskLevel::Low);
    }

    #[test]
    fn without_a_policy_the_result_decides_and_no_user_may_approve() {
        let risk = Risk {
            level: RiskLevel::Medium,
            reasons: Vec::new(),
        };
        let policy = Policy::default();
        assert_eq!(
            policy.assess(&plan(), &risk, &tree()).tier,
            RiskLevel::Medium
        );
        let ada = UserId::parse("ada").expect("an id");
        assert!(!policy.is_administrator(&ada));
    }

    #[test]
    fn an_approval_counts_for_its_tree_only() {
        let high = tier("[tiers]", RiskLevel::Low);
        let approval = |tree: GitId| Approval {
            by: UserId::parse("ada").expect("an id"),
            at: 0,
            tree,
        };
        let other = GitId::parse(&"b".repeat(40)).expect("an id");
        assert!(high.needs_approval(None));
        assert!(high.needs_approval(Some(&approval(other))));
        assert!(!high.needs_approval(Some(&approval(tree()))));
        assert!(!tier("[tiers]\nnextjs = \"medium\"", RiskLevel::Low).needs_approval(None));
    }

    #[test]
    fn an_invalid_policy_is_refused_with_its_first_error() {
        for (text, error) in [
            ("", PolicyError::NoTiers),
            ("tiers = 1", PolicyError::NoTiers),
            (
                "[tiers]\n[approvers]",
                PolicyError::Unknown {
                    name: "approvers".to_owned(),
                },
            ),
            (
                "[tiers]\n[approval]\nadministrators = \"ada\"",
                PolicyError::Administrators,
            ),
            (
                "[tiers]\n[approval]\nadministrators = [\"a b\"]",
                PolicyError::Administrators,
            ),
        ] {
            assert_eq!(Policy::parse(text), Err(error), "{text}");
        }
        assert!(matches!(
            Policy::parse("[tiers"),
            Err(PolicyError::NotToml { .. })
        ));
    }
}
