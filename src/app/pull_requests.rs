//! The pull request of an update: opened, found again after a stop, or brought up to date.
//!
//! Branch and commit follow from the plan and the repository's commit alone. A process that stops between two requests, or
//! gets no answer, is therefore repeated safely: what arrived is found under the same names.

use super::planned_update::PlannedUpdate;
use super::update_report::{CreatedUpdate, UpdateReport};
use crate::engine::update::{Conflict, Verdict};
use crate::error::{Class, Explain, Hint};
use crate::forge::Forge;
use crate::forge::error::ForgeError;
use crate::forge::pull_request::{NewPullRequest, PullRequest, PullRequestText, PullRequests};
use crate::forge::repository::{Remote, RepoPath};
use crate::git::PushedReference;
use crate::model::digest::GitId;
pub use crate::model::update::ProposalOutcome;
use crate::preflight::scopes_for;
use crate::publish::push::PushError;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::Write as _;
use std::time::Duration;
use thiserror::Error;

/// The start of the branches of updates.
const BRANCHES: &str = "groundplan/update-";
/// The longest diff of a conflict in a pull request, in bytes.
const MAX_DIFF: usize = 4_000;
/// The longest text of a pull request, in bytes; GitHub accepts 65,536 characters.
const MAX_BODY: usize = 60_000;

/// The pull request of an update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Proposal {
    pub outcome: ProposalOutcome,
    pub number: u64,
    pub url: String,
    /// True for an update with conflicts.
    pub draft: bool,
    /// True if the forge has the generated commit too, from which any clone finds the base of the next update.
    pub has_generated: bool,
}

/// An error of opening a pull request.
#[derive(Debug, Error)]
pub enum ProposalError {
    #[error("this forge has no pull requests")]
    NoPullRequests,
    #[error("the forge has no repository `{repo}`, or the token cannot see it")]
    NoRepository { repo: RepoPath },
    #[error("the token lacks the scope `{scope}`, which an update of workflow files needs")]
    Scope { scope: &'static str },
    #[error(
        "the update was pushed to branch `{branch}`, but it is unknown if the pull request was opened"
    )]
    Unknown { branch: String, source: ForgeError },
    #[error(transparent)]
    Forge(#[from] ForgeError),
    #[error(transparent)]
    Push(#[from] PushError),
}

impl ProposalError {
    /// The pause that the forge asks for.
    pub fn pause(&self) -> Option<Duration> {
        match self {
            Self::Forge(ForgeError::RateLimited { retry_after }) => Some(*retry_after),
            _ => None,
        }
    }
}

/// A forge and the way to push to it.
pub struct ProposalTarget<'t> {
    pub forge: &'t dyn Forge,
    pub repo: RepoPath,
    /// Other commits that an earlier attempt has pushed, or may have, to the branch of the update.
    pub earlier: &'t [GitId],
    pub push: &'t (dyn Fn(&Remote, &PushedReference) -> Result<(), PushError> + Sync),
}

