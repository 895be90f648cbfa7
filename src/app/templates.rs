//! The template of a request: the catalogue's own, a folder, or a commit of a git repository.

use super::catalogs::OpenedCatalog;
use super::error::{AppError, Findings};
use crate::catalog::{Catalog, TemplateSource};
use crate::error::{Class, Explain, Hint, Setting, chain};
use crate::git::mirror::{Freshness, MirrorError, Mirrors};
use crate::git::{Credential, Git, GitAccess, GitError};
use crate::hint;
use crate::model::content::Files;
use crate::model::diagnostic::{Code, Diagnostic, Location};
use crate::model::digest::GitId;
use crate::model::path::SafeRelPath;
use crate::model::plan::{TemplateOrigin, TemplatePin};
use crate::model::ref_name::{RefName, RefNameError};
use crate::model::remote::{RemoteUrl, RemoteUrlError, Transport};
use crate::template::{
    Template, TemplateCommit, TemplateError, TemplateLocation, TemplateRules, TemplateStore,
};
use crate::tree::disk::{self, Scan};
use crate::tree::git;
use crate::tree::inventory_cache::InventoryCache;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use thiserror::Error;

/// A template in place of the catalogue's own, or another version of it. By default the catalogue decides.
#[derive(Clone, Debug, Default)]
pub struct TemplateRequest {
    /// A folder, a URL, or `owner/name` on GitHub.
    pub template: Option<String>,
    /// The tag, branch or commit.
    pub reference: Option<RefName>,
    /// The commit that the reference must resolve to.
    pub sha: Option<GitId>,
    /// A folder of the template's repository.
    pub folder: Option<SafeRelPath>,
    /// The repository that replaces the template of every catalogue, at the version that the catalogue names.
    pub replacement: Option<String>,
    /// True for a request from another machine: `template` is never taken for a path or a `file://` URL of this one.
    pub is_remote: bool,
}

/// Access to templates in git repositories, until `stop` is set.
pub struct TemplateCache<'s> {
    pub mirrors: Mirrors,
    pub trees: InventoryCache,
    pub git: Git,
    pub credential: Option<Credential>,
    pub freshness: Freshness,
    pub stop: &'s AtomicBool,
}

/// Opens the cache when a template in git is needed; other templates do without.
pub type CacheOpener<'o, 's> = &'o dyn Fn() -> Result<TemplateCache<'s>, AppError>;

/// Opens the cache for as long as a service runs.
pub type OpenCache = Box<dyn Fn() -> Result<TemplateCache<'static>, AppError> + Send + Sync>;

/// The source that request and catalogue resolve to.
enum Source<'r> {
    CatalogFolder(&'r SafeRelPath),
    Folder(&'r Path),
    Commit(TemplateCommit<'r>),
}

/// A request that names no template, or another one than a repository was generated from.
#[derive(Debug, Error)]
pub enum TemplateRequestError {
    #[error(
        "`--sha` and `--template-path` require a commit, but `{folder}` is used as a folder of files"
    )]
    FolderWithCommit { folder: String },
    #[error("the catalogue's version `{version}` is not a tag")]
    VersionIsNoTag {
        version: String,
        source: RefNameError,
    },
    #[error("`--ref` and `--sha` require a repository, but this catalogue's template is a folder")]
    FolderWithReference,
    #[error("`{}` is not the address of a repository on a server", text.escape_debug())]
    OfThisMachine { text: String },
    #[error("`{}` is not a template", text.escape_debug())]
    NotATemplate {
        text: String,
        source: RemoteUrlError,
    },
    #[error(
        "`--ref` and `--sha` require `--template`: the repository itself names its template's commit"
    )]
    ReferenceAlone,
    #[error("created from an unknown template: `{}`", repo.escape_debug())]
    Unknown { repo: String },
    #[error(
        "commit {sha} of `{url}` is needed, but only the repository itself names this address: nothing was fetched"
    )]
    SourceNotAllowed { url: RemoteUrl, sha: GitId },
    #[error(
        "created from template {} {} with tree {}, but this is {} {} with tree {}",
        recorded.repo, recorded.r#ref, recorded.tree, found.repo, found.r#ref, found.tree
    )]
    Differs {
        recorded: Box<TemplatePin>,
        found: Box<TemplatePin>,
    },
}

