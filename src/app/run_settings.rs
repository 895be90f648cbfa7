//! The settings on the forge of a run's repository, against the plan that the run carried out.

use super::caller::{Access, Caller};
use super::error::AppError;
use super::operations_repo::OperationsRepo;
use crate::engine;
use crate::error::{Class, Explain, Hint, Setting};
use crate::forge::Forge;
use crate::forge::repository::{Availability, RepoPath, RepositoryId};
use crate::forge::settings::SettingDifference;
use crate::hint;
use crate::model::plan::Plan;
use crate::model::provenance::Provenance;
use crate::model::repository_settings::RepositorySettings;
use crate::publish::stage;
use crate::resolve::stored::{Expected, StoredPlanReader};
use crate::store::Store as _;
use crate::store::change::{Actor, RunChange};
use crate::store::id::RunId;
use crate::store::run::{Run, RunStatus};
use crate::store::sql::Database;
use schemars::JsonSchema;
use serde::Serialize;
use thiserror::Error;

/// The settings of a run's repository on its forge.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunSettings {
    pub run: RunId,
    /// `owner/name` on the forge.
    pub repository: String,
    /// True if there is no difference.
    pub ok: bool,
    /// The settings that the plan of the run needs.
    pub settings: RepositorySettings,
    /// The settings that differ, each with the next step.
    pub differences: Vec<SettingDifference>,
}

/// A run whose settings cannot be compared or set.
#[derive(Debug, Error)]
pub enum RunSettingsError {
    #[error("run {run} is {}: its repository has no settings to compare", status.as_db())]
    NotSucceeded { run: RunId, status: RunStatus },
    #[error("`{repo}` is not the repository of run {run}: it has another number on the forge")]
    AnotherRepository { run: RunId, repo: RepoPath },
    #[error(
        "`{repo}` was updated since run {run}: it records another plan, with settings of its own"
    )]
    Updated { run: RunId, repo: RepoPath },
}

/// A run that succeeded, with the plan that it carried out.
pub struct FinishedRun<'d> {
    database: &'d Database,
    run: Run,
    plan: Plan,
    settings: RepositorySettings,
    /// The number of the repository that the run created.
    repository: Option<RepositoryId>,
}

impl<'d> FinishedRun<'d> {
    /// Reads a run and its accepted plan. A run outside the caller's scope is reported as missing.
    pub async fn open(
        database: &'d Database,
        plans: &StoredPlanReader,
        caller: &Caller,
        id: &RunId,
    ) -> Result<Self, AppError> {
        let run = caller.scope().find_run(database, id).await?;
        if run.status != RunStatus::Succeeded {
            let (run, status) = (run.id, run.status);
            return Err(RunSettingsError::NotSucceeded { run, status }.into());
        }
        let (plan, report) = database.run_documents(id).await?;
        let expected = Expected {
            recipe_hash: &run.recipe_hash,
            catalog_version: &run.catalog_version,
            tree: run.tree.as_deref(),
            repo: &run.repo,
        };
        let plan = plans.read(plan, report, &expected)?.plan;
        let settings = engine::settings(&plan).map_err(|finding| super::error::Findings {
            findings: vec![*finding],
            ..super::error::Findings::default()
        })?;
        let (_, stage) = stage::read(&database.entries(id).await?)?;
        Ok(Self {
            database,
            repository: stage.created().map(|created| created.id),
            run,
            plan,
            settings,
        })
    }

    /// The answer for a plan that needs no settings; none if the forge has to be asked.
    pub fn without_settings(&self) -> Option<RunSettings> {
        let is_empty = self.settings.is_empty();
        is_empty.then(|| self.answer(&self.path(), Vec::new()))
    }

    /// Compares the forge's settings with those of the plan. Changes nothing.
    pub async fn compare(&self, forge: &dyn Forge) -> Result<RunSettings, AppError> {
        let repo = self.find(forge).await?;
        let differences = repo.compare().await?;
        Ok(self.answer(repo.name(), differences))
    }

    /// Sets what differs from the plan, in the name of the caller, and answers what is left for others to confirm. The audit log
    /// has the request before the forge.
    pub async fn apply(&self, caller: &Caller, forge: &dyn Forge) -> Result<RunSettings, AppError> {
        caller.check(Access::Write)?;
        let repo = self.find(forge).await?;
        let differences = repo.compare().await?;
        let named = differences.iter().filter(|one| !one.is_pending);
        let settings: Vec<String> = named.map(|one| one.setting.clone()).collect();
        if settings.is_empty() {
            return Ok(self.answer(repo.name(), differences));
        }
        let change = RunChange::SetSettings { settings };
        let author = Actor::Person(caller.user());
        self.database.change(&self.run.id, author, &change).await?;
        let left = repo.apply().await?;
        Ok(self.answer(repo.name(), left))
    }

    fn path(&self) -> RepoPath {
        RepoPath {
            owner: self.plan.inputs.owner.clone(),
            name: self.plan.inputs.repo.clone(),
        }
    }

    /// The repository on the forge. Fails for another one of the same name, and for one that records another plan by now: its
    /// protection must not fall back to that of its first day.
    async fn find<'f>(&self, forge: &'f dyn Forge) -> Result<OperationsRepo<'f>, AppError> {
        let repo = OperationsRepo::of(&self.plan, forge)?;
        let found = forge.availability(repo.name()).await?;
        if let (Availability::Taken { id, .. }, Some(own)) = (found, self.repository)
            && id != own
        {
            return Err(RunSettingsError::AnotherRepository {
                run: self.run.id.clone(),
                repo: self.path(),
            }
            .into());
        }
        let recorded = repo.file(self.plan.provenance_path.as_tree()).await?;
        if recorded.is_some_and(|bytes| !self.is_recorded_in(&bytes)) {
            return Err(RunSettingsError::Updated {
                run: self.run.id.clone(),
                repo: self.path(),
            }
            .into());
        }
        Ok(repo)
    }

    /// True if a provenance file records the plan of the run. One that cannot be read is of a newer program.
    fn is_recorded_in(&self, bytes: &[u8]) -> bool {
        serde_json::from_slice(bytes).is_ok_and(|recorded: Provenance| {
            recorded.recipe_hash == self.run.recipe_hash && recorded.inputs == self.plan.inputs
        })
    }

    fn answer(&self, repo: &RepoPath, differences: Vec<SettingDifference>) -> RunSettings {
        RunSettings {
            run: self.run.id.clone(),
            repository: repo.to_string(),
            ok: differences.is_empty(),
            settings: self.settings.clone(),
            differences,
        }
    }
}

impl Explain for RunSettingsError {
    fn class(&self) -> Class {
        Class::Conflict
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotSucceeded { .. } => "run_not_succeeded",
            Self::AnotherRepository { .. } => "repository_not_ours",
            Self::Updated { .. } => "repository_updated",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::NotSucceeded { .. } => {
                "a run sets the settings of its repository itself, before it succeeds".into()
            }
            Self::AnotherRepository { .. } => "look at the repository on the forge".into(),
            Self::Updated { .. } => hint!(
                "compare it with its newest plan by `groundplan ops verify`, with ",
                Setting::Forge
            ),
        })
    }
}
