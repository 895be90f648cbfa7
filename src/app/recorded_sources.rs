//! The catalogue that a generated repository records, found without a flag. The word of the repository is not trusted: its
//! content is compared with the recorded version, and an address that only the repository names is not contacted.

use super::catalog_commits::{CatalogCommit, CatalogRepository};
use super::catalogs::{self, OpenedCatalog};
use super::error::AppError;
use super::generated_repos::GeneratedRepoError;
use super::templates::{CacheOpener, TemplateCache};
use crate::catalog::builtin;
use crate::error::{Class, Explain, Hint, Setting};
use crate::git::mirror::{Freshness, MirrorError};
use crate::hint;
use crate::model::digest::{Digest, GitId};
use crate::model::path::SafeRelPath;
use crate::model::provenance::{CatalogSource, Generated, Provenance};
use crate::model::ref_name::RefName;
use crate::model::remote::RemoteUrl;
use crate::tree::commits::Commits;
use thiserror::Error;

/// The places to search for catalogues and templates of recorded plans.
#[derive(Clone, Copy)]
pub struct RecordedSources<'o, 's> {
    pub cache: CacheOpener<'o, 's>,
    pub database: DatabaseOpener<'o>,
}

/// The version of a recorded catalogue that a database is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatabaseVersion {
    Recorded,
    /// The rows as they are now. A database without the recorded version has another catalogue under that name.
    Current,
}

/// Asks the database for the catalogue of a recorded plan. None without a database, and from one without the recorded
/// version.
pub type DatabaseOpener<'o> =
    &'o (dyn Fn(&Provenance, DatabaseVersion) -> Result<Option<OpenedCatalog>, AppError> + Sync);

/// A search for the catalogue of one recorded plan.
pub(super) struct CatalogSearch<'r> {
    pub(super) provenance: &'r Provenance,
    /// The generated repository, which may contain the commit of its catalogue.
    pub(super) commits: &'r Commits,
    /// The addresses that may be contacted.
    pub(super) trusted: &'r [RemoteUrl],
}

/// A commit of a git repository that a catalogue was read from.
struct RecordedCommit<'r> {
    address: Option<&'r RemoteUrl>,
    reference: &'r RefName,
    commit: &'r GitId,
    folder: Option<&'r SafeRelPath>,
}

/// A recorded catalogue that cannot be opened without more permission or another place.
#[derive(Debug, Error)]
pub enum CatalogSourceError {
    #[error(
        "catalogue `{catalog}` is in commit {commit} of `{url}`, but only the repository itself names this address: nothing was fetched"
    )]
    NotAllowed {
        catalog: String,
        url: RemoteUrl,
        commit: GitId,
    },
    #[error(
        "catalogue `{}` was read from commit {commit} (`{reference}`) of a repository on a disk",
        catalog.escape_debug()
    )]
    LocalRepository {
        catalog: String,
        reference: RefName,
        commit: GitId,
    },
    #[error(
        "version {} of catalogue `{}` was read from a folder or a database",
        version.short(), catalog.escape_debug()
    )]
    Local { catalog: String, version: Digest },
}

