//! Opening catalogues: built-in ones, a folder, or a commit of a repository.

use super::catalog_commits::CatalogCommit;
use super::error::{AppError, Findings, ReadError};
use super::templates::CacheOpener;
use crate::catalog::{self, Catalog, CatalogFile, builtin};
use crate::error::{Class, Explain, Hint, Setting};
use crate::hint;
use crate::model::action::{RoleRequired, SideEffect};
use crate::model::content::{File, Files, Mode};
use crate::model::diagnostic::{Code, Diagnostic, Location};
use crate::model::digest::{Digest, GitId};
use crate::model::exclude::ExcludePattern;
use crate::model::path::{SafeRelPath, TreePath};
use crate::model::provenance::CatalogSource;
use crate::model::slug::{OptionRef, Slug};
use crate::model::suggest;
use crate::template::Template;
use crate::tree::Tree as _;
use crate::tree::disk;
use crate::tree::git::GitTreeError;
use schemars::JsonSchema;
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use thiserror::Error;

/// The folders below a root that contain catalogues and recipes.
pub(super) const FOLDERS: [&str; 2] = ["catalog", "recipes"];

/// The files of one or more catalogues, by path from their root.
#[derive(Clone, Debug, Default)]
pub struct CatalogFiles {
    pub files: Files,
    /// Findings about files that could not be taken over.
    pub findings: Vec<Diagnostic>,
    /// The folder they were read from. None for all but folders.
    pub root: Option<PathBuf>,
    /// The source that provenance records.
    pub origin: CatalogSource,
}

/// A catalogue without errors, and the files it was loaded from.
#[derive(Clone, Debug)]
pub struct OpenedCatalog {
    pub catalog: Catalog,
    pub source: CatalogFiles,
    /// The template among the files, once it was opened.
    template: OnceLock<Template>,
}

/// The catalogues of a source.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CatalogList {
    pub catalogs: Vec<CatalogSummary>,
}

/// One line of a list of catalogues. Only the name is known of one that has errors.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CatalogSummary {
    pub catalog: String,
    pub title: Option<String>,
    pub description: Option<String>,
    pub catalog_version: Option<Digest>,
    /// The version or reference of the template.
    pub template: Option<String>,
    /// False for a catalogue with errors.
    pub usable: bool,
}

/// A catalogue with all its categories and options.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CatalogDetails {
    #[serde(flatten)]
    pub catalog: CatalogFile,
    pub catalog_version: Digest,
    /// The options with an action that differs from the usual one.
    pub restrictions: Vec<OptionRestriction>,
}

/// The attributes of an option's actions: the strictest of each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OptionRestriction {
    pub option: OptionRef,
    /// The role of the users who may submit a selection with the option.
    pub role_required: RoleRequired,
    pub side_effect: SideEffect,
    pub supports_dry_run: bool,
}

/// A catalogue that cannot be found.
#[derive(Debug, Error)]
pub enum CatalogError {
    #[error("no built-in catalogue `{}`", name.escape_debug())]
    NotBuiltIn { name: String },
    #[error("no catalogue `{name}`")]
    Unknown { name: String, suggestion: String },
    #[error("`{}` has no folder `catalog`", root.display())]
    NoFolder { root: PathBuf },
    #[error("`{root}` contains no catalogue")]
    NoCatalog { root: String },
    #[error("`{root}` contains {} catalogues: {}", names.len(), listed(names))]
    Ambiguous {
        root: String,
        names: Vec<String>,
        /// The argument that names the first of them.
        example: String,
    },
    #[error("there is no folder `{}`", reference.escape_debug())]
    NoCommit {
        reference: String,
        source: GitTreeError,
    },
    #[error("`{reference}` contains no catalogue")]
    NotInCommit { reference: String },
    #[error("commit {commit} has no folder `catalog` in its {}", in_folder(folder.as_ref()))]
    NoFolderInCommit {
        commit: GitId,
        folder: Option<SafeRelPath>,
    },
}

