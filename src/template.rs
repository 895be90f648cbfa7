//! Templates as a plan pins them: the files of a catalogue, or a commit of a repository in the cache.

use crate::catalog::{Catalog, Symlinks};
use crate::error::{Class, Explain, Hint, Setting};
use crate::git::mirror::{Freshness, MirrorError, Mirrors, Pinned};
use crate::git::{Credential, Git, GitAccess};
use crate::hint;
use crate::model::content::Files;
use crate::model::diagnostic::Diagnostic;
use crate::model::digest::GitId;
use crate::model::exclude::ExcludePattern;
use crate::model::path::SafeRelPath;
use crate::model::plan::{Plan, TemplateOrigin, TemplatePin};
use crate::model::ref_name::RefName;
use crate::model::remote::RemoteUrl;
use crate::tree::Tree;
use crate::tree::git::{GitTree, GitTreeError, TemplatePart};
use crate::tree::ids::{self, ObjectsError};
use crate::tree::inventory_cache::InventoryCache;
use crate::tree::memory::MemoryTree;
use crate::tree::validate::{Links, admit};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use thiserror::Error;

/// A template and its pin. A copy shares the files.
#[derive(Clone)]
pub struct Template {
    pub pin: TemplatePin,
    /// Findings about files that were taken over or left out.
    pub warnings: Vec<Diagnostic>,
    base: TemplateFiles,
}

#[derive(Clone)]
enum TemplateFiles {
    Memory(Arc<MemoryTree>),
    Git(Arc<GitTree>),
}

/// The rules of a catalogue for the files of its template.
#[derive(Clone, Copy)]
pub struct TemplateRules<'c> {
    pub links: Links,
    pub exclude: &'c [ExcludePattern],
}

/// A commit of a repository, or one of its folders.
pub struct TemplateCommit<'w> {
    pub location: TemplateLocation<'w>,
    pub reference: RefName,
    /// The expected commit of the reference.
    pub sha: Option<&'w GitId>,
    pub folder: Option<&'w SafeRelPath>,
}

/// The location of a commit.
pub enum TemplateLocation<'w> {
    /// A repository on this disk, which is read in place.
    Local(&'w Path),
    Remote(RemoteUrl),
}

/// The sources of templates: catalogues, the cache, and git with its credential.
pub struct TemplateStore {
    catalogs: BTreeMap<String, Catalog>,
    /// The files of all catalogues, by path from the root of the catalogues.
    files: Files,
    pub mirrors: Mirrors,
    pub trees: InventoryCache,
    pub git: Git,
    pub credential: Option<Credential>,
}

/// An error of opening a template.
#[derive(Debug, Error)]
pub enum TemplateError {
    #[error(
        "`{reference}` of the template has moved: the plan has commit {planned}, now it is {found}"
    )]
    Moved {
        reference: RefName,
        planned: GitId,
        found: GitId,
    },
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    #[error(transparent)]
    Git(GitTreeError),
    #[error(transparent)]
    Objects(#[from] ObjectsError),
    /// Findings about its files, placed by path from the top of the template.
    #[error("the template `{shown}` contains entries that a repository cannot take over: {}", first(.findings))]
    Refused {
        shown: String,
        findings: Vec<Diagnostic>,
    },
    /// The plan was created over a folder, which no other machine has.
    #[error(
        "the template of the plan is a folder of the machine that created it: put it into a git repository, and preview again"
    )]
    Folder,
    #[error("the template `{}` of the plan is not known here", .0.escape_debug())]
    Unknown(String),
    #[error("catalogue `{}` is not known here", .0.escape_debug())]
    NoCatalog(String),
}

impl Template {
    pub fn tree(&self) -> &dyn Tree {
        match &self.base {
            TemplateFiles::Memory(tree) => tree.as_ref(),
            TemplateFiles::Git(tree) => tree.as_ref(),
        }
    }

    /// The repository of the template; `None` for the files of a folder or catalogue.
    pub fn repository(&self) -> Option<&GitTree> {
        match &self.base {
            TemplateFiles::Memory(_) => None,
            TemplateFiles::Git(tree) => Some(tree),
        }
    }

    /// The template in a folder beside a catalogue.
    ///
    /// # Errors
    /// Findings about its files, by path from the root of the catalogues.
    pub fn of_catalog(
        catalog: &Catalog,
        files: &Files,
        path: &SafeRelPath,
    ) -> Result<Self, Vec<Diagnostic>> {
        let slug = catalog.slug();
        let shown = format!("catalog/{slug}/{path}");
        let prefix = format!("{shown}/");
        let own = files
            .range(prefix.clone()..)
            .take_while(|(path, _)| path.starts_with(&prefix))
            .map(|(path, file)| (path[prefix.len()..].to_owned(), file.clone()));
        let version = catalog.file().template.version.as_ref();
        let pin = |tree: GitId| TemplatePin {
            repo: TemplateOrigin::Catalog(slug.to_string()),
            r#ref: version.map_or_else(|| tree.to_string(), ToString::to_string),
            sha: None,
            path: None,
            tree,
        };
        let made = Self::of_files(own.collect(), Vec::new(), TemplateRules::of(catalog), pin);
        let below = |finding: Diagnostic| finding.below(&shown);
        made.map_err(|findings| findings.into_iter().map(below).collect())
    }

