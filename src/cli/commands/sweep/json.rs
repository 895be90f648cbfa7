//! The result of `groundplan sweep` as a JSON document.

use super::accepted_ids::AcceptedIds;
use super::result::SweepResult;
use crate::model::diagnostic::Diagnostic;
use crate::model::digest::{Digest, GitId};
use crate::model::plan::TemplatePin;
use crate::model::selection::Selection;
use crate::model::slug::{OptionRef, Slug};
use crate::sweep::diagnose::Collision;
use crate::sweep::trial::{Trial, TrialOutcome};
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct SweepJson {
    pub(super) catalogs: Vec<CatalogJson>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CatalogJson {
    catalog: Slug,
    catalog_version: Digest,
    template: TemplatePin,
    fine: bool,
    covered: Option<usize>,
    impossible: Option<Vec<(OptionRef, OptionRef)>>,
    /// The lower bound of the number of selections.
    at_least: Option<usize>,
    selections: Vec<TrialJson>,
    collisions: Vec<CollisionJson>,
    golden: Option<AcceptedIdsJson>,
    failed_commands: Vec<FailedCommandJson>,
}

#[derive(Serialize)]
struct TrialJson {
    selection: Selection,
    #[serde(flatten)]
    outcome: TrialOutcomeJson,
}

#[derive(Serialize)]
#[serde(untagged)]
enum TrialOutcomeJson {
    #[serde(rename_all = "camelCase")]
    Built {
        tree_id: GitId,
    },
    Failed {
        findings: Vec<Diagnostic>,
    },
    Unsteady {
        unsteady: [GitId; 2],
    },
}

#[derive(Serialize)]
struct CollisionJson {
    option: Option<OptionRef>,
    with: Vec<OptionRef>,
    without: Vec<OptionRef>,
    finding: Diagnostic,
    selection: Selection,
}

#[derive(Serialize)]
#[serde(untagged)]
enum AcceptedIdsJson {
    Compared {
        file: String,
        changed: Vec<ChangedIdJson>,
        gone: Vec<String>,
        new: Vec<String>,
    },
    Written {
        file: String,
        accepted: bool,
    },
}

#[derive(Serialize)]
struct ChangedIdJson {
    selection: String,
    was: GitId,
    is: GitId,
}

#[derive(Serialize)]
struct FailedCommandJson {
    selection: String,
    /// The exit status in words.
    how: String,
}

impl From<&SweepResult<'_>> for CatalogJson {
    fn from(result: &SweepResult<'_>) -> Self {
        let catalog = &result.chosen.catalog;
        let cover = result.cover.as_ref();
        Self {
            catalog: catalog.slug().clone(),
            catalog_version: catalog.version().clone(),
            template: result.template.pin.clone(),
            fine: result.is_fine(),
            covered: cover.map(|cover| cover.covered),
            impossible: cover.map(|cover| cover.impossible.clone()),
            at_least: cover.map(|cover| cover.at_least),
            selections: result.trials.iter().map(TrialJson::from).collect(),
            collisions: result.collisions.iter().map(CollisionJson::from).collect(),
            golden: accepted_ids(&result.accepted),
            failed_commands: result
                .failed
                .iter()
                .cloned()
                .map(FailedCommandJson::from)
                .collect(),
        }
    }
}

impl From<&Trial> for TrialJson {
    fn from(trial: &Trial) -> Self {
        let outcome = match &trial.outcome {
            TrialOutcome::Built(id) => TrialOutcomeJson::Built {
                tree_id: id.clone(),
            },
            TrialOutcome::Failed(findings) => TrialOutcomeJson::Failed {
                findings: findings.clone(),
            },
            TrialOutcome::Unstable { first, second } => TrialOutcomeJson::Unsteady {
                unsteady: [first.clone(), second.clone()],
            },
        };
        Self {
            selection: trial.selection.clone(),
            outcome,
        }
    }
}

impl From<&Collision> for CollisionJson {
    fn from(collision: &Collision) -> Self {
        let Collision {
            option,
            with,
            without,
            finding,
            selection,
        } = collision.clone();
        Self {
            option,
            with,
            without,
            finding,
            selection,
        }
    }
}

impl From<(String, String)> for FailedCommandJson {
    fn from((selection, how): (String, String)) -> Self {
        Self { selection, how }
    }
}

fn accepted_ids(accepted: &AcceptedIds) -> Option<AcceptedIdsJson> {
    match accepted {
        AcceptedIds::NotCompared | AcceptedIds::None => None,
        AcceptedIds::Written(file) => Some(AcceptedIdsJson::Written {
            file: file.clone(),
            accepted: true,
        }),
        AcceptedIds::Compared(file, differences) => {
            let changed = differences.changed.iter().cloned();
            Some(AcceptedIdsJson::Compared {
                file: file.clone(),
                changed: changed
                    .map(|(selection, was, is)| ChangedIdJson { selection, was, is })
                    .collect(),
                gone: differences.gone.clone(),
                new: differences.new.clone(),
            })
        }
    }
}