impl Explain for CatalogError {
    fn class(&self) -> Class {
        Class::Usage
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotBuiltIn { .. } | Self::Unknown { .. } => "catalog_not_found",
            Self::NoFolder { .. } | Self::NoFolderInCommit { .. } => "catalog_folder_missing",
            Self::NoCatalog { .. } | Self::NotInCommit { .. } => "catalog_missing",
            Self::Ambiguous { .. } => "catalog_ambiguous",
            Self::NoCommit { .. } => "catalog_version_not_found",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::NotBuiltIn { .. } => hint!(
                "name the folder that contains it by ",
                Setting::Catalog,
                ", if you trust it"
            ),
            Self::Unknown { suggestion, .. } => {
                let or = if suggestion.ends_with('?') { " Or" } else { ", or" };
                format!("{suggestion}{or} name a folder with catalog/ and recipes/, or a commit as `REPO@REF`").into()
            }
            Self::NoFolder { .. } => "name the folder that contains `catalog/` and `recipes/`, or create one with `groundplan init catalog DIR`".into(),
            Self::NoCatalog { .. } => "create one with `groundplan init catalog DIR`".into(),
            Self::Ambiguous { example, .. } => {
                format!("name one of them, such as `--catalog {example}`").into()
            }
            Self::NoCommit { .. } => "name a folder, a built-in catalogue, or a commit as `REF`, `REPO@REF` or `REF:FOLDER`".into(),
            Self::NotInCommit { .. } => "name a commit that contains one in its folder `catalog`".into(),
            Self::NoFolderInCommit { .. } => {
                "name the folder that contains it after a colon, such as `main:tools/starter`".into()
            }
        })
    }
}

fn listed(names: &[String]) -> String {
    let words: Vec<&str> = names.iter().map(String::as_str).collect();
    suggest::list(&words)
}

fn in_folder(folder: Option<&SafeRelPath>) -> String {
    folder.map_or_else(|| "top".to_owned(), |folder| format!("folder `{folder}`"))
}

impl CatalogFiles {
    /// The files of the built-in catalogues.
    pub fn builtin() -> Self {
        Self {
            files: builtin::files(),
            origin: CatalogSource::built_in(),
            ..Self::default()
        }
    }

    /// The files below `catalog/` and `recipes/` of a folder.
    pub fn of_folder(root: &Path) -> Result<Self, AppError> {
        let mut source = Self {
            root: Some(root.to_owned()),
            ..Self::default()
        };
        let mut is_found = false;
        for name in FOLDERS {
            is_found |= source.add_folder(root, name)?;
        }
        if is_found {
            return Ok(source);
        }
        fs::read_dir(root).map_err(|error| ReadError::new(root, error))?;
        Err(CatalogError::NoFolder {
            root: root.to_owned(),
        }
        .into())
    }

    /// Adds the files of one folder. False if there is none.
    fn add_folder(&mut self, root: &Path, name: &str) -> Result<bool, AppError> {
        let folder = root.join(name);
        if folder.is_symlink() {
            let message = format!("`{name}` is a symbolic link, which is not followed");
            self.findings.push(
                Diagnostic::error(Code::Misplaced, message)
                    .at("", Location::start_of(name))
                    .help("replace the link by the folder"),
            );
            return Ok(true);
        }
        if !folder.is_dir() {
            return Ok(false);
        }
        let scan = if name == FOLDERS[0] {
            disk::scan_catalog(&folder, &excludes_of_folder(&folder)?)?
        } else {
            disk::scan(&folder)?
        };
        let below = |(path, file)| (format!("{name}/{path}"), file);
        self.files.extend(scan.files.into_iter().map(below));
        let findings = scan.findings.into_iter();
        self.findings
            .extend(findings.map(|finding| finding.below(name)));
        Ok(true)
    }

    /// Replaces the text of a file, which keeps its mode, or adds a file.
    pub fn write(&mut self, path: &TreePath, text: &str) {
        let mode = self.files.get(path.as_str()).map(|file| file.mode);
        let file = File {
            mode: mode.unwrap_or(Mode::Regular),
            bytes: text.to_owned().into(),
        };
        self.files.insert(path.to_string(), file);
    }

    /// The files of one catalogue.
    #[must_use]
    pub fn of_catalog(mut self, catalog: &Slug) -> Self {
        self.files.retain(|path, _| belongs_to(catalog, path));
        self
    }

    /// One catalogue of these files, by name.
    pub fn load(self, name: &str) -> Result<OpenedCatalog, AppError> {
        let loaded = catalog::load(&self.files, name);
        if let (Some(catalog), true) = (loaded.catalog, self.findings.is_empty()) {
            return Ok(OpenedCatalog::new(catalog, self));
        }
        let findings = self.findings.into_iter().chain(loaded.findings);
        Err(Findings {
            findings: findings.filter(Diagnostic::is_error).collect(),
            files: self.files,
            root: self.root,
        }
        .into())
    }

    /// All catalogues of these files.
    pub fn load_all(&self) -> Result<Vec<OpenedCatalog>, AppError> {
        let names = catalog::names(&self.files);
        names.iter().map(|name| self.clone().load(name)).collect()
    }

    /// The catalogues of these files for a list, with those that have errors.
    pub fn list(&self) -> CatalogList {
        let summary = |name: &String| {
            CatalogSummary::of(name, catalog::load(&self.files, name).catalog.as_ref())
        };
        CatalogList {
            catalogs: catalog::names(&self.files).iter().map(summary).collect(),
        }
    }
}

