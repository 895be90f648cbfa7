//! Catalogues of a commit, read from git's objects: in a repository on this disk, or in the template cache.

use super::catalogs::{CatalogError, CatalogFiles, FOLDERS, OpenedCatalog};
use super::error::AppError;
use super::templates::{CacheOpener, TemplateCache, parse_address};
use crate::catalog;
use crate::error::{Class, Explain, Hint};
use crate::git::mirror::Freshness;
use crate::model::content::File;
use crate::model::digest::GitId;
use crate::model::exclude::ExcludePattern;
use crate::model::path::{PathError, SafeRelPath, TreePath};
use crate::model::provenance::CatalogSource;
use crate::model::ref_name::{RefName, RefNameError};
use crate::model::remote::{RemoteUrl, RemoteUrlError};
use crate::tree::Tree as _;
use crate::tree::commits::Commits;
use crate::tree::git::{self, GitTree, GitTreeError, TemplatePart};
use crate::tree::validate::Links;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A commit of a repository that contains catalogues, written `REPO@REF[:FOLDER]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogCommit {
    pub repository: CatalogRepository,
    pub reference: RefName,
    /// The folder that contains catalog/ and recipes/, or `catalog/NAME` below it. None for the top of the repository.
    pub folder: Option<SafeRelPath>,
}

/// The repository of a catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CatalogRepository {
    /// A repository on this disk, which is read in place.
    Local(PathBuf),
    Remote(RemoteUrl),
}

/// A text that names no commit with catalogues.
#[derive(Debug, Error)]
pub enum CatalogCommitError {
    /// The address may contain a secret, and is not repeated.
    #[error("the address of the catalogue is invalid")]
    Address(#[source] RemoteUrlError),
    #[error("`{}` is not a version of a catalogue", text.escape_debug())]
    Reference { text: String, source: RefNameError },
    #[error("`{}` is not a version of a catalogue", text.escape_debug())]
    Folder { text: String, source: PathError },
}

impl CatalogCommit {
    /// Parses `REPO@REF[:FOLDER]`, where REPO is a folder, a URL or `owner/name` on GitHub; a URL alone is its HEAD. None for
    /// any other text.
    pub fn parse(text: &str) -> Result<Option<Self>, CatalogCommitError> {
        let local = text
            .match_indices('@')
            .find(|(at, _)| Path::new(&text[..*at]).is_dir());
        if let Some((at, _)) = local {
            let repository = CatalogRepository::Local(PathBuf::from(&text[..at]));
            return Self::at(repository, &text[at + 1..], text).map(Some);
        }
        let named = text
            .rsplit_once('@')
            .and_then(|(address, rest)| Some((parse_address(address).ok()?, rest)));
        if let Some((url, rest)) = named {
            return Self::at(CatalogRepository::Remote(url), rest, text).map(Some);
        }
        if !text.contains("://") {
            return Ok(None);
        }
        let url = parse_address(text).map_err(CatalogCommitError::Address)?;
        Ok(Some(Self {
            repository: CatalogRepository::Remote(url),
            reference: RefName::head(),
            folder: None,
        }))
    }

    /// Parses `REF[:FOLDER]`. `text` is the whole text for errors.
    pub fn at(
        repository: CatalogRepository,
        rest: &str,
        text: &str,
    ) -> Result<Self, CatalogCommitError> {
        let (reference, folder) = match rest.split_once(':') {
            Some((reference, folder)) => (reference, Some(folder)),
            None => (rest, None),
        };
        let owned = || text.to_owned();
        Ok(Self {
            repository,
            reference: RefName::parse(reference).map_err(|source| {
                CatalogCommitError::Reference {
                    text: owned(),
                    source,
                }
            })?,
            folder: folder
                .map(SafeRelPath::parse)
                .transpose()
                .map_err(|source| CatalogCommitError::Folder {
                    text: owned(),
                    source,
                })?,
        })
    }

    /// The files of all catalogues of the commit, and the name of the one that `folder` names.
    pub fn files(
        &self,
        cache: CacheOpener<'_, '_>,
    ) -> Result<(CatalogFiles, Option<String>), AppError> {
        match &self.repository {
            CatalogRepository::Local(path) => {
                let commit = git::resolve(path, self.reference.as_str())
                    .map_err(|error| self.not_found(error))?;
                self.read(path, &commit)
            }
            CatalogRepository::Remote(url) => self.fetched(url, &cache()?),
        }
    }

    /// All catalogues of the commit, or the one that `folder` names.
    pub fn open_all(&self, cache: CacheOpener<'_, '_>) -> Result<Vec<OpenedCatalog>, AppError> {
        let (source, name) = self.files(cache)?;
        if let Some(name) = name {
            return Ok(vec![source.load(&name)?]);
        }
        let opened = source.load_all()?;
        if opened.is_empty() {
            let reference = self.reference.to_string();
            return Err(CatalogError::NotInCommit { reference }.into());
        }
        Ok(opened)
    }

    fn not_found(&self, error: GitTreeError) -> AppError {
        match error {
            GitTreeError::NotARepository { .. } | GitTreeError::NoReference { .. } => {
                CatalogError::NoCommit {
                    reference: self.reference.to_string(),
                    source: error,
                }
                .into()
            }
            other => other.into(),
        }
    }

    /// The files of the commit in the cache. A damaged repository there is fetched anew, once.
    pub(super) fn fetched(
        &self,
        url: &RemoteUrl,
        cache: &TemplateCache<'_>,
    ) -> Result<(CatalogFiles, Option<String>), AppError> {
        let (access, reference) = (cache.access(), &self.reference);
        let pinned = cache
            .mirrors
            .pin(&access, url, reference, cache.freshness)
            .map_err(|error| cache.explained(url, error))?;
        let is_damaged = matches!(
            Commits::open(&pinned.git_dir).and_then(|commits| commits.files(&pinned.commit)),
            Err(GitTreeError::Object { .. } | GitTreeError::NotARepository { .. })
        );
        if !is_damaged || cache.freshness == Freshness::Offline {
            return self.read(&pinned.git_dir, &pinned.commit);
        }
        let renewed = cache
            .mirrors
            .renew(&access, url, reference)
            .map_err(|error| cache.explained(url, error))?;
        self.read(&renewed.git_dir, &renewed.commit)
    }

    /// Reads the folder of a commit, or the folder above `catalog/NAME`.
    fn read(
        &self,
        repository: &Path,
        commit: &GitId,
    ) -> Result<(CatalogFiles, Option<String>), AppError> {
        let folder = self.folder.as_ref();
        if let Some(source) = self.read_folder(repository, commit, folder)? {
            return Ok((source, None));
        }
        if let Some((root, name)) = folder.and_then(named_below_root)
            && let Some(source) = self.read_folder(repository, commit, root.as_ref())?
            && catalog::names(&source.files).contains(name)
        {
            return Ok((source, Some(name.to_owned())));
        }
        Err(CatalogError::NoFolderInCommit {
            commit: commit.clone(),
            folder: folder.cloned(),
        }
        .into())
    }

    /// The files below catalog/ and recipes/ of a folder; none where the commit has neither.
    fn read_folder(
        &self,
        repository: &Path,
        commit: &GitId,
        folder: Option<&SafeRelPath>,
    ) -> Result<Option<CatalogFiles>, AppError> {
        let mut source = CatalogFiles {
            origin: self.origin(commit, folder),
            ..CatalogFiles::default()
        };
        let mut is_found = false;
        for name in FOLDERS {
            is_found |= add_tree(&mut source, repository, commit, folder, name)?;
        }
        Ok(is_found.then_some(source))
    }

    fn origin(&self, commit: &GitId, folder: Option<&SafeRelPath>) -> CatalogSource {
        CatalogSource::Git {
            address: match &self.repository {
                CatalogRepository::Local(_) => None,
                CatalogRepository::Remote(url) => Some(url.clone()),
            },
            r#ref: self.reference.clone(),
            commit: commit.clone(),
            path: folder.cloned(),
        }
    }
}

/// The root and the name of `ROOT/catalog/NAME`.
fn named_below_root(folder: &SafeRelPath) -> Option<(Option<SafeRelPath>, &str)> {
    let (above, name) = folder.as_str().rsplit_once('/')?;
    if above == FOLDERS[0] {
        return Some((None, name));
    }
    let root = above.strip_suffix("/catalog")?;
    Some((SafeRelPath::parse(root).ok(), name))
}

/// Adds the files of one folder of a commit. False if there is none.
fn add_tree(
    source: &mut CatalogFiles,
    repository: &Path,
    commit: &GitId,
    folder: Option<&SafeRelPath>,
    name: &str,
) -> Result<bool, AppError> {
    let path = folder.map_or_else(|| name.to_owned(), |folder| format!("{folder}/{name}"));
    let exclude = if name == FOLDERS[0] {
        excludes(repository, commit, &path)?
    } else {
        Vec::new()
    };
    let part = TemplatePart {
        commit: commit.clone(),
        folder: Some(&SafeRelPath::parse(&path).expect("a safe path and a word")),
        exclude: &exclude,
        links: Links::Kept,
    };
    let tree = match GitTree::open(repository, &part, None) {
        Ok(tree) => tree,
        Err(GitTreeError::NoFolder { .. }) => return Ok(false),
        Err(GitTreeError::Refused(findings)) => {
            let below = findings.into_iter().map(|finding| finding.below(name));
            source.findings.extend(below);
            return Ok(true);
        }
        Err(error) => return Err(error.into()),
    };
    for (path, _) in tree.list()?.iter() {
        if let Some(file) = tree.read(&TreePath::of_checked(path))? {
            source.files.insert(format!("{name}/{path}"), file);
        }
    }
    Ok(true)
}

/// The patterns that exclude template files of the catalogues in a folder `catalog` of a commit, for paths in it.
fn excludes(
    repository: &Path,
    commit: &GitId,
    folder: &str,
) -> Result<Vec<ExcludePattern>, AppError> {
    let commits = Commits::open(repository)?;
    let prefix = format!("{folder}/");
    let mut exclude = Vec::new();
    for (path, (_, blob)) in commits.files(commit)? {
        let name = path
            .strip_prefix(&prefix)
            .and_then(|path| path.strip_suffix("/catalog.yaml"));
        if let Some(name) = name.filter(|name| !name.contains('/')) {
            let file = File::regular(commits.read(blob)?);
            exclude.extend(catalog::template_excludes(name, &file));
        }
    }
    Ok(exclude)
}

impl Explain for CatalogCommitError {
    fn class(&self) -> Class {
        match self {
            Self::Address(RemoteUrlError::SpecialHost { .. }) => Class::Refused,
            _ => Class::Usage,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Address(_) => "catalog_address_invalid",
            Self::Reference { .. } | Self::Folder { .. } => "catalog_version_invalid",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::Address(_) => {
                "name a folder, or a commit as `https://HOST/OWNER/NAME.git@REF`".into()
            }
            Self::Reference { .. } => "name a tag, a branch or a commit after the `@`".into(),
            Self::Folder { .. } => {
                "name a folder of the commit after the colon, such as `main:tools/starter`".into()
            }
        })
    }
}
