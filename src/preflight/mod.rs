//! Checks of a forge before anything is created there: requests that only read, and the findings in their answers.

pub mod answers;
pub mod assessment;
mod findings;
pub mod target;

use crate::base::sanitize;
use crate::forge::repository::RepoPath;
use crate::model::plan::TemplatePin;
use crate::model::preflight::ForgeKind;
use crate::model::repository_settings::RepositorySettings;
use crate::scrub::scrub;

/// The publication that a preflight is about, and the time of the preflight.
#[derive(Clone, Debug)]
pub struct PlannedPublication<'p> {
    pub kind: ForgeKind,
    pub host: String,
    pub repo: RepoPath,
    /// The scopes that publishing needs.
    pub scopes: &'static [&'static str],
    pub template: &'p TemplatePin,
    /// The settings that are set after the push.
    pub settings: &'p RepositorySettings,
    /// In seconds since 1970.
    pub now: i64,
}

/// The longest text of a forge that is repeated, in characters.
const MAX_EXCERPT: usize = 200;

/// A text of the forge for people: one line, cut, without anything that looks like a token.
pub fn excerpt(text: &str) -> String {
    sanitize::excerpt(&scrub(text, &[]), MAX_EXCERPT)
}

/// The settings that a kind of forge does not keep, one line for each kind of setting.
pub fn lost_settings(kind: ForgeKind, settings: &RepositorySettings) -> Vec<String> {
    if kind.is_folder() {
        settings.summary()
    } else {
        Vec::new()
    }
}

/// The scopes that publishing a tree needs. GitHub takes workflows only from a token with the scope `workflow`.
pub fn scopes_for<'p>(mut paths: impl Iterator<Item = &'p str>) -> &'static [&'static str] {
    if paths.any(|path| path.starts_with(".github/workflows/")) {
        &["repo", "workflow"]
    } else {
        &["repo"]
    }
}
