//! The base of an update: the tree that groundplan generated for the provenance that a repository has now. It is found by
//! its recorded id or built again, and never guessed.

use super::error::AppError;
use super::generated_repos::{GeneratedRepo, GeneratedRepoRequest};
use super::recorded_sources::RecordedSources;
use crate::engine;
use crate::error::{Class, Explain, Hint};
use crate::model::digest::GitId;
use crate::model::path::TreePath;
use crate::model::provenance::Provenance;
use crate::resolve::GENERATOR;
use crate::tree::TreeMut as _;
use crate::tree::commits::{Commits, FileIndex};
use crate::tree::generated::GENERATED_REF;
use crate::tree::ids::TreeWithout;
use crate::tree::memory::MemoryTree;
use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use thiserror::Error;

/// The generated tree of a repository's recorded plan, without the provenance file.
pub struct UpdateBase {
    /// The provenance of the repository's current commit.
    pub provenance: Provenance,
    pub files: BaseFiles,
    /// The id of the tree.
    pub tree: GitId,
    pub origin: BaseOrigin,
    /// The newest generated commit, which the one of the next update follows.
    pub previous: Option<GitId>,
}

/// The files of a base.
pub enum BaseFiles {
    /// Objects of the repository.
    Stored(FileIndex),
    /// Files that were built again.
    Built(MemoryTree),
}

/// The place where a base was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaseOrigin {
    /// A commit of [`GENERATED_REF`].
    Generated(GitId),
    FirstCommit(GitId),
    /// Another commit of the branch.
    Commit(GitId),
    /// The recorded plan, built again.
    Built,
}

/// A repository without a base that can be proved.
#[derive(Debug, Error)]
pub enum BaseError {
    #[error("the current commit {head} has no `{path}`")]
    NoProvenance { head: GitId, path: TreePath },
    #[error("cannot read `{path}` of the current commit {head}")]
    Unreadable {
        head: GitId,
        path: TreePath,
        source: serde_json::Error,
    },
    #[error(
        "the generated tree {} is in no commit of the repository, and its plan cannot be built again",
        tree.as_ref().map_or("of the recorded plan", GitId::as_str)
    )]
    NotFound {
        tree: Option<GitId>,
        source: Unbuilt,
    },
    #[error("this program cannot build the recorded plan: {message}")]
    Findings { message: String },
    #[error("the recorded plan gives tree {found}, but the repository records {recorded}")]
    Differs { recorded: GitId, found: GitId },
}

/// The reason why a plan cannot be built again.
#[derive(Debug)]
pub struct Unbuilt(Box<dyn Explain>);

impl fmt::Display for Unbuilt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Error for Unbuilt {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

impl fmt::Display for BaseOrigin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Generated(commit) => write!(formatter, "generated commit {commit}"),
            Self::FirstCommit(_) => formatter.write_str("the first commit"),
            Self::Commit(commit) => write!(formatter, "commit {commit}"),
            Self::Built => formatter.write_str("the recorded plan, built again"),
        }
    }
}

/// Finds the base of a repository: in the generated commits, in a commit of the branch that has exactly the recorded tree,
/// or by building the recorded plan again from its recorded sources.
pub fn find(
    request: &GeneratedRepoRequest,
    repository: &GeneratedRepo,
    sources: RecordedSources<'_, '_>,
) -> Result<UpdateBase, AppError> {
    let path = &request.provenance;
    let search = BaseSearch {
        request,
        repository,
        provenance: current_provenance(repository, path)?,
        path,
    };
    let recorded = search.provenance.tree().cloned();
    let Some(recorded) = recorded else {
        return search.of_version_1(sources);
    };
    match search.stored(&recorded)? {
        Some(origin) => search.in_commit(origin, recorded),
        None => search.built(&recorded, sources),
    }
}

/// The provenance file of the current commit.
fn current_provenance(repository: &GeneratedRepo, path: &TreePath) -> Result<Provenance, AppError> {
    let head = &repository.history.last;
    let (_, blob) =
        repository
            .commits
            .entry(head, path)?
            .ok_or_else(|| BaseError::NoProvenance {
                head: head.clone(),
                path: path.clone(),
            })?;
    let text = repository.commits.read(blob)?;
    let read = serde_json::from_slice(&text).map_err(|source| BaseError::Unreadable {
        head: head.clone(),
        path: path.clone(),
        source,
    })?;
    Ok(read)
}

struct BaseSearch<'r> {
    request: &'r GeneratedRepoRequest,
    repository: &'r GeneratedRepo,
    provenance: Provenance,
    path: &'r TreePath,
}

