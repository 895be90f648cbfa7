//! The verdict for each path.

use super::content::{self, MAX_BYTES, Versions};
use super::moves::{self, Moved};
use super::outcome::{Conflict, PathUpdate, Update};
use super::{Decision, Rules, Sides, UpdateError};
use crate::interpret::{MAX_ALL_BYTES, describe_one, is_lock_file};
use crate::model::content::{File, Mode};
use crate::model::path::TreePath;
use crate::model::report::Change;
use crate::model::update::Verdict;
use crate::tree::TreeError;
use crate::tree::snapshot::{Snapshot, SnapshotEntry, TakenNames};
use std::collections::{BTreeMap, BTreeSet};

/// The most bytes of a repository's file that a decision or a move copies.
const MAX_COPIED: u64 = 64 * 1024 * 1024;

const KEPT_LOCK_FILE: &str = "lock files are not merged: run the package manager's install command";

/// See [`super::update`].
pub(super) fn update(sides: Sides<'_>, rules: &Rules) -> Result<Update, UpdateError> {
    let mut updater = Updater {
        sides,
        rules,
        moved_by_repository: moves::of_repository(sides.base, sides.ours),
        result: Update::default(),
        left: rules.decisions.keys().cloned().collect(),
        diff_bytes: MAX_ALL_BYTES,
    };
    let moved = moves::of_plan(sides.base, sides.theirs, &rules.moved);
    let in_moves: BTreeSet<&str> = moved
        .iter()
        .flat_map(|moved| [moved.from.as_str(), moved.to.as_str()])
        .collect();
    let all = sides.base.iter().chain(sides.theirs.iter());
    let paths: BTreeSet<&str> = all.map(|(path, _)| path).collect();
    for path in paths.iter().filter(|path| !in_moves.contains(*path)) {
        updater.path(&TreePath::of_checked(path))?;
    }
    for moved in &moved {
        updater.moved(moved)?;
    }
    if let Some(path) = updater.left.first() {
        return Err(UpdateError::UnknownPath { path: path.clone() });
    }
    updater.check_names()?;
    let mut result = updater.result;
    result.files.sort_by(|a, b| a.path.cmp(&b.path));
    result.untouched = sides.base.iter().eq(sides.ours.iter());
    result.own = sides
        .ours
        .iter()
        .filter(|(path, _)| !paths.contains(path))
        .count();
    Ok(result)
}

struct Updater<'u> {
    sides: Sides<'u>,
    rules: &'u Rules,
    /// Files that the repository has at another path, with the old plan's bytes.
    moved_by_repository: BTreeMap<String, String>,
    result: Update,
    /// The decisions that met no path yet.
    left: BTreeSet<TreePath>,
    /// The bytes left for diffs.
    diff_bytes: usize,
}

/// A verdict before it is described.
struct Decided {
    verdict: Verdict,
    reason: String,
    conflicts: Vec<Conflict>,
    /// The change of the path; none if its file stays.
    new: Option<NewState>,
    /// The three versions of a text with conflicting lines.
    unmerged: Option<Box<[File; 3]>>,
}

/// The state of a path that changes.
#[derive(Clone)]
enum NewState {
    Written(File),
    Removed,
}

impl NewState {
    fn of(file: Option<File>) -> Self {
        file.map_or(Self::Removed, Self::Written)
    }

    fn into_file(self) -> Option<File> {
        match self {
            Self::Written(file) => Some(file),
            Self::Removed => None,
        }
    }
}

impl Decided {
    fn new(verdict: Verdict, reason: impl Into<String>) -> Self {
        Self {
            verdict,
            reason: reason.into(),
            conflicts: Vec::new(),
            new: None,
            unmerged: None,
        }
    }

    fn conflict(message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            conflicts: vec![Conflict::File {
                message: message.clone(),
            }],
            ..Self::new(Verdict::Conflict, message)
        }
    }

    fn with(self, file: Option<File>) -> Self {
        Self {
            new: Some(NewState::of(file)),
            ..self
        }
    }
}

