//! Jobs of the queue: their kinds, the configuration of each kind, and their status.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The known kinds of jobs. Rows of other kinds may exist and are never touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum JobKind {
    TaskImplementation,
    IdeaGrill,
    IdeaMakePlan,
    IdeaReviewPlan,
    PlanChat,
    SprintImplementation,
    BootstrapRepo,
    /// The update of a repository that a job of kind `BOOTSTRAP_REPO` created.
    UpdateRepo,
}

/// The runtime of a kind of jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "runtime", rename_all = "snake_case")]
pub enum JobConfig {
    /// A model; the owner of the queue configures it.
    Claude,
    /// A program, without a model, a thinking budget or a permission mode.
    Deterministic { executor: Executor },
}

/// The model settings that a job records in its `requested_` columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestedModel {
    pub model: Option<String>,
    pub thinking_budget: Option<i64>,
    pub permission_mode: Option<String>,
}

/// The program of a deterministic kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Executor {
    BootstrapRepo,
    UpdateRepo,
}

/// The status of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum JobStatus {
    Queued,
    Claimed,
    Running,
    Done,
    Failed,
    Cancelled,
    Skipped,
}

/// A step of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobStep {
    Claim,
    Start,
    Succeed,
    Fail,
    Cancel,
    /// Back to the queue: handed back by its worker, or taken from a worker that died.
    Requeue,
    /// Back to the queue after it ended.
    Retry,
}

impl JobKind {
    /// Every known kind.
    pub const ALL: [Self; 8] = [
        Self::TaskImplementation,
        Self::IdeaGrill,
        Self::IdeaMakePlan,
        Self::IdeaReviewPlan,
        Self::PlanChat,
        Self::SprintImplementation,
        Self::BootstrapRepo,
        Self::UpdateRepo,
    ];

    /// The kinds of this program, whose jobs have a run.
    pub const OWN: [Self; 2] = [Self::BootstrapRepo, Self::UpdateRepo];

    /// The name in a row.
    pub fn as_db(self) -> &'static str {
        match self {
            Self::TaskImplementation => "TASK_IMPLEMENTATION",
            Self::IdeaGrill => "IDEA_GRILL",
            Self::IdeaMakePlan => "IDEA_MAKE_PLAN",
            Self::IdeaReviewPlan => "IDEA_REVIEW_PLAN",
            Self::PlanChat => "PLAN_CHAT",
            Self::SprintImplementation => "SPRINT_IMPLEMENTATION",
            Self::BootstrapRepo => "BOOTSTRAP_REPO",
            Self::UpdateRepo => "UPDATE_REPO",
        }
    }

    /// The name for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::TaskImplementation => "Implement task",
            Self::IdeaGrill => "Question idea",
            Self::IdeaMakePlan => "Plan idea",
            Self::IdeaReviewPlan => "Review plan",
            Self::PlanChat => "Discuss plan",
            Self::SprintImplementation => "Implement sprint",
            Self::BootstrapRepo => "Bootstrap repo",
            Self::UpdateRepo => "Update repo",
        }
    }

    /// The colour of the kind on boards, by its English name.
    pub fn colour(self) -> &'static str {
        match self {
            Self::TaskImplementation => "blue",
            Self::IdeaGrill => "amber",
            Self::IdeaMakePlan => "violet",
            Self::IdeaReviewPlan => "pink",
            Self::PlanChat => "teal",
            Self::SprintImplementation => "indigo",
            Self::BootstrapRepo => "green",
            Self::UpdateRepo => "lime",
        }
    }

    /// The kind with a name; `None` for an unknown name.
    pub fn of_db(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_db() == text)
    }

    /// The runtime of the kind.
    pub fn config(self) -> JobConfig {
        match self {
            Self::TaskImplementation
            | Self::IdeaGrill
            | Self::IdeaMakePlan
            | Self::IdeaReviewPlan
            | Self::PlanChat
            | Self::SprintImplementation => JobConfig::Claude,
            Self::BootstrapRepo => JobConfig::Deterministic {
                executor: Executor::BootstrapRepo,
            },
            Self::UpdateRepo => JobConfig::Deterministic {
                executor: Executor::UpdateRepo,
            },
        }
    }
}

