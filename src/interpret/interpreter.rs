//! The state of one interpretation: the tree, the changes made to it, and the findings.

use super::substitution::Substitution;
use super::trace::{LineOrigin, Trace};
use super::unfilled::{Unfilled, UnfilledFiles, UnknownPlaceholders};
use crate::model::content::File;
use crate::model::diagnostic::{Code, Diagnostic, Location};
use crate::model::path::TreePath;
use crate::model::plan::{MAX_WRITTEN, Plan, PlannedAction};
use crate::model::report::ChangeOrigin;
use crate::model::slug::OptionRef;
use crate::model::value_pointer::ValuePointer;
use crate::tree::limits::MAX_FILE;
use crate::tree::names::ListedNames;
use crate::tree::{Tree, TreeError, TreeMut};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A path that was written to.
#[derive(Debug)]
pub(super) struct TouchedFile {
    pub(super) before: Option<File>,
    /// The first content, of a file that did not exist.
    pub(super) created: Option<File>,
    pub(super) origins: Vec<ChangeOrigin>,
    /// True if its bytes count towards the limit of written bytes.
    is_counted: bool,
}

/// The problems found, sorted for the report.
#[derive(Debug, Default)]
pub(super) struct PlanFindings {
    pub(super) warnings: Vec<Diagnostic>,
    pub(super) collisions: Vec<Diagnostic>,
    pub(super) errors: Vec<Diagnostic>,
}

/// A plan, the tree it is applied to, and a record of each change.
pub(crate) struct Interpreter<'a> {
    plan: &'a Plan,
    /// True if the tree is the result of the same plan.
    is_repeated: bool,
    tree: &'a mut dyn TreeMut,
    substitution: Arc<Substitution>,
    names: ListedNames,
    touched: BTreeMap<TreePath, TouchedFile>,
    /// Paths of the template that were copied, each with the action that copied it first. They must not change later.
    copied: BTreeMap<TreePath, usize>,
    /// The action that last set the range of a dependency, by manifest and name.
    dependencies: BTreeMap<(TreePath, String), usize>,
    /// The values that actions set, by file, each with the action.
    values: BTreeMap<TreePath, Vec<(ValuePointer, Value, usize)>>,
    /// The texts that actions put in a file, each with the text that it replaced; empty for an added block.
    edits: BTreeSet<(TreePath, String, String)>,
    /// The actions whose whole content a file has already, since it was last written as a whole.
    equal_writers: BTreeMap<TreePath, Vec<usize>>,
    /// Paths that actions removed or moved, each with the action.
    vacated: BTreeMap<TreePath, usize>,
    findings: PlanFindings,
    unfilled: UnfilledFiles,
    unknown: UnknownPlaceholders,
    /// The bytes of all touched files.
    written: u64,
    trace: Option<Trace>,
}

impl<'a> Interpreter<'a> {
    pub(super) fn new(plan: &'a Plan, tree: &'a mut dyn TreeMut) -> Result<Self, TreeError> {
        Self::with(plan, Arc::new(Substitution::of(plan)), tree)
    }

