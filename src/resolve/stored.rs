//! Stored plans. Schema, rules and hashes are validated again before a plan is executed.

use crate::error::{Class, Explain, Hint};
use crate::model::action::{ACTION_SCHEMA_VERSION, Action};
use crate::model::digest::{Digest, GitId};
use crate::model::plan::{MAX_ACTIONS, MAX_WRITTEN, Plan};
use crate::model::report::Report;
use crate::recipe::rules;
use crate::source::schema::Schema;
use crate::source::value::ValueError;
use serde_json::Value;
use thiserror::Error;

/// The compiled schemas of plans and reports.
pub struct StoredPlanReader {
    plan: Schema<Plan>,
    report: Schema<Report>,
}

/// The values that were recorded with the plan when it was accepted.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'p> {
    pub recipe_hash: &'p Digest,
    pub catalog_version: &'p Digest,
    /// The accepted tree id, if it is recorded.
    pub tree: Option<&'p str>,
    /// `owner/name` of the repository.
    pub repo: &'p str,
}

/// A plan that is equal to the accepted one, with its expected results.
#[derive(Clone, Debug)]
pub struct Accepted {
    pub plan: Plan,
    pub report: Report,
    pub tree: GitId,
    pub commit: GitId,
}

/// The reasons to refuse a stored plan.
#[derive(Debug, Error)]
pub enum StoredPlanError {
    #[error("stored {what} is invalid: {fault}")]
    Shape {
        what: &'static str,
        fault: ValueError,
    },
    #[error(
        "stored plan was created by {generator} with action schema {found}, this program supports {ACTION_SCHEMA_VERSION}"
    )]
    Version { generator: String, found: u32 },
    #[error("stored plan has {found} {what}, the maximum is {limit}")]
    TooMuch {
        what: &'static str,
        found: u64,
        limit: u64,
    },
    #[error("action {number} of the stored plan, from `{file}`, is invalid: {message}")]
    Rule {
        /// Counts from 1.
        number: usize,
        file: String,
        message: String,
    },
    #[error(
        "stored plan was changed after it was accepted: {what} is {found}, expected {accepted}"
    )]
    Changed {
        what: &'static str,
        accepted: String,
        found: String,
    },
    #[error("stored report does not allow the plan to proceed")]
    Refused,
}

impl Explain for StoredPlanError {
    fn class(&self) -> Class {
        Class::Conflict
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Shape { .. } => "stored_plan_invalid",
            Self::Version { .. } => "stored_plan_version",
            Self::TooMuch { .. } => "stored_plan_too_large",
            Self::Rule { .. } => "stored_plan_rule",
            Self::Changed { .. } => "stored_plan_changed",
            Self::Refused => "stored_plan_refused",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::Version { .. } => "submit it again with this version".into(),
            Self::Shape { .. }
            | Self::TooMuch { .. }
            | Self::Rule { .. }
            | Self::Changed { .. }
            | Self::Refused => "preview it again and submit the new plan".into(),
        })
    }
}

impl StoredPlanReader {
    /// Compiles the schemas.
    pub fn new() -> Self {
        Self {
            plan: Schema::new(),
            report: Schema::new(),
        }
    }

    /// Parses a plan and its report, and compares them with each other and with the recorded values.
    pub fn read(
        &self,
        plan: Value,
        report: Value,
        expected: &Expected<'_>,
    ) -> Result<Accepted, StoredPlanError> {
        let shape = |what| move |fault| StoredPlanError::Shape { what, fault };
        let plan = self.plan.take(plan).map_err(shape("plan"))?;
        let report = self.report.take(report).map_err(shape("report"))?;
        rules(&plan)?;
        let recipe_hash = plan.recipe_hash();
        same("the recipe hash", expected.recipe_hash, &recipe_hash)?;
        same(
            "the report's recipe hash",
            &recipe_hash,
            &report.recipe_hash,
        )?;
        let version = &plan.catalog_version;
        same("the catalogue's version", expected.catalog_version, version)?;
        same(
            "the report's catalogue version",
            version,
            &report.catalog_version,
        )?;
        same("the plan hash", &report.plan_hash, &plan.hash(&recipe_hash))?;
        let repo = format!("{}/{}", plan.inputs.owner, plan.inputs.repo);
        same("the repository", expected.repo, &repo)?;
        let (true, Some(tree), Some(commit)) =
            (report.can_proceed, &report.tree_id, &report.commit_id)
        else {
            return Err(StoredPlanError::Refused);
        };
        if let Some(accepted) = expected.tree {
            same("the tree", accepted, tree.as_str())?;
        }
        Ok(Accepted {
            tree: tree.clone(),
            commit: commit.clone(),
            plan,
            report,
        })
    }
}

impl Default for StoredPlanReader {
    fn default() -> Self {
        Self::new()
    }
}

fn same<T: PartialEq + ToString + ?Sized>(
    what: &'static str,
    accepted: &T,
    found: &T,
) -> Result<(), StoredPlanError> {
    if accepted == found {
        return Ok(());
    }
    Err(StoredPlanError::Changed {
        what,
        accepted: accepted.to_string(),
        found: found.to_string(),
    })
}

/// Checks the rules of recipes and of new plans again.
fn rules(plan: &Plan) -> Result<(), StoredPlanError> {
    if plan.action_schema_version != ACTION_SCHEMA_VERSION {
        return Err(StoredPlanError::Version {
            generator: plan.generator.clone(),
            found: plan.action_schema_version,
        });
    }
    let limit = |what, found: u64, limit: u64| {
        if found > limit {
            return Err(StoredPlanError::TooMuch { what, found, limit });
        }
        Ok(())
    };
    let actions = &plan.recipe.actions;
    limit("actions", actions.len() as u64, MAX_ACTIONS as u64)?;
    let copied = plan
        .recipe
        .literals
        .values()
        .map(|file| file.content.len() as u64)
        .sum();
    limit("bytes of files", copied, MAX_WRITTEN)?;
    for (index, planned) in actions.iter().enumerate() {
        let action: &Action = &planned.action;
        if let Some(violation) = rules::violations(action).into_iter().next() {
            return Err(StoredPlanError::Rule {
                number: index + 1,
                file: planned.origin.file.clone(),
                message: violation.message,
            });
        }
    }
    Ok(())
}