    /// A template of files in memory. `findings` are those of reading the files.
    ///
    /// # Errors
    /// All findings, if there are any.
    pub fn of_files(
        files: Files,
        mut findings: Vec<Diagnostic>,
        rules: TemplateRules<'_>,
        pin: impl FnOnce(GitId) -> TemplatePin,
    ) -> Result<Self, Vec<Diagnostic>> {
        let admitted = match admit(files, rules.links, rules.exclude) {
            Ok(admitted) if findings.is_empty() => admitted,
            refused => {
                findings.extend(refused.err().into_iter().flatten());
                return Err(findings);
            }
        };
        let tree = MemoryTree::of(admitted).expect("checked files have no conflicts");
        let id = ids::tree_id(&tree).expect("memory can be read");
        Ok(Self {
            pin: pin(GitId::of(&id)),
            warnings: Vec::new(),
            base: TemplateFiles::Memory(Arc::new(tree)),
        })
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pin = &self.pin;
        formatter.debug_tuple("Template").field(pin).finish()
    }
}

impl<'c> TemplateRules<'c> {
    /// The rules of a catalogue.
    pub fn of(catalog: &'c Catalog) -> Self {
        let written = catalog.file();
        Self {
            links: match written.symlinks {
                Symlinks::Refuse => Links::Refused,
                Symlinks::Allow => Links::Kept,
            },
            exclude: &written.template.exclude,
        }
    }
}

impl TemplateCommit<'_> {
    /// The template in a repository on this disk, at the commit that the reference was resolved to.
    pub fn open(
        &self,
        repository: &Path,
        found: &GitId,
        rules: TemplateRules<'_>,
        cache: Option<&InventoryCache>,
    ) -> Result<Template, TemplateError> {
        self.expect(found)?;
        let tree = self.tree(repository, found, rules, cache);
        self.template(tree.map_err(|error| self.refused(error))?, found)
    }

    /// The template in the cache. `first` gives its commit; if the repository is damaged, `again` fetches it anew, once.
    pub fn fetched(
        &self,
        trees: &InventoryCache,
        freshness: Freshness,
        rules: TemplateRules<'_>,
        first: impl FnOnce() -> Result<Pinned, MirrorError>,
        again: impl FnOnce() -> Result<Pinned, MirrorError>,
    ) -> Result<Template, TemplateError> {
        let open = |pinned: Result<Pinned, MirrorError>| {
            let pinned = pinned?;
            self.expect(&pinned.commit)?;
            let tree = self.tree(&pinned.git_dir, &pinned.commit, rules, Some(trees));
            Ok::<_, TemplateError>((tree, pinned.commit))
        };
        let (mut tree, mut commit) = open(first())?;
        let is_damaged = matches!(
            tree,
            Err(GitTreeError::Object { .. } | GitTreeError::NotARepository { .. })
        );
        if is_damaged && freshness != Freshness::Offline {
            (tree, commit) = open(again())?;
        }
        self.template(tree.map_err(|error| self.refused(error))?, &commit)
    }

    /// Fails if the reference is another commit than the plan has.
    fn expect(&self, found: &GitId) -> Result<(), TemplateError> {
        match self.sha {
            Some(planned) if planned != found => Err(TemplateError::Moved {
                reference: self.reference.clone(),
                planned: planned.clone(),
                found: found.clone(),
            }),
            _ => Ok(()),
        }
    }

    fn tree(
        &self,
        repository: &Path,
        commit: &GitId,
        rules: TemplateRules<'_>,
        cache: Option<&InventoryCache>,
    ) -> Result<GitTree, GitTreeError> {
        let part = TemplatePart {
            commit: commit.clone(),
            folder: self.folder,
            exclude: rules.exclude,
            links: rules.links,
        };
        GitTree::open(repository, &part, cache)
    }

    fn template(&self, tree: GitTree, sha: &GitId) -> Result<Template, TemplateError> {
        let pin = TemplatePin {
            repo: match &self.location {
                TemplateLocation::Local(_) => TemplateOrigin::Folder,
                TemplateLocation::Remote(url) => TemplateOrigin::Repository(url.to_string()),
            },
            r#ref: self.reference.to_string(),
            sha: Some(sha.clone()),
            path: self.folder.cloned(),
            tree: GitId::of(&ids::tree_id(&tree)?),
        };
        Ok(Template {
            pin,
            warnings: Vec::new(),
            base: TemplateFiles::Git(Arc::new(tree)),
        })
    }

    fn refused(&self, error: GitTreeError) -> TemplateError {
        let home = match &self.location {
            TemplateLocation::Local(path) => path.display().to_string(),
            TemplateLocation::Remote(url) => url.to_string(),
        };
        let shown = match self.folder {
            Some(folder) => format!("{home}/{folder}"),
            None => home,
        };
        match error {
            GitTreeError::Refused(findings) => TemplateError::Refused { shown, findings },
            other => TemplateError::Git(other),
        }
    }
}

