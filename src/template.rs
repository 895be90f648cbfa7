//! Templates as plans pin them: a catalogue's own files, or a commit of a repository that is kept at hand.

use crate::catalog::{Catalog, Symlinks};
use crate::git::mirror::{Freshness, MirrorError, Mirrors, Pinned};
use crate::git::{Credential, Git, GitAccess};
use crate::model::content::Files;
use crate::model::diagnostic::Diagnostic;
use crate::model::digest::GitId;
use crate::model::exclude::ExcludePattern;
use crate::model::path::SafeRelPath;
use crate::model::plan::{Plan, TemplateOrigin, TemplatePin};
use crate::model::ref_name::RefName;
use crate::model::remote::RemoteUrl;
use crate::tree::git::{GitTree, GitTreeError, Part, left_out};
use crate::tree::ids::{self, ObjectsError};
use crate::tree::inventory_cache::InventoryCache;
use crate::tree::memory::MemoryTree;
use crate::tree::validate::{Links, admit};
use crate::tree::{Tree, TreeMut as _};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use thiserror::Error;

/// A template and its pin.
pub struct Template {
    pub pin: TemplatePin,
    base: TemplateFiles,
}

enum TemplateFiles {
    Memory(MemoryTree),
    Git(Box<GitTree>),
}

/// What a catalogue says of its template's files, wherever they come from.
#[derive(Clone, Copy)]
pub struct TemplateRules<'c> {
    pub links: Links,
    pub exclude: &'c [ExcludePattern],
}

/// A commit of a repository, or one of its folders.
pub struct TemplateCommit<'w> {
    pub home: TemplateLocation<'w>,
    pub reference: RefName,
    /// The commit that the reference must lead to.
    pub sha: Option<&'w GitId>,
    pub folder: Option<&'w SafeRelPath>,
}

/// Where a commit is.
pub enum TemplateLocation<'w> {
    /// In a repository on this disk, which is read where it is.
    Here(&'w Path),
    Remote(RemoteUrl),
}

/// Where templates are found that a plan names: catalogues, the cache, and with what repositories are asked.
pub struct TemplateStore {
    catalogs: BTreeMap<String, Catalog>,
    /// The catalogues' files, by path from their root.
    files: Files,
    pub mirrors: Mirrors,
    pub trees: InventoryCache,
    pub git: Git,
    pub credential: Option<Credential>,
}

/// Why there is no template.
#[derive(Debug, Error)]
pub enum TemplateError {
    #[error(
        "`{reference}` of the template has moved: planned was commit {planned}, now it is {found}"
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
    /// What is wrong with its files, whose paths begin where the template is.
    #[error("the template `{shown}` holds what a repository cannot take over: {}", first(.findings))]
    Refused {
        shown: String,
        findings: Vec<Diagnostic>,
    },
    /// A plan over the files of somebody's folder, which no other machine has.
    #[error(
        "the template of the plan is a folder of the machine that made it: put it into a git repository, and preview again"
    )]
    Folder,
    #[error("the template of the plan is not known here: `{}`", .0.escape_debug())]
    Unknown(String),
    #[error("there is no catalogue `{}` here", .0.escape_debug())]
    NoCatalog(String),
}

impl Template {
    /// Its files.
    pub fn tree(&self) -> &dyn Tree {
        match &self.base {
            TemplateFiles::Memory(tree) => tree,
            TemplateFiles::Git(tree) => tree.as_ref(),
        }
    }

    /// The repository it comes from.
    pub fn repository(&self) -> Option<&GitTree> {
        match &self.base {
            TemplateFiles::Memory(_) => None,
            TemplateFiles::Git(tree) => Some(tree),
        }
    }

    /// The files beside a catalogue, in one of its folders.
    ///
    /// # Errors
    /// What is wrong with them, by path from the catalogue's root.
    pub fn of_catalog(
        catalog: &Catalog,
        files: &Files,
        path: &SafeRelPath,
    ) -> Result<Self, Vec<Diagnostic>> {
        let slug = catalog.slug();
        let shown = format!("catalog/{slug}/{path}");
        let prefix = format!("{shown}/");
        let own = files.range(prefix.clone()..);
        let own = own
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

    /// Files that are at hand, when they and what was found on the way to them are fit for a repository.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn of_files(
        files: Files,
        mut findings: Vec<Diagnostic>,
        rules: TemplateRules<'_>,
        pin: impl FnOnce(GitId) -> TemplatePin,
    ) -> Result<Self, Vec<Diagnostic>> {
        let admitted = match admit(files, rules.links) {
            Ok(admitted) if findings.is_empty() => admitted,
            refused => {
                findings.extend(refused.err().into_iter().flatten());
                return Err(findings);
            }
        };
        let mut tree = MemoryTree::of(admitted).expect("what was admitted fits together");
        let listing = tree.list().expect("memory can be listed");
        for path in left_out(&listing, rules.exclude) {
            tree.remove(&path).expect("memory can be changed");
        }
        let id = ids::tree_id(&tree).expect("memory can be read");
        Ok(Self {
            pin: pin(GitId::of(&id)),
            base: TemplateFiles::Memory(tree),
        })
    }
}

