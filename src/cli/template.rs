//! The template a plan is laid over: the catalogue's own, a folder, or a commit of a git repository.

use super::exit::Failure;
use super::input::{Chosen, Problem, Source, Unusable};
use crate::catalog::{Catalog, Symlinks};
use crate::model::content::Files;
use crate::model::diagnostic::Diagnostic;
use crate::model::digest::GitId;
use crate::model::exclude::Exclude;
use crate::model::path::SafeRelPath;
use crate::model::plan::{Plan, TemplatePin};
use crate::tree::admit::{Links, admit};
use crate::tree::git::{self, GitTree, GitTreeError, Part, left_out};
use crate::tree::memory::MemoryTree;
use crate::tree::remembered::Remembered;
use crate::tree::{Tree, TreeMut as _, disk, ids};
use std::path::{Path, PathBuf};

/// Which template, when it is not the catalogue's own.
#[derive(clap::Args)]
pub(super) struct TemplateArgs {
    /// Use this template instead of the catalogue's own: a folder, or with `--ref` a git repository.
    #[arg(long, value_name = "DIR|URL")]
    pub(super) template: Option<String>,
    /// The tag, branch or commit of the template's repository.
    #[arg(long = "ref", value_name = "REF")]
    pub(super) reference: Option<String>,
    #[arg(long)]
    pub(super) cache_dir: Option<PathBuf>,
}

/// A template and its pin.
pub(super) struct Template {
    pub(super) pin: TemplatePin,
    base: Base,
}

enum Base {
    Memory(MemoryTree),
    Git(GitTree),
}

impl Template {
    pub(super) fn tree(&self) -> &dyn Tree {
        match &self.base {
            Base::Memory(tree) => tree,
            Base::Git(tree) => tree,
        }
    }

    /// The repository it comes from.
    pub(super) fn repository(&self) -> Option<&GitTree> {
        match &self.base {
            Base::Memory(_) => None,
            Base::Git(tree) => Some(tree),
        }
    }
}

impl TemplateArgs {
    /// The flags that name the same template, and the same commit of it.
    pub(super) fn flags(&self, plan: &Plan) -> Vec<(&'static str, String)> {
        let flags = [
            ("--template", self.template.clone()),
            ("--ref", self.reference.clone()),
            ("--sha", plan.template.sha.as_ref().map(ToString::to_string)),
        ];
        let given = flags.into_iter();
        given
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    }

    /// The template of a catalogue, or the one that the flags name.
    pub(super) fn open(&self, chosen: Chosen) -> Result<(Chosen, Template), Unusable> {
        let rules = Rules::of(&chosen.catalog);
        match &self.template {
            Some(named) => {
                let folder = Path::new(named);
                let opened = match &self.reference {
                    Some(reference) => {
                        let place = Place {
                            repository: folder,
                            repo: "folder",
                            reference,
                            folder: None,
                        };
                        self.commit(&place, &rules)
                    }
                    None => from_folder(folder, &rules),
                };
                Ok((chosen, opened?))
            }
            None => {
                let Some(path) = &chosen.catalog.written().template.path else {
                    return Err(Failure::Environment { message: "not yet".into(), hint: None }.into());
                };
                let opened = from_catalog(&chosen, path, &rules);
                match opened {
                    Ok(template) => Ok((chosen, template)),
                    Err(findings) => Err(Unusable::Problem(Box::new(Problem {
                        source: chosen.source,
                        findings,
                    }))),
                }
            }
        }
    }

    fn commit(&self, place: &Place<'_>, rules: &Rules<'_>) -> Result<Template, Unusable> {
        let sha = git::resolve(place.repository, place.reference).map_err(|error| unusable(error, place))?;
        let part = Part {
            commit: sha.clone(),
            folder: place.folder,
            exclude: rules.exclude,
            links: rules.links,
        };
        let remembered = self.cache_dir.as_ref().map(|dir| Remembered::at(&dir.join("trees")));
        let tree = GitTree::open(place.repository, &part, remembered.as_ref())
            .map_err(|error| unusable(error, place))?;
        let pin = TemplatePin {
            repo: place.repo.to_owned(),
            r#ref: place.reference.to_owned(),
            sha: Some(sha),
            tree: GitId::of(&ids::tree_id(&tree).map_err(Failure::from)?),
        };
        Ok(Template {
            pin,
            base: Base::Git(tree),
        })
    }
}

