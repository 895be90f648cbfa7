//! One action of a plan while it runs, and the trait of all kinds of actions.

use super::format::Part;
use super::interpreter::{Interpreter, finding_at, locate};
use super::lfs;
use super::unfilled::Unfilled;
use crate::model::action::{IfExists, RiskLevel};
use crate::model::content::{BYTE_ORDER_MARK, File, Mode};
use crate::model::diagnostic::{Code, Diagnostic, Location};
use crate::model::path::{ActionPath, TreePath};
use crate::model::plan::{Plan, PlannedAction};
use crate::model::report::{ActionOrigin, ActionOutcome, ChangeOrigin};
use crate::model::suggest;
use crate::model::value_pointer::ValuePointer;
use crate::tree::listing::Listing;
use crate::tree::memory::MemoryTree;
use crate::tree::{Tree as _, TreeError};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// One kind of action: its target, its rules, and its effect on a tree.
pub(crate) trait ActionKind: Sync {
    /// The path that the action writes or edits.
    fn target(&self) -> Cow<'_, str>;

    /// The rules that the action breaks, in a recipe or in a stored plan.
    fn violations(&self) -> Vec<Violation> {
        Vec::new()
    }

    /// The texts in which placeholders are replaced, each with its field.
    fn texts(&self) -> Vec<(&'static str, &str)> {
        Vec::new()
    }

    /// The file or folder beside the recipe that the action copies.
    fn source(&self) -> Option<&ActionPath> {
        None
    }

    /// The files that the action creates, as far as they are known without the template. `sources` are the files
    /// beside the recipe that it copies, by their path below the recipe's folder.
    fn creates(&self, _sources: &BTreeMap<TreePath, File>) -> Vec<CreatedFile> {
        Vec::new()
    }

    /// The number of the decision record that the action creates.
    fn adr_number(&self) -> Option<u16> {
        None
    }

    /// A reason for a reviewer to look at the target.
    fn risk(&self) -> Option<(RiskLevel, String)> {
        None
    }

    /// True if the action changes a file that exists at the path.
    fn edits(&self, path: &TreePath) -> bool;

    /// Changes the tree. A second run over the result changes nothing.
    fn run(&self, step: &mut Step<'_, '_>) -> Result<Done, ActionError>;
}

/// A broken rule of an action that is valid by its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub code: Code,
    /// None if the whole action breaks the rule.
    pub field: Option<&'static str>,
    pub message: String,
    pub help: &'static str,
}

/// A path that an action creates.
pub(crate) struct CreatedFile {
    pub(crate) path: String,
    /// The content, where it is known without the template; placeholders are not replaced.
    pub(crate) file: Option<File>,
    pub(crate) if_exists: IfExists,
}

/// The text of a file without its byte order mark, which is written again with the new text.
pub(crate) struct EditedFile {
    mode: Mode,
    mark: &'static str,
    pub(crate) text: String,
}

/// The effect of an action, with a message for the log.
#[derive(Debug)]
pub(crate) enum Done {
    Changed(String),
    Unchanged(String),
}

/// An error that ends an action.
#[derive(Debug)]
pub(crate) enum ActionError {
    /// The tree cannot be read or written.
    Tree(TreeError),
    /// The plan asks for a change that is not possible.
    Finding(Box<Diagnostic>),
}

/// The context of one running action.
pub(crate) struct Step<'s, 'a> {
    interpreter: &'s mut Interpreter<'a>,
    /// The actions of the plan, in order.
    actions: &'s [&'s dyn ActionKind],
    index: usize,
}