impl JobConfig {
    /// The snapshot for a new job. `None` for a model: its owner records the settings.
    pub fn requested_model(self) -> Option<RequestedModel> {
        match self {
            Self::Claude => None,
            Self::Deterministic { .. } => Some(RequestedModel::default()),
        }
    }
}

impl JobStatus {
    /// Every status.
    pub const ALL: [Self; 7] = [
        Self::Queued,
        Self::Claimed,
        Self::Running,
        Self::Done,
        Self::Failed,
        Self::Cancelled,
        Self::Skipped,
    ];

    /// The status after a step; `None` when the step is not allowed. Nothing else changes the status of a job.
    #[must_use]
    pub fn after(self, step: JobStep) -> Option<Self> {
        Some(match (self, step) {
            (Self::Queued, JobStep::Claim) => Self::Claimed,
            (Self::Claimed, JobStep::Start) => Self::Running,
            (Self::Running, JobStep::Succeed) => Self::Done,
            (Self::Queued | Self::Claimed | Self::Running, JobStep::Fail) => Self::Failed,
            (Self::Queued | Self::Claimed | Self::Running, JobStep::Cancel) => Self::Cancelled,
            (Self::Claimed | Self::Running, JobStep::Requeue)
            | (Self::Failed | Self::Cancelled | Self::Skipped, JobStep::Retry) => Self::Queued,
            _ => return None,
        })
    }

    /// The name in a row.
    pub fn as_db(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::Claimed => "CLAIMED",
            Self::Running => "RUNNING",
            Self::Done => "DONE",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
            Self::Skipped => "SKIPPED",
        }
    }

    /// The status with a name; `None` for an unknown name.
    pub fn of_db(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_db() == text)
    }
}

/// The status with a name in interfaces; `None` for an unknown name.
pub fn job_status_of_api(text: &str) -> Option<JobStatus> {
    JobStatus::ALL
        .into_iter()
        .find(|status| job_status_to_api(*status) == text)
}

/// The name of a status in interfaces and notifications. A mapping rather than a change of letter case, so that a new
/// status in the database is a decision here.
pub fn job_status_to_api(status: JobStatus) -> &'static str {
    match status {
        JobStatus::Queued => "queued",
        JobStatus::Claimed => "claimed",
        JobStatus::Running => "running",
        JobStatus::Done => "done",
        JobStatus::Failed => "failed",
        JobStatus::Cancelled => "cancelled",
        JobStatus::Skipped => "skipped",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_the_kinds_of_this_program_are_deterministic() {
        for kind in JobKind::ALL {
            let config = serde_json::to_value(kind.config()).expect("plain data");
            let expected = match kind {
                JobKind::BootstrapRepo => {
                    json!({ "runtime": "deterministic", "executor": "bootstrap-repo" })
                }
                JobKind::UpdateRepo => {
                    json!({ "runtime": "deterministic", "executor": "update-repo" })
                }
                _ => json!({ "runtime": "claude" }),
            };
            assert_eq!(config, expected);
            let requested = kind.config().requested_model();
            let is_own = JobKind::OWN.contains(&kind);
            let nothing = is_own.then(RequestedModel::default);
            assert_eq!(requested, nothing);
            assert_eq!(JobKind::of_db(kind.as_db()), Some(kind));
        }
        assert_eq!(JobKind::of_db("SOMETHING_NEW"), None);
    }

    #[test]
    fn a_job_that_ended_changes_only_by_a_retry_and_a_job_that_is_done_never() {
        let steps = [
            JobStep::Claim,
            JobStep::Start,
            JobStep::Succeed,
            JobStep::Fail,
            JobStep::Cancel,
            JobStep::Requeue,
        ];
        for step in steps {
            for status in [
                JobStatus::Done,
                JobStatus::Failed,
                JobStatus::Cancelled,
                JobStatus::Skipped,
            ] {
                assert_eq!(status.after(step), None, "{status:?} {step:?}");
            }
        }
        assert_eq!(JobStatus::Done.after(JobStep::Retry), None);
        assert_eq!(
            JobStatus::Failed.after(JobStep::Retry),
            Some(JobStatus::Queued)
        );
    }

    #[test]
    fn each_status_has_one_name_in_rows_and_one_in_interfaces() {
        for status in JobStatus::ALL {
            assert_eq!(JobStatus::of_db(status.as_db()), Some(status));
            assert_eq!(job_status_to_api(status), status.as_db().to_lowercase());
        }
    }
}
