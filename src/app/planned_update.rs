//! An update that was compared: its checks, its commit, and the places it is written to.

use super::error::AppError;
use super::generated_repos::GeneratedRepo;
use super::update_report::{CreatedUpdate, UpdateReport};
use crate::engine;
use crate::engine::update::Decision;
use crate::error::{Class, Explain, Hint, Setting};
use crate::git::{PreviousObject, PushedReference};
use crate::hint;
use crate::model::content::File;
use crate::model::date::Day;
use crate::model::digest::{Digest, DigestError, GitId};
use crate::model::input::Identity;
use crate::model::path::TreePath;
use crate::model::plan::Plan;
use crate::model::ref_name::RefName;
use crate::model::report::Risk;
use crate::signing::key::SigningKey;
use crate::template::Template;
use crate::tree::edited::{ChangeCommit, FileChanges};
use crate::tree::generated::{GENERATED_REF, GeneratedCommit};
use crate::tree::signed::CommitSigner;
use crate::tree::worktree::{MarkedFile, WorkTree, WorkTreeError};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;

/// An update before it is written.
pub struct PlannedUpdate {
    pub report: UpdateReport,
    pub plan: Plan,
    /// The risk of what the update changes; what stays as it is adds none.
    pub risk: Risk,
    pub(super) recipe_hash: Digest,
    pub(super) repository: GeneratedRepo,
    pub(super) template: Template,
    /// All changes of the repository, with its provenance file.
    pub(super) changes: FileChanges,
    /// The versions of each text with conflicting lines.
    pub(super) unmerged: BTreeMap<TreePath, [File; 3]>,
    pub(super) decisions: BTreeMap<TreePath, Decision>,
    /// The generated commit that the one of this update follows.
    pub(super) previous: Option<GitId>,
    /// True if the new plan is the recorded one.
    pub(super) is_recorded: bool,
    /// Signs the commit of the update.
    pub signing: Option<Arc<SigningKey>>,
}

/// The tree and the commit that an update must be for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedUpdate {
    pub tree: GitId,
    pub head: Option<GitId>,
}

/// An update that was not written.
#[derive(Debug, Error)]
pub enum UpdateRefused {
    #[error("the update gives tree {found}, expected {expected}; nothing was written")]
    AnotherTree { expected: GitId, found: GitId },
    #[error("the repository is at commit {found}, expected {expected}; nothing was written")]
    AnotherHead { expected: GitId, found: GitId },
    #[error("the new plan has errors; nothing was written")]
    Errors,
    #[error("catalogue `{}` is in a repository that only this one names", catalog.escape_debug())]
    CatalogNotNamed { catalog: String },
}

impl PlannedUpdate {
    /// Fails if the update gives another tree, or is for another commit, than expected.
    pub fn check_expected(&self, expected: Option<&ExpectedUpdate>) -> Result<(), UpdateRefused> {
        let Some(expected) = expected else {
            return Ok(());
        };
        if let Some(head) = expected
            .head
            .as_ref()
            .filter(|head| **head != self.report.head)
        {
            return Err(UpdateRefused::AnotherHead {
                expected: head.clone(),
                found: self.report.head.clone(),
            });
        }
        match &self.report.tree_id {
            Some(found) if *found != expected.tree => Err(UpdateRefused::AnotherTree {
                expected: expected.tree.clone(),
                found: found.clone(),
            }),
            Some(_) => Ok(()),
            None => Err(UpdateRefused::Errors),
        }
    }

    /// The hash of the new plan's recipe.
    pub fn recipe_hash(&self) -> &Digest {
        &self.recipe_hash
    }

    /// A name for the branch of this update: one for each new plan.
    pub fn branch_name(&self) -> String {
        let hash = self.plan.hash(&self.recipe_hash);
        format!("groundplan/update-{}", &hash.as_str()[..12])
    }

    /// The message of the commit: the versions, the decisions, and the trailers of a first commit.
    pub fn message(&self) -> String {
        let UpdateReport { from, to, .. } = &self.report;
        let mut message = format!(
            "Update {} from {} to {}\n\n",
            to.catalog,
            from.catalog_version.short(),
            to.catalog_version.short()
        );
        message.push_str(&self.plan.trailers(&self.recipe_hash));
        for (path, decision) in &self.decisions {
            let word = match decision {
                Decision::Mine => "Kept",
                Decision::Theirs => "Taken",
                Decision::Remove => "Removed",
            };
            message.extend([word, ": ", path.as_str(), "\n"]);
        }
        message
    }

    /// The paths that the update changes.
    pub fn changed_paths(&self) -> impl Iterator<Item = &str> {
        self.changes.keys().map(TreePath::as_str)
    }

    /// The folder of the repository's objects.
    pub fn objects(&self) -> PathBuf {
        self.repository.commits.objects()
    }

    /// True if nobody decided against the repository's version of a file.
    pub fn keeps_every_line(&self) -> bool {
        let mut decisions = self.decisions.values();
        decisions.all(|decision| *decision == Decision::Mine)
    }

    /// True if a branch or a pull request would have any content.
    pub fn has_changes(&self) -> bool {
        self.report.can_proceed && !self.report.up_to_date
    }

