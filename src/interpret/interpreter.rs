//! A plan being laid over a tree: what handlers ask of the tree, and what is remembered of each change.

use super::names::{Names, PathClash};
use super::placeholders::Substitution;
use super::rerun;
use super::trace::{LineOrigin, Trace};
use crate::model::action::IfExists;
use crate::model::content::{File, Mode};
use crate::model::diagnostic::{Code, Diagnostic, Location};
use crate::model::path::TreePath;
use crate::model::plan::{MAX_WRITTEN, Plan};
use crate::model::report::{ActionOrigin, ActionOutcome, ChangeOrigin};
use crate::tree::validate::MAX_FILE;
use crate::tree::{Tree, TreeError, TreeMut};
use std::collections::BTreeMap;

/// What a handler did, in a few words for the log.
#[derive(Debug)]
pub(super) enum Done {
    Changed(String),
    Unchanged(String),
}

/// Why a handler stopped.
#[derive(Debug)]
pub(super) enum ActionError {
    /// The tree itself failed.
    Tree(TreeError),
    /// The plan asks for something that cannot be.
    Finding(Box<Diagnostic>),
}

/// A path that was written to.
#[derive(Debug)]
pub(super) struct TouchedFile {
    pub(super) before: Option<File>,
    pub(super) origins: Vec<ChangeOrigin>,
}

/// What went wrong, sorted for the report.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) warnings: Vec<Diagnostic>,
    pub(super) collisions: Vec<Diagnostic>,
    pub(super) errors: Vec<Diagnostic>,
}

/// The state of one interpretation.
pub(super) struct Interpreter<'a> {
    plan: &'a Plan,
    tree: &'a mut dyn TreeMut,
    substitution: Substitution,
    names: Names,
    touched: BTreeMap<TreePath, TouchedFile>,
    /// Paths of the template that were copied; they must not change afterwards.
    copied: BTreeMap<TreePath, usize>,
    /// The action that last set a dependency's range, by manifest and name.
    dependencies: BTreeMap<(TreePath, String), usize>,
    findings: Findings,
    /// The bytes of all files that were written to.
    written: u64,
    /// The file whose lines are followed.
    trace: Option<Trace>,
}

impl<'a> Interpreter<'a> {
    pub(super) fn on(plan: &'a Plan, tree: &'a mut dyn TreeMut) -> Result<Self, TreeError> {
        Ok(Self {
            plan,
            names: Names::of(tree.list()?),
            tree,
            substitution: Substitution::of(plan),
            touched: BTreeMap::new(),
            copied: BTreeMap::new(),
            dependencies: BTreeMap::new(),
            findings: Findings::default(),
            written: 0,
            trace: None,
        })
    }

    /// Follows the lines of one file from here on.
    pub(super) fn trace(&mut self, path: &TreePath) -> Result<(), TreeError> {
        self.trace = Some(Trace::begin(path, self.tree)?);
        Ok(())
    }

    /// Where the lines of the followed file came from.
    pub(super) fn take_trace(&mut self) -> Option<Vec<LineOrigin>> {
        self.trace.take().map(Trace::into_lines)
    }