/// A fetch that failed without the credential, which belongs to another host.
#[derive(Debug, Error)]
#[error("{}", chain(error))]
pub struct CredentialNotSent {
    error: MirrorError,
    /// The host that the credential is for.
    host: String,
}

impl TemplateCache<'_> {
    /// A store that opens the templates of stored plans over these catalogues.
    pub fn into_store(self, catalogs: Vec<Catalog>, files: Files) -> TemplateStore {
        TemplateStore::new(
            catalogs,
            files,
            self.mirrors,
            self.trees,
            self.git,
            self.credential,
        )
    }

    /// The access for calls of git.
    pub fn access(&self) -> GitAccess<'_> {
        GitAccess {
            git: &self.git,
            credential: self.credential.as_ref(),
            stop: self.stop,
        }
    }

    /// The error of asking a repository, with a hint where the credential could not be sent.
    pub fn explained(&self, url: &RemoteUrl, error: MirrorError) -> AppError {
        let is_for_another_host = |credential: &&Credential| !credential.is_for(url);
        let credential = self.credential.as_ref().filter(is_for_another_host);
        match credential.filter(|_| needs_credential(&error)) {
            Some(credential) => CredentialNotSent {
                error,
                host: credential.host().to_owned(),
            }
            .into(),
            None => error.into(),
        }
    }

    /// The template of a commit that the request or the catalogue names.
    fn fetch(
        &self,
        commit: &TemplateCommit<'_>,
        url: &RemoteUrl,
        rules: TemplateRules<'_>,
    ) -> Result<Template, AppError> {
        let (access, reference) = (self.access(), &commit.reference);
        let first = || self.mirrors.pin(&access, url, reference, self.freshness);
        let again = || self.mirrors.renew(&access, url, reference);
        let fetched = commit.fetched(&self.trees, self.freshness, rules, first, again);
        fetched.map_err(|error| match error {
            TemplateError::Mirror(error) => self.explained(url, error),
            other => refused(other),
        })
    }

    /// The template of a recorded commit. Its address is contacted only if it is trusted and the cache lacks the commit.
    fn fetch_recorded(
        &self,
        commit: &TemplateCommit<'_>,
        url: &RemoteUrl,
        sha: &GitId,
        is_trusted: bool,
        rules: TemplateRules<'_>,
    ) -> Result<Template, AppError> {
        let (access, reference) = (self.access(), &commit.reference);
        let freshness = if is_trusted {
            self.freshness
        } else {
            Freshness::Offline
        };
        let first = || {
            let mirrors = &self.mirrors;
            mirrors.pin_commit(&access, url, reference, sha, freshness)
        };
        let again = || {
            let commit = RefName::of_commit(sha);
            self.mirrors.renew(&access, url, &commit)
        };
        let is_asked_online = !is_trusted && self.freshness != Freshness::Offline;
        let fetched = commit.fetched(&self.trees, freshness, rules, first, again);
        fetched.map_err(|error| match error {
            TemplateError::Mirror(MirrorError::NotCached { .. } | MirrorError::Broken { .. })
                if is_asked_online =>
            {
                let (url, sha) = (url.clone(), sha.clone());
                TemplateRequestError::SourceNotAllowed { url, sha }.into()
            }
            TemplateError::Mirror(error) => self.explained(url, error),
            other => refused(other),
        })
    }
}

/// True for answers that a private repository gives without a credential.
fn needs_credential(error: &MirrorError) -> bool {
    use crate::git::GitFailure::{AccessRefused, RepositoryNotFound};
    matches!(
        error,
        MirrorError::Git {
            error: GitError::Failed {
                failure: RepositoryNotFound | AccessRefused,
                ..
            },
            ..
        }
    )
}

/// Opens the template that a request and its catalogue name.
pub fn open(
    request: &TemplateRequest,
    opened: &OpenedCatalog,
    cache: CacheOpener<'_, '_>,
) -> Result<Template, AppError> {
    let rules = TemplateRules::of(&opened.catalog);
    match request.source(&opened.catalog.file().template)? {
        Source::CatalogFolder(path) => Ok(opened.own_template(path)?),
        Source::Folder(folder) => of_folder(folder, rules),
        Source::Commit(commit) => match &commit.location {
            TemplateLocation::Local(path) => {
                let sha = git::resolve(path, commit.reference.as_str())?;
                // The inventory of a template is a matter of speed alone.
                let trees = cache().ok().map(|cache| cache.trees);
                let template = commit.open(path, &sha, rules, trees.as_ref());
                template.map_err(refused)
            }
            TemplateLocation::Remote(url) => cache()?.fetch(&commit, url, rules),
        },
    }
}

