//! Flags of the template: the catalogue's own, a folder, or a commit of a git repository.

use crate::cli::args::git::{Cache, GitArgs, address};
use crate::cli::error::{Failure, FindingsInFiles};
use crate::cli::input::{Chosen, Source};
use crate::cli::output::terminal::Terminal;
use crate::git::mirror::{MirrorError, Pinned};
use crate::model::diagnostic::Diagnostic;
use crate::model::digest::GitId;
use crate::model::path::SafeRelPath;
use crate::model::plan::{Plan, TemplateOrigin, TemplatePin};
use crate::model::ref_name::RefName;
use crate::model::remote::RemoteUrl;
use crate::template::{Template, TemplateCommit, TemplateError, TemplateLocation, TemplateRules};
use crate::tree::{disk, git};
use std::path::Path;

/// The template, if it is not the catalogue's own.
#[derive(clap::Args)]
#[command(next_help_heading = "Template")]
pub(crate) struct TemplateArgs {
    /// Use this template instead of the catalogue's own: a folder, or a git repository by URL, `owner/name` or, with
    /// `--ref`, path.
    #[arg(long, value_name = "DIR|URL")]
    template: Option<String>,
    /// Tag, branch or commit of the template's repository [default: the catalogue's, or HEAD].
    #[arg(long = "ref", value_name = "REF", value_parser = RefName::parse)]
    reference: Option<RefName>,
    /// Commit that the reference must resolve to; a moved tag is refused.
    #[arg(long, value_name = "COMMIT", value_parser = GitId::parse)]
    sha: Option<GitId>,
    /// Use only this folder of the template's repository.
    #[arg(long, value_name = "PATH", value_parser = SafeRelPath::parse, requires = "template")]
    template_path: Option<SafeRelPath>,
    /// Take every catalogue's template from this repository, at the version that the catalogue names.
    #[arg(long, value_name = "URL", env = "BOOTSTRAP_TEMPLATE_REPO")]
    template_repo: Option<String>,
    #[command(flatten)]
    git: GitArgs,
}

impl TemplateArgs {
    /// The flags that name the same template, and the same commit of it.
    pub(crate) fn flags(&self, plan: &Plan) -> Vec<(&'static str, String)> {
        let text = |value: Option<&dyn ToString>| value.map(ToString::to_string);
        let flags = [
            ("--template", self.template.clone()),
            (
                "--template-path",
                text(self.template_path.as_ref().map(|path| path as _)),
            ),
            ("--template-repo", self.template_repo().map(str::to_owned)),
            ("--ref", text(self.reference.as_ref().map(|name| name as _))),
            (
                "--sha",
                text(plan.template.sha.as_ref().map(|sha| sha as _)),
            ),
        ];
        let is_from_git = plan.template.sha.is_some();
        let cache = self.git.flags().into_iter().filter(|_| is_from_git);
        let given = flags.into_iter().chain(cache);
        given
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    }

    /// The template of a catalogue, or the one that the flags name.
    pub(crate) fn open(&self, chosen: Chosen) -> Result<(Chosen, Template), Failure> {
        let rules = TemplateRules::of(&chosen.catalog);
        let opened = match self.wanted(&chosen)? {
            Wanted::Catalog(path) => {
                match Template::of_catalog(&chosen.catalog, &chosen.source.files, path) {
                    Ok(template) => Ok(template),
                    Err(findings) => {
                        return Err(in_catalog(chosen.source, findings));
                    }
                }
            }
            Wanted::Folder(folder) => from_folder(folder, rules),
            Wanted::Commit(commit) => self.commit(&commit, rules),
        };
        Ok((chosen, opened?))
    }

    /// The template of an existing repository, as its provenance pins it.
    pub(crate) fn reopen(&self, chosen: Chosen, pin: &TemplatePin) -> Result<Template, Failure> {
        if self.template.is_none() && (self.reference.is_some() || self.sha.is_some()) {
            return Err(Failure::usage("template_flags_conflict", "`--ref` and `--sha` require `--template`: the repository itself names its template's commit").hinted("omit them, or add `--template`"));
        }
        let template = if self.template.is_some() {
            self.open(chosen)?.1
        } else {
            self.pinned(chosen, pin)?
        };
        // A template named by a flag may come from another place; one found by its pin must equal the pin.
        let is_it = if self.template.is_some() {
            template.pin.tree == pin.tree
        } else {
            template.pin == *pin
        };
        if is_it {
            return Ok(template);
        }
        let here = &template.pin;
        Err(Failure::refused(
            "template_differs",
            format!(
                "created from template {} {} with tree {}, but this is {} {} with tree {}",
                pin.repo, pin.r#ref, pin.tree, here.repo, here.r#ref, here.tree
            ),
        )
        .hinted("name that version by `--template`"))
    }

