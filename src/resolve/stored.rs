//! The one door for a plan that was stored: shape, rules and hashes are checked again before anything is done with it
//! (R35).

use crate::model::action::{ACTION_SCHEMA_VERSION, Action};
use crate::model::digest::{Digest, GitId};
use crate::model::plan::{MAX_ACTIONS, MAX_WRITTEN, Plan};
use crate::model::report::Report;
use crate::recipe::rules;
use crate::source::schema::Schema;
use crate::source::value::ValueError;
use serde_json::Value;
use thiserror::Error;

/// Reads stored plans and reports; built once.
pub struct StoredPlanReader {
    plan: Schema<Plan>,
    report: Schema<Report>,
}

/// What was written down beside the plan when it was accepted.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'p> {
    pub recipe_hash: &'p Digest,
    pub catalog_version: &'p Digest,
    /// The tree that was accepted, where it is kept apart.
    pub tree: Option<&'p str>,
    /// `owner/name` of the repository-to-be.
    pub place: &'p str,
}

/// A plan that is what was accepted, and what it promises.
#[derive(Clone, Debug)]
pub struct Accepted {
    pub plan: Plan,
    pub report: Report,
    pub tree: GitId,
    pub commit: GitId,
}

/// Why a stored plan is not carried out.
#[derive(Debug, Error)]
pub enum StoredPlanError {
    #[error("the stored {what} is none: {fault}")]
    Shape {
        what: &'static str,
        fault: ValueError,
    },
    #[error(
        "the stored plan was made by {generator} with actions of version {found}, this program knows version {ACTION_SCHEMA_VERSION}"
    )]
    Version { generator: String, found: u32 },
    #[error("the stored plan has {found} {what}, at most {limit} are allowed")]
    TooMuch {
        what: &'static str,
        found: u64,
        limit: u64,
    },
    #[error("action {number} of the stored plan, from `{file}`, breaks a rule: {message}")]
    Rule {
        /// Counts from 1.
        number: usize,
        file: String,
        message: String,
    },
    #[error(
        "the stored plan was changed after it was accepted: {what} is {found}, accepted was {accepted}"
    )]
    Changed {
        what: &'static str,
        accepted: String,
        found: String,
    },
    #[error("the stored report says that the plan cannot be carried out")]
    Refused,
}

impl StoredPlanReader {
    /// A reader with the schemas of plan and report.
    pub fn new() -> Self {
        Self {
            plan: Schema::new(),
            report: Schema::new(),
        }
    }

    /// Reads a plan and its report, and compares them with each other and with what was promised.
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
        let place = format!("{}/{}", plan.inputs.owner, plan.inputs.repo);
        same("the repository", expected.place, &place)?;
        let (true, Some(tree), Some(commit)) =
            (report.can_proceed, &report.tree_id, &report.commit_id)
        else {
            return Err(StoredPlanError::Refused);
        };
        if let Some(promised) = expected.tree {
            same("the tree", promised, tree.as_str())?;
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

/// What a recipe is held to when it is read, and a plan when it is made.
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
    let brought = plan.recipe.literals.values();
    let brought = brought.map(|file| file.content.len() as u64).sum();
    limit("bytes of files", brought, MAX_WRITTEN)?;
    for (index, planned) in actions.iter().enumerate() {
        let action: &Action = &planned.action;
        if let Some(fault) = rules::violations(action).into_iter().next() {
            return Err(StoredPlanError::Rule {
                number: index + 1,
                file: planned.origin.file.clone(),
                message: fault.message,
            });
        }
    }
    Ok(())
}