impl ProposalTarget<'_> {
    /// Proposes a stored update.
    pub async fn propose(
        &self,
        planned: &PlannedUpdate,
        created: &CreatedUpdate,
        generated: Option<&PushedReference>,
    ) -> Result<Proposal, ProposalError> {
        let pulls = self
            .forge
            .pull_requests()
            .ok_or(ProposalError::NoPullRequests)?;
        self.check_scopes(planned).await?;
        let remote = self.remote().await?;
        let text = text_of(planned, &created.commit_id);
        let open = pulls.open_pull_requests(&self.repo).await?;
        let mut ours = open.into_iter();
        let proposal = match ours.find(|pull| pull.branch.starts_with(BRANCHES)) {
            Some(pull) => self.revise(pulls, pull, &remote, created, &text).await?,
            None => self.open(pulls, &remote, created, text).await?,
        };
        // The pull request is complete without it: the base of the next update is then built again.
        let has_generated = proposal.outcome != ProposalOutcome::Commented
            && generated.is_some_and(|generated| (self.push)(&remote, generated).is_ok());
        Ok(Proposal {
            has_generated,
            ..proposal
        })
    }

    /// Pushes a stored update to its branch, for a forge without pull requests. True if the forge has the generated commit too.
    pub async fn push_branch(
        &self,
        created: &CreatedUpdate,
        generated: Option<&PushedReference>,
    ) -> Result<bool, ProposalError> {
        let remote = self.remote().await?;
        self.push_new(&remote, created)?;
        Ok(generated.is_some_and(|generated| (self.push)(&remote, generated).is_ok()))
    }

    async fn check_scopes(&self, planned: &PlannedUpdate) -> Result<(), ProposalError> {
        let account = self.forge.current_user().await?;
        let Some(given) = account.scopes else {
            return Ok(());
        };
        let needed = scopes_for(planned.changed_paths());
        match needed.iter().find(|scope| !given.contains(**scope)) {
            Some(scope) => Err(ProposalError::Scope { scope }),
            None => Ok(()),
        }
    }

    async fn remote(&self) -> Result<Remote, ProposalError> {
        let found = self.forge.remote_of(&self.repo).await?;
        found.ok_or_else(|| ProposalError::NoRepository {
            repo: self.repo.clone(),
        })
    }

    async fn open(
        &self,
        pulls: &dyn PullRequests,
        remote: &Remote,
        created: &CreatedUpdate,
        text: PullRequestText,
    ) -> Result<Proposal, ProposalError> {
        let base = pulls.default_branch(&self.repo).await?;
        self.push_new(remote, created)?;
        let draft = text.is_draft;
        let new = NewPullRequest {
            branch: created.branch.clone(),
            base,
            text,
        };
        let (outcome, pull) = match pulls.open_pull_request(&self.repo, &new).await {
            Ok(pull) => (ProposalOutcome::Opened, pull),
            // An answer that was lost, or a request that a proxy sent twice: the list says if it is there.
            Err(
                source @ (ForgeError::OutcomeUnknown { .. }
                | ForgeError::Invalid { .. }
                | ForgeError::NameTaken { .. }),
            ) => {
                let pull = self.find_opened(pulls, &created.branch, source).await?;
                (ProposalOutcome::Adopted, pull)
            }
            Err(source) => return Err(source.into()),
        };
        Ok(proposal(outcome, pull, draft))
    }

    /// The open pull request of a branch, after a request to open it that failed.
    async fn find_opened(
        &self,
        pulls: &dyn PullRequests,
        branch: &str,
        source: ForgeError,
    ) -> Result<PullRequest, ProposalError> {
        let is_unknown = matches!(source, ForgeError::OutcomeUnknown { .. });
        let found = match pulls.open_pull_requests(&self.repo).await {
            Ok(open) => open.into_iter().find(|pull| pull.branch == branch),
            Err(error) if !is_unknown => return Err(error.into()),
            Err(_) => None,
        };
        found.ok_or_else(|| match source {
            source @ ForgeError::OutcomeUnknown { .. } => ProposalError::Unknown {
                branch: branch.to_owned(),
                source,
            },
            source => source.into(),
        })
    }

    /// Brings an open pull request of an update to this one, if nobody else pushed to its branch.
    async fn revise(
        &self,
        pulls: &dyn PullRequests,
        pull: PullRequest,
        remote: &Remote,
        created: &CreatedUpdate,
        text: &PullRequestText,
    ) -> Result<Proposal, ProposalError> {
        let draft = text.is_draft;
        let marks = marks_of(&pull.body);
        let is_pushed = pull.head == created.commit_id;
        let is_marked = marks.pushed.as_ref() == Some(&pull.head);
        if is_pushed && is_marked {
            return Ok(proposal(ProposalOutcome::Adopted, pull, draft));
        }
        if is_pushed || is_marked {
            // A run that stopped between push and text has left the text for this one.
            if !is_pushed {
                self.push(remote, &pull.branch, &created.commit_id, Some(&pull.head))?;
            }
            pulls
                .revise_pull_request(&self.repo, pull.number, text)
                .await?;
            return Ok(proposal(ProposalOutcome::Advanced, pull, draft));
        }
        if marks.commented.as_ref() != Some(&created.commit_id) {
            let comment = format!(
                "A newer update exists, but somebody pushed to `{}`, so that this branch stays as it is. Merge or close this pull request, then run `groundplan update --pull-request` again.",
                pull.branch
            );
            pulls.comment(&self.repo, pull.number, &comment).await?;
            let noted = PullRequestText {
                title: text.title.clone(),
                body: with_comment_mark(&pull.body, &created.commit_id),
                is_draft: draft,
            };
            pulls
                .revise_pull_request(&self.repo, pull.number, &noted)
                .await?;
        }
        Ok(proposal(ProposalOutcome::Commented, pull, draft))
    }

    /// Pushes the branch of an update where there is none, or over the commit of an earlier attempt; over no other.
    fn push_new(&self, remote: &Remote, created: &CreatedUpdate) -> Result<(), ProposalError> {
        let push = |expected| self.push(remote, &created.branch, &created.commit_id, expected);
        let mut pushed = push(None);
        for earlier in self.earlier {
            if !matches!(pushed, Err(ProposalError::Push(PushError::Refused { .. }))) {
                break;
            }
            pushed = push(Some(earlier));
        }
        pushed
    }

    fn push(
        &self,
        remote: &Remote,
        branch: &str,
        commit: &GitId,
        expected: Option<&GitId>,
    ) -> Result<(), ProposalError> {
        let pushed = PushedReference {
            name: format!("refs/heads/{branch}"),
            commit: commit.clone(),
            previous: expected.cloned().into(),
        };
        Ok((self.push)(remote, &pushed)?)
    }
}

fn proposal(outcome: ProposalOutcome, pull: PullRequest, draft: bool) -> Proposal {
    Proposal {
        outcome,
        number: pull.number,
        url: pull.url,
        draft,
        has_generated: false,
    }
}

/// The commits that a pull request's body names, invisible for readers.
#[derive(Default)]
struct Marks {
    /// The commit that was pushed.
    pushed: Option<GitId>,
    /// The commit that a comment told of.
    commented: Option<GitId>,
}

