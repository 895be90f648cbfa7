//! Versions of a catalogue: in a folder, built in, in a commit of a git repository, or published.

use crate::cli::args::database::DatabaseArgs;
use crate::cli::error::Failure;
use crate::cli::input;
use crate::cli::input::{Chosen, Source};
use crate::model::content::Files;
use crate::model::path::{SafeRelPath, TreePath};
use crate::model::slug::Slug;
use crate::model::suggest;
use crate::store::catalog::PublishedCatalog;
use crate::store::sql::Database;
use crate::tree::Tree as _;
use crate::tree::git::{self, GitTree, GitTreeError, Part};
use crate::tree::validate::Links;
use std::path::{Path, PathBuf};

/// A version of catalogues, as the command line names it.
pub(super) enum Version {
    /// A folder with catalog/ and recipes/, one catalogue of it, or a built-in catalogue by name.
    Here(String),
    /// A commit of a repository on this disk, read from git's objects.
    Commit {
        repository: PathBuf,
        reference: String,
        /// The folder with catalog/ and recipes/; none for the top folder.
        folder: Option<SafeRelPath>,
    },
    /// A version published in the database: the newest, or the one with this number.
    Published { catalog: Slug, number: Option<i64> },
}

/// The prefix of published versions, which no git reference has.
const PUBLISHED: &str = "published:";

impl Version {
    /// Parses a folder or a built-in catalogue if there is one of that name, else `[REPO@]REF[:FOLDER]`.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        if let Some(named) = text.strip_prefix(PUBLISHED) {
            return published(named);
        }
        if Path::new(text).is_dir() || input::is_builtin(text) {
            return Ok(Self::Here(text.to_owned()));
        }
        let repository = text
            .match_indices('@')
            .find(|(at, _)| Path::new(&text[..*at]).is_dir());
        let (repository, rest) = match repository {
            Some((at, _)) => (&text[..at], &text[at + 1..]),
            None => (".", text),
        };
        let (reference, folder) = match rest.split_once(':') {
            Some((reference, folder)) => (reference, Some(folder)),
            None => (rest, None),
        };
        let folder = folder.map(SafeRelPath::parse).transpose();
        Ok(Self::Commit {
            repository: PathBuf::from(repository),
            reference: reference.to_owned(),
            folder: folder.map_err(|error| {
                Failure::usage(
                    "catalog_version_invalid",
                    format!("`{}`", text.escape_debug()),
                )
                .caused_by(error)
                .hinted("name a folder of the commit after the colon, such as `main:tools/starter`")
            })?,
        })
    }

    /// Every catalogue of the version.
    pub(super) fn catalogs(&self, database: &DatabaseArgs) -> Result<Vec<Chosen>, Failure> {
        match self {
            Self::Published { catalog, number } => {
                let edition =
                    database.look(async |database| edition(database, catalog, *number).await)?;
                let files = edition.files.iter();
                let source = Source {
                    files: files
                        .map(|(path, file)| (path.clone(), file.into()))
                        .collect(),
                    findings: Vec::new(),
                    root: None,
                };
                input::all_of(&source)
            }
            Self::Here(argument) => input::catalogs(argument),
            Self::Commit {
                repository,
                reference,
                folder,
            } => {
                let source = source(repository, reference, folder.as_ref())?;
                let chosen = input::all_of(&source)?;
                if chosen.is_empty() {
                    return Err(Failure::usage(
                        "catalog_missing",
                        format!("`{reference}` contains no catalogue"),
                    )
                    .hinted("name a commit that contains one in its folder `catalog`"));
                }
                Ok(chosen)
            }
        }
    }
}

fn published(named: &str) -> Result<Version, Failure> {
    let usage = |message: String| {
        Failure::usage("catalog_version_invalid", message)
            .hinted("name a published version such as `published:nextjs` or `published:nextjs@3`")
    };
    let (catalog, number) = match named.split_once('@') {
        Some((catalog, number)) => (catalog, Some(number)),
        None => (named, None),
    };
    let number = number.map(str::parse).transpose();
    Ok(Version::Published {
        catalog: Slug::parse(catalog).map_err(|error| usage(error.to_string()))?,
        number: number
            .map_err(|_| usage("the version of a published catalogue is a number".to_owned()))?,
    })
}

