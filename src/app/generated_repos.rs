//! Repositories that groundplan generated: their first commit, their provenance, and the plan that it records.

use super::catalogs::OpenedCatalog;
use super::error::{AppError, Findings};
use super::recorded_sources::{self, CatalogSearch, RecordedSources};
use super::templates::{self, CacheOpener, TemplateRequest, parse_address};
use crate::base::git_dir;
use crate::engine;
use crate::error::{Class, Explain, Hint, Setting};
use crate::git::{self, mirror::MirrorError};
use crate::hint;
use crate::model::action::ACTION_SCHEMA_VERSION;
use crate::model::digest::{Digest, GitId};
use crate::model::input::Identity;
use crate::model::path::TreePath;
use crate::model::plan::Plan;
use crate::model::provenance::Provenance;
use crate::model::remote::{RemoteUrl, RemoteUrlError};
use crate::template::Template;
use crate::tree::Tree as _;
use crate::tree::commits::{CommitInfo, Commits, History};
use crate::tree::git::GitTreeError;
use bytes::Bytes;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use thiserror::Error;

/// A request for a generated repository and for what it was generated from.
#[derive(Clone, Debug)]
pub struct GeneratedRepoRequest {
    /// A folder, or a URL to fetch from.
    pub repository: String,
    /// The path of the provenance file.
    pub provenance: TreePath,
    /// The catalogue. By default it is found by the recorded source.
    pub catalog: Option<Arc<OpenedCatalog>>,
    pub template: TemplateRequest,
    /// The addresses that may be contacted because the repository names them.
    pub allowed_sources: Vec<RemoteUrl>,
}

/// A generated repository, read up to its current commit.
pub struct GeneratedRepo {
    pub commits: Commits,
    pub history: History,
    pub first: CommitInfo,
    /// The provenance of the first commit.
    pub provenance: Provenance,
    /// The provenance of the current commit; that of the first where it has none that can be read.
    pub current: Provenance,
    /// The temporary folder of a repository that was fetched.
    _fetched: Option<TempDir>,
}

/// The recorded plan, resolved again, and its template.
pub struct RecordedPlan {
    pub plan: Plan,
    pub template: Template,
}

/// A repository that was not generated, or whose plan cannot be resolved again here.
#[derive(Debug, Error)]
pub enum GeneratedRepoError {
    #[error("`{repository}` is not a git repository")]
    NotARepository { repository: String },
    #[error("`{}` is not a repository", repository.escape_debug())]
    NotAnAddress {
        repository: String,
        source: RemoteUrlError,
    },
    #[error("`{repository}` has no commits")]
    NoCommit { repository: String },
    #[error(
        "the first commit of `{repository}` has no `{provenance}`: groundplan did not create it"
    )]
    NoProvenance {
        repository: String,
        provenance: TreePath,
    },
    #[error("cannot read `{provenance}` of the first commit")]
    UnreadableProvenance {
        provenance: TreePath,
        source: serde_json::Error,
    },
    #[error(
        "created by {} with action schema version {found}, but this program supports version {ACTION_SCHEMA_VERSION}",
        generator.escape_debug()
    )]
    ActionVersion { generator: String, found: u32 },
    #[error("created from catalogue `{}`, but this is `{named}`", recorded.escape_debug())]
    AnotherCatalog { recorded: String, named: String },
    #[error(
        "created from version {} of catalogue `{catalog}`, but this is version {}",
        recorded.short(), available.short()
    )]
    AnotherVersion {
        catalog: String,
        recorded: Digest,
        available: Digest,
    },
    #[error("cannot create a temporary folder")]
    Temporary(#[source] std::io::Error),
}

impl RecordedPlan {
    /// The content of a file of the plan's result; none if it has no such file.
    pub fn file(&self, path: &TreePath) -> Result<Option<Bytes>, AppError> {
        let (_, tree) = engine::build(&self.plan, self.template.tree())?;
        let file = tree.read(path).map_err(engine::PreviewError::from)?;
        Ok(file.map(|file| file.bytes))
    }
}