impl CatalogSearch<'_> {
    /// Opens the recorded catalogue. The caller compares its version.
    pub(super) fn open(&self, sources: RecordedSources<'_, '_>) -> Result<OpenedCatalog, AppError> {
        let generated = self.provenance.generated.as_ref();
        match generated.map(|generated| &generated.catalog_source) {
            None | Some(CatalogSource::BuiltIn { .. } | CatalogSource::Local) => {
                self.open_version(sources.database)
            }
            Some(CatalogSource::Git {
                address,
                r#ref,
                commit,
                path,
            }) => self.open_commit(
                &RecordedCommit {
                    address: address.as_ref(),
                    reference: r#ref,
                    commit,
                    folder: path.as_ref(),
                },
                sources.cache,
            ),
        }
    }

    /// The recorded version, which this program may have built in or the database may have stored.
    fn open_version(&self, database: DatabaseOpener<'_>) -> Result<OpenedCatalog, AppError> {
        let Provenance {
            catalog,
            catalog_version,
            generated,
            ..
        } = self.provenance;
        if builtin::contains(catalog) {
            let opened = catalogs::open_builtin(catalog)?;
            if opened.catalog.version() == catalog_version {
                return Ok(opened);
            }
        }
        if let Some(stored) = database(self.provenance, DatabaseVersion::Recorded)? {
            return Ok(stored);
        }
        let is_local = |generated: &Generated| generated.catalog_source == CatalogSource::Local;
        if !generated.as_ref().is_some_and(is_local) {
            // The caller reports that it has another version.
            return catalogs::open_builtin(catalog);
        }
        Err(CatalogSourceError::Local {
            catalog: catalog.clone(),
            version: catalog_version.clone(),
        }
        .into())
    }

    fn open_commit(
        &self,
        recorded: &RecordedCommit<'_>,
        cache: CacheOpener<'_, '_>,
    ) -> Result<OpenedCatalog, AppError> {
        let &RecordedCommit { commit, folder, .. } = recorded;
        let catalog = &self.provenance.catalog;
        let at = |repository| CatalogCommit {
            repository,
            reference: RefName::of_commit(commit),
            folder: folder.cloned(),
        };
        if self.commits.has_commit(commit) {
            let path = self.commits.path().to_owned();
            let found = at(CatalogRepository::Local(path)).files(cache)?;
            return found.0.load(catalog);
        }
        let Some(url) = recorded.address else {
            return Err(CatalogSourceError::LocalRepository {
                catalog: catalog.clone(),
                reference: recorded.reference.clone(),
                commit: commit.clone(),
            }
            .into());
        };
        let cache = cache()?;
        self.pin(url, recorded, &cache)?;
        let offline = TemplateCache {
            freshness: Freshness::Offline,
            ..cache
        };
        let found = at(CatalogRepository::Remote(url.clone())).fetched(url, &offline)?;
        found.0.load(catalog)
    }

    /// Fetches the commit into the cache. Its address is contacted only if it is trusted and the cache lacks the commit.
    fn pin(
        &self,
        url: &RemoteUrl,
        recorded: &RecordedCommit<'_>,
        cache: &TemplateCache<'_>,
    ) -> Result<(), AppError> {
        let is_trusted = self.trusted.contains(url);
        let freshness = if is_trusted {
            cache.freshness
        } else {
            Freshness::Offline
        };
        let RecordedCommit {
            reference, commit, ..
        } = recorded;
        let access = cache.access();
        let pinned = cache
            .mirrors
            .pin_commit(&access, url, reference, commit, freshness);
        let is_asked_online = !is_trusted && cache.freshness != Freshness::Offline;
        match pinned {
            Ok(_) => Ok(()),
            Err(MirrorError::NotCached { .. } | MirrorError::Broken { .. }) if is_asked_online => {
                Err(CatalogSourceError::NotAllowed {
                    catalog: self.provenance.catalog.clone(),
                    url: url.clone(),
                    commit: (*commit).clone(),
                }
                .into())
            }
            Err(error) => Err(cache.explained(url, error)),
        }
    }
}

/// Fails if a catalogue is another one than the recorded.
pub(super) fn check_version(
    opened: &OpenedCatalog,
    provenance: &Provenance,
) -> Result<(), GeneratedRepoError> {
    let catalog = &opened.catalog;
    if catalog.slug().as_str() != provenance.catalog {
        return Err(GeneratedRepoError::AnotherCatalog {
            recorded: provenance.catalog.clone(),
            named: catalog.slug().to_string(),
        });
    }
    if *catalog.version() != provenance.catalog_version {
        return Err(GeneratedRepoError::AnotherVersion {
            catalog: provenance.catalog.clone(),
            recorded: provenance.catalog_version.clone(),
            available: catalog.version().clone(),
        });
    }
    Ok(())
}

impl Explain for CatalogSourceError {
    fn class(&self) -> Class {
        Class::Refused
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotAllowed { .. } => "catalog_source_not_allowed",
            Self::LocalRepository { .. } | Self::Local { .. } => "catalog_not_found",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::NotAllowed { url, commit, .. } => hint!(
                "if you trust it, allow it with ",
                Setting::AllowSource,
                format!(" {url} or GROUNDPLAN_ALLOW_SOURCE={url}; or name a copy by "),
                Setting::Catalog,
                format!(" REPO@{commit}")
            ),
            Self::LocalRepository { commit, .. } => hint!(
                "name that repository with ",
                Setting::Catalog,
                format!(" REPO@{commit}")
            ),
            Self::Local { catalog, .. } => hint!(
                "name the folder with ",
                Setting::Catalog,
                format!(
                    ", or a published version as `db:{catalog}@NUMBER`, or set DATABASE_URL to the database that has this version"
                )
            ),
        })
    }
}