impl<'c> TemplateRules<'c> {
    /// What a catalogue says.
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
    /// The template in a repository on this disk, at a commit that the reference led to.
    pub fn open(
        &self,
        repository: &Path,
        found: &GitId,
        rules: TemplateRules<'_>,
        remembered: Option<&InventoryCache>,
    ) -> Result<Template, TemplateError> {
        self.expect(found)?;
        let tree = self.tree(repository, found, rules, remembered);
        self.template(tree.map_err(|error| self.refused(error))?, found)
    }

    /// The template in the cache; one that turns out to be damaged is fetched anew, once.
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

    /// Refuses a reference that leads to another commit than it did.
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
        remembered: Option<&InventoryCache>,
    ) -> Result<GitTree, GitTreeError> {
        let part = Part {
            commit: commit.clone(),
            folder: self.folder,
            exclude: rules.exclude,
            links: rules.links,
        };
        GitTree::open(repository, &part, remembered)
    }

    fn template(&self, tree: GitTree, sha: &GitId) -> Result<Template, TemplateError> {
        let pin = TemplatePin {
            repo: match &self.home {
                TemplateLocation::Here(_) => TemplateOrigin::Folder,
                TemplateLocation::Remote(url) => TemplateOrigin::Repository(url.to_string()),
            },
            r#ref: self.reference.to_string(),
            sha: Some(sha.clone()),
            path: self.folder.cloned(),
            tree: GitId::of(&ids::tree_id(&tree)?),
        };
        Ok(Template {
            pin,
            base: TemplateFiles::Git(Box::new(tree)),
        })
    }

    fn refused(&self, error: GitTreeError) -> TemplateError {
        let home = match &self.home {
            TemplateLocation::Here(path) => path.display().to_string(),
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
    /// Catalogues with their files, and a cache for what lies elsewhere.
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

    /// The catalogues that are at hand.
    pub fn catalogs(&self) -> impl Iterator<Item = &Catalog> {
        self.catalogs.values()
    }

    /// The files of the catalogues, by path from their root.
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// Whether a template can be found again by a pin on any machine that has the catalogue.
    pub fn check(pin: &TemplatePin) -> Result<(), TemplateError> {
        if pin.repo == TemplateOrigin::Folder {
            return Err(TemplateError::Folder);
        }
        Ok(())
    }

    /// The template that a plan was made over. A repository is asked only for a commit that is not in the cache yet.
    pub fn open(&self, plan: &Plan, stop: &AtomicBool) -> Result<Template, TemplateError> {
        let pin = &plan.template;
        Self::check(pin)?;
        let unknown = || TemplateError::Unknown(pin.repo.to_string());
        let name = plan.catalog.as_str();
        let catalog = self.catalogs.get(name);
        let catalog = catalog.ok_or_else(|| TemplateError::NoCatalog(name.to_owned()))?;
        let Some(sha) = &pin.sha else {
            let path = catalog.file().template.path.as_ref();
            let path = path.filter(|_| pin.repo == TemplateOrigin::Catalog(name.to_owned()));
            let opened = Template::of_catalog(catalog, &self.files, path.ok_or_else(unknown)?);
            let shown = || pin.repo.to_string();
            return opened.map_err(|findings| TemplateError::Refused {
                shown: shown(),
                findings,
            });
        };
        let url = RemoteUrl::parse(&pin.repo.to_string()).map_err(|_| unknown())?;
        let commit = TemplateCommit {
            reference: RefName::parse(&pin.r#ref).map_err(|_| unknown())?,
            home: TemplateLocation::Remote(url.clone()),
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

impl TemplateError {
    /// Whether it may be another time.
    pub fn is_worth_retrying(&self) -> bool {
        match self {
            Self::Mirror(error) => error.is_worth_retrying() || error.is_stop(),
            _ => false,
        }
    }
}

fn first(findings: &[Diagnostic]) -> String {
    let first = findings.first();
    first.map_or_else(String::new, |finding| finding.message.clone())
}