impl Updater<'_> {
    /// Decides on a path that does not move.
    fn path(&mut self, path: &TreePath) -> Result<(), UpdateError> {
        let [base, ours, theirs] = self.entries(path.as_str());
        let decided = match self.decision(path) {
            Some(decision) => self.decided(path, decision)?,
            None if ours.is_none() && (theirs.is_none() || base == theirs) => return Ok(()),
            None if base == theirs && ours == base => return Ok(()),
            None if base == theirs => Decided::new(Verdict::Keep, "only the repository changed it"),
            None if ours == theirs => self.agreed(path, theirs),
            None if ours == base => self.one_sided(path, theirs)?,
            None => match (base, ours, theirs) {
                (Some(_), None, Some(_)) => return self.deleted_here(path),
                (_, Some(_), None) => deleted_by_plan(path),
                (None, Some(_), Some(_)) => added_by_both(path, ours, theirs),
                (Some(_), Some(_), Some(_)) => self.merged(path.as_str(), path.as_str())?,
                // Equal on both sides, and handled above.
                (_, None, None) | (None, None, Some(_)) => return Ok(()),
            },
        };
        self.finish(path, None, decided)
    }

    fn entries(&self, path: &str) -> [Option<SnapshotEntry>; 3] {
        let Sides { base, ours, theirs } = self.sides;
        [base.get(path), ours.get(path), theirs.get(path)]
    }

    fn decision(&mut self, path: &TreePath) -> Option<Decision> {
        let decision = self.rules.decisions.get(path).copied()?;
        self.left.remove(path);
        Some(decision)
    }

    fn decided(&self, path: &TreePath, decision: Decision) -> Result<Decided, UpdateError> {
        let [_, ours, theirs] = self.entries(path.as_str());
        Ok(match (decision, theirs) {
            (Decision::Mine, _) if ours == theirs => {
                Decided::new(Verdict::Already, "the repository has the plan's version")
            }
            (Decision::Mine, _) => Decided::new(Verdict::Keep, "decided: the repository's version"),
            (Decision::Remove, _) if ours.is_none() => {
                Decided::new(Verdict::Declined, "decided: the file stays removed")
            }
            (Decision::Remove, _) => Decided::new(Verdict::Remove, "decided: removed").with(None),
            (Decision::Theirs, Some(_)) => {
                let new = file(self.sides.theirs, path.as_str())?;
                Decided::new(Verdict::Take, "decided: the plan's version").with(new)
            }
            (Decision::Theirs, None) if ours.is_some() => {
                Decided::new(Verdict::Remove, "decided: removed, as in the plan").with(None)
            }
            (Decision::Theirs, None) => {
                return Err(UpdateError::NothingToTake { path: path.clone() });
            }
        })
    }

    /// Both sides have the same, which differs from the base.
    fn agreed(&self, path: &TreePath, theirs: Option<SnapshotEntry>) -> Decided {
        let reason = match theirs {
            Some(_) if self.sides.base.get(path.as_str()).is_none() => {
                "the repository has the same file"
            }
            _ => "the repository has the same change",
        };
        Decided::new(Verdict::Already, reason)
    }

    /// Only the plan changed the path.
    fn one_sided(
        &self,
        path: &TreePath,
        theirs: Option<SnapshotEntry>,
    ) -> Result<Decided, UpdateError> {
        if theirs.is_none() {
            let reason = "the plan has removed it, unchanged here";
            return Ok(Decided::new(Verdict::Remove, reason).with(None));
        }
        let reason = if self.sides.base.get(path.as_str()).is_none() {
            "new in the plan"
        } else {
            "changed by the plan, unchanged here"
        };
        let new = file(self.sides.theirs, path.as_str())?;
        Ok(Decided::new(Verdict::Take, reason).with(new))
    }

    /// The repository has removed or moved a file that the plan changed.
    fn deleted_here(&mut self, path: &TreePath) -> Result<(), UpdateError> {
        if self.sides.ours.is_folder(path.as_str()) {
            let decided =
                Decided::conflict("the repository has a folder here, the plan changed the file");
            return self.finish(path, None, decided);
        }
        let target = self
            .moved_by_repository
            .get(path.as_str())
            .filter(|target| self.sides.theirs.get(target).is_none())
            .and_then(|target| TreePath::parse(target).ok());
        let Some(target) = target else {
            let decided = Decided::new(
                Verdict::Declined,
                "the repository has removed it, the plan changed it",
            );
            return self.finish(path, None, decided);
        };
        let new = file(self.sides.theirs, path.as_str())?;
        let reason = format!("the repository has moved `{path}` here, the plan changed it");
        let decided = Decided::new(Verdict::Take, reason).with(new);
        self.finish(&target, Some(path.to_string()), decided)
    }

    /// Merges the old plan's and the repository's file at `from` with the new plan's at `to`.
    fn merged(&self, from: &str, to: &str) -> Result<Decided, UpdateError> {
        let Sides { base, ours, theirs } = self.sides;
        let (Some(base_entry), Some(ours_entry), Some(theirs_entry)) =
            (base.get(from), ours.get(from), theirs.get(to))
        else {
            return Ok(Decided::conflict("one version is missing"));
        };
        let entries = [base_entry, ours_entry, theirs_entry];
        let is_file =
            |entry: &SnapshotEntry| matches!(entry.mode(), Some(Mode::Regular | Mode::Executable));
        if !entries.iter().all(is_file) {
            return Ok(Decided::conflict(format!(
                "the repository has {} here, the plan has {}",
                ours_entry.name(),
                theirs_entry.name()
            )));
        }
        if is_lock_file(to) && base_entry.id != theirs_entry.id {
            return Ok(Decided::new(Verdict::Keep, KEPT_LOCK_FILE));
        }
        let mode = if ours_entry.kind == base_entry.kind {
            theirs_entry.mode()
        } else {
            ours_entry.mode()
        }
        .unwrap_or(Mode::Regular);
        let only = if ours_entry.id == base_entry.id || ours_entry.id == theirs_entry.id {
            Some((theirs, to, "the plan's content with the repository's mode"))
        } else if theirs_entry.id == base_entry.id {
            Some((ours, from, "the repository's content with the plan's mode"))
        } else {
            None
        };
        if let Some((side, path, reason)) = only {
            let new = file(side, path)?.map(|file| File { mode, ..file });
            return Ok(Decided::new(Verdict::Merge, reason).with(new));
        }
        let read = [(base, from), (ours, from), (theirs, to)]
            .map(|(side, path)| side.read(path, MAX_BYTES));
        let [base, ours, theirs] = read;
        let (Some(base), Some(ours), Some(theirs)) = (base?, ours?, theirs?) else {
            return Ok(Decided::conflict("files over 1 MiB are not merged"));
        };
        let versions = Versions {
            base: &base,
            ours: &ours,
            theirs: &theirs,
        };
        Ok(match content::merge(to, versions) {
            Err(conflicts) => Decided {
                unmerged: has_lines(&conflicts).then(|| Box::new([base, ours, theirs])),
                conflicts,
                ..Decided::new(
                    Verdict::Conflict,
                    "the plan and the repository changed the same; the repository's stays",
                )
            },
            Ok(merged) => {
                let is_conflict = !merged.conflicts.is_empty();
                let (verdict, reason) = if is_conflict {
                    let reason = format!(
                        "{}; the repository's value stays where both changed one",
                        merged.reason
                    );
                    (Verdict::Conflict, reason)
                } else {
                    (Verdict::Merge, merged.reason)
                };
                let new = File {
                    mode,
                    bytes: merged.text.into(),
                };
                Decided {
                    conflicts: merged.conflicts,
                    // A text that is the repository's own is no change.
                    new: (new != ours).then_some(NewState::Written(new)),
                    ..Decided::new(verdict, reason)
                }
            }
        })
    }

    /// Decides on a file that the plan has moved.
    fn moved(&mut self, moved: &Moved) -> Result<(), UpdateError> {
        let Moved { from, to } = moved;
        let (from_path, to_path) = (TreePath::of_checked(from), TreePath::of_checked(to));
        let decision = self
            .decision(&to_path)
            .or_else(|| self.decision(&from_path));
        let Sides { base, ours, theirs } = self.sides;
        let here = ours.get(from);
        let decided = match (here, ours.get(to)) {
            _ if decision == Some(Decision::Mine) => {
                Decided::new(Verdict::Keep, format!("decided: stays at `{from}`"))
            }
            (None, there) if there == theirs.get(to) => {
                Decided::new(Verdict::Already, "the repository has moved it too")
            }
            (None, _) if decision != Some(Decision::Theirs) => Decided::new(
                Verdict::Declined,
                format!("the repository has removed `{from}`, the plan moved it"),
            ),
            (_, Some(_)) if decision != Some(Decision::Theirs) => Decided::conflict(format!(
                "the plan moved `{from}` here, where the repository has another file"
            )),
            _ if decision == Some(Decision::Remove) => {
                return self.finish(
                    &from_path,
                    None,
                    Decided::new(Verdict::Remove, "decided: removed").with(None),
                );
            }
            (here, _) if here == base.get(from) || decision == Some(Decision::Theirs) => {
                let new = file(theirs, to)?;
                Decided::new(Verdict::Move, "moved by the plan").with(new)
            }
            _ => {
                let merged = self.merged(from, to)?;
                if merged.verdict == Verdict::Merge {
                    Decided {
                        verdict: Verdict::Move,
                        reason: format!("moved by the plan, {}", merged.reason),
                        // Content that stays the repository's moves too.
                        new: Some(match merged.new {
                            Some(new) => new,
                            None => NewState::of(file(ours, from)?),
                        }),
                        ..merged
                    }
                } else {
                    // Nothing moves, so that the conflict is at the repository's own path.
                    let decided = Decided {
                        new: None,
                        ..merged
                    };
                    return self.finish(&from_path, Some(to.clone()), decided);
                }
            }
        };
        self.finish(&to_path, Some(from.clone()), decided)
    }

    /// Records a verdict. `from` is the former path of the file, which goes when the file moves.
    fn finish(
        &mut self,
        path: &TreePath,
        from: Option<String>,
        decided: Decided,
    ) -> Result<(), UpdateError> {
        let left = from
            .as_deref()
            .filter(|from| decided.verdict == Verdict::Move && self.sides.ours.get(from).is_some())
            .map(TreePath::of_checked);
        let touched = decided.new.as_ref().map(|_| path).into_iter().chain(&left);
        let uncommitted = &self.rules.uncommitted;
        let blocked = touched.into_iter().find_map(|path| uncommitted.get(path));
        let (decided, left) = match blocked {
            Some(message) => (Decided::conflict(message.clone()), None),
            None => (decided, left),
        };
        let change = self.change(path, from.as_deref(), &decided)?;
        if let Some(new) = decided.new {
            self.result.changes.insert(path.clone(), new.into_file());
        }
        if let Some(left) = left {
            self.result.changes.insert(left, None);
        }
        if let Some(versions) = decided.unmerged {
            self.result.unmerged.insert(path.clone(), *versions);
        }
        let (added_lines, removed_lines, diff) = change.map_or((0, 0, None), |change| {
            (change.added_lines, change.removed_lines, change.diff)
        });
        self.result.files.push(PathUpdate {
            path: path.to_string(),
            verdict: decided.verdict,
            reason: decided.reason,
            from,
            conflicts: decided.conflicts,
            added_lines,
            removed_lines,
            diff,
            causes: Vec::new(),
        });
        Ok(())
    }

    /// The change that a file gets, or for a conflict and a declined file the plan's change that it does not get.
    fn change(
        &mut self,
        path: &TreePath,
        from: Option<&str>,
        decided: &Decided,
    ) -> Result<Option<Change>, TreeError> {
        let Sides { base, ours, theirs } = self.sides;
        let (before, after) = match (&decided.new, decided.verdict) {
            (Some(new), Verdict::Move) => {
                let old = file(ours, from.unwrap_or(path.as_str()))?;
                (old, new.clone().into_file())
            }
            (Some(new), _) => (file(ours, path.as_str())?, new.clone().into_file()),
            (None, Verdict::Conflict | Verdict::Declined) => {
                let old = if base.get(path.as_str()).is_some() {
                    path.as_str()
                } else {
                    from.unwrap_or(path.as_str())
                };
                (file(base, old)?, file(theirs, path.as_str())?)
            }
            (None, _) => return Ok(None),
        };
        Ok(describe_one(
            path,
            before.as_ref(),
            after.as_ref(),
            &[],
            &mut self.diff_bytes,
        ))
    }

    /// Turns new files that are not possible beside the repository's names into conflicts.
    fn check_names(&mut self) -> Result<(), UpdateError> {
        let ours = self.sides.ours;
        let is_new = |path: &TreePath| ours.get(path.as_str()).is_none();
        let new: Vec<TreePath> = self
            .result
            .changes
            .iter()
            .filter(|(path, file)| file.is_some() && is_new(path))
            .map(|(path, _)| path.clone())
            .collect();
        if new.is_empty() {
            return Ok(());
        }
        let removed = |path: &str| matches!(self.result.changes.get(path), Some(None));
        let kept = ours.iter().map(|(path, _)| path);
        let mut names = TakenNames::of(kept.filter(|path| !removed(path)));
        for path in new {
            match names.clash(&path) {
                None => names.add(&path),
                Some(message) => self.block(&path, &message)?,
            }
        }
        Ok(())
    }

    /// Takes back the change of a path.
    fn block(&mut self, path: &TreePath, message: &str) -> Result<(), UpdateError> {
        self.result.changes.remove(path);
        let index = self
            .result
            .files
            .iter()
            .position(|file| file.path == path.as_str());
        let Some(index) = index else {
            return Ok(());
        };
        let before = self.result.files.remove(index);
        if before.verdict == Verdict::Move
            && let Some(from) = &before.from
        {
            self.result.changes.remove(&TreePath::of_checked(from));
        }
        self.finish(path, before.from, Decided::conflict(message))
    }
}