impl GeneratedRepo {
    /// The author of the first commit. A commit of another program may name one that is no identity of ours; the plan
    /// is then that of a request without an author.
    pub fn first_author(&self) -> Identity {
        Identity::parse(&self.first.author).unwrap_or_default()
    }
}

impl GeneratedRepoRequest {
    /// Reads the repository, fetching it first when it is named by URL.
    pub fn read(&self, cache: CacheOpener<'_, '_>) -> Result<GeneratedRepo, AppError> {
        let repository = self.repository.clone();
        let (path, fetched) = self.locate(cache)?;
        let commits = Commits::open(&path).map_err(|error| match error {
            GitTreeError::NotARepository { .. } => {
                AppError::from(GeneratedRepoError::NotARepository {
                    repository: repository.clone(),
                })
            }
            other => other.into(),
        })?;
        let history = commits
            .history()?
            .ok_or_else(|| GeneratedRepoError::NoCommit {
                repository: repository.clone(),
            })?;
        let first = commits.info(&history.first)?;
        let provenance = &self.provenance;
        let found = commits.entry(&history.first, provenance)?;
        let (_, blob) = found.ok_or_else(|| GeneratedRepoError::NoProvenance {
            repository,
            provenance: provenance.clone(),
        })?;
        let text = commits.read(blob)?;
        let recorded: Provenance = serde_json::from_slice(&text).map_err(|source| {
            GeneratedRepoError::UnreadableProvenance {
                provenance: provenance.clone(),
                source,
            }
        })?;
        let current = provenance_of(&commits, &history.last, provenance)?;
        Ok(GeneratedRepo {
            commits,
            history,
            first,
            current: current.unwrap_or_else(|| recorded.clone()),
            provenance: recorded,
            _fetched: fetched,
        })
    }

    fn locate(&self, cache: CacheOpener<'_, '_>) -> Result<(PathBuf, Option<TempDir>), AppError> {
        let path = Path::new(&self.repository);
        if path.exists() || !self.repository.contains(':') {
            return Ok((repository_above(path), None));
        }
        let url =
            parse_address(&self.repository).map_err(|source| GeneratedRepoError::NotAnAddress {
                repository: self.repository.clone(),
                source,
            })?;
        let cache = cache()?;
        let folder = tempfile::Builder::new()
            .prefix("groundplan-")
            .tempdir()
            .map_err(GeneratedRepoError::Temporary)?;
        let inside = folder.path().join("repository.git");
        git::history(&cache.access(), &url, &inside).map_err(|error| {
            let older = None;
            cache.explained(&url, MirrorError::Git { error, older })
        })?;
        Ok((inside, Some(folder)))
    }

    /// True for an address that may be contacted because the operator named it.
    pub(super) fn trusts(&self, url: &RemoteUrl) -> bool {
        self.trusted().contains(url)
    }

    /// The allowed addresses, and that of the repository itself if it is named by one.
    fn trusted(&self) -> Vec<RemoteUrl> {
        let mut trusted = self.allowed_sources.clone();
        trusted.extend(parse_address(&self.repository));
        trusted
    }

    /// Resolves a recorded plan again, from the recorded versions of catalogue and template.
    pub fn plan_of(
        &self,
        provenance: &Provenance,
        repository: &GeneratedRepo,
        sources: RecordedSources<'_, '_>,
    ) -> Result<RecordedPlan, AppError> {
        let (opened, template) = self.sources_of(provenance, repository, sources)?;
        let author = repository.first_author();
        let plan = engine::remake(&opened.catalog, provenance, author)
            .map_err(|error| Findings::of_preview(error, None))?;
        Ok(RecordedPlan { plan, template })
    }