/// Opens the template that a generated repository records, from its source or from the one that the request names. The
/// word of the repository is not trusted: its source is contacted only if the catalogue, the request or `trusted` names it.
pub fn reopen(
    request: &TemplateRequest,
    opened: &OpenedCatalog,
    recorded: &TemplatePin,
    trusted: &[RemoteUrl],
    cache: CacheOpener<'_, '_>,
) -> Result<Template, AppError> {
    let is_named = request.template.is_some();
    if !is_named && (request.reference.is_some() || request.sha.is_some()) {
        return Err(TemplateRequestError::ReferenceAlone.into());
    }
    let template = if is_named {
        open(request, opened, cache)?
    } else {
        let written = opened.catalog.file().template.repo.as_ref();
        let replacement = request.replacement().map(address).transpose()?;
        let is_trusted = |url: &RemoteUrl| {
            let mut named = trusted.iter().chain(written).chain(&replacement);
            named.any(|named| named == url)
        };
        of_pin(opened, recorded, is_trusted, cache)?
    };
    // A template that the request names may have moved; one found by the record must equal it in all parts.
    let is_same = if is_named {
        template.pin.tree == recorded.tree
    } else {
        template.pin == *recorded
    };
    if is_same {
        return Ok(template);
    }
    Err(TemplateRequestError::Differs {
        recorded: Box::new(recorded.clone()),
        found: Box::new(template.pin),
    }
    .into())
}