/// The plan has removed a file that the repository changed.
fn deleted_by_plan(path: &TreePath) -> Decided {
    if is_lock_file(path.as_str()) {
        return Decided::new(
            Verdict::Keep,
            "the plan has no lock file, the repository's stays",
        );
    }
    Decided::conflict("the plan has removed it, the repository changed it")
}

/// Both sides added a file at one path.
fn added_by_both(
    path: &TreePath,
    ours: Option<SnapshotEntry>,
    theirs: Option<SnapshotEntry>,
) -> Decided {
    if is_lock_file(path.as_str()) {
        return Decided::new(Verdict::Keep, KEPT_LOCK_FILE);
    }
    let [ours, theirs] = [ours, theirs].map(|entry| entry.map_or("nothing", |entry| entry.name()));
    Decided::conflict(if ours == theirs {
        "the plan and the repository added different files".to_owned()
    } else {
        format!("the repository has {ours} here, the plan adds {theirs}")
    })
}

fn has_lines(conflicts: &[Conflict]) -> bool {
    let is_lines = |conflict: &Conflict| matches!(conflict, Conflict::Lines { .. });
    conflicts.iter().any(is_lines)
}

/// The whole file at a path.
fn file(side: &Snapshot<'_>, path: &str) -> Result<Option<File>, TreeError> {
    side.read(path, MAX_COPIED)
}