const PUSHED: &str = "<!-- groundplan-commit: ";
const COMMENTED: &str = "<!-- groundplan-commented: ";

fn marks_of(body: &str) -> Marks {
    let mark = |start: &str| {
        let at = body.rfind(start)? + start.len();
        GitId::parse(body.get(at..at + 40)?).ok()
    };
    Marks {
        pushed: mark(PUSHED),
        commented: mark(COMMENTED),
    }
}

fn with_comment_mark(body: &str, commit: &GitId) -> String {
    format!("{body}\n{COMMENTED}{commit} -->")
}

/// Title and body: choices, verdicts with their causes, conflicts with the plan's change, and the commands to finish.
fn text_of(planned: &PlannedUpdate, commit: &GitId) -> PullRequestText {
    let report = &planned.report;
    let UpdateReport { from, to, .. } = report;
    let mut body = format!(
        "`{}` {} → {}, template {} → {}.\n\n",
        to.catalog,
        from.catalog_version.short(),
        to.catalog_version.short(),
        code(&from.template.r#ref),
        code(&to.template.r#ref),
    );
    for choice in &report.choices {
        push(&mut body, format_args!("- {choice}\n"));
    }
    for input in &report.inputs {
        push(
            &mut body,
            format_args!("- {}\n", input.to_string().replace('|', "\\|")),
        );
    }
    body.push_str("\n| verdict | file | reason | cause |\n|---|---|---|---|\n");
    for file in &report.files {
        push(
            &mut body,
            format_args!(
                "| {} | {} | {} | {} |\n",
                file.verdict.word(),
                code(&file.path),
                file.reason.replace('|', "\\|"),
                file.causes.join(", ")
            ),
        );
    }
    if let Some(settings) = &report.settings {
        body.push_str(&settings.markdown());
    }
    let open = report
        .files
        .iter()
        .filter(|file| file.verdict == Verdict::Conflict);
    for file in open {
        push(
            &mut body,
            format_args!(
                "\n### {}\n\nThe repository's version stays. ",
                code(&file.path)
            ),
        );
        for conflict in &file.conflicts {
            if let Conflict::Key {
                pointer,
                ours,
                theirs,
                ..
            } = conflict
            {
                let shown = |value: &Option<String>| code(value.as_deref().unwrap_or("none"));
                push(
                    &mut body,
                    format_args!(
                        "{}: {} here, {} in the plan. ",
                        code(pointer),
                        shown(ours),
                        shown(theirs)
                    ),
                );
            }
        }
        if let Some(diff) = file.diff.as_ref().filter(|diff| diff.len() <= MAX_DIFF) {
            push(
                &mut body,
                format_args!("The plan's change:\n\n{}\n", fenced(diff)),
            );
        }
        push(
            &mut body,
            format_args!(
                "\nDecide with `--mine {0}`, `--theirs {0}` or `--remove {0}`, or edit the file on this branch.\n",
                file.path
            ),
        );
    }
    if body.len() > MAX_BODY {
        body.truncate(body.floor_char_boundary(MAX_BODY));
        body.push_str("\n\nThe rest is left out; `groundplan update` shows it.\n");
    }
    push(
        &mut body,
        format_args!(
            "\nClose this pull request and delete its branch to leave the update.\n\n{PUSHED}{commit} -->\n"
        ),
    );
    PullRequestText {
        title: format!("Update {} to {}", to.catalog, to.catalog_version.short()),
        body,
        is_draft: report.has_conflicts(),
    }
}

fn push(body: &mut String, text: std::fmt::Arguments<'_>) {
    body.write_fmt(text).expect("a string grows");
}

/// A text as code in Markdown. A backtick or a line break in it cannot end the code.
pub(super) fn code(text: &str) -> String {
    format!(
        "`{}`",
        text.replace('`', "'").replace(['\n', '\r', '|'], " ")
    )
}

/// A diff as a block that no line of it can end.
fn fenced(diff: &str) -> String {
    let longest = diff.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}diff\n{}\n{fence}", diff.trim_end())
}

impl Explain for ProposalError {
    fn class(&self) -> Class {
        match self {
            Self::NoPullRequests => Class::Usage,
            Self::NoRepository { .. } | Self::Scope { .. } => Class::Refused,
            Self::Unknown { source, .. } | Self::Forge(source) => source.class(),
            Self::Push(error) => error.class(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoPullRequests => "no_pull_requests",
            Self::NoRepository { .. } => "repository_not_found",
            Self::Scope { .. } => "token_scope_missing",
            Self::Unknown { .. } => "pull_request_unknown",
            Self::Forge(error) => error.code(),
            Self::Push(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<Hint> {
        match self {
            Self::NoPullRequests => Some("use `--into-branch BRANCH`".into()),
            Self::NoRepository { .. } => Some("check the name, and the scopes of the token".into()),
            Self::Scope { .. } => Some("add the scope to the token".into()),
            Self::Unknown { .. } => {
                Some("run the same command again: it finds the pull request, or opens it".into())
            }
            Self::Forge(error) => error.hint(),
            Self::Push(error) => error.hint(),
        }
    }
}
