//! Checks of an operations repository: its settings on the forge, its files and its evidence, against the plan that it
//! records.

use super::error::AppError;
use super::generated_repos::{GeneratedRepo, RecordedPlan};
use crate::engine;
use crate::error::{Class, Explain, Hint, Setting};
use crate::forge::Forge;
use crate::forge::error::ForgeError;
use crate::forge::repository::RepoPath;
use crate::forge::settings::{RepositoryClient, SettingDifference, SettingsError};
use crate::hint;
use crate::model::date::Day;
use crate::model::digest::GitId;
use crate::model::path::TreePath;
use crate::model::plan::Plan;
use crate::model::repository_settings::RepositorySettings;
use crate::tree::commits::FileIndex;
use crate::tree::ids;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use thiserror::Error;

/// The branch of the first commit.
pub(super) const MAIN: &str = "main";
/// The folder of dated results.
const EVIDENCE: &str = "evidence/";
/// The file that keeps an empty folder.
const KEEP: &str = ".gitkeep";

/// The comparison of an operations repository with its plan.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OperationsCheck {
    /// `owner/name` on the forge.
    pub repository: String,
    /// The commit whose files were checked.
    pub commit_id: GitId,
    /// True if there is no difference.
    pub ok: bool,
    /// The settings that the plan needs on the forge.
    pub settings: RepositorySettings,
    /// The number of files that were checked, and of evidence among them.
    pub files: usize,
    pub evidence: usize,
    pub differences: Vec<OperationsDifference>,
}

/// A difference from the plan, with the next step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OperationsDifference {
    pub area: OperationsArea,
    #[serde(flatten)]
    pub difference: SettingDifference,
}

/// The part of a repository that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OperationsArea {
    /// A setting on the forge.
    Settings,
    /// A file of the plan.
    Files,
    /// A file below `evidence/`.
    Evidence,
}

/// A repository whose settings cannot be compared.
#[derive(Debug, Error)]
pub enum OperationsError {
    #[error("cannot read the settings of `{repo}`: {error}")]
    Read { repo: RepoPath, error: ForgeError },
    #[error("cannot set the settings of `{repo}`: {error}")]
    Set {
        repo: RepoPath,
        error: SettingsError,
    },
    #[error("`{repo}` does not exist on the forge, or the token cannot see it")]
    Missing { repo: RepoPath },
    #[error("the forge keeps no settings of repositories")]
    NoSettings,
}

/// An operations repository on its forge.
pub struct OperationsRepo<'r> {
    pub(super) forge: &'r dyn Forge,
    repo: RepoPath,
    settings: RepositorySettings,
}

impl<'r> OperationsRepo<'r> {
    /// The repository that a plan names, with the settings of the plan.
    pub fn of(plan: &Plan, forge: &'r dyn Forge) -> Result<Self, AppError> {
        let settings = engine::settings(plan).map_err(|finding| super::error::Findings {
            findings: vec![*finding],
            ..super::error::Findings::default()
        })?;
        Ok(Self {
            forge,
            repo: RepoPath {
                owner: plan.inputs.owner.clone(),
                name: plan.inputs.repo.clone(),
            },
            settings,
        })
    }

    /// The differences of the forge's settings from those of the plan.
    pub async fn compare(&self) -> Result<Vec<SettingDifference>, OperationsError> {
        let compared = self
            .client()
            .await?
            .compare(&self.repo, &self.settings)
            .await;
        compared.map_err(|error| self.unread(error))
    }

    /// Sets what differs, and returns what is pending.
    pub async fn apply(&self) -> Result<Vec<SettingDifference>, OperationsError> {
        let client = self.client().await?;
        let applied = client.apply(&self.repo, &self.settings).await;
        applied.map_err(|error| OperationsError::Set {
            repo: self.repo.clone(),
            error,
        })
    }

    /// The content of a file on `main`; none where there is no such file.
    pub(super) async fn file(&self, path: &TreePath) -> Result<Option<Vec<u8>>, OperationsError> {
        let found = self.client().await?.file(&self.repo, MAIN, path).await;
        found.map_err(|error| self.unread(error))
    }

    /// `owner/name`.
    pub fn name(&self) -> &RepoPath {
        &self.repo
    }

    /// The settings that the plan needs.
    pub fn settings(&self) -> &RepositorySettings {
        &self.settings
    }