/// True for a path below the folders of one catalogue.
pub fn belongs_to(catalog: &Slug, path: &str) -> bool {
    FOLDERS
        .iter()
        .filter_map(|folder| path.strip_prefix(folder)?.strip_prefix('/'))
        .filter_map(|path| path.split_once('/'))
        .any(|(name, file)| name == catalog.as_str() && !file.is_empty())
}

/// The patterns that exclude template files of the catalogues in a folder `catalog`, for paths in it.
fn excludes_of_folder(folder: &Path) -> Result<Vec<ExcludePattern>, AppError> {
    let tree = disk::DiskTree::open(folder)?;
    let mut exclude = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| ReadError::new(folder, error))? {
        let file_name = entry
            .map_err(|error| ReadError::new(folder, error))?
            .file_name();
        let name = file_name.to_string_lossy();
        let Ok(path) = TreePath::parse(&format!("{name}/catalog.yaml")) else {
            continue;
        };
        // An unreadable file is a finding of the scan.
        if let Ok(Some(file)) = tree.read(&path) {
            exclude.extend(catalog::template_excludes(&name, &file));
        }
    }
    Ok(exclude)
}

/// Opens a built-in catalogue by a name from a document, which is never taken for a folder.
pub fn open_builtin(name: &str) -> Result<OpenedCatalog, AppError> {
    if !builtin::contains(name) {
        return Err(CatalogError::NotBuiltIn {
            name: name.to_owned(),
        }
        .into());
    }
    let source = CatalogFiles::builtin();
    match builtin::catalog(name) {
        Some(catalog) => Ok(OpenedCatalog::new(catalog, source)),
        // Explains the errors of a catalogue that was changed and not checked since.
        None => source.load(name),
    }
}

/// The built-in catalogues for a list.
pub fn list_builtin() -> CatalogList {
    let summary = |embedded: &builtin::Embedded| {
        CatalogSummary::of(embedded.name, builtin::catalog(embedded.name).as_ref())
    };
    CatalogList {
        catalogs: builtin::CATALOGS.iter().map(summary).collect(),
    }
}

/// Opens a built-in catalogue by name, the only catalogue of a folder or commit, or one of several.
pub fn open(argument: &str, cache: CacheOpener<'_, '_>) -> Result<OpenedCatalog, AppError> {
    if builtin::contains(argument) {
        return open_builtin(argument);
    }
    let (source, name) = locate(argument, cache)?;
    source.load(&name)
}

/// The files and the name of the catalogue that [`open`] opens. They may have errors.
pub fn locate(
    argument: &str,
    cache: CacheOpener<'_, '_>,
) -> Result<(CatalogFiles, String), AppError> {
    if builtin::contains(argument) {
        return Ok((CatalogFiles::builtin(), argument.to_owned()));
    }
    let path = Path::new(argument);
    let (source, named) = if path.is_dir() {
        match named_below_root(path) {
            Some((root, name)) => (CatalogFiles::of_folder(root)?, Some(name.to_owned())),
            None => (CatalogFiles::of_folder(path)?, None),
        }
    } else {
        let commit = CatalogCommit::parse(argument)?.ok_or_else(|| unknown(argument))?;
        commit.files(cache)?
    };
    if let Some(name) = named {
        return Ok((source, name));
    }
    let mut names: Vec<String> = catalog::names(&source.files).into_iter().collect();
    if let [_] = *names
        && let Some(name) = names.pop()
    {
        return Ok((source, name));
    }
    let root = argument.to_owned();
    if names.is_empty() {
        return Err(CatalogError::NoCatalog { root }.into());
    }
    let has_folder = argument
        .rsplit_once('@')
        .is_some_and(|(_, rest)| rest.contains(':'));
    let separator = match (path.is_dir(), has_folder) {
        (false, false) => ":",
        (true, _) | (false, true) => "/",
    };
    let root_text = argument.trim_end_matches('/');
    let example = format!("{root_text}{separator}catalog/{}", names[0]);
    Err(CatalogError::Ambiguous {
        root,
        names,
        example,
    }
    .into())
}

fn unknown(argument: &str) -> CatalogError {
    let names = builtin::CATALOGS.iter().map(|embedded| embedded.name);
    CatalogError::Unknown {
        name: argument.to_owned(),
        suggestion: suggest::help(argument, names),
    }
}

/// The files of all catalogues of a folder or commit.
pub fn files(argument: &str, cache: CacheOpener<'_, '_>) -> Result<CatalogFiles, AppError> {
    let path = Path::new(argument);
    match CatalogCommit::parse(argument)? {
        Some(commit) if !path.is_dir() => Ok(commit.files(cache)?.0),
        _ => CatalogFiles::of_folder(path),
    }
}

