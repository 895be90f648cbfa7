//! The upgrade of a deployment with Docker Compose: its steps, their order, and the way back after a failure.
//!
//! ```text
//! check, fetch the image        the former version keeps running
//! stop, back up                 a failure starts the former version again
//! replace files, migrate, start a failure restores files and database, and starts the former version
//! finish                        the new version runs, also after a failure
//! ```

use super::deployment::{self, DeployedDatabase, Deployment, ImageReference, ImageSource};
use crate::error::{Class, Explain, Hint};
use std::error::Error;
use std::fmt;
use thiserror::Error;

/// The two files of a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentFiles {
    pub compose: String,
    pub env: String,
}

/// The files before and after an upgrade.
#[derive(Clone, Debug)]
pub struct UpgradePlan {
    pub former: DeploymentFiles,
    pub new: DeploymentFiles,
    /// The choices behind the new files.
    pub deployment: Deployment,
}

/// A step of an upgrade, or of the way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Checks the container program, free space and, for a build, the sources.
    Check,
    /// Downloads or builds the new image.
    FetchImage,
    /// Stops the services except the database.
    Stop,
    /// Copies the files and the database, and records that an upgrade has begun.
    BackUp,
    ReplaceFiles,
    Migrate,
    /// Starts the services without the migration, and waits until they are healthy.
    Start,
    /// Restores the files and, for SQLite, the database. Postgres keeps its tables: migrations only add to them.
    Restore,
    /// Forgets that an upgrade has begun, and gives a built image its lasting name.
    Finish,
}

/// The part of an upgrade that acts on a machine.
pub trait Installation {
    fn run(&mut self, step: Step) -> Result<(), Cause>;
}

/// The reason of a failed step: the output of a program, or the error of a file.
pub type Cause = Box<dyn Error + Send + Sync>;

/// The reasons to refuse an upgrade. Nothing was changed.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum UpgradeRefusal {
    #[error("compose.yaml was edited, or was not written by `groundplan compose`")]
    Edited,
    #[error("compose.yaml was written with flags that this version does not know")]
    UnknownFlags,
    #[error(".env lacks {}", names.join(", "))]
    MissingVariables { names: Vec<String> },
    #[error("the image is pinned by a digest, so its next version has no name")]
    PinnedByDigest,
    #[error("DATABASE_URL names a database outside of this deployment, which is not backed up")]
    OutsideDatabase,
}

/// The end of an upgrade in which a step failed.
#[derive(Debug, Error)]
pub enum UpgradeError {
    #[error("the upgrade failed at the step `{step}`; the former version runs unchanged")]
    NothingChanged {
        step: Step,
        #[source]
        cause: Cause,
    },
    #[error("the upgrade failed at the step `{step}`; the former version runs again")]
    RolledBack {
        step: Step,
        #[source]
        cause: Cause,
    },
    #[error("the new version runs, but the step `{}` failed", Step::Finish)]
    Unfinished {
        #[source]
        cause: Cause,
    },
    #[error(
        "the upgrade failed at the step `{step}` ({cause}), and so did the way back at `{back}`"
    )]
    RollbackFailed {
        step: Step,
        cause: Cause,
        back: Step,
        #[source]
        back_cause: Cause,
    },
}