fn of_pin(
    opened: &OpenedCatalog,
    pin: &TemplatePin,
    is_trusted: impl Fn(&RemoteUrl) -> bool,
    cache: CacheOpener<'_, '_>,
) -> Result<Template, AppError> {
    let unknown = || TemplateRequestError::Unknown {
        repo: pin.repo.to_string(),
    };
    let path = opened.catalog.file().template.path.as_ref();
    match (&pin.sha, path) {
        (None, Some(path)) if matches!(pin.repo, TemplateOrigin::Catalog(_)) => {
            Ok(opened.own_template(path)?)
        }
        (Some(sha), _) => {
            let cache = cache()?;
            let url = RemoteUrl::parse(&pin.repo.to_string()).map_err(|_| unknown())?;
            let commit = TemplateCommit {
                reference: RefName::parse(&pin.r#ref).map_err(|_| unknown())?,
                location: TemplateLocation::Remote(url.clone()),
                sha: Some(sha),
                folder: pin.path.as_ref(),
            };
            let rules = TemplateRules::of(&opened.catalog);
            cache.fetch_recorded(&commit, &url, sha, is_trusted(&url), rules)
        }
        _ => Err(unknown().into()),
    }
}

/// The files of a folder, committed or not, without those that git ignores.
fn of_folder(folder: &Path, rules: TemplateRules<'_>) -> Result<Template, AppError> {
    let scan = disk::scan_template(folder, rules.exclude)?;
    let shown = folder.display().to_string();
    let pin = |tree: GitId| TemplatePin {
        repo: TemplateOrigin::Folder,
        r#ref: tree.to_string(),
        sha: None,
        path: None,
        tree,
    };
    let warnings = warnings_of(&scan, &shown);
    let opened = Template::of_files(scan.files, scan.findings, rules, pin);
    let mut template = opened.map_err(|findings| Findings::below(findings, &shown))?;
    template.warnings = warnings;
    Ok(template)
}

/// The warnings about files of a folder that git would not commit, or does not know.
fn warnings_of(scan: &Scan, folder: &str) -> Vec<Diagnostic> {
    let warning = |paths: &[String], message: String, help: &str| {
        let place = paths.first().map(|path| path.trim_end_matches('/'));
        Diagnostic::warning(Code::UncommittedFiles, message)
            .at("", place.map(Location::start_of))
            .help(help)
            .below(folder)
    };
    let ignored = named(&scan.ignored).map(|names| {
        let message = format!("`.gitignore` of the template leaves out {names}");
        let help = "remove the line from `.gitignore` to take them over";
        warning(&scan.ignored, message, help)
    });
    let untracked = named(&scan.untracked).map(|names| {
        let message = format!("not tracked by git, but taken over: {names}");
        let help = "run `git add`, name them in `.gitignore`, or use `--ref HEAD` for the committed files only";
        warning(&scan.untracked, message, help)
    });
    ignored.into_iter().chain(untracked).collect()
}

/// The first paths, and the number of the others; none for no path.
fn named(paths: &[String]) -> Option<String> {
    const MAX_NAMED: usize = 10;
    let first: Vec<String> = paths
        .iter()
        .take(MAX_NAMED)
        .map(|path| format!("`{}`", path.escape_debug()))
        .collect();
    match paths.len() {
        0 => None,
        count if count > MAX_NAMED => Some(format!(
            "{} and {} more",
            first.join(", "),
            count - MAX_NAMED
        )),
        _ => Some(first.join(", ")),
    }
}

/// Findings where the template's files are refused, else the error itself.
fn refused(error: TemplateError) -> AppError {
    match error {
        TemplateError::Refused { shown, findings } => Findings::below(findings, &shown).into(),
        other => other.into(),
    }
}

impl TemplateRequest {
    /// The replacement repository, which yields to a template of the request itself.
    pub fn replacement(&self) -> Option<&str> {
        let named = self.replacement.as_deref();
        named.filter(|repo| !repo.is_empty() && self.template.is_none())
    }

    /// The source by request, settings and catalogue, in this order.
    fn source<'r>(
        &'r self,
        written: &'r TemplateSource,
    ) -> Result<Source<'r>, TemplateRequestError> {
        let sha = self.sha.as_ref();
        if let Some(named) = &self.template {
            return self.named(named);
        }
        if let Some(repo) = self.replacement() {
            return Ok(Source::Commit(TemplateCommit {
                location: TemplateLocation::Remote(address(repo)?),
                reference: match &self.reference {
                    Some(reference) => reference.clone(),
                    None => version(written)?,
                },
                sha,
                folder: written.repo.as_ref().and(written.path.as_ref()),
            }));
        }
        match (&written.repo, &written.r#ref, &written.path) {
            (Some(repo), Some(reference), folder) => Ok(Source::Commit(TemplateCommit {
                location: TemplateLocation::Remote(repo.clone()),
                reference: self.reference.clone().unwrap_or_else(|| reference.clone()),
                sha: sha.or_else(|| written.sha.as_ref().filter(|_| self.reference.is_none())),
                folder: folder.as_ref(),
            })),
            (_, _, Some(path)) if self.reference.is_none() && sha.is_none() => {
                Ok(Source::CatalogFolder(path))
            }
            _ => Err(TemplateRequestError::FolderWithReference),
        }
    }

    /// The source that the request itself names: a path where one exists, else an address.
    fn named<'r>(&'r self, named: &'r str) -> Result<Source<'r>, TemplateRequestError> {
        let (path, sha) = (Path::new(named), self.sha.as_ref());
        let commit = |location, reference| {
            Source::Commit(TemplateCommit {
                location,
                reference,
                sha,
                folder: self.folder.as_ref(),
            })
        };
        let is_path = !self.is_remote && (path.exists() || !looks_like_an_address(named));
        match (is_path, &self.reference) {
            (true, None) if sha.is_some() || self.folder.is_some() => {
                let folder = named.to_owned();
                Err(TemplateRequestError::FolderWithCommit { folder })
            }
            (true, None) => Ok(Source::Folder(path)),
            (true, Some(reference)) => Ok(commit(TemplateLocation::Local(path), reference.clone())),
            (false, reference) => Ok(commit(
                TemplateLocation::Remote(self.address(named)?),
                reference.clone().unwrap_or_else(RefName::head),
            )),
        }
    }

    /// The address that the request names.
    fn address(&self, named: &str) -> Result<RemoteUrl, TemplateRequestError> {
        let is_of_this_machine = match RemoteUrl::parse(named) {
            Ok(url) => url.transport() == Transport::File,
            Err(_) => !named.contains(':') && RemoteUrl::of_short_name(named).is_err(),
        };
        if self.is_remote && is_of_this_machine {
            let text = named.to_owned();
            return Err(TemplateRequestError::OfThisMachine { text });
        }
        address(named)
    }
}

