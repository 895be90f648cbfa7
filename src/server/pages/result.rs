//! The result of a choice beside its form: verdict, counts, risk and findings.

use super::choice::Choice;
use crate::app::report_difference::ReportDifference;
use crate::model::report::{ChangeKind, Report};
use crate::server::problem::{Problem, ProblemError};
use crate::server::state::ServerState;
use crate::store::id::UserId;
use std::sync::Arc;

/// The result of a choice.
pub(super) struct ResultView {
    pub(super) outcome: Outcome,
    /// The difference from the choice before, such as `+4 files`.
    pub(super) difference: Option<String>,
    /// The answer of the forge about the repository's name, if it was asked.
    pub(super) name_check: Option<String>,
}

/// A report, or the reason why there is none.
pub(super) enum Outcome {
    Report(Box<Summary>),
    Refused {
        detail: String,
        errors: Vec<ProblemError>,
    },
    /// The form has fields that cannot be used.
    Incomplete,
}

/// A report with its counts.
pub(super) struct Summary {
    pub(super) report: Arc<Report>,
    pub(super) counts: Counts,
}

/// The files of a result by their difference from the template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) files: usize,
    pub(super) added: usize,
    pub(super) modified: usize,
    pub(super) removed: usize,
    pub(super) unchanged: usize,
}

impl Counts {
    pub(super) fn of(report: &Report) -> Self {
        let count = |kind: ChangeKind| {
            let changes = report.changes.iter();
            changes.filter(|change| change.change == kind).count()
        };
        let (added, modified) = (count(ChangeKind::Added), count(ChangeKind::Modified));
        Self {
            files: report.file_count,
            added,
            modified,
            removed: count(ChangeKind::Removed),
            unchanged: report.file_count.saturating_sub(added + modified),
        }
    }
}

impl Summary {
    pub(super) fn new(report: impl Into<Arc<Report>>) -> Self {
        let report = report.into();
        Self {
            counts: Counts::of(&report),
            report,
        }
    }

    /// The verdict in one line.
    pub(super) fn verdict(&self) -> String {
        let obstacles = self.report.obstacles().count();
        match obstacles {
            0 if self.report.can_proceed => "Ready to create".to_owned(),
            0 => "Cannot be created".to_owned(),
            1 => "1 finding prevents the creation".to_owned(),
            many => format!("{many} findings prevent the creation"),
        }
    }
}

impl ResultView {
    /// Computes the result of a choice, and its difference from an earlier one. Nothing is stored.
    pub(super) async fn of(
        state: &Arc<ServerState>,
        user: &UserId,
        choice: &Choice,
        before: Option<&Choice>,
    ) -> Result<Self, Problem> {
        let outcome = Outcome::of(state, choice).await?;
        let mut difference = None;
        if let Outcome::Report(now) = &outcome {
            if let Some(before) = before
                && let Some(before) = earlier(state, user, before).await?
            {
                let between = ReportDifference::between(&before, &now.report);
                difference = Some(between.summary());
            }
            let query = choice.to_fields().query();
            state.live.keep(user, query, &now.report);
        }
        Ok(Self {
            outcome,
            difference,
            name_check: None,
        })
    }

    /// The result in one sentence, for people who hear it.
    pub(super) fn announcement(&self) -> String {
        match &self.outcome {
            Outcome::Report(summary) => match &self.difference {
                Some(difference) => format!("{}: {difference}", summary.verdict()),
                None => summary.verdict(),
            },
            Outcome::Refused { detail, .. } => detail.clone(),
            Outcome::Incomplete => "The form has an error".to_owned(),
        }
    }
}

/// The result of an earlier choice, computed again only if it is not the last one of the user; `None` if it had none.
async fn earlier(
    state: &Arc<ServerState>,
    user: &UserId,
    choice: &Choice,
) -> Result<Option<Arc<Report>>, Problem> {
    let version = choice.opened.catalog.version();
    let kept = state.live.find(user, &choice.to_fields().query(), version);
    if kept.is_some() {
        return Ok(kept);
    }
    Ok(match Outcome::of(state, choice).await? {
        Outcome::Report(summary) => Some(summary.report),
        Outcome::Refused { .. } | Outcome::Incomplete => None,
    })
}

impl Outcome {
    async fn of(state: &Arc<ServerState>, choice: &Choice) -> Result<Self, Problem> {
        let Some(request) = choice.request() else {
            return Ok(Self::Incomplete);
        };
        match state.preview(request).await {
            Ok(report) => Ok(Self::Report(Box::new(Summary::new(report)))),
            Err(problem) if problem.status().is_client_error() => Ok(Self::refused(&problem)),
            Err(problem) => Err(problem),
        }
    }

    pub(super) fn refused(problem: &Problem) -> Self {
        Self::Refused {
            detail: problem.detail().to_owned(),
            errors: problem.document().errors.clone(),
        }
    }
}