/// Where a commit is.
struct Place<'p> {
    repository: &'p Path,
    /// What the plan calls the repository.
    repo: &'p str,
    reference: &'p str,
    folder: Option<&'p SafeRelPath>,
}

/// What the catalogue says of its template's files, wherever they come from.
struct Rules<'c> {
    links: Links,
    exclude: &'c [Exclude],
}

impl<'c> Rules<'c> {
    fn of(catalog: &'c Catalog) -> Self {
        let written = catalog.written();
        Self {
            links: match written.symlinks {
                Symlinks::Refuse => Links::Refused,
                Symlinks::Allow => Links::Kept,
            },
            exclude: &written.template.exclude,
        }
    }
}

/// The files of a folder as they are now, committed or not.
fn from_folder(folder: &Path, rules: &Rules<'_>) -> Result<Template, Unusable> {
    let scan = disk::scan(folder).map_err(Failure::from)?;
    let (tree, id) = in_memory(scan.files, scan.findings, rules).map_err(|findings| {
        let shown = folder.display().to_string();
        problem(findings, &shown)
    })?;
    Ok(Template {
        pin: TemplatePin {
            repo: "folder".to_owned(),
            r#ref: id.to_string(),
            sha: None,
            tree: id,
        },
        base: Base::Memory(tree),
    })
}

/// The files beside a catalogue.
fn from_catalog(
    chosen: &Chosen,
    path: &SafeRelPath,
    rules: &Rules<'_>,
) -> Result<Template, Vec<Diagnostic>> {
    let slug = chosen.catalog.slug();
    let shown = format!("catalog/{slug}/{path}");
    let prefix = format!("{shown}/");
    let files = chosen.source.files.range(prefix.clone()..);
    let files = files
        .take_while(|(path, _)| path.starts_with(&prefix))
        .map(|(path, file)| (path[prefix.len()..].to_owned(), file.clone()));
    let (tree, id) = in_memory(files.collect(), Vec::new(), rules).map_err(|findings| {
        let below = |finding: Diagnostic| finding.below(&shown);
        findings.into_iter().map(below).collect::<Vec<_>>()
    })?;
    let version = chosen.catalog.written().template.version.as_ref();
    Ok(Template {
        pin: TemplatePin {
            repo: format!("catalog:{slug}"),
            r#ref: version.map_or_else(|| id.to_string(), ToString::to_string),
            sha: None,
            tree: id,
        },
        base: Base::Memory(tree),
    })
}

fn in_memory(
    files: Files,
    mut findings: Vec<Diagnostic>,
    rules: &Rules<'_>,
) -> Result<(MemoryTree, GitId), Vec<Diagnostic>> {
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
    Ok((tree, GitId::of(&id)))
}

/// Findings about a template whose files are not the catalogue's.
fn problem(findings: Vec<Diagnostic>, shown: &str) -> Unusable {
    let findings = findings.into_iter().map(|finding| finding.below(shown));
    Unusable::Problem(Box::new(Problem {
        findings: findings.collect(),
        source: Source {
            files: Files::new(),
            findings: Vec::new(),
            root: None,
        },
    }))
}

fn unusable(error: GitTreeError, place: &Place<'_>) -> Unusable {
    let hint = match &error {
        GitTreeError::Refused(_) => {
            let GitTreeError::Refused(findings) = error else { unreachable!() };
            return problem(findings, place.repo);
        }
        GitTreeError::NotARepository { .. } => "x",
        GitTreeError::NoReference { .. } => "x",
        GitTreeError::NoFolder { .. } => "x",
        GitTreeError::Object { .. } => "x",
    };
    Failure::Environment {
        message: super::exit::chain(&error),
        hint: Some(hint.to_owned()),
    }
    .into()
}