impl<'s, 'a> Step<'s, 'a> {
    pub(super) fn new(
        interpreter: &'s mut Interpreter<'a>,
        actions: &'s [&'s dyn ActionKind],
        index: usize,
    ) -> Self {
        Self {
            interpreter,
            actions,
            index,
        }
    }

    pub(super) fn run(mut self) -> Result<Done, ActionError> {
        self.actions[self.index].run(&mut self)
    }

    pub(super) fn plan(&self) -> &'a Plan {
        self.interpreter.plan()
    }

    pub(super) fn planned(&self) -> &'a PlannedAction {
        self.interpreter.planned(self.index)
    }

    /// The files of the tree, with the changes so far.
    pub(super) fn list(&self) -> Result<Listing, ActionError> {
        Ok(self.interpreter.tree().list()?)
    }

    pub(super) fn read(&self, path: &TreePath) -> Result<Option<File>, ActionError> {
        Ok(self.interpreter.tree().read(path)?)
    }

    /// A file to edit.
    pub(super) fn text(&self, path: &TreePath) -> Result<EditedFile, ActionError> {
        let Some(file) = self.read(path)? else {
            self.check_occupy(path)?;
            let message = format!("file `{path}` does not exist");
            let otherwise = "check the path, or create the file with an earlier action";
            return Err(self.file_missing(message, path, otherwise)?.into());
        };
        let kind = match EditedFile::of(&file) {
            Some(_) if lfs::is_pointer(&file) => "a Git LFS pointer",
            Some(edited) => return Ok(edited),
            None if file.mode == Mode::Symlink => "a symbolic link",
            None => "not UTF-8 text",
        };
        let message = format!("`{path}` is {kind} and cannot be edited");
        let finding = self.finding(Code::NotText, message);
        Err(finding
            .help("replace the whole file with COPY_FILE and `if_exists: overwrite`")
            .into())
    }

    /// The finding about a path that the tree does not have, with the path that may be meant as its help. A second run
    /// has its own help, and does not search the tree for each of its actions.
    pub(super) fn file_missing(
        &self,
        message: String,
        path: &TreePath,
        otherwise: &str,
    ) -> Result<Diagnostic, ActionError> {
        let finding = self.finding(Code::FileMissing, message);
        if self.is_repeated() {
            return Ok(finding.help(otherwise));
        }
        let listing = self.list()?;
        let files: Vec<&str> = listing.iter().map(|(path, _)| path).collect();
        Ok(finding.help(suggest::missing_path(path.as_str(), &files, otherwise)))
    }

    /// A literal text of the action, with the placeholders replaced as that part of the file needs it.
    pub(super) fn fill(
        &self,
        text: &str,
        path: &TreePath,
        part: Part,
    ) -> Result<String, ActionError> {
        let substitution = self.interpreter.substitution();
        match substitution.apply(text, path.as_str(), part) {
            Ok(filled) => Ok(filled.unwrap_or_else(|| text.to_owned())),
            Err(error) => Err(self.locate(*error).into()),
        }
    }

    /// The path of a copied file below a folder, with its placeholders replaced.
    pub(super) fn fill_path(&self, path: TreePath) -> Result<TreePath, ActionError> {
        let filled = self
            .interpreter
            .substitution()
            .path(path.as_str(), TreePath::parse);
        match filled {
            Ok(filled) => Ok(filled.unwrap_or(path)),
            Err(error) => Err(self.locate(error).into()),
        }
    }

    /// A file with the placeholders of its text replaced.
    pub(super) fn fill_file(&mut self, file: File, path: &TreePath) -> Result<File, ActionError> {
        if lfs::is_pointer(&file) {
            self.interpreter.note_unfilled(Unfilled::LfsPointer, path);
            return Ok(file);
        }
        let substitution = self.interpreter.substitution();
        let Some(text) = file.text() else {
            if substitution.is_in(&file.bytes) {
                self.interpreter.note_unfilled(Unfilled::NotUtf8, path);
            }
            return Ok(file);
        };
        // Checked first: a file of placeholders alone can grow to many times its size.
        let length = substitution.length(text);
        if length > text.len() as u64 {
            self.check_size(path, length)?;
        }
        Ok(match substitution.apply(text, path.as_str(), Part::Whole) {
            Ok(Some(text)) => File {
                mode: file.mode,
                bytes: text.into(),
            },
            Ok(None) => file,
            Err(error) => return Err(self.locate(*error).into()),
        })
    }

    /// Creates a file, or treats an existing one as `if_exists` says.
    pub(super) fn create(
        &mut self,
        path: &TreePath,
        file: File,
        if_exists: IfExists,
    ) -> Result<Done, ActionError> {
        let Some(existing) = self.read(path)? else {
            let message = format!("created, {} bytes", file.bytes.len());
            self.write(path, file)?;
            return Ok(Done::Changed(message));
        };
        if existing == file {
            self.interpreter.record_equal_writer(self.index, path);
            return Ok(Done::unchanged("already present"));
        }
        match if_exists {
            IfExists::Keep => Ok(Done::unchanged("kept the existing file")),
            IfExists::Overwrite if existing.mode != Mode::Symlink => {
                self.write(path, file)?;
                self.interpreter.forget_equal_writers(path);
                Ok(Done::changed("overwritten"))
            }
            IfExists::Fail | IfExists::Overwrite => {
                if self.later_actions_give(path, file, &existing)? {
                    return Ok(Done::unchanged("already present, with later changes"));
                }
                Err(self.file_exists(path, &existing).into())
            }
        }
    }

    /// Writes the new text of an edited file, with its mode and byte order mark.
    pub(super) fn write_text(
        &mut self,
        path: &TreePath,
        file: &EditedFile,
        text: &str,
    ) -> Result<(), ActionError> {
        let bytes = format!("{}{text}", file.mark).into();
        let mode = file.mode;
        self.write(path, File { mode, bytes })
    }

    /// Writes a file on behalf of the action.
    pub(super) fn write(&mut self, path: &TreePath, file: File) -> Result<(), ActionError> {
        self.check_size(path, file.bytes.len() as u64)?;
        self.check_occupy(path)?;
        if let Some((message, other)) = self.interpreter.name_clash(path) {
            let finding = self.finding(Code::PathClash, message);
            return Err(finding
                .also(other, "created here")
                .help("use the same spelling, or rename one of them")
                .into());
        }
        if let Some(copier) = self.interpreter.copied_before(self.index, path) {
            let message = format!(
                "`{path}` changes after another action copied it, so a second run would copy different content"
            );
            let finding = self.finding(Code::Unstable, message);
            return Err(finding
                .also(Some(copier.origin.location()), "copied here")
                .help("change it first, with a lower `execution_order`")
                .into());
        }
        let origin = self.origin();
        self.interpreter.write(path, file, origin)?;
        Ok(())
    }

    /// The file at a path, or all files below a folder.
    pub(super) fn at_or_below(&self, path: &TreePath) -> Result<Vec<TreePath>, ActionError> {
        let listing = self.list()?;
        let itself = listing.get(path.as_str()).map(|_| path.clone());
        let below = listing
            .below(path.as_str())
            .map(|(path, _)| TreePath::of_checked(path));
        Ok(itself.into_iter().chain(below).collect())
    }

    /// Removes a file of the template.
    pub(super) fn remove(&mut self, path: &TreePath) -> Result<(), ActionError> {
        self.check_vacate(path, "removed")?;
        let origin = self.origin();
        self.interpreter.remove(path, origin)?;
        self.interpreter.record_vacated(self.index, path);
        Ok(())
    }

    /// Moves a file of the template.
    pub(super) fn move_file(&mut self, from: &TreePath, to: &TreePath) -> Result<(), ActionError> {
        self.check_vacate(from, "moved")?;
        let Some(file) = self.read(from)? else {
            return Ok(());
        };
        if let Some(existing) = self.read(to)? {
            return Err(self.file_exists(to, &existing).into());
        }
        let origin = self.origin();
        self.interpreter.remove(from, origin)?;
        self.interpreter.record_vacated(self.index, from);
        self.write(to, file)
    }

    /// Fails for a file that an earlier action wrote or copied: a second run would find it elsewhere.
    fn check_vacate(&self, path: &TreePath, verb: &str) -> Result<(), ActionError> {
        let writer = self.interpreter.last_writer(path.as_str());
        let copier = self.interpreter.copied_before(self.index, path);
        let (other, by) = match (writer, copier) {
            (Some(writer), _) => (Some(writer), "written here"),
            (None, Some(copier)) => (Some(copier.origin.location()), "copied here"),
            (None, None) => return Ok(()),
        };
        let message = format!("`{path}` is {verb} after another action used it");
        Err(self
            .finding(Code::MovedFile, message)
            .also(other, by)
            .help("let the other action use the file at its new path, and run later with a higher `execution_order`, or add a conflict between the options")
            .into())
    }

    /// Fails for a path from which an earlier action removed or moved the file.
    fn check_occupy(&self, path: &TreePath) -> Result<(), ActionError> {
        let Some(vacated) = self.interpreter.vacated_by(path) else {
            return Ok(());
        };
        let message = format!("`{path}` is written after another action removed or moved it");
        Err(self
            .finding(Code::MovedFile, message)
            .also(Some(vacated.origin.location()), "removed or moved here")
            .help("write another path, or add a conflict between the options")
            .into())
    }

    fn origin(&self) -> ChangeOrigin {
        let planned = self.planned();
        ChangeOrigin::Action(ActionOrigin {
            kind: planned.action.kind().to_owned(),
            origin: planned.origin.clone(),
        })
    }

    /// A text with its placeholders replaced by their values as they are.
    pub(super) fn fill_plainly(&self, text: &str) -> String {
        self.interpreter.substitution().plain(text)
    }

    /// True if the tree is the result of the same plan.
    pub(super) fn is_repeated(&self) -> bool {
        self.interpreter.is_repeated()
    }

    /// Records that the file has a text of the action, in the place of another one or as a block.
    pub(super) fn record_edit(&mut self, path: &TreePath, old: &str, new: &str) {
        self.interpreter.record_edit(path, old, new);
    }

    /// True if an earlier action made the same edit, which others may have changed since.
    pub(super) fn has_edit(&self, path: &TreePath, old: &str, new: &str) -> bool {
        self.interpreter.has_edit(path, old, new)
    }

    /// A text that the action puts in a file, as the later actions of the plan leave it. Those that need other text of the
    /// file have no effect.
    pub(super) fn after_later_actions(
        &self,
        path: &TreePath,
        old: &str,
        text: &str,
    ) -> Result<Option<String>, ActionError> {
        let file = File::regular(text.to_owned());
        let file = self.with_later_actions(path, file, Some((old, text)))?;
        Ok(file.as_ref().and_then(File::text).map(str::to_owned))
    }

    /// Records a value that the action set.
    pub(super) fn record_value(&mut self, path: &TreePath, pointer: &ValuePointer, value: Value) {
        self.interpreter
            .record_value(self.index, path, pointer, value);
    }

    /// The place of an earlier action that set the value to something else.
    pub(super) fn other_value(
        &self,
        path: &TreePath,
        pointer: &ValuePointer,
        value: &Value,
    ) -> Option<Location> {
        let other = self.interpreter.other_value(path, pointer, value)?;
        Some(other.origin.location())
    }

    /// Fails when a file of `length` bytes exceeds the limit of a file or of the plan.
    pub(super) fn check_size(&self, path: &TreePath, length: u64) -> Result<(), ActionError> {
        match self.interpreter.size_finding(path, length)? {
            Some(finding) => Err(locate(self.planned(), finding).into()),
            None => Ok(()),
        }
    }

    /// The files whose path begins with `start`, letter case and Unicode form aside.
    pub(super) fn files_starting_with(&self, start: &str) -> Vec<&str> {
        self.interpreter.names().starting_with(start)
    }

    /// Records that the action copied a path of the template.
    pub(super) fn record_copy(&mut self, path: &TreePath) {
        self.interpreter.record_copy(self.index, path);
    }

    /// Records that the action set the range of a dependency.
    pub(super) fn record_range(&mut self, manifest: &TreePath, name: &str) {
        self.interpreter.record_range(self.index, manifest, name);
    }

    /// The place of the action that last set the range of a dependency.
    pub(super) fn range_origin(&self, manifest: &TreePath, name: &str) -> Option<Location> {
        let setter = self.interpreter.range_origin(manifest, name)?;
        Some(setter.origin.location())
    }

    pub(super) fn warn(&mut self, warning: Diagnostic) {
        self.interpreter.warn(warning);
    }

    /// An error at the place of the action.
    pub(super) fn finding(&self, code: Code, message: impl Into<String>) -> Diagnostic {
        finding_at(self.planned(), code, message)
    }

    /// The finding at the place of the action.
    pub(super) fn locate(&self, finding: impl Into<Diagnostic>) -> Diagnostic {
        locate(self.planned(), finding.into())
    }

    /// True if `file` at `path` becomes `existing` through the later actions of the plan.
    ///
    /// Without this, a plan that writes a file and then appends to it would fail on its own result:
    ///
    /// ```text
    /// WRITE_FILE     README.md  "# Acme\n"        first run: "# Acme\n"
    /// APPEND_TO_FILE README.md  "Thanks.\n"       first run: "# Acme\nThanks.\n"
    /// second run: README.md exists with other content than WRITE_FILE wants; "# Acme\n" with the later
    ///             APPEND_TO_FILE applied is the existing content, so WRITE_FILE has nothing to do
    /// ```
    fn later_actions_give(
        &self,
        path: &TreePath,
        file: File,
        existing: &File,
    ) -> Result<bool, TreeError> {
        let given = self.with_later_actions(path, file, None)?;
        Ok(given.as_ref() == Some(existing))
    }

    /// The file that later actions make of `file` alone; `None` if there are none, or if one fails. With an `edit`, the old
    /// and the new text, the file is the new text of it alone, and actions may fail.
    fn with_later_actions(
        &self,
        path: &TreePath,
        file: File,
        edit: Option<(&str, &str)>,
    ) -> Result<Option<File>, TreeError> {
        let later: Vec<usize> = (self.index + 1..self.actions.len())
            .filter(|later| self.actions[*later].edits(path))
            .collect();
        if later.is_empty() {
            return Ok(None);
        }
        let mut scratch = MemoryTree::of([(path.clone(), file)])?;
        let mut interpreter = self.interpreter.for_tree(&mut scratch)?;
        if let Some((old, new)) = edit {
            interpreter.record_edit(path, old, new);
        }
        for index in later {
            match Step::new(&mut interpreter, self.actions, index).run() {
                Err(ActionError::Finding(_)) if edit.is_none() => return Ok(None),
                Ok(_) | Err(ActionError::Finding(_)) => {}
                Err(ActionError::Tree(error)) => return Err(error),
            }
        }
        scratch.read(path)
    }

    fn file_exists(&self, path: &TreePath, existing: &File) -> Diagnostic {
        let writer = self.interpreter.last_writer(path.as_str());
        let source = if existing.mode == Mode::Symlink {
            "as a symbolic link"
        } else if writer.is_some() {
            "with different content, from another action"
        } else {
            "with different content, from the template"
        };
        self.finding(
            Code::FileExists,
            format!("`{path}` already exists {source}"),
        )
        .also(writer, "created here")
        .help("use another path, or set `if_exists: overwrite` or `if_exists: keep`")
    }
}

impl EditedFile {
    /// A new regular file.
    pub(super) fn new(text: &str) -> Self {
        Self {
            mode: Mode::Regular,
            mark: "",
            text: text.to_owned(),
        }
    }

    /// `None` for a file that is not text.
    fn of(file: &File) -> Option<Self> {
        let text = file.text()?;
        let (mark, text) = match text.strip_prefix(BYTE_ORDER_MARK) {
            Some(rest) => (BYTE_ORDER_MARK, rest),
            None => ("", text),
        };
        Some(Self {
            mode: file.mode,
            mark,
            text: text.to_owned(),
        })
    }
}

impl Done {
    pub(super) fn changed(message: &str) -> Self {
        Self::Changed(message.to_owned())
    }

    pub(super) fn unchanged(message: &str) -> Self {
        Self::Unchanged(message.to_owned())
    }

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
