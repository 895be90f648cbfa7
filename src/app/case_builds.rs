//! The files of a catalogue's test cases: those of a new repository, or those of an edited repository after an update.

use super::catalog_commits::{CatalogCommit, CatalogRepository};
use super::catalogs::{CatalogFiles, OpenedCatalog};
use super::error::{AppError, ReadError};
use super::generated_repos::work_tree_of;
use super::templates::{self, CacheOpener, TemplateRequest};
use crate::engine::update::{PathUpdate, Rules, Sides, Update, UpdateError, Verdict};
use crate::engine::{self, Preview, PreviewError, SelectionChanges};
use crate::error::{Class, chain};
use crate::model::content::{File, Mode};
use crate::model::diagnostic::{Code, Diagnostic};
use crate::model::input::Identity;
use crate::model::path::{SafeRelPath, TreePath};
use crate::model::plan::Plan;
use crate::model::report::Change;
use crate::model::suggest;
use crate::resolve::{self, CaseFile, CaseUpdate, Request};
use crate::source;
use crate::source::node::{Document, escape};
use crate::sweep::trial::{TrialInput, content, sample_inputs};
use crate::template::Template;
use crate::tree::overlay::Overlay;
use crate::tree::snapshot::Snapshot;
use crate::tree::{Tree, TreeError, TreeMut as _, ids};
use std::collections::BTreeMap;
use std::path::Path;

/// A catalogue whose cases are built.
pub struct CaseCatalog<'c> {
    pub opened: &'c OpenedCatalog,
    pub template: &'c Template,
    /// The template of earlier catalogues.
    pub earlier_template: TemplateRequest,
    pub cache: CacheOpener<'c, 'c>,
}

/// The result of a case.
pub struct BuiltCase {
    /// Mode and blob id of each file by path, without the provenance file.
    pub files: BTreeMap<String, String>,
    /// The changes of the plan to its template.
    pub changes: Vec<Change>,
}

/// A case and the document that it was read from.
struct ReadCase {
    case: CaseFile,
    document: Document,
}

impl CaseCatalog<'_> {
    /// Builds a case in memory.
    ///
    /// # Errors
    /// Findings about the case, or about a plan that it leads to.
    pub fn build(&self, path: &str, file: &File) -> Result<BuiltCase, AppError> {
        let document = source::read(path, &file.bytes).map_err(AppError::from)?;
        let case = CaseFile::read(&document).map_err(AppError::from)?;
        let read = ReadCase { case, document };
        let Some(update) = &read.case.update else {
            let created = read.created(self.opened, self.template)?;
            let changes = created.report.changes.clone();
            return BuiltCase::of(&content(created)?, changes);
        };
        match self.earlier(&read, update)? {
            Some((opened, template)) => {
                self.updated(&read, update, read.created(&opened, &template)?)
            }
            None => self.updated(&read, update, read.created(self.opened, self.template)?),
        }
    }

    /// The edited repository after the update.
    fn updated(
        &self,
        read: &ReadCase,
        asked: &CaseUpdate,
        created: Preview<'_>,
    ) -> Result<BuiltCase, AppError> {
        let recorded = created.plan.clone();
        let base = content(created)?;
        let mut ours = read.edited(asked, &base)?;
        let new = self.planned(read, asked, &recorded)?;
        let changes = new.report.changes.clone();
        let theirs = content(new)?;
        let update = self.compared(read, asked, [&base, &ours, &theirs])?;
        read.check_verdicts(asked, &update)?;
        // First, because a file may take the place of a folder whose files go.
        for (path, _) in update.changes.iter().filter(|(_, file)| file.is_none()) {
            ours.remove(path)?;
        }
        for (path, file) in update.changes {
            if let Some(file) = file {
                ours.write(&path, file)?;
            }
        }
        BuiltCase::of(&ours, changes)
    }

    /// The new plan of the repository.
    fn planned(
        &self,
        read: &ReadCase,
        asked: &CaseUpdate,
        recorded: &Plan,
    ) -> Result<Preview<'_>, AppError> {
        let catalog = &self.opened.catalog;
        let changes = SelectionChanges {
            select: asked.selected().options().collect(),
            drop: asked.dropped().options().collect(),
        };
        let selections = &recorded.recipe.selections;
        let (selection, _) = engine::carry_over(catalog, selections, &changes)
            .map_err(|findings| read.placed(findings, "/update"))?;
        let (given, author) = (recorded.inputs.clone(), Identity::default());
        let inputs = resolve::carry_over(catalog, &selection, given, &asked.inputs, &author);
        let request = Request {
            catalog_source: None,
            inputs: inputs.map_err(|findings| read.placed(findings, "/update"))?,
            selection,
            author,
            template: self.template.pin.clone(),
        };
        let preview = engine::preview(catalog, request, self.template.tree());
        read.usable(preview, "/update", "/update/select")
    }

    fn compared(
        &self,
        read: &ReadCase,
        asked: &CaseUpdate,
        trees: [&dyn Tree; 3],
    ) -> Result<Update, AppError> {
        let base = Snapshot::of_tree(trees[0])?;
        let ours = Snapshot::of_tree(trees[1])?;
        let theirs = Snapshot::of_tree(trees[2])?;
        let sides = Sides {
            base: &base,
            ours: &ours,
            theirs: &theirs,
        };
        let rules = Rules {
            decisions: asked.decisions.clone(),
            moved: self.opened.catalog.file().moves(),
            uncommitted: BTreeMap::new(),
        };
        engine::update(sides, &rules).map_err(|error| match &error {
            UpdateError::UnknownPath { path } | UpdateError::NothingToTake { path } => read
                .at_key("decisions", path, Code::UselessEdit, error.to_string())
                .help("remove the decision, or decide on a path that the update changes")
                .into(),
            UpdateError::Tree(_) => error.into(),
        })
    }

    /// The earlier catalogue that a case names, and its template.
    fn earlier(
        &self,
        read: &ReadCase,
        asked: &CaseUpdate,
    ) -> Result<Option<(OpenedCatalog, Template)>, AppError> {
        let Some(from) = &asked.from else {
            return Ok(None);
        };
        let opened = self.open_earlier(from.as_str());
        let both = opened.and_then(|opened| {
            let template = templates::open(&self.earlier_template, &opened, self.cache)?;
            Ok((opened, template))
        });
        both.map(Some).map_err(|error| {
            let reason = match error {
                AppError::Findings(found) => {
                    let messages = found.findings.iter().map(|one| one.message.as_str());
                    messages.collect::<Vec<_>>().join("; ")
                }
                AppError::Explained(error)
                    if matches!(error.class(), Class::Usage | Class::Refused) =>
                {
                    chain(error.as_ref())
                }
                other @ AppError::Explained(_) => return other,
            };
            let message = format!("cannot open the earlier catalogue `{from}`: {reason}");
            read.at("/update/from", Code::EarlierCatalog, message)
                .help("name a folder relative to the one with `catalog/`, or a commit that the repository has, as `REF` or `REPO@REF`")
                .into()
        })
    }

    /// Opens the catalogue of the same name in a folder or commit. Folders are relative to the root of this catalogue.
    fn open_earlier(&self, from: &str) -> Result<OpenedCatalog, AppError> {
        let name = self.opened.catalog.slug().as_str();
        let root = self.opened.source.root.as_deref();
        if let Some(folder) = root
            .map(|root| root.join(from))
            .filter(|path| path.is_dir())
        {
            return CatalogFiles::of_folder(&folder)?.load(name);
        }
        let (files, _) = earlier_commit(root.unwrap_or(Path::new(".")), from)?.files(self.cache)?;
        files.load(name)
    }
}