    pub(super) fn plan(&self) -> &'a Plan {
        self.plan
    }

    pub(super) fn tree(&self) -> &dyn Tree {
        self.tree
    }

    pub(super) fn names(&self) -> &Names {
        &self.names
    }

    pub(super) fn touched(&self) -> &BTreeMap<TreePath, TouchedFile> {
        &self.touched
    }

    pub(super) fn substitution(&self) -> &Substitution {
        &self.substitution
    }

    /// An action's literal text as it stands in a file of that path.
    pub(super) fn literal(&self, text: &str, path: &str) -> String {
        self.substitution
            .apply(text, path)
            .unwrap_or_else(|| text.to_owned())
    }

    /// The file an action reads or edits.
    pub(super) fn file(&self, path: &TreePath) -> Result<Option<File>, ActionError> {
        Ok(self.tree.read(path)?)
    }

    /// The text an action edits.
    pub(super) fn text(
        &self,
        index: usize,
        path: &TreePath,
    ) -> Result<(Mode, String), ActionError> {
        let Some(file) = self.file(path)? else {
            let finding = self.error(
                index,
                Code::FileMissing,
                format!("there is no file `{path}` to change"),
            );
            return Err(finding
                .help("check the path, or write the file with an earlier action")
                .into());
        };
        if let Some(text) = file.text() {
            Ok((file.mode, text.to_owned()))
        } else {
            let what = if file.mode == Mode::Symlink {
                "a symbolic link"
            } else {
                "not UTF-8 text"
            };
            let finding = self.error(
                index,
                Code::NotText,
                format!("`{path}` is {what} and cannot be changed"),
            );
            Err(finding
                .help("replace the whole file with COPY_FILE and `if_exists: overwrite`")
                .into())
        }
    }

    /// Puts a whole file of an action at a path.
    pub(super) fn make(
        &mut self,
        index: usize,
        path: &TreePath,
        file: File,
        if_exists: IfExists,
    ) -> Result<Done, ActionError> {
        let Some(standing) = self.file(path)? else {
            let message = format!("made, {} bytes", file.bytes.len());
            self.put(index, path, file)?;
            return Ok(Done::Changed(message));
        };
        if standing == file {
            return Ok(Done::Unchanged("already there".to_owned()));
        }
        match if_exists {
            IfExists::Keep => Ok(Done::Unchanged("kept what was there".to_owned())),
            IfExists::Overwrite if standing.mode != Mode::Symlink => {
                self.put(index, path, file)?;
                Ok(Done::Changed("overwritten".to_owned()))
            }
            IfExists::Fail | IfExists::Overwrite => {
                if rerun::ends_as(self.plan, index, path, file, &standing)? {
                    return Ok(Done::Unchanged(
                        "already there, with later changes".to_owned(),
                    ));
                }
                Err(self.already_there(index, path, &standing).into())
            }
        }
    }

    /// Writes a file on behalf of an action and remembers that.
    pub(super) fn put(
        &mut self,
        index: usize,
        path: &TreePath,
        file: File,
    ) -> Result<(), ActionError> {
        self.fits(index, path, file.bytes.len() as u64)?;
        if let Some(finding) = self.clash(index, path) {
            return Err(finding.into());
        }
        if let Some(copier) = self.copied.get(path).filter(|copier| **copier < index) {
            let message = format!(
                "`{path}` is changed after another action copied it, so a second run would copy something else"
            );
            let finding = self.error(index, Code::Unstable, message);
            let place = self.plan.recipe.actions[*copier].origin.location();
            return Err(finding
                .also(Some(place), "copied here")
                .help("change it first, with a lower `execution_order`")
                .into());
        }
        let planned = &self.plan.recipe.actions[index];
        let origin = ActionOrigin {
            kind: planned.action.kind().to_owned(),
            origin: planned.origin.clone(),
        };
        self.write(path, file, ChangeOrigin::Action(origin))?;
        Ok(())
    }

    /// Refuses a file of an action that is larger than a repository takes.
    pub(super) fn fits(
        &self,
        index: usize,
        path: &TreePath,
        length: u64,
    ) -> Result<(), ActionError> {
        let Some(finding) = self.too_large(path, length)? else {
            return Ok(());
        };
        let here = self.error(index, finding.code, "");
        Err(finding.at(here.pointer, here.location).into())
    }

    /// How much of [`Self::written`] stands at a path.
    fn written_at(&self, path: &TreePath) -> Result<u64, TreeError> {
        if !self.touched.contains_key(path) {
            return Ok(0);
        }
        let standing = self.tree.read(path)?;
        Ok(standing.map_or(0, |file| file.bytes.len() as u64))
    }

    /// Why a file of that length cannot be put at a path.
    pub(super) fn too_large(
        &self,
        path: &TreePath,
        length: u64,
    ) -> Result<Option<Diagnostic>, TreeError> {
        let message = if length > MAX_FILE {
            format!("`{path}` would have {length} bytes, at most {MAX_FILE} are allowed")
        } else {
            if self.written + length - self.written_at(path)? <= MAX_WRITTEN {
                return Ok(None);
            }
            format!("with `{path}` this plan would write more than {MAX_WRITTEN} bytes")
        };
        let finding = Diagnostic::error(Code::FileTooLarge, message);
        Ok(Some(finding.help(
            "keep such data elsewhere, and fetch it when it is needed",
        )))
    }

    /// Writes a file and remembers what stood there before.
    pub(super) fn write(
        &mut self,
        path: &TreePath,
        file: File,
        origin: ChangeOrigin,
    ) -> Result<(), TreeError> {
        let before = self.tree.read(path)?;
        self.written = self.written + file.bytes.len() as u64 - self.written_at(path)?;
        if let Some(trace) = &mut self.trace {
            trace.follow(path, before.as_ref(), &file, &origin);
        }
        self.tree.write(path, file)?;
        self.names.add(path);
        let touched = self
            .touched
            .entry(path.clone())
            .or_insert_with(|| TouchedFile {
                before,
                origins: Vec::new(),
            });
        if !touched.origins.contains(&origin) {
            touched.origins.push(origin);
        }
        Ok(())
    }

    /// Remembers that an action copied a path of the template.
    pub(super) fn copied_from(&mut self, index: usize, path: &TreePath) {
        self.copied.entry(path.clone()).or_insert(index);
    }

    /// The action that last set a dependency's range.
    pub(super) fn setter(&self, manifest: &TreePath, name: &str) -> Option<usize> {
        self.dependencies
            .get(&(manifest.clone(), name.to_owned()))
            .copied()
    }

    /// The manifests that got a dependency, each with the action that set the last one.
    pub(super) fn edited_manifests(&self) -> BTreeMap<TreePath, usize> {
        self.dependencies
            .iter()
            .map(|((manifest, _), index)| (manifest.clone(), *index))
            .collect()
    }

    /// Remembers which action set a dependency's range.
    pub(super) fn set_by(&mut self, manifest: &TreePath, name: &str, index: usize) {
        self.dependencies
            .insert((manifest.clone(), name.to_owned()), index);
    }

    pub(super) fn warn(&mut self, warning: Diagnostic) {
        let same =
            |known: &Diagnostic| (known.code, &known.message) == (warning.code, &warning.message);
        if !self.findings.warnings.iter().any(same) {
            self.findings.warnings.push(warning);
        }
    }

    pub(super) fn report(&mut self, finding: Diagnostic) {
        match finding.code {
            Code::FileExists | Code::PathClash | Code::TwoOnOnePath | Code::AdrNumberTwice => {
                self.findings.collisions.push(finding);
            }
            _ => self.findings.errors.push(finding),
        }
    }

    pub(super) fn has_failed(&self) -> bool {
        !(self.findings.collisions.is_empty() && self.findings.errors.is_empty())
    }

    pub(super) fn into_findings(self) -> Findings {
        self.findings
    }

    /// A finding at an action's place.
    pub(super) fn error(&self, index: usize, code: Code, message: impl Into<String>) -> Diagnostic {
        let planned = &self.plan.recipe.actions[index];
        Diagnostic::error(code, message).at(
            format!("/actions/{}", planned.origin.index.saturating_sub(1)),
            planned.origin.location(),
        )
    }

    /// What stands in the way of a file at a path, as a finding.
    fn clash(&self, index: usize, path: &TreePath) -> Option<Diagnostic> {
        let (message, maker) = self.in_the_way(path)?;
        let finding = self.error(index, Code::PathClash, message);
        Some(
            finding
                .also(maker, "made here")
                .help("use the same spelling, or rename one of them"),
        )
    }

    /// What stands in the way of a file at a path, and where that was made.
    pub(super) fn in_the_way(&self, path: &TreePath) -> Option<(String, Option<Location>)> {
        let (message, other) = match self.names.clash(path)? {
            PathClash::Spelling { other } => (
                format!("`{path}` and `{other}` are one name on many systems"),
                Some(other),
            ),
            PathClash::FileAbove { file } => (
                format!("`{path}` needs a folder where the file `{file}` stands"),
                Some(file),
            ),
            PathClash::Folder => (
                format!("`{path}` is a folder and cannot be a file too"),
                None,
            ),
        };
        Some((message, other.and_then(|other| self.maker(&other))))
    }

    fn already_there(&self, index: usize, path: &TreePath, standing: &File) -> Diagnostic {
        let maker = self.maker(path.as_str());
        let who = if standing.mode == Mode::Symlink {
            "a symbolic link"
        } else if maker.is_some() {
            "another action"
        } else {
            "the template"
        };
        let message = format!("`{path}` is already there with other content, from {who}");
        let finding = self
            .error(index, Code::FileExists, message)
            .also(maker, "made here");
        finding.help("use another path, or say `if_exists: overwrite` or `if_exists: keep`")
    }

    /// The place of the last action that wrote a path.
    pub(super) fn maker(&self, path: &str) -> Option<Location> {
        self.touched
            .get(path)?
            .origins
            .iter()
            .rev()
            .find_map(ChangeOrigin::location)
    }
}

impl Done {
    pub(super) fn outcome(&self) -> ActionOutcome {
        match self {
            Self::Changed(_) => ActionOutcome::Done,
            Self::Unchanged(_) => ActionOutcome::Unchanged,
        }
    }

    pub(super) fn into_message(self) -> String {
        match self {
            Self::Changed(message) | Self::Unchanged(message) => message,
        }
    }
}

impl From<TreeError> for ActionError {
    fn from(error: TreeError) -> Self {
        Self::Tree(error)
    }
}

impl From<Diagnostic> for ActionError {
    fn from(finding: Diagnostic) -> Self {
        Self::Finding(Box::new(finding))
    }
}