impl BaseSearch<'_> {
    fn commits(&self) -> &Commits {
        &self.repository.commits
    }

    /// The commit with the recorded tree.
    fn stored(&self, recorded: &GitId) -> Result<Option<BaseOrigin>, AppError> {
        let commits = self.commits();
        for commit in commits.generated()? {
            if commits.tree_without(&commit, self.path)? == *recorded {
                return Ok(Some(BaseOrigin::Generated(commit)));
            }
        }
        let first = &self.repository.history.first;
        if commits.tree_without(first, self.path)? == *recorded {
            return Ok(Some(BaseOrigin::FirstCommit(first.clone())));
        }
        Ok(self.with_same_provenance(recorded)?.map(BaseOrigin::Commit))
    }

    /// The commit with the recorded tree among those that have the current provenance file: the one that introduced it.
    fn with_same_provenance(&self, recorded: &GitId) -> Result<Option<GitId>, AppError> {
        let (commits, head) = (self.commits(), &self.repository.history.last);
        let current = commits.entry(head, self.path)?;
        let (mut seen, mut open) = (BTreeSet::from([head.clone()]), vec![head.clone()]);
        while let Some(commit) = open.pop() {
            if commits.entry(&commit, self.path)? != current {
                continue;
            }
            if commits.tree_without(&commit, self.path)? == *recorded {
                return Ok(Some(commit));
            }
            for parent in commits.parents_of(&commit)? {
                if seen.insert(parent.clone()) {
                    open.push(parent);
                }
            }
        }
        Ok(None)
    }

    fn in_commit(self, origin: BaseOrigin, tree: GitId) -> Result<UpdateBase, AppError> {
        let commits = self.commits();
        let mut files = match &origin {
            BaseOrigin::Generated(commit)
            | BaseOrigin::FirstCommit(commit)
            | BaseOrigin::Commit(commit) => commits.files(commit)?,
            BaseOrigin::Built => FileIndex::new(),
        };
        files.remove(self.path.as_str());
        self.base(BaseFiles::Stored(files), tree, origin)
    }

    fn base(
        self,
        files: BaseFiles,
        tree: GitId,
        origin: BaseOrigin,
    ) -> Result<UpdateBase, AppError> {
        let previous = match (self.commits().newest_generated()?, &origin) {
            (Some(newest), _) => Some(newest),
            (None, BaseOrigin::FirstCommit(first)) => Some(first.clone()),
            (None, _) => None,
        };
        Ok(UpdateBase {
            provenance: self.provenance,
            files,
            tree,
            origin,
            previous,
        })
    }

    /// Builds the recorded plan again; its tree must be the recorded one.
    fn built(
        self,
        recorded: &GitId,
        sources: RecordedSources<'_, '_>,
    ) -> Result<UpdateBase, AppError> {
        let (_, files, found) = self.build(Some(recorded), sources)?;
        if found != *recorded {
            let recorded = recorded.clone();
            return Err(BaseError::Differs { recorded, found }.into());
        }
        self.base(BaseFiles::Built(files), found, BaseOrigin::Built)
    }

    /// The base of a provenance file without a tree: the first commit if the recorded plan gives its tree.
    fn of_version_1(self, sources: RecordedSources<'_, '_>) -> Result<UpdateBase, AppError> {
        let (whole, files, tree) = self.build(None, sources)?;
        let first = &self.repository.first;
        if whole.as_ref() == Some(&first.tree) {
            let origin = BaseOrigin::FirstCommit(self.repository.history.first.clone());
            return self.in_commit(origin, tree);
        }
        if self.provenance.generator == GENERATOR {
            return self.base(BaseFiles::Built(files), tree, BaseOrigin::Built);
        }
        let (recorded, found) = (first.tree.clone(), whole.unwrap_or(tree));
        Err(BaseError::Differs { recorded, found }.into())
    }

    /// The id of the recorded plan's whole tree, its files without the provenance file, and their id.
    fn build(
        &self,
        recorded: Option<&GitId>,
        sources: RecordedSources<'_, '_>,
    ) -> Result<(Option<GitId>, MemoryTree, GitId), AppError> {
        let planned = self
            .request
            .plan_of(&self.provenance, self.repository, sources)
            .map_err(|error| match error {
                AppError::Explained(error) => BaseError::NotFound {
                    tree: recorded.cloned(),
                    source: Unbuilt(error),
                }
                .into(),
                findings @ AppError::Findings(_) => findings,
            })?;
        let (report, tree) = engine::build(&planned.plan, planned.template.tree())?;
        if !report.can_proceed {
            let first = report.obstacles().next();
            let message = first.map_or_else(String::new, |finding| finding.message.clone());
            return Err(BaseError::Findings { message }.into());
        }
        let own = planned.plan.provenance_path.as_tree();
        let without = GitId::of(&TreeWithout::compute(&tree, own)?.id());
        let mut files = MemoryTree::copy_of(&tree)?;
        files.remove(own)?;
        Ok((report.tree_id, files, without))
    }
}

impl Explain for BaseError {
    fn class(&self) -> Class {
        match self {
            Self::NotFound { source, .. } => source.0.class(),
            _ => Class::Refused,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoProvenance { .. } | Self::Unreadable { .. } => "provenance_missing",
            Self::NotFound { .. } => "update_base_not_found",
            Self::Findings { .. } | Self::Differs { .. } => "plan_not_reproducible",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::NoProvenance { path, .. } | Self::Unreadable { path, .. } => format!(
                "restore the file from the commit that last had it: `git log -- {path}`, `git checkout COMMIT -- {path}`"
            )
            .into(),
            Self::NotFound { .. } => format!(
                "fetch the generated commits with `git fetch origin {GENERATED_REF}:{GENERATED_REF}`, or name the catalogue of that version by `--from-catalog`"
            )
            .into(),
            Self::Findings { .. } | Self::Differs { .. } => format!(
                "use the version of groundplan that generated it, or fetch the generated commits with `git fetch origin {GENERATED_REF}:{GENERATED_REF}`"
            )
            .into(),
        })
    }

    fn inner(&self) -> Option<&dyn Explain> {
        match self {
            Self::NotFound { source, .. } => Some(source.0.as_ref()),
            _ => None,
        }
    }
}