impl UpgradePlan {
    /// Plans the upgrade of a deployment to an image, by default the version of this program under the same name.
    ///
    /// `has_backup` is true if the operator has backed up a database outside of the deployment.
    pub fn new(
        former: DeploymentFiles,
        image: Option<ImageReference>,
        has_backup: bool,
    ) -> Result<Self, UpgradeRefusal> {
        if !deployment::is_unedited(&former.compose) {
            return Err(UpgradeRefusal::Edited);
        }
        let mut deployment =
            Deployment::of_compose(&former.compose).ok_or(UpgradeRefusal::UnknownFlags)?;
        let names = deployment::missing_variables(&deployment.env(None), &former.env);
        if !names.is_empty() {
            return Err(UpgradeRefusal::MissingVariables { names });
        }
        if !has_backup && !has_own_database(deployment.database, &former.env) {
            return Err(UpgradeRefusal::OutsideDatabase);
        }
        deployment.image = match (image, deployment.image) {
            (Some(image), _) => ImageSource::Pinned(image),
            (None, ImageSource::Build) => ImageSource::Build,
            (None, ImageSource::Pinned(image)) => {
                let next = image.at_version(env!("CARGO_PKG_VERSION"));
                ImageSource::Pinned(next.ok_or(UpgradeRefusal::PinnedByDigest)?)
            }
        };
        let new = DeploymentFiles {
            compose: deployment.compose(),
            env: with_image(&former.env, &deployment.image),
        };
        Ok(Self {
            former,
            new,
            deployment,
        })
    }

    /// True if the upgrade would change nothing. A built image may differ without a change of the files.
    pub fn is_current(&self) -> bool {
        self.former == self.new && self.deployment.image != ImageSource::Build
    }
}

/// True if the database is that of the deployment, which its backup contains.
fn has_own_database(database: DeployedDatabase, env: &str) -> bool {
    let url = env
        .lines()
        .find_map(|line| line.strip_prefix("DATABASE_URL="));
    url.is_some_and(|url| match database {
        DeployedDatabase::Postgres => url.contains("@postgres:5432/"),
        DeployedDatabase::Sqlite => url == Deployment::SQLITE,
    })
}

/// The variables with another image, where they name one.
fn with_image(env: &str, image: &ImageSource) -> String {
    const NAME: &str = "GROUNDPLAN_IMAGE=";
    let ImageSource::Pinned(image) = image else {
        return env.to_owned();
    };
    env.split_inclusive('\n')
        .map(|line| match line.strip_prefix(NAME) {
            Some(_) => format!("{NAME}{}\n", image.as_str()),
            None => line.to_owned(),
        })
        .collect()
}

/// Runs the steps of an upgrade. After an error, the former version runs, unless the error says otherwise: a version that is
/// healthy is kept.
pub fn upgrade(installation: &mut dyn Installation) -> Result<(), UpgradeError> {
    for step in [Step::Check, Step::FetchImage] {
        installation
            .run(step)
            .map_err(|cause| UpgradeError::NothingChanged { step, cause })?;
    }
    for step in [Step::Stop, Step::BackUp] {
        if let Err(cause) = installation.run(step) {
            return Err(go_back(installation, &[Step::Start], step, cause));
        }
    }
    for step in [Step::ReplaceFiles, Step::Migrate, Step::Start] {
        if let Err(cause) = installation.run(step) {
            let back = [Step::Stop, Step::Restore, Step::Start, Step::Finish];
            return Err(go_back(installation, &back, step, cause));
        }
    }
    let finished = installation.run(Step::Finish);
    finished.map_err(|cause| UpgradeError::Unfinished { cause })
}

/// Runs the steps of the way back after a failed step, and gives the error of the upgrade.
fn go_back(
    installation: &mut dyn Installation,
    steps: &[Step],
    step: Step,
    cause: Cause,
) -> UpgradeError {
    for back in steps {
        if let Err(back_cause) = installation.run(*back) {
            return UpgradeError::RollbackFailed {
                step,
                cause,
                back: *back,
                back_cause,
            };
        }
    }
    UpgradeError::RolledBack { step, cause }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Check => "check",
            Self::FetchImage => "fetch the image",
            Self::Stop => "stop the services",
            Self::BackUp => "back up",
            Self::ReplaceFiles => "replace the files",
            Self::Migrate => "migrate",
            Self::Start => "start the services",
            Self::Restore => "restore files and database",
            Self::Finish => "finish",
        })
    }
}