    /// Creates a branch with the update, one commit after the repository's current one. Nothing is checked out.
    pub fn commit_to_branch(
        &mut self,
        branch: &RefName,
        author: &Identity,
        date: &Day,
    ) -> Result<(), AppError> {
        let commits = &self.repository.commits;
        commits.check_branch_is_free(branch)?;
        let commit = self.store(author, date)?;
        // First, so that no branch is without the base of the next update, wherever a process ends.
        self.advance_generated(author, date)?;
        commits.create_branch(branch, &commit, author)?;
        self.report.created = Some(CreatedUpdate {
            branch: branch.to_string(),
            commit_id: commit,
        });
        Ok(())
    }

    /// Stores the commit of a pull request, the same one whenever it is computed for the same commit of the repository, and the
    /// generated commit.
    pub fn store_for_pull_request(
        &self,
        author: &Identity,
    ) -> Result<(CreatedUpdate, Option<PushedReference>), AppError> {
        // Before the current commit, so that the new one gets the date of that.
        let date = &self.plan.inputs.date;
        let created = CreatedUpdate {
            branch: self.branch_name(),
            commit_id: self.store(author, date)?,
        };
        Ok((created, self.advance_generated(author, date)?))
    }

    /// Stores what the new plan generates as the next generated commit and moves their reference, which finds the base of the
    /// next update whatever becomes of the branch. None if the plan is the recorded one.
    pub fn advance_generated(
        &self,
        author: &Identity,
        date: &Day,
    ) -> Result<Option<PushedReference>, AppError> {
        if self.is_recorded {
            return Ok(None);
        }
        let (_, tree) = engine::build(&self.plan, self.template.tree())?;
        let commits = &self.repository.commits;
        let commit = commits.store_generated(&GeneratedCommit {
            tree: &tree,
            previous: self.previous.as_ref(),
            author,
            date,
            message: &self.message(),
        })?;
        let before = commits.newest_generated()?;
        if before.as_ref() != Some(&commit) {
            commits.set_newest_generated(&commit, before.as_ref(), author)?;
        }
        Ok(Some(PushedReference {
            name: GENERATED_REF.to_owned(),
            commit,
            // A stop before an earlier push has left the forge behind.
            previous: PreviousObject::Ancestor,
        }))
    }

    /// Writes the update to the repository's work tree and index, without a commit. Texts with conflicting lines get markers,
    /// and are unmerged in the index.
    pub fn write_to_work_tree(&self, folder: &Path) -> Result<(), AppError> {
        let labels = [
            format!("plan of {}", self.report.from.date),
            "repository".to_owned(),
            "new plan".to_owned(),
        ];
        let [base_label, ours_label, theirs_label] = labels.each_ref().map(String::as_str);
        let marked: Vec<MarkedFile> = self
            .unmerged
            .iter()
            .filter_map(|(path, versions)| {
                let [base, ours, theirs] = versions.each_ref().map(File::text);
                let text = engine::update::with_markers(
                    base?,
                    ours?,
                    theirs?,
                    [base_label, ours_label, theirs_label],
                );
                Some(MarkedFile {
                    path: path.clone(),
                    marked: File {
                        mode: versions[1].mode,
                        bytes: text.into(),
                    },
                    versions: versions.clone(),
                })
            })
            .collect();
        let work_tree = WorkTree::open(folder)?;
        if work_tree
            .head()
            .map(|head| GitId::of(&head.commit))
            .as_ref()
            != Some(&self.report.head)
        {
            return Err(WorkTreeError::Changed {
                path: folder.to_owned(),
            }
            .into());
        }
        work_tree.write_pending(&self.changes, &marked)?;
        Ok(())
    }

    fn store(&self, author: &Identity, date: &Day) -> Result<GitId, AppError> {
        if !self.report.can_proceed {
            return Err(UpdateRefused::Errors.into());
        }
        let message = self.message();
        let ids = self.repository.commits.store_changes(&ChangeCommit {
            parent: &self.report.head,
            changes: &self.changes,
            author,
            date,
            message: &message,
            signer: self.signing.as_deref().map(|key| key as &dyn CommitSigner),
        })?;
        Ok(GitId::of(&ids.commit))
    }
}

impl ExpectedUpdate {
    /// Parses `TREE` or `TREE@HEAD`.
    pub fn parse(text: &str) -> Result<Self, DigestError> {
        let (tree, head) = match text.split_once('@') {
            Some((tree, head)) => (tree, Some(head)),
            None => (text, None),
        };
        Ok(Self {
            tree: GitId::parse(tree)?,
            head: head.map(GitId::parse).transpose()?,
        })
    }
}

impl Explain for UpdateRefused {
    fn class(&self) -> Class {
        match self {
            Self::AnotherTree { .. } | Self::AnotherHead { .. } => Class::Conflict,
            Self::Errors | Self::CatalogNotNamed { .. } => Class::Refused,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::AnotherTree { .. } => "tree_differs",
            Self::AnotherHead { .. } => "head_differs",
            Self::Errors => "plan_has_errors",
            Self::CatalogNotNamed { .. } => "catalog_not_named",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::AnotherTree { .. } | Self::AnotherHead { .. } => hint!(
                "the repository, catalogue, template, choices or decisions differ from the preview: run it again without ",
                Setting::Expect
            ),
            Self::Errors => "see the findings".into(),
            Self::CatalogNotNamed { .. } => hint!(
                "name its new version with ",
                Setting::Catalog,
                ", or allow its address with ",
                Setting::AllowSource
            ),
        })
    }
}
