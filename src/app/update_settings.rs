//! The settings on the forge that the new plan of an update needs. An update changes none of them.

use super::error::AppError;
use super::operations_repo::OperationsRepo;
use super::planned_update::PlannedUpdate;
use super::pull_requests::code;
use crate::error;
use crate::forge::Forge;
use crate::forge::settings::SettingDifference;
use crate::model::repository_settings::RepositorySettings;
use schemars::JsonSchema;
use serde::Serialize;

/// The settings that the new plan needs, beside those of the repository.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateSettings {
    pub needed: RepositorySettings,
    #[serde(flatten)]
    pub comparison: SettingsComparison,
}

/// The comparison of the needed settings with those on the forge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "comparison", rename_all = "kebab-case")]
pub enum SettingsComparison {
    /// No forge was named.
    NotAsked,
    /// The differences, which `ops apply` sets once the update is merged.
    Compared { differences: Vec<SettingDifference> },
    /// The forge did not show its settings.
    Unread { reason: String },
}

impl UpdateSettings {
    /// The settings of a plan before a forge is asked; none if the plan needs none.
    pub(super) fn of(needed: &RepositorySettings) -> Option<Self> {
        (!needed.is_empty()).then(|| Self {
            needed: needed.clone(),
            comparison: SettingsComparison::NotAsked,
        })
    }

    /// The section of a pull request about settings; empty where they are as needed, or were not asked about.
    pub(super) fn markdown(&self) -> String {
        let rest = match &self.comparison {
            SettingsComparison::NotAsked => return String::new(),
            SettingsComparison::Compared { differences } if differences.is_empty() => {
                return String::new();
            }
            SettingsComparison::Unread { reason } => {
                format!("They cannot be compared: {}.\n", code(reason))
            }
            SettingsComparison::Compared { differences } => {
                let line = |one: &SettingDifference| {
                    format!(
                        "- {}: {} on the forge, {} in the plan\n",
                        code(&one.setting),
                        code(&one.found),
                        code(&one.expected)
                    )
                };
                let lines: Vec<String> = differences.iter().map(line).collect();
                format!(
                    "`groundplan ops apply` sets them after the merge:\n\n{}",
                    lines.concat()
                )
            }
        };
        format!("\n### Settings on the forge\n\nThis pull request changes none of them. {rest}")
    }

    /// True if the forge lacks a setting that nobody else has to confirm.
    fn has_something_to_set(&self) -> bool {
        match &self.comparison {
            SettingsComparison::Compared { differences } => {
                differences.iter().any(|one| !one.is_pending)
            }
            SettingsComparison::NotAsked | SettingsComparison::Unread { .. } => false,
        }
    }
}

impl PlannedUpdate {
    /// Compares the settings of the new plan with those on the forge. An unreadable setting is part of the report: the files of
    /// the update do not depend on it.
    pub async fn compare_settings(&mut self, forge: &dyn Forge) -> Result<(), AppError> {
        let Some(settings) = &mut self.report.settings else {
            return Ok(());
        };
        let compared = OperationsRepo::of(&self.plan, forge)?.compare().await;
        settings.comparison = match compared {
            Ok(differences) => SettingsComparison::Compared { differences },
            Err(error) => SettingsComparison::Unread {
                reason: error::chain(&error),
            },
        };
        Ok(())
    }

    /// True if a pull request has something to say: files that change, or a record without which `ops apply` would set the
    /// settings of the earlier plan.
    pub fn is_worth_a_pull_request(&self) -> bool {
        let settings = self.report.settings.as_ref();
        let has_settings = settings.is_some_and(UpdateSettings::has_something_to_set);
        self.has_changes() && (!self.report.only_provenance || has_settings)
    }
}