/// Opens a built-in catalogue by name, or all catalogues of a folder or commit.
pub fn open_all(
    argument: &str,
    cache: CacheOpener<'_, '_>,
) -> Result<Vec<OpenedCatalog>, AppError> {
    let path = Path::new(argument);
    if path.join("catalog.yaml").is_file() || builtin::contains(argument) {
        return Ok(vec![open(argument, cache)?]);
    }
    if !path.is_dir() {
        let commit = CatalogCommit::parse(argument)?.ok_or_else(|| unknown(argument))?;
        return commit.open_all(cache);
    }
    let opened = CatalogFiles::of_folder(path)?.load_all()?;
    if opened.is_empty() {
        let root = argument.to_owned();
        return Err(CatalogError::NoCatalog { root }.into());
    }
    Ok(opened)
}

/// The root and the name of `ROOT/catalog/NAME`.
fn named_below_root(path: &Path) -> Option<(&Path, &str)> {
    if !path.join("catalog.yaml").is_file() {
        return None;
    }
    let root = path.parent()?.parent()?;
    let here = Path::new(".");
    let root = if root.as_os_str().is_empty() {
        here
    } else {
        root
    };
    Some((root, path.file_name()?.to_str()?))
}

impl CatalogSummary {
    fn of(name: &str, catalog: Option<&Catalog>) -> Self {
        let written = catalog.map(Catalog::file);
        let template = written.map(|written| &written.template);
        Self {
            catalog: name.to_owned(),
            title: written.map(|written| written.title.to_string()),
            description: written
                .and_then(|written| Some(written.description.as_ref()?.to_string())),
            template: template.and_then(|template| {
                let version = template.version.as_ref().map(ToString::to_string);
                version.or_else(|| template.r#ref.as_ref().map(ToString::to_string))
            }),
            usable: catalog.is_some(),
            catalog_version: catalog.map(|catalog| catalog.version().clone()),
        }
    }
}

impl OpenedCatalog {
    /// A catalogue that was loaded from these files. A copy of the built-in one is recorded as built-in.
    pub fn new(catalog: Catalog, mut source: CatalogFiles) -> Self {
        let name = catalog.slug().as_str();
        if source.origin == CatalogSource::Local
            && builtin::catalog(name).is_some_and(|own| own.version() == catalog.version())
        {
            source.origin = CatalogSource::built_in();
        }
        let template = OnceLock::new();
        Self {
            catalog,
            source,
            template,
        }
    }

    /// The template in a folder of the catalogue. It is read once.
    ///
    /// # Errors
    /// Findings about its files.
    pub fn own_template(&self, path: &SafeRelPath) -> Result<Template, Findings> {
        if let Some(template) = self.template.get() {
            return Ok(template.clone());
        }
        let source = &self.source;
        let opened =
            Template::of_catalog(&self.catalog, &source.files, path).map_err(|findings| {
                Findings {
                    findings,
                    files: source.files.clone(),
                    root: source.root.clone(),
                }
            })?;
        Ok(self.template.get_or_init(|| opened).clone())
    }

    /// The catalogue as a line of a list.
    pub fn summary(&self) -> CatalogSummary {
        CatalogSummary::of(self.catalog.slug().as_str(), Some(&self.catalog))
    }

    /// The catalogue as a document.
    pub fn details(&self) -> CatalogDetails {
        CatalogDetails {
            catalog: self.catalog.file().clone(),
            catalog_version: self.catalog.version().clone(),
            restrictions: self.restrictions(),
        }
    }

    /// The options with an action that has a role, an effect or a kind of preview other than the usual one.
    pub fn restrictions(&self) -> Vec<OptionRestriction> {
        let categories = self.catalog.categories().iter();
        let options = categories.flat_map(|category| {
            let names = category.options.iter();
            names.map(|option| OptionRef::new(&category.slug, &option.slug))
        });
        options
            .map(|option| self.restriction(option))
            .filter(|restriction| {
                restriction.role_required != RoleRequired::default()
                    || restriction.side_effect != SideEffect::default()
                    || !restriction.supports_dry_run
            })
            .collect()
    }

    fn restriction(&self, option: OptionRef) -> OptionRestriction {
        let recipe = self.catalog.recipe(&option);
        let actions: Vec<_> = recipe
            .into_iter()
            .flat_map(|recipe| &recipe.actions)
            .map(|action| action.action.common())
            .collect();
        let roles = actions.iter().map(|common| common.role());
        let effects = actions.iter().map(|common| common.effect());
        OptionRestriction {
            option,
            role_required: roles.fold(RoleRequired::default(), Ord::max),
            side_effect: effects.fold(SideEffect::default(), Ord::max),
            supports_dry_run: actions.iter().all(|common| common.is_previewed()),
        }
    }
}