async fn edition(
    database: &Database,
    catalog: &Slug,
    number: Option<i64>,
) -> Result<PublishedCatalog, Failure> {
    let history = database.catalog_history(catalog).await?;
    let mut wanted = history.iter();
    let wanted = wanted.find(|version| number.is_none_or(|number| version.number == number));
    let edition = match wanted {
        Some(version) => database.published_catalog(&version.catalog_version).await?,
        None => None,
    };
    edition.ok_or_else(|| {
        Failure::usage(
            "catalog_not_published",
            match number {
                Some(number) => format!("`{catalog}` has no published version {number}"),
                None => format!("`{catalog}` has no published version"),
            },
        )
        .hinted(format!(
            "list the published versions with `groundplan catalog history {catalog}`"
        ))
    })
}

fn source(
    repository: &Path,
    reference: &str,
    folder: Option<&SafeRelPath>,
) -> Result<Source, Failure> {
    let named = |error: GitTreeError| match error {
        GitTreeError::NotARepository { .. } | GitTreeError::NoReference { .. } => Failure::usage(
            "catalog_version_not_found",
            format!(
                "there is no folder `{}`, and {error}",
                reference.escape_debug()
            ),
        )
        .hinted(
            "name a folder, a built-in catalogue, or a commit as `REF`, `REPO@REF` or `REF:FOLDER`",
        ),
        other => other.into(),
    };
    let commit = git::resolve(repository, reference).map_err(named)?;
    let mut source = Source {
        files: Files::new(),
        findings: Vec::new(),
        root: None,
    };
    let mut found = false;
    for name in ["catalog", "recipes"] {
        let path = folder.map_or_else(|| name.to_owned(), |folder| format!("{folder}/{name}"));
        let part = Part {
            commit: commit.clone(),
            folder: Some(&SafeRelPath::parse(&path).expect("a safe path and a word")),
            exclude: &[],
            links: Links::Kept,
        };
        let tree = match GitTree::open(repository, &part, None) {
            Ok(tree) => tree,
            Err(GitTreeError::NoFolder { .. }) => continue,
            Err(GitTreeError::Refused(findings)) => {
                let findings = findings.into_iter().map(|finding| finding.below(name));
                source.findings.extend(findings);
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        found = true;
        for (path, _) in tree.list()?.iter() {
            if let Some(file) = tree.read(&TreePath::of_checked(path))? {
                source.files.insert(format!("{name}/{path}"), file);
            }
        }
    }
    if found || !source.findings.is_empty() {
        return Ok(source);
    }
    let place = folder.map_or_else(|| "top".to_owned(), |folder| format!("folder `{folder}`"));
    Err(Failure::usage(
        "catalog_folder_missing",
        format!("commit {commit} has no folder `catalog` in its {place}"),
    )
    .hinted("name the folder that contains it after a colon, such as `main:tools/starter`"))
}

/// The catalogues of both versions, and those of one version only, matched by name. A single one on each side matches
/// under any name.
pub(super) struct Matched {
    pub(super) both: Vec<(Chosen, Chosen)>,
    pub(super) gone: Vec<Chosen>,
    pub(super) new: Vec<Chosen>,
}

impl Matched {
    pub(super) fn of(
        mut old: Vec<Chosen>,
        mut new: Vec<Chosen>,
        only: Option<&str>,
    ) -> Result<Self, Failure> {
        if let Some(only) = only {
            let names: Vec<String> = old
                .iter()
                .chain(&new)
                .map(|chosen| chosen.catalog.slug().to_string())
                .collect();
            old.retain(|chosen| chosen.catalog.slug().as_str() == only);
            new.retain(|chosen| chosen.catalog.slug().as_str() == only);
            if old.is_empty() && new.is_empty() {
                return Err(Failure::usage(
                    "catalog_not_found",
                    format!("neither version has a catalogue `{only}`"),
                )
                .hinted(suggest::help(only, names.iter().map(String::as_str))));
            }
        }
        if old.len() == 1 && new.len() == 1 {
            return Ok(Self {
                both: old.into_iter().zip(new).collect(),
                gone: Vec::new(),
                new: Vec::new(),
            });
        }
        let mut matched = Self {
            both: Vec::new(),
            gone: Vec::new(),
            new: Vec::new(),
        };
        for was in old {
            let same = new
                .iter()
                .position(|is| is.catalog.slug() == was.catalog.slug());
            match same {
                Some(at) => matched.both.push((was, new.remove(at))),
                None => matched.gone.push(was),
            }
        }
        matched.new = new;
        Ok(matched)
    }
}
