//! How much care a run needs: what the result itself calls for, raised by what the operator's policy says.

use crate::model::action::RiskLevel;
use crate::model::digest::GitId;
use crate::model::plan::Plan;
use crate::model::report::Risk;
use crate::store::id::UserId;
use crate::store::submission::RiskAssessment;
use std::collections::BTreeMap;
use thiserror::Error;
use toml_edit::{Document, Item, Table};

/// The operator's word on catalogues and options, and who may approve. It stands in a file of the operator's own: what
/// is judged has no say in it (R184).
///
/// ```toml
/// [tiers]
/// nextjs = "low"                # a catalogue that is not named is high
/// "nextjs/auth/none" = "high"   # an option raises its catalogue's tier
///
/// [approval]
/// administrators = ["ada"]      # ids of users
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Nothing when there is no policy: then the result alone decides.
    tiers: Option<BTreeMap<String, Named>>,
    administrators: Vec<UserId>,
}

/// What a policy says of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Named {
    Tier(RiskLevel),
    /// Something that is no tier. It counts as high.
    Invalid(String),
}

/// Why a text is no policy. A wrong tier is not an error: it is high.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PolicyError {
    #[error("the policy is not TOML: {message}")]
    NotToml { message: String },
    #[error("the policy has no table `[tiers]`: write it, even if it is empty")]
    NoTiers,
    #[error(
        "`{name}` in the policy is not known: `[tiers]` and `[approval]` with `administrators` are"
    )]
    Unknown { name: String },
    #[error("`administrators` in the policy is a list of user ids, as in `[\"ada\"]`")]
    Administrators,
}

impl Policy {
    /// Reads a policy.
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
        let tiers = document.get("tiers").and_then(Item::as_table);
        let tiers = tiers.ok_or(PolicyError::NoTiers)?;
        let administrators = match document.get("approval") {
            None => Vec::new(),
            Some(approval) => administrators(approval.as_table())?,
        };
        Ok(Self {
            tiers: Some(tiers.iter().map(named).collect()),
            administrators,
        })
    }

    /// The tier of a result with its tree id: the highest of what the result calls for and what the policy says of the
    /// catalogue and the selected options.
    pub fn judge(&self, plan: &Plan, risk: &Risk, tree: &GitId) -> RiskAssessment {
        let mut tier = risk.level;
        let mut reasons = Vec::new();
        let mut decisive = risk
            .reasons
            .iter()
            .filter(|reason| reason.level == risk.level);
        for reason in decisive.by_ref().take(MOST_REASONS) {
            reasons.push(format!("{}: {}", reason.path, reason.message));
        }
        let more = decisive.count();
        if more > 0 {
            reasons.push(format!("and {more} more like these"));
        }
        for (level, reason) in self.of_names(plan) {
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

    fn of_names(&self, plan: &Plan) -> Vec<(RiskLevel, String)> {
        let Some(tiers) = &self.tiers else {
            return Vec::new();
        };
        let catalog = plan.catalog.to_string();
        let whole = match tiers.get(&catalog) {
            Some(named) => named.level(&catalog),
            None => (
                RiskLevel::High,
                format!("the policy does not name the catalogue `{catalog}`"),
            ),
        };
        let selected = plan.recipe.selections.iter();
        let selected = selected.flat_map(|(category, options)| {
            let name = |option| format!("{catalog}/{category}/{option}");
            options.iter().map(name).collect::<Vec<_>>()
        });
        let options = selected.filter_map(|name| Some(tiers.get(&name)?.level(&name)));
        std::iter::once(whole).chain(options).collect()
    }

    /// Whether anybody may approve at all.
    pub fn has_administrators(&self) -> bool {
        !self.administrators.is_empty()
    }

    /// Whether a user may approve.
    pub fn is_administrator(&self, user: &UserId) -> bool {
        self.administrators.contains(user)
    }
}

/// At most so many reasons of the result are kept word for word.
const MOST_REASONS: usize = 10;

impl Named {
    fn level(&self, name: &str) -> (RiskLevel, String) {
        match self {
            Self::Tier(level) => (*level, format!("the policy says so of `{name}`")),
            Self::Invalid(text) => (
                RiskLevel::High,
                format!("the policy says `{text}` of `{name}`, which is no tier"),
            ),
        }
    }
}

fn named((name, item): (&str, &Item)) -> (String, Named) {
    let tier = match item.as_str() {
        Some("low") => Named::Tier(RiskLevel::Low),
        Some("medium") => Named::Tier(RiskLevel::Medium),
        Some("high") => Named::Tier(RiskLevel::High),
        Some(text) => Named::Invalid(text.escape_debug().take(40).collect()),
        None => Named::Invalid(item.type_name().to_owned()),
    };
    (name.to_owned(), tier)
}

fn administrators(approval: Option<&Table>) -> Result<Vec<UserId>, PolicyError> {
    let approval = approval.ok_or(PolicyError::Administrators)?;
    if let Some((name, _)) = approval.iter().find(|(name, _)| *name != "administrators") {
        return Err(PolicyError::Unknown {
            name: format!("approval.{}", name.escape_debug()),
        });
    }
    let users = approval.get("administrators").and_then(Item::as_array);
    let users = users.ok_or(PolicyError::Administrators)?;
    let user = |value: &toml_edit::Value| UserId::parse(value.as_str()?).ok();
    users
        .iter()
        .map(|value| user(value).ok_or(PolicyError::Administrators))
        .collect()
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
        policy.judge(&plan(), &risk, &tree())
    }

    #[test]
    fn a_policy_raises_what_a_result_calls_for_and_never_lowers_it() {
        for (said, computed, expected) in [
            ("low", RiskLevel::Low, RiskLevel::Low),
            ("medium", RiskLevel::Low, RiskLevel::Medium),
            ("low", RiskLevel::Medium, RiskLevel::Medium),
            ("low", RiskLevel::High, RiskLevel::High),
            ("high", RiskLevel::Low, RiskLevel::High),
        ] {
            let judged = tier(&format!("[tiers]\nnextjs = \"{said}\""), computed);
            assert_eq!(judged.tier, expected, "{said} {computed:?}");
        }
    }

    #[test]
    fn what_a_policy_does_not_name_or_names_wrongly_is_high() {
        for (policy, reason) in [
            ("[tiers]", "the policy does not name the catalogue `nextjs`"),
            (
                "[tiers]\nnextjs = \"Low\"",
                "the policy says `Low` of `nextjs`, which is no tier",
            ),
            (
                "[tiers]\nnextjs = 1",
                "the policy says `integer` of `nextjs`, which is no tier",
            ),
        ] {
            let judged = tier(policy, RiskLevel::Low);
            assert_eq!(judged.tier, RiskLevel::High, "{policy}");
            assert_eq!(judged.reasons.last().map(String::as_str), Some(reason));
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
    fn without_a_policy_the_result_decides_and_nobody_may_approve() {
        let risk = Risk {
            level: RiskLevel::Medium,
            reasons: Vec::new(),
        };
        let policy = Policy::default();
        assert_eq!(
            policy.judge(&plan(), &risk, &tree()).tier,
            RiskLevel::Medium
        );
        let ada = UserId::parse("ada").expect("an id");
        assert!(!policy.is_administrator(&ada));
    }

    #[test]
    fn an_approval_counts_for_its_own_tree_only() {
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
    fn a_text_that_is_no_policy_is_refused_with_what_is_wrong() {
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