    fn pinned(&self, chosen: Chosen, pin: &TemplatePin) -> Result<Template, Failure> {
        let rules = TemplateRules::of(&chosen.catalog);
        let nowhere = || {
            Failure::refused(
                "template_unknown",
                format!("created from an unknown template: `{}`", pin.repo),
            )
            .hinted("name it by `--template`")
        };
        let path = chosen.catalog.file().template.path.as_ref();
        match (&pin.sha, path) {
            (None, Some(path)) if matches!(pin.repo, TemplateOrigin::Catalog(_)) => {
                let made = Template::of_catalog(&chosen.catalog, &chosen.source.files, path);
                made.map_err(|findings| in_catalog(chosen.source, findings))
            }
            (Some(sha), _) => {
                let cache = self.cache()?;
                let url = RemoteUrl::parse(&pin.repo.to_string()).map_err(|_| nowhere())?;
                let commit = TemplateCommit {
                    reference: RefName::parse(&pin.r#ref).map_err(|_| nowhere())?,
                    home: TemplateLocation::Remote(url.clone()),
                    sha: Some(sha),
                    folder: pin.path.as_ref(),
                };
                let access = cache.access();
                let (reference, freshness) = (&commit.reference, cache.freshness);
                let first = || {
                    let mirrors = &cache.mirrors;
                    mirrors.pin_commit(&access, &url, reference, sha, freshness)
                };
                let again = || {
                    let id = RefName::of_commit(sha);
                    cache.mirrors.renew(&access, &url, &id)
                };
                fetched(&commit, &cache, &url, rules, first, again)
            }
            _ => Err(nowhere()),
        }
    }

    /// The template cache.
    pub(crate) fn cache(&self) -> Result<Cache, Failure> {
        self.git.cache()
    }

    fn template_repo(&self) -> Option<&str> {
        let repo = self.template_repo.as_deref();
        repo.filter(|repo| !repo.is_empty() && self.template.is_none())
    }

    /// The template that is wanted: by flags, else by settings, else by the catalogue.
    fn wanted<'w>(&'w self, chosen: &'w Chosen) -> Result<Wanted<'w>, Failure> {
        let written = &chosen.catalog.file().template;
        let sha = self.sha.as_ref();
        if let Some(named) = &self.template {
            let path = Path::new(named);
            let is_here = path.exists() || !looks_like_an_address(named);
            return Ok(match (is_here, &self.reference) {
                (true, None) if sha.is_some() || self.template_path.is_some() => {
                    return Err(Failure::usage("template_flags_conflict", format!(
                            "`--sha` and `--template-path` require a commit, but `{named}` is used as a folder of files"
                        )).hinted("name the tag or branch by `--ref`, such as `--ref HEAD`"));
                }
                (true, None) => Wanted::Folder(path),
                (true, Some(reference)) => Wanted::Commit(TemplateCommit {
                    home: TemplateLocation::Here(path),
                    reference: reference.clone(),
                    sha,
                    folder: self.template_path.as_ref(),
                }),
                (false, reference) => Wanted::Commit(TemplateCommit {
                    home: TemplateLocation::Remote(remote(named)?),
                    reference: reference.clone().unwrap_or_else(RefName::head),
                    sha,
                    folder: self.template_path.as_ref(),
                }),
            });
        }
        if let Some(repo) = self.template_repo() {
            let version = || match (&written.r#ref, &written.version) {
                (Some(name), _) => Ok(name.clone()),
                (None, version) => {
                    let version = version.as_ref().map_or("HEAD", |version| version.as_ref());
                    RefName::parse(version).map_err(|error| {
                        Failure::usage(
                            "template_version_invalid",
                            format!("the catalogue's version `{version}` is not a tag"),
                        )
                        .caused_by(error)
                        .hinted("name the tag by `--ref`")
                    })
                }
            };
            return Ok(Wanted::Commit(TemplateCommit {
                home: TemplateLocation::Remote(remote(repo)?),
                reference: self.reference.clone().map_or_else(version, Ok)?,
                sha,
                folder: written.repo.as_ref().and(written.path.as_ref()),
            }));
        }
        match (&written.repo, &written.r#ref, &written.path) {
            (Some(repo), Some(reference), folder) => Ok(Wanted::Commit(TemplateCommit {
                home: TemplateLocation::Remote(repo.clone()),
                reference: self.reference.clone().unwrap_or_else(|| reference.clone()),
                sha: sha.or_else(|| written.sha.as_ref().filter(|_| self.reference.is_none())),
                folder: folder.as_ref(),
            })),
            (_, _, Some(path)) if self.reference.is_none() && sha.is_none() => {
                Ok(Wanted::Catalog(path))
            }
            _ => Err(Failure::usage("template_flags_conflict", "`--ref` and `--sha` require a repository, but this catalogue's template is a folder").hinted("name the repository by `--template`, or omit them")),
        }
    }

    fn commit(
        &self,
        wanted: &TemplateCommit<'_>,
        rules: TemplateRules<'_>,
    ) -> Result<Template, Failure> {
        match &wanted.home {
            TemplateLocation::Here(path) => {
                let sha = git::resolve(path, wanted.reference.as_str())?;
                let remembered = self.cache().ok().map(|cache| cache.trees());
                let opened = wanted.open(path, &sha, rules, remembered.as_ref());
                opened.map_err(not_opened)
            }
            TemplateLocation::Remote(url) => {
                let cache = self.cache()?;
                let reference = &wanted.reference;
                let access = cache.access();
                let first = || cache.mirrors.pin(&access, url, reference, cache.freshness);
                let again = || cache.mirrors.renew(&access, url, reference);
                fetched(wanted, &cache, url, rules, first, again)
            }
        }
    }
}

/// The template in the cache, with the cache's own hint when it cannot be fetched.
fn fetched(
    commit: &TemplateCommit<'_>,
    cache: &Cache,
    url: &RemoteUrl,
    rules: TemplateRules<'_>,
    first: impl FnOnce() -> Result<Pinned, MirrorError>,
    again: impl FnOnce() -> Result<Pinned, MirrorError>,
) -> Result<Template, Failure> {
    let fetched = Terminal::busy("fetching the template", || {
        commit.fetched(&cache.trees(), cache.freshness, rules, first, again)
    });
    fetched.map_err(|error| match error {
        TemplateError::Mirror(error) => cache.explain(url, error),
        other => not_opened(other),
    })
}

/// The source of a template.
enum Wanted<'w> {
    Catalog(&'w SafeRelPath),
    Folder(&'w Path),
    Commit(TemplateCommit<'w>),
}

fn remote(text: &str) -> Result<RemoteUrl, Failure> {
    address(text).map_err(|error| {
        Failure::usage(
            "template_address_invalid",
            format!("`{}` is not a template", text.escape_debug()),
        )
        .caused_by(error)
        .hinted("name a folder, a URL such as `https://github.com/owner/name.git`, or `owner/name`")
    })
}

/// True if a text that is not a path here is an address: with a colon, or `owner/name`.
fn looks_like_an_address(text: &str) -> bool {
    let is_path = || {
        let folder = text.split('/').next().unwrap_or(text);
        Path::new(folder).exists()
    };
    text.contains(':')
        || text.starts_with('-')
        || (RemoteUrl::of_short_name(text).is_ok() && !is_path())
}

/// The files of a folder as they are now, committed or not.
fn from_folder(folder: &Path, rules: TemplateRules<'_>) -> Result<Template, Failure> {
    let scan = disk::scan(folder)?;
    let pin = |tree: GitId| TemplatePin {
        repo: TemplateOrigin::Folder,
        r#ref: tree.to_string(),
        sha: None,
        path: None,
        tree,
    };
    Template::of_files(scan.files, scan.findings, rules, pin).map_err(|findings| {
        let shown = folder.display().to_string();
        problem(findings, &shown)
    })
}

/// A template that cannot be opened, with the findings about its files.
fn not_opened(error: TemplateError) -> Failure {
    match error {
        TemplateError::Refused { shown, findings } => problem(findings, &shown),
        other => other.into(),
    }
}

/// Findings about a template among the catalogue's files.
fn in_catalog(source: Source, findings: Vec<Diagnostic>) -> Failure {
    FindingsInFiles {
        findings,
        files: source.files,
        root: source.root,
    }
    .into()
}

/// Findings about a template whose files are not the catalogue's.
fn problem(findings: Vec<Diagnostic>, shown: &str) -> Failure {
    let findings = findings.into_iter().map(|finding| finding.below(shown));
    FindingsInFiles {
        findings: findings.collect(),
        ..FindingsInFiles::default()
    }
    .into()
}