impl TemplateStore {
    pub fn new(
        catalogs: impl IntoIterator<Item = Catalog>,
        files: Files,
        mirrors: Mirrors,
        trees: InventoryCache,
        git: Git,
        credential: Option<Credential>,
    ) -> Self {
        let named = |catalog: Catalog| (catalog.slug().to_string(), catalog);
        Self {
            catalogs: catalogs.into_iter().map(named).collect(),
            files,
            mirrors,
            trees,
            git,
            credential,
        }
    }

    /// All catalogues, by slug.
    pub fn catalogs(&self) -> impl Iterator<Item = &Catalog> {
        self.catalogs.values()
    }

    /// The files of all catalogues, by path from the root of the catalogues.
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// Fails for a pin that works only on the machine that created it.
    pub fn check(pin: &TemplatePin) -> Result<(), TemplateError> {
        if pin.repo == TemplateOrigin::Folder {
            return Err(TemplateError::Folder);
        }
        Ok(())
    }

    /// The template of a plan. Its repository is contacted only for a commit that is not in the cache.
    pub fn open(&self, plan: &Plan, stop: &AtomicBool) -> Result<Template, TemplateError> {
        let pin = &plan.template;
        Self::check(pin)?;
        let unknown = || TemplateError::Unknown(pin.repo.to_string());
        let name = plan.catalog.as_str();
        let catalog = self
            .catalogs
            .get(name)
            .ok_or_else(|| TemplateError::NoCatalog(name.to_owned()))?;
        let Some(sha) = &pin.sha else {
            let path = catalog
                .file()
                .template
                .path
                .as_ref()
                .filter(|_| pin.repo == TemplateOrigin::Catalog(name.to_owned()))
                .ok_or_else(unknown)?;
            return Template::of_catalog(catalog, &self.files, path).map_err(|findings| {
                TemplateError::Refused {
                    shown: pin.repo.to_string(),
                    findings,
                }
            });
        };
        let url = RemoteUrl::parse(&pin.repo.to_string()).map_err(|_| unknown())?;
        let commit = TemplateCommit {
            reference: RefName::parse(&pin.r#ref).map_err(|_| unknown())?,
            location: TemplateLocation::Remote(url.clone()),
            sha: Some(sha),
            folder: pin.path.as_ref(),
        };
        let access = GitAccess {
            git: &self.git,
            credential: self.credential.as_ref(),
            stop,
        };
        let freshness = Freshness::AtMost(Duration::from_mins(10));
        let first = || {
            let mirrors = &self.mirrors;
            mirrors.pin_commit(&access, &url, &commit.reference, sha, freshness)
        };
        let again = || {
            let id = RefName::of_commit(sha);
            self.mirrors.renew(&access, &url, &id)
        };
        commit.fetched(
            &self.trees,
            freshness,
            TemplateRules::of(catalog),
            first,
            again,
        )
    }
}

impl Explain for TemplateError {
    fn class(&self) -> Class {
        match self {
            Self::Mirror(error) => error.class(),
            Self::Git(error) => error.class(),
            Self::Objects(error) => error.class(),
            Self::Moved { .. }
            | Self::Refused { .. }
            | Self::Folder
            | Self::Unknown(_)
            | Self::NoCatalog(_) => Class::Refused,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Moved { .. } => "template_moved",
            Self::Mirror(error) => error.code(),
            Self::Git(error) => error.code(),
            Self::Objects(error) => error.code(),
            Self::Refused { .. } => "template_refused",
            Self::Folder => "template_is_folder",
            Self::Unknown(_) => "template_unknown",
            Self::NoCatalog(_) => "template_no_catalog",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::Moved { planned, .. } => Hint::from([
                "preview again and check what changed, or use the planned commit with ".into(),
                Setting::Ref.into(),
                format!(" {planned}").into(),
            ]),
            Self::Mirror(error) => return error.hint(),
            Self::Git(error) => return error.hint(),
            Self::Objects(error) => return error.hint(),
            Self::Refused { .. } => hint!(
                "remove or rename those files, or leave them out with `template.exclude` in the catalogue"
            ),
            Self::Folder => hint!(
                "name the repository with ",
                Setting::Template,
                " and ",
                Setting::Ref
            ),
            Self::Unknown(_) | Self::NoCatalog(_) => hint!(
                "name the folder that contains the catalogue with ",
                Setting::Catalogs
            ),
        })
    }
}

fn first(findings: &[Diagnostic]) -> &str {
    findings
        .first()
        .map_or("", |finding| finding.message.as_str())
}