    /// Opens the recorded versions of catalogue and template.
    pub fn sources_of(
        &self,
        provenance: &Provenance,
        repository: &GeneratedRepo,
        sources: RecordedSources<'_, '_>,
    ) -> Result<(Arc<OpenedCatalog>, Template), AppError> {
        if provenance.action_schema_version != ACTION_SCHEMA_VERSION {
            return Err(GeneratedRepoError::ActionVersion {
                generator: provenance.generator.clone(),
                found: provenance.action_schema_version,
            }
            .into());
        }
        let trusted = self.trusted();
        let search = CatalogSearch {
            provenance,
            commits: &repository.commits,
            trusted: &trusted,
        };
        let opened = match &self.catalog {
            Some(named) => Arc::clone(named),
            None => Arc::new(search.open(sources)?),
        };
        recorded_sources::check_version(&opened, provenance)?;
        let recorded = &provenance.template;
        let template =
            templates::reopen(&self.template, &opened, recorded, &trusted, sources.cache)?;
        Ok((opened, template))
    }
}

/// The provenance of a commit; none where it has no such file, or one that cannot be read.
pub(super) fn provenance_of(
    commits: &Commits,
    commit: &GitId,
    path: &TreePath,
) -> Result<Option<Provenance>, AppError> {
    match commits.entry(commit, path)? {
        Some((_, blob)) => Ok(serde_json::from_slice(&commits.read(blob)?).ok()),
        None => Ok(None),
    }
}

/// The absolute path of the repository that a path is in, as git finds it: with a work tree or bare. The path as it is when
/// there is none.
pub fn repository_above(path: &Path) -> PathBuf {
    let Ok(real) = path.canonicalize() else {
        return path.to_owned();
    };
    let mut above = real.ancestors();
    let found = above.find(|folder| folder.join(".git").exists() || git_dir::is_bare(folder));
    found.unwrap_or(path).to_owned()
}

/// The nearest folder with a repository, from a folder upwards. The folder has no `..` and no links in it: its path decides.
pub fn work_tree_of(folder: &Path) -> Option<PathBuf> {
    let mut above = folder.ancestors();
    above
        .find(|folder| folder.join(".git").exists())
        .map(Path::to_owned)
}

impl Explain for GeneratedRepoError {
    fn class(&self) -> Class {
        match self {
            Self::NotAnAddress {
                source: RemoteUrlError::SpecialHost { .. },
                ..
            } => Class::Refused,
            Self::NotAnAddress { .. } => Class::Usage,
            Self::Temporary(_) => Class::Environment,
            _ => Class::Refused,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotARepository { .. } => "not_a_git_repository",
            Self::NotAnAddress { .. } => "repository_address_invalid",
            Self::NoCommit { .. }
            | Self::NoProvenance { .. }
            | Self::UnreadableProvenance { .. } => "not_made_by_groundplan",
            Self::ActionVersion { .. }
            | Self::AnotherCatalog { .. }
            | Self::AnotherVersion { .. } => "plan_not_reproducible",
            Self::Temporary(_) => "temporary_folder_failed",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::NotARepository { .. } => "run it in a repository that groundplan created, or name its folder or URL: `verify REPO`, `explain PATH --in REPO`".into(),
            Self::NotAnAddress { .. } => "name a folder or a URL".into(),
            Self::NoCommit { .. } => "groundplan creates the first commit itself".into(),
            Self::NoProvenance { .. } => {
                "name the file with `--provenance` if its catalogue uses another path".into()
            }
            Self::UnreadableProvenance { .. } => "it may come from a newer groundplan".into(),
            Self::ActionVersion { .. } => "use that version of groundplan".into(),
            Self::AnotherCatalog { .. } => {
                hint!("name that catalogue with ", Setting::Catalog)
            }
            Self::AnotherVersion { .. } => hint!(
                "name a folder with that version by ",
                Setting::Catalog
            ),
            Self::Temporary(_) => "check permissions and free space".into(),
        })
    }
}
