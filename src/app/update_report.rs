//! The report of an update: sources, choices, a verdict for each path and the ids.

use super::pull_requests::Proposal;
use super::update_settings::UpdateSettings;
use crate::engine::ChangedChoice;
use crate::engine::update::{PathUpdate, Verdict};
use crate::model::condition::{InputValue, InputValues};
use crate::model::date::Day;
use crate::model::diagnostic::Diagnostic;
use crate::model::digest::{Digest, GitId};
use crate::model::placeholder::PlaceholderName;
use crate::model::plan::{Plan, TemplatePin};
use crate::model::provenance::Provenance;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// An update as it was shown or carried out.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateReport {
    pub product: String,
    /// The tree of the repository after the update, with the provenance file; absent if the new plan has errors.
    pub tree_id: Option<GitId>,
    /// The tree that the old plan made, without the provenance file.
    pub base_tree_id: GitId,
    /// The place in which that tree was found.
    pub base: String,
    /// The commit that the update was computed for.
    pub head: GitId,
    /// False if the new plan has errors. A conflict does not stop an update: the repository's version stays.
    pub can_proceed: bool,
    /// True if the repository has all of the new plan, and its record too.
    pub up_to_date: bool,
    /// True if nothing but the record of the plan would change.
    pub only_provenance: bool,
    /// True if nobody changed the repository since it was created or last updated.
    pub untouched: bool,
    pub from: PlanSource,
    pub to: PlanSource,
    /// The categories whose options change.
    pub choices: Vec<ChangedChoice>,
    /// The inputs of the catalogue whose values change.
    pub inputs: Vec<ChangedInput>,
    pub files: Vec<PathUpdate>,
    /// The number of paths by verdict.
    pub counts: BTreeMap<Verdict, usize>,
    /// The number of the repository's files that are no part of the plan.
    pub own: usize,
    pub warnings: Vec<Diagnostic>,
    /// The findings that prevent the new plan.
    pub errors: Vec<Diagnostic>,
    /// The settings on the forge that the new plan needs; absent if it needs none. An update changes none of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<UpdateSettings>,
    /// The commit and branch that were created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<CreatedUpdate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<Proposal>,
}

/// The versions that a plan is made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanSource {
    pub catalog: String,
    pub catalog_version: Digest,
    pub template: TemplatePin,
    pub date: Day,
}

impl PlanSource {
    /// The versions that a repository records.
    pub(super) fn of_provenance(recorded: &Provenance) -> Self {
        Self {
            catalog: recorded.catalog.clone(),
            catalog_version: recorded.catalog_version.clone(),
            template: recorded.template.clone(),
            date: recorded.inputs.date.clone(),
        }
    }

    /// The versions of a plan.
    pub(super) fn of_plan(plan: &Plan) -> Self {
        Self {
            catalog: plan.catalog.to_string(),
            catalog_version: plan.catalog_version.clone(),
            template: plan.template.clone(),
            date: plan.inputs.date.clone(),
        }
    }
}

/// An input of the catalogue whose value changes with an update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ChangedInput {
    pub name: PlaceholderName,
    pub before: Option<InputValue>,
    pub after: Option<InputValue>,
}

impl ChangedInput {
    /// The inputs with different values, by name.
    pub(super) fn between(before: &InputValues, after: &InputValues) -> Vec<Self> {
        let names: BTreeSet<&PlaceholderName> = before.keys().chain(after.keys()).collect();
        let changed = |name: &&&PlaceholderName| before.get(name) != after.get(name);
        let input = |name: &PlaceholderName| Self {
            name: name.clone(),
            before: before.get(name).cloned(),
            after: after.get(name).cloned(),
        };
        names
            .iter()
            .filter(changed)
            .map(|name| input(name))
            .collect()
    }
}

impl fmt::Display for ChangedInput {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = |value: &Option<InputValue>| {
            value
                .as_ref()
                .map_or_else(|| "no value".to_owned(), |value| format!("`{value}`"))
        };
        let (before, after) = (value(&self.before), value(&self.after));
        write!(formatter, "{}: {before} → {after}", self.name)
    }
}

/// A commit with an update, on a branch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreatedUpdate {
    pub branch: String,
    pub commit_id: GitId,
}

impl UpdateReport {
    /// The number of paths with a verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.counts.get(&verdict).copied().unwrap_or(0)
    }

    /// True if a conflict waits for a decision.
    pub fn has_conflicts(&self) -> bool {
        self.count(Verdict::Conflict) > 0
    }
}

/// The number of paths by verdict.
pub(super) fn counts(files: &[PathUpdate]) -> BTreeMap<Verdict, usize> {
    let mut counts = BTreeMap::new();
    for file in files {
        *counts.entry(file.verdict).or_default() += 1;
    }
    counts
}