/// The tag of the catalogue's template version.
fn version(written: &TemplateSource) -> Result<RefName, TemplateRequestError> {
    if let Some(reference) = &written.r#ref {
        return Ok(reference.clone());
    }
    let version = written
        .version
        .as_ref()
        .map_or("HEAD", |version| version.as_ref());
    RefName::parse(version).map_err(|source| TemplateRequestError::VersionIsNoTag {
        version: version.to_owned(),
        source,
    })
}

fn address(text: &str) -> Result<RemoteUrl, TemplateRequestError> {
    parse_address(text).map_err(|source| TemplateRequestError::NotATemplate {
        text: text.to_owned(),
        source,
    })
}

/// Parses an address as people type it: a URL, or `owner/name` on GitHub.
pub fn parse_address(text: &str) -> Result<RemoteUrl, RemoteUrlError> {
    if text.contains(':') || text.starts_with(['/', '.', '-']) || text.is_empty() {
        return RemoteUrl::parse(text);
    }
    RemoteUrl::of_short_name(text)
}

/// True for a text with a colon, or `owner/name` without such a folder.
fn looks_like_an_address(text: &str) -> bool {
    let is_path = || {
        let folder = text.split('/').next().unwrap_or(text);
        Path::new(folder).exists()
    };
    text.contains(':')
        || text.starts_with('-')
        || (RemoteUrl::of_short_name(text).is_ok() && !is_path())
}

impl Explain for TemplateRequestError {
    fn class(&self) -> Class {
        match self {
            Self::OfThisMachine { .. }
            | Self::Unknown { .. }
            | Self::SourceNotAllowed { .. }
            | Self::Differs { .. }
            | Self::NotATemplate {
                source: RemoteUrlError::SpecialHost { .. },
                ..
            } => Class::Refused,
            _ => Class::Usage,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::FolderWithCommit { .. } | Self::FolderWithReference | Self::ReferenceAlone => {
                "template_flags_conflict"
            }
            Self::VersionIsNoTag { .. } => "template_version_invalid",
            Self::OfThisMachine { .. } => "template_is_a_folder",
            Self::NotATemplate { .. } => "template_address_invalid",
            Self::Unknown { .. } => "template_unknown",
            Self::SourceNotAllowed { .. } => "template_source_not_allowed",
            Self::Differs { .. } => "template_differs",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::FolderWithCommit { .. } => hint!(
                "name the tag or branch by ",
                Setting::Ref,
                ", such as `--ref HEAD`"
            ),
            Self::VersionIsNoTag { .. } => hint!("name the tag by ", Setting::Ref),
            Self::FolderWithReference => hint!(
                "name the repository by ",
                Setting::Template,
                ", or omit them"
            ),
            Self::OfThisMachine { .. } => {
                "name the repository by its URL, or by `owner/name` on GitHub".into()
            }
            Self::NotATemplate { .. } => {
                "name a folder, a URL such as `https://github.com/owner/name.git`, or `owner/name`"
                    .into()
            }
            Self::ReferenceAlone => {
                hint!("omit them, or add ", Setting::Template)
            }
            Self::Unknown { .. } => hint!("name it by ", Setting::Template),
            Self::SourceNotAllowed { url, .. } => hint!(
                "if you trust it, allow it with ",
                Setting::AllowSource,
                format!(" {url} or GROUNDPLAN_ALLOW_SOURCE={url}; or name a copy by "),
                Setting::Template
            ),
            Self::Differs { .. } => hint!("name that version by ", Setting::Template),
        })
    }
}

impl Explain for CredentialNotSent {
    fn class(&self) -> Class {
        self.error.class()
    }

    fn code(&self) -> &'static str {
        self.error.code()
    }

    fn hint(&self) -> Option<Hint> {
        Some(
            format!(
                "the token in GROUNDPLAN_GIT_TOKEN is for `{}` and was not sent: set GROUNDPLAN_GIT_HOST to the host of the repository",
                self.host
            )
            .into(),
        )
    }

    fn inner(&self) -> Option<&dyn Explain> {
        Some(&self.error)
    }
}