impl Explain for UpgradeRefusal {
    fn class(&self) -> Class {
        Class::Refused
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Edited => "deployment_edited",
            Self::UnknownFlags => "deployment_unknown",
            Self::MissingVariables { .. } => "deployment_incomplete",
            Self::PinnedByDigest => "image_pinned_by_digest",
            Self::OutsideDatabase => "database_outside_deployment",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::Edited | Self::UnknownFlags => {
                "write it again with `groundplan compose --into . --force`, which keeps it as `compose.yaml.old`; see docs/upgrading.md".into()
            }
            Self::MissingVariables { .. } => {
                "add them as in `groundplan compose --env`; docs/operations.md describes each".into()
            }
            Self::PinnedByDigest => "name the new image with `--image NAME@sha256:DIGEST`".into(),
            Self::OutsideDatabase => {
                "back it up as docs/upgrading.md says, then pass `--no-backup`".into()
            }
        })
    }
}

impl Explain for UpgradeError {
    fn class(&self) -> Class {
        Class::Environment
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NothingChanged { .. } => "upgrade_failed",
            Self::RolledBack { .. } => "upgrade_rolled_back",
            Self::Unfinished { .. } => "upgrade_unfinished",
            Self::RollbackFailed { .. } => "upgrade_rollback_failed",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::NothingChanged { .. } | Self::RolledBack { .. } => {
                "remove the cause and run `groundplan upgrade` again; upgrade.log has all steps".into()
            }
            Self::Unfinished { .. } => {
                "delete upgrade.state if it exists, or the next upgrade starts from its backup; for a built image, run `docker tag groundplan:new groundplan:local`".into()
            }
            Self::RollbackFailed { .. } => {
                "remove the cause and run `groundplan upgrade` again, or restore the backup as docs/upgrading.md says".into()
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An installation that records its steps and fails at the given calls, counted from 0.
    struct RecordedInstallation {
        fails_at: Vec<usize>,
        steps: Vec<Step>,
    }

    impl Installation for RecordedInstallation {
        fn run(&mut self, step: Step) -> Result<(), Cause> {
            self.steps.push(step);
            if self.fails_at.contains(&(self.steps.len() - 1)) {
                return Err("no".into());
            }
            Ok(())
        }
    }

    fn upgraded(fails_at: &[usize]) -> (Result<(), UpgradeError>, Vec<Step>) {
        let mut installation = RecordedInstallation {
            fails_at: fails_at.to_vec(),
            steps: Vec::new(),
        };
        let result = upgrade(&mut installation);
        (result, installation.steps)
    }

    #[test]
    fn after_a_failure_of_a_step_before_its_last_one_the_former_version_runs() {
        let (result, all) = upgraded(&[]);
        assert!(result.is_ok());
        for failed in 0..all.len() {
            let (result, steps) = upgraded(&[failed]);
            let error = result.unwrap_err();
            let step = all[failed];
            let back = &steps[failed + 1..];
            match (step, error) {
                (Step::Check | Step::FetchImage, UpgradeError::NothingChanged { .. }) => {
                    assert_eq!(back, []);
                }
                (Step::Stop | Step::BackUp, UpgradeError::RolledBack { .. }) => {
                    assert_eq!(back, [Step::Start]);
                }
                (Step::Finish, UpgradeError::Unfinished { .. }) => {
                    assert_eq!(back, [], "a healthy version is not stopped");
                }
                (_, UpgradeError::RolledBack { .. }) => {
                    assert_eq!(back, [Step::Stop, Step::Restore, Step::Start, Step::Finish]);
                }
                (step, error) => panic!("{step}: {error}"),
            }
        }
    }

    #[test]
    fn a_failed_way_back_names_both_causes() {
        let (_, all) = upgraded(&[]);
        let migrate = all.iter().position(|step| *step == Step::Migrate).unwrap();
        let (result, steps) = upgraded(&[migrate, migrate + 2]);
        let error = result.unwrap_err();
        assert_eq!(steps.last(), Some(&Step::Restore));
        assert_eq!(
            error.to_string(),
            "the upgrade failed at the step `migrate` (no), and so did the way back at `restore files and database`"
        );
    }
}