    /// An interpreter of the same plan for another tree.
    pub(super) fn for_tree<'t>(
        &self,
        tree: &'t mut dyn TreeMut,
    ) -> Result<Interpreter<'t>, TreeError>
    where
        'a: 't,
    {
        Interpreter::with(self.plan, Arc::clone(&self.substitution), tree)
    }

    fn with(
        plan: &'a Plan,
        substitution: Arc<Substitution>,
        tree: &'a mut dyn TreeMut,
    ) -> Result<Self, TreeError> {
        Ok(Self {
            plan,
            is_repeated: false,
            names: ListedNames::of(tree.list()?),
            tree,
            substitution,
            touched: BTreeMap::new(),
            copied: BTreeMap::new(),
            dependencies: BTreeMap::new(),
            values: BTreeMap::new(),
            edits: BTreeSet::new(),
            equal_writers: BTreeMap::new(),
            vacated: BTreeMap::new(),
            findings: PlanFindings::default(),
            unfilled: UnfilledFiles::new(),
            unknown: UnknownPlaceholders::default(),
            written: 0,
            trace: None,
        })
    }

    pub(super) fn is_repeated(&self) -> bool {
        self.is_repeated
    }

    /// Marks the tree as the result of the same plan.
    pub(super) fn set_repeated(&mut self) {
        self.is_repeated = true;
    }

    /// Starts to record the origin of each line of one file.
    pub(super) fn start_trace(&mut self, path: &TreePath) -> Result<(), TreeError> {
        self.trace = Some(Trace::start(path, self.tree)?);
        Ok(())
    }

    /// Ends the trace; one origin for each line of the file, none without a trace.
    pub(super) fn take_trace(&mut self) -> Vec<LineOrigin> {
        self.trace.take().map_or_else(Vec::new, Trace::into_lines)
    }

    pub(super) fn plan(&self) -> &'a Plan {
        self.plan
    }

    pub(super) fn planned(&self, index: usize) -> &'a PlannedAction {
        &self.plan.recipe.actions[index]
    }

    pub(super) fn tree(&self) -> &dyn Tree {
        self.tree
    }

    pub(super) fn names(&self) -> &ListedNames {
        &self.names
    }

    pub(super) fn touched(&self) -> &BTreeMap<TreePath, TouchedFile> {
        &self.touched
    }

    pub(super) fn substitution(&self) -> &Substitution {
        &self.substitution
    }

    /// The bytes at a path that count towards the limit of written bytes.
    fn written_at(&self, path: &TreePath) -> Result<u64, TreeError> {
        if !self.touched.get(path).is_some_and(|file| file.is_counted) {
            return Ok(0);
        }
        let existing = self.tree.read(path)?;
        Ok(existing.map_or(0, |file| file.bytes.len() as u64))
    }

    /// The finding for a file of `length` bytes that exceeds the limit of a file or of the plan.
    pub(super) fn size_finding(
        &self,
        path: &TreePath,
        length: u64,
    ) -> Result<Option<Diagnostic>, TreeError> {
        let message = if length > MAX_FILE {
            format!("`{path}` would be {length} bytes, the limit is {MAX_FILE}")
        } else if self.written + length - self.written_at(path)? > MAX_WRITTEN {
            format!("with `{path}` the plan would write more than {MAX_WRITTEN} bytes")
        } else {
            return Ok(None);
        };
        let finding = Diagnostic::error(Code::FileTooLarge, message);
        Ok(Some(finding.help(
            "keep large data elsewhere, and download it when it is needed",
        )))
    }

    /// Writes a file and records its previous content and the origin of the change.
    pub(super) fn write(
        &mut self,
        path: &TreePath,
        file: File,
        origin: ChangeOrigin,
    ) -> Result<(), TreeError> {
        let before = self.tree.read(path)?;
        self.written = self.written + file.bytes.len() as u64 - self.written_at(path)?;
        if let Some(trace) = &mut self.trace {
            trace.record(path, before.as_ref(), &file, &origin);
        }
        self.tree.write(path, file.clone())?;
        self.names.add(path);
        self.touch(path, before, Some(file), origin).is_counted = true;
        Ok(())
    }

    /// Removes a file and records its content and the origin of the change.
    pub(super) fn remove(
        &mut self,
        path: &TreePath,
        origin: ChangeOrigin,
    ) -> Result<(), TreeError> {
        let Some(before) = self.tree.read(path)? else {
            return Ok(());
        };
        self.written -= self.written_at(path)?;
        self.tree.remove(path)?;
        self.names.remove(path);
        self.touch(path, Some(before), None, origin).is_counted = false;
        Ok(())
    }

    /// Moves a file of the template, whose bytes count towards no limit.
    pub(super) fn place(
        &mut self,
        path: &TreePath,
        file: File,
        origin: ChangeOrigin,
    ) -> Result<(), TreeError> {
        if let Some(trace) = &mut self.trace {
            trace.place(path, &file);
        }
        self.tree.write(path, file.clone())?;
        self.names.add(path);
        self.touch(path, None, Some(file), origin);
        Ok(())
    }

    /// The record of a path, with one more change.
    fn touch(
        &mut self,
        path: &TreePath,
        before: Option<File>,
        after: Option<File>,
        origin: ChangeOrigin,
    ) -> &mut TouchedFile {
        let touched = self
            .touched
            .entry(path.clone())
            .or_insert_with(|| TouchedFile {
                created: after.filter(|_| before.is_none()),
                before,
                origins: Vec::new(),
                is_counted: false,
            });
        if !touched.origins.contains(&origin) {
            touched.origins.push(origin);
        }
        touched
    }

    /// Records that an action copied a path of the template.
    pub(super) fn record_copy(&mut self, index: usize, path: &TreePath) {
        self.copied.entry(path.clone()).or_insert(index);
    }

    /// The action before `index` that copied a path of the template.
    pub(super) fn copied_before(&self, index: usize, path: &TreePath) -> Option<&'a PlannedAction> {
        let copier = self.copied.get(path).filter(|copier| **copier < index)?;
        Some(self.planned(*copier))
    }

    /// Records a value that an action set.
    pub(super) fn record_value(
        &mut self,
        index: usize,
        path: &TreePath,
        pointer: &ValuePointer,
        value: Value,
    ) {
        let of_file = self.values.entry(path.clone()).or_default();
        of_file.push((pointer.clone(), value, index));
    }

    /// An earlier action that set a value at, above or below the pointer to something else.
    pub(super) fn other_value(
        &self,
        path: &TreePath,
        pointer: &ValuePointer,
        value: &Value,
    ) -> Option<&'a PlannedAction> {
        let tokens = pointer.tokens();
        let of_file = self.values.get(path)?;
        let other = of_file.iter().find(|(other, theirs, _)| {
            let others = other.tokens();
            if tokens == others && tokens.last().is_some_and(|last| last == "-") {
                false
            } else if let Some(below) = tokens.strip_prefix(others.as_slice()) {
                !has(theirs, below, value)
            } else if let Some(below) = others.strip_prefix(tokens.as_slice()) {
                !has(value, below, theirs)
            } else {
                false
            }
        });
        other.map(|(_, _, index)| self.planned(*index))
    }

    /// Records that an action put a text in a file, in the place of another one or as a block.
    pub(super) fn record_edit(&mut self, path: &TreePath, old: &str, new: &str) {
        let edit = (path.clone(), old.to_owned(), new.to_owned());
        self.edits.insert(edit);
    }

    /// True if an earlier action made the same edit.
    pub(super) fn has_edit(&self, path: &TreePath, old: &str, new: &str) -> bool {
        let edit = (path.clone(), old.to_owned(), new.to_owned());
        self.edits.contains(&edit)
    }

    /// Records that a file has the whole content that an action would write.
    pub(super) fn record_equal_writer(&mut self, index: usize, path: &TreePath) {
        let of_file = self.equal_writers.entry(path.clone()).or_default();
        of_file.push(index);
    }

    /// Forgets the actions with the content that a file had, because another one replaces it.
    pub(super) fn forget_equal_writers(&mut self, path: &TreePath) {
        self.equal_writers.remove(path);
    }

    /// Records that an action removed or moved a file.
    pub(super) fn record_vacated(&mut self, index: usize, path: &TreePath) {
        self.vacated.insert(path.clone(), index);
    }

    /// The action that removed or moved a file.
    pub(super) fn vacated_by(&self, path: &TreePath) -> Option<&'a PlannedAction> {
        self.vacated.get(path).map(|index| self.planned(*index))
    }

    /// Records the action that set the range of a dependency.
    pub(super) fn record_range(&mut self, index: usize, manifest: &TreePath, name: &str) {
        self.dependencies
            .insert((manifest.clone(), name.to_owned()), index);
    }

    /// The action that last set the range of a dependency.
    pub(super) fn range_origin(
        &self,
        manifest: &TreePath,
        name: &str,
    ) -> Option<&'a PlannedAction> {
        let key = (manifest.clone(), name.to_owned());
        self.dependencies
            .get(&key)
            .map(|index| self.planned(*index))
    }

    /// The manifests that got dependencies, each with the actions that set them, by the name of the dependency.
    pub(super) fn edited_manifests(&self) -> BTreeMap<&TreePath, Vec<&'a PlannedAction>> {
        let mut manifests: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for ((manifest, _), index) in &self.dependencies {
            let setters = manifests.entry(manifest).or_default();
            setters.push(self.planned(*index));
        }
        manifests
    }

    /// The options whose actions gave a file its content: those that wrote it, those with the same content, and those that
    /// edited it afterwards.
    pub(super) fn options_of(&self, path: &TreePath) -> Vec<&OptionRef> {
        let origins = self.touched.get(path).map_or(&[][..], |file| &file.origins);
        let is_whole = |origin: &ChangeOrigin| {
            let action = origin.action();
            action.is_some_and(|action| matches!(action.kind.as_str(), "COPY_FILE" | "WRITE_FILE"))
        };
        let start = origins.iter().rposition(is_whole).unwrap_or(0);
        let since = origins[start..].iter().filter_map(ChangeOrigin::action);
        let indices = self.equal_writers.get(path).into_iter().flatten();
        let equal = indices.map(|index| &self.planned(*index).origin);
        let writers = since.map(|action| &action.origin).chain(equal);
        writers.map(|origin| &origin.option).collect()
    }

    /// Records a file that no placeholder pass changes.
    pub(super) fn note_unfilled(&mut self, reason: Unfilled, path: &TreePath) {
        let paths = self.unfilled.entry(reason).or_default();
        paths.insert(path.to_string());
    }

    /// Records the placeholders of a file's text that the plan does not have.
    pub(super) fn note_unknown(&mut self, path: &TreePath, text: &str) {
        let known = self.substitution.names();
        self.unknown.see_text(known, path.as_str(), text);
    }

    pub(super) fn take_unknown(&mut self) -> UnknownPlaceholders {
        std::mem::take(&mut self.unknown)
    }

    pub(super) fn take_unfilled(&mut self) -> UnfilledFiles {
        std::mem::take(&mut self.unfilled)
    }

    /// Adds a warning, once.
    pub(super) fn warn(&mut self, warning: Diagnostic) {
        let is_same =
            |known: &Diagnostic| (known.code, &known.message) == (warning.code, &warning.message);
        if !self.findings.warnings.iter().any(is_same) {
            self.findings.warnings.push(warning);
        }
    }

    /// Adds an error, to the collisions if its code is one of theirs.
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

    pub(super) fn into_findings(self) -> PlanFindings {
        self.findings
    }

    /// The reason why a path cannot be a file, and the place of the action that created the other name.
    pub(super) fn name_clash(&self, path: &TreePath) -> Option<(String, Option<Location>)> {
        let clash = self.names.clash(path)?;
        let place = clash.other().and_then(|other| self.last_writer(other));
        Some((clash.message(path), place))
    }

    /// The place of the last action that wrote a path.
    pub(super) fn last_writer(&self, path: &str) -> Option<Location> {
        self.touched
            .get(path)?
            .origins
            .iter()
            .rev()
            .find_map(ChangeOrigin::location)
    }
}

/// True if a value contains another one at some keys. Each entry that was added to a list is in it.
fn has(value: &Value, below: &[String], wanted: &Value) -> bool {
    let Some((token, rest)) = below.split_first() else {
        return value == wanted;
    };
    match value {
        Value::Array(items) if token == "-" && rest.is_empty() => items.contains(wanted),
        Value::Array(items) => token
            .parse()
            .ok()
            .and_then(|index: usize| items.get(index))
            .is_some_and(|item| has(item, rest, wanted)),
        Value::Object(entries) => entries
            .get(token)
            .is_some_and(|item| has(item, rest, wanted)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// A finding at the place of an action.
pub(super) fn finding_at(
    planned: &PlannedAction,
    code: Code,
    message: impl Into<String>,
) -> Diagnostic {
    locate(planned, Diagnostic::error(code, message))
}

/// The finding at the place of an action.
pub(super) fn locate(planned: &PlannedAction, finding: Diagnostic) -> Diagnostic {
    let origin = &planned.origin;
    finding.at(
        format!("/actions/{}", origin.index.saturating_sub(1)),
        origin.location(),
    )
}