    /// A repository that is missing would look like one without labels.
    pub(super) async fn client(&self) -> Result<RepositoryClient<'r>, OperationsError> {
        let client = self.forge.settings().ok_or(OperationsError::NoSettings)?;
        let found = self.forge.remote_of(&self.repo).await;
        match found.map_err(|error| self.unread(error))? {
            Some(_) => Ok(client),
            None => Err(OperationsError::Missing {
                repo: self.repo.clone(),
            }),
        }
    }

    fn unread(&self, error: ForgeError) -> OperationsError {
        OperationsError::Read {
            repo: self.repo.clone(),
            error,
        }
    }

    /// The whole comparison, with the differences of the forge's settings.
    pub fn check(
        &self,
        settings: Vec<SettingDifference>,
        repository: &GeneratedRepo,
        recorded: &RecordedPlan,
    ) -> Result<OperationsCheck, AppError> {
        let (_, tree) = engine::build(&recorded.plan, recorded.template.tree())?;
        let planned = ids::files(&tree)?;
        let commit = &repository.history.last;
        let found = repository.commits.files(commit)?;
        let in_area = |area| move |difference| OperationsDifference { area, difference };
        let mut differences: Vec<_> = settings
            .into_iter()
            .map(in_area(OperationsArea::Settings))
            .collect();
        let missing = missing_files(&planned, &found);
        differences.extend(missing.map(in_area(OperationsArea::Files)));
        let mut evidence = 0;
        if planned.keys().any(|path| path.starts_with(EVIDENCE)) {
            let files = found.iter().filter(|(path, _)| is_evidence(path));
            for (path, (_, blob)) in files {
                evidence += 1;
                let problem = evidence_problem(path, &repository.commits.read(*blob)?, &planned);
                let difference = problem.map(|found| wrong_evidence(path, found));
                differences.extend(difference.map(in_area(OperationsArea::Evidence)));
            }
        }
        Ok(OperationsCheck {
            repository: self.repo.to_string(),
            commit_id: commit.clone(),
            ok: differences.is_empty(),
            settings: self.settings.clone(),
            files: planned.len(),
            evidence,
            differences,
        })
    }
}

/// The files of the plan that a repository lacks. A `.gitkeep` is missing only where its folder is.
fn missing_files<'f>(
    planned: &'f FileIndex,
    found: &'f FileIndex,
) -> impl Iterator<Item = SettingDifference> + 'f {
    let is_missing = move |path: &&String| {
        let folder = path.strip_suffix(KEEP);
        let is_there = |folder: &str| found.keys().any(|other| other.starts_with(folder));
        !found.contains_key(*path) && !folder.is_some_and(is_there)
    };
    let missing = planned.keys().filter(is_missing);
    missing.map(|path| SettingDifference {
        setting: format!("file `{path}`"),
        expected: "present".to_owned(),
        found: "missing".to_owned(),
        is_pending: false,
        help: "restore it with `git checkout`, or add it with `groundplan add`".to_owned(),
    })
}

fn is_evidence(path: &str) -> bool {
    path.starts_with(EVIDENCE) && !path.ends_with(KEEP)
}

fn wrong_evidence(path: &str, found: String) -> SettingDifference {
    SettingDifference {
        setting: format!("evidence `{path}`"),
        expected: "`evidence/KIND/YYYY-MM-DD.json` of the same kind and date".to_owned(),
        found,
        is_pending: false,
        help: "correct it in a new file, as docs/evidence.md describes".to_owned(),
    }
}

/// The reason that a file is no evidence of its kind and date.
fn evidence_problem(path: &str, bytes: &[u8], planned: &FileIndex) -> Option<String> {
    let parts = path[EVIDENCE.len()..].split_once('/');
    let named = parts.and_then(|(kind, file)| Some((kind, file.strip_suffix(".json")?)));
    let Some((kind, date)) = named else {
        return Some("at another path".to_owned());
    };
    let folder = format!("{EVIDENCE}{kind}/");
    if !planned.keys().any(|path| path.starts_with(&folder)) {
        return Some(format!("of the unknown kind `{kind}`"));
    }
    if Day::parse(date).is_err() {
        return Some(format!("of `{date}`, which is no date"));
    }
    match serde_json::from_slice::<Value>(bytes) {
        Ok(document) if document["kind"] == kind && document["date"] == date => None,
        Ok(document) => Some(format!(
            "of kind {} and date {}",
            document["kind"], document["date"]
        )),
        Err(error) => Some(format!("no JSON: {error}")),
    }
}

impl Explain for OperationsError {
    fn class(&self) -> Class {
        match self {
            Self::Read { error, .. } => error.class(),
            Self::Set { error, .. } => error.class(),
            Self::Missing { .. } => Class::Refused,
            Self::NoSettings => Class::Usage,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "settings_unread",
            Self::Set { error, .. } => error.code(),
            Self::Missing { .. } => "repository_missing",
            Self::NoSettings => "forge_without_settings",
        }
    }

    fn hint(&self) -> Option<Hint> {
        match self {
            Self::Read { .. } | Self::Set { .. } => None,
            Self::Missing { .. } => Some(hint!(
                "check ",
                Setting::ForgeUrl,
                " and the token: it needs the role admin in the repository"
            )),
            Self::NoSettings => Some(hint!("name GitHub or Forgejo with ", Setting::Forge)),
        }
    }

    fn inner(&self) -> Option<&dyn Explain> {
        match self {
            Self::Read { error, .. } => Some(error),
            Self::Set { error, .. } => Some(error),
            Self::Missing { .. } | Self::NoSettings => None,
        }
    }
}