/// The commit `REF` of the repository that contains the root, or `REPO@REF`.
fn earlier_commit(root: &Path, from: &str) -> Result<CatalogCommit, AppError> {
    if let Some((folder, rest)) = from.split_once('@')
        && root.join(folder).is_dir()
    {
        let repository = CatalogRepository::Local(root.join(folder));
        return Ok(CatalogCommit::at(repository, rest, from)?);
    }
    if let Some(remote) = CatalogCommit::parse(from)? {
        return Ok(remote);
    }
    let real = root
        .canonicalize()
        .map_err(|error| ReadError::new(root, error))?;
    let work_tree = work_tree_of(&real).unwrap_or_else(|| real.clone());
    let inside = real.strip_prefix(&work_tree).ok().and_then(Path::to_str);
    let repository = CatalogRepository::Local(work_tree.clone());
    let mut commit = CatalogCommit::at(repository, from, from)?;
    if commit.folder.is_none() {
        commit.folder = inside.and_then(|inside| SafeRelPath::parse(inside).ok());
    }
    Ok(commit)
}

impl ReadCase {
    /// The repository that the case creates.
    fn created<'t>(
        &self,
        opened: &'t OpenedCatalog,
        template: &'t Template,
    ) -> Result<Preview<'t>, AppError> {
        let mut selection = self.case.selection();
        if self.case.defaults {
            resolve::fill_with_defaults(&opened.catalog, &mut selection);
        }
        let input = TrialInput {
            catalog: &opened.catalog,
            template: template.tree(),
            pin: &template.pin,
        };
        let preview = input.preview(selection, self.case.inputs(sample_inputs()));
        self.usable(preview, "", "/selection")
    }

    /// A preview without obstacles. `inputs` and `options` point to what the plan was made from.
    fn usable<'t>(
        &self,
        preview: Result<Preview<'t>, PreviewError>,
        inputs: &str,
        options: &str,
    ) -> Result<Preview<'t>, AppError> {
        match preview {
            Ok(preview) if preview.report.can_proceed => Ok(preview),
            Ok(preview) => Err(preview
                .report
                .obstacles()
                .cloned()
                .collect::<Vec<_>>()
                .into()),
            Err(PreviewError::Selection(findings)) => {
                let (of_inputs, of_options) = findings
                    .into_iter()
                    .partition(|finding| finding.pointer.starts_with("/inputs"));
                let mut all = self.placed(of_options, options);
                all.extend(self.placed(of_inputs, inputs));
                Err(all.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The repository with the person's edits.
    fn edited<'b>(
        &self,
        asked: &CaseUpdate,
        base: &'b Overlay<'_>,
    ) -> Result<Overlay<'b>, AppError> {
        let mut ours = Overlay::over(base)?;
        let mut findings = Vec::new();
        for (index, path) in asked.remove.iter().enumerate() {
            if base.read(path)?.is_none() {
                let listing = base.list()?;
                let message = format!("the repository has no file `{path}` to remove");
                let pointer = format!("/update/remove/{index}");
                let names: Vec<&str> = listing.iter().map(|(path, _)| path).collect();
                let help = suggest::help(path.as_str(), names);
                findings.push(self.at(&pointer, Code::UselessEdit, message).help(help));
            }
            ours.remove(path)?;
        }
        for (path, text) in &asked.write {
            let old = base.read(path)?;
            if old.as_ref().and_then(File::text) == Some(text) {
                let message = format!("`{path}` has this text already");
                let finding = self.at_key("write", path, Code::UselessEdit, message);
                findings.push(finding.help("write another text, or remove the edit"));
            }
            let mode = old.map(|old| old.mode);
            let file = File {
                mode: mode
                    .filter(|mode| *mode != Mode::Symlink)
                    .unwrap_or(Mode::Regular),
                bytes: text.clone().into(),
            };
            match ours.write(path, file) {
                Err(error @ TreeError::Blocked { .. }) => {
                    let finding = self.at_key("write", path, Code::UselessEdit, error.to_string());
                    findings.push(finding.help("remove the other file first, by `remove`"));
                }
                written => written?,
            }
        }
        if findings.is_empty() {
            Ok(ours)
        } else {
            Err(findings.into())
        }
    }

    /// Fails with every verdict that differs from the expected one, and every conflict that is not listed.
    fn check_verdicts(&self, asked: &CaseUpdate, update: &Update) -> Result<(), AppError> {
        let by_path: BTreeMap<&str, &PathUpdate> = update
            .files
            .iter()
            .map(|file| (file.path.as_str(), file))
            .collect();
        let differs = asked.verdicts.iter().filter_map(|(path, expected)| {
            let found = by_path.get(path.as_str());
            let message = match found {
                Some(found) if found.verdict == *expected => return None,
                Some(found) => format!(
                    "the verdict of `{path}` is `{}` instead of `{}`: {}",
                    found.verdict.word(),
                    expected.word(),
                    found.reason
                ),
                None => format!(
                    "the update has no verdict for `{path}`, expected `{}`",
                    expected.word()
                ),
            };
            let finding = self.at_key("verdicts", path, Code::UnexpectedVerdict, message);
            Some(finding.help("correct the case, or the change of the catalogue"))
        });
        let is_unlisted = |file: &&PathUpdate| {
            file.verdict == Verdict::Conflict
                && !asked.verdicts.keys().any(|path| path.as_str() == file.path)
        };
        let unlisted = update.files.iter().filter(is_unlisted).map(|file| {
            let message = format!("`{}` is in conflict: {}", file.path, file.reason);
            let help = format!(
                "list `{}: conflict` in `verdicts` if it is expected, or decide by `decisions`",
                file.path
            );
            let finding = self.at("/update", Code::UnexpectedVerdict, message);
            finding.help(help)
        });
        let findings: Vec<Diagnostic> = differs.chain(unlisted).collect();
        if findings.is_empty() {
            Ok(())
        } else {
            Err(findings.into())
        }
    }

    fn at(&self, pointer: &str, code: Code, message: String) -> Diagnostic {
        Diagnostic::error(code, message).at(pointer, self.document.location(pointer))
    }

    /// A finding about an entry of a field of the update.
    fn at_key(&self, field: &str, path: &TreePath, code: Code, message: String) -> Diagnostic {
        let pointer = format!("/update/{field}/{}", escape(path.as_str()));
        let location = self.document.key_location(&pointer);
        Diagnostic::error(code, message).at(pointer, location)
    }

    /// The findings with their places below a pointer of the document.
    fn placed(&self, findings: Vec<Diagnostic>, below: &str) -> Vec<Diagnostic> {
        let place = |finding: Diagnostic| {
            let pointer = format!("{below}{}", finding.pointer);
            let location = self.document.location(&pointer);
            finding.at(pointer, location)
        };
        findings.into_iter().map(place).collect()
    }
}

impl BuiltCase {
    fn of(tree: &dyn Tree, changes: Vec<Change>) -> Result<Self, AppError> {
        let files = ids::files(tree)?.into_iter();
        Ok(Self {
            files: files
                .map(|(path, (mode, id))| (path, format!("{mode:06o} {id}")))
                .collect(),
            changes,
        })
    }
}
