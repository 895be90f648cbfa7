//! One commit that adds files to folder, index and branch of a work tree.

use super::error::WorkTreeError;
use super::work_tree::{FileState, WorkTree};
use crate::model::content::File;
use crate::model::date::Day;
use crate::model::input::Identity;
use crate::model::path::TreePath;
use crate::tree::disk::{DiskEntry, DiskTree};
use crate::tree::edited::{self, StoreObject};
use crate::tree::ids::{self, Ids, ObjectsError};
use crate::tree::signed::NOTES_REF;
use crate::tree::{TreeError, TreeMut as _};
use gix::ObjectId;
use gix::index::entry::{Flags, Mode as IndexMode, Stat};
use gix::lock::acquire::Fail;
use gix::objs::tree::EntryMode;
use gix::objs::{Kind, Write as _};
use gix::refs::file::Transaction;
use gix::refs::transaction::{Change, LogChange, PreviousValue, RefEdit};
use gix::refs::{FullName, Target};
use std::io::{BufWriter, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

/// The files and metadata of a commit. Nothing exists at any of the paths.
pub struct NewFiles<'a> {
    pub files: &'a [(TreePath, File)],
    pub author: &'a Identity,
    /// The day of the commit, unless the commit before it is later.
    pub date: &'a Day,
    pub message: &'a str,
}

impl WorkTree {
    /// The ids that [`Self::commit`] gives. Nothing is stored.
    pub fn ids(&self, addition: &NewFiles<'_>) -> Result<Ids, WorkTreeError> {
        self.objects(addition, &mut |kind, bytes| ids::id_of(kind, bytes))
    }

    /// Adds the files to folder, index and branch, with one commit. Other changes, staged or not, stay as they are.
    ///
    /// The objects come first, then the files, the index and, last, the branch. A failure before the index removes the
    /// files again; a killed process leaves whole files, which the next call accepts as its own.
    ///
    /// # Errors
    /// [`WorkTreeError::Changed`] when the repository changed since the work tree was opened.
    pub fn commit(&self, addition: &NewFiles<'_>, stop: &AtomicBool) -> Result<Ids, WorkTreeError> {
        let lock = self.lock_index()?;
        // The lock keeps every other git from committing: what was read must still hold.
        let now = Self::open(&self.path)?;
        now.check_unchanged(self, addition)?;
        let odb = &now.repository.objects;
        let ids = now.objects(addition, &mut |kind, bytes| {
            odb.write_buf(kind, bytes)
                .map_err(|error| ObjectsError::Store(error.into()))
        })?;
        let mut added = RollbackGuard::new(DiskTree::open(&self.path)?);
        for (path, file) in addition.files {
            if stop.load(Ordering::Relaxed) {
                return Err(WorkTreeError::Stopped);
            }
            if now.disk.entry(path)? == DiskEntry::Absent {
                added.add(path, file)?;
            }
        }
        let lock = now.write_index_file(lock, &now.index_with(addition)?)?;
        let transaction = now.prepare_branch(ids.commit, addition.message)?;
        lock.commit()
            .map_err(|error| self.failed("write the index", error.error))?;
        added.keep();
        self.commit_branch(transaction, addition.author, now.seconds(addition))?;
        Ok(ids)
    }

    /// Locks the branch for its move to a commit.
    pub(super) fn prepare_branch(
        &self,
        commit: ObjectId,
        message: &str,
    ) -> Result<Transaction<'_, '_>, WorkTreeError> {
        let edit = self.ref_edit(commit, message);
        let transaction = self.repository.refs.transaction();
        transaction
            .prepare([edit], Fail::Immediately, Fail::Immediately)
            .map_err(WorkTreeError::git("lock the branch", &self.path))
    }

    /// Locks the branch of an empty repository for its first commit, and the notes if there is a note about it.
    pub(super) fn prepare_first(
        &self,
        commit: ObjectId,
        note: Option<ObjectId>,
        message: &str,
    ) -> Result<Transaction<'_, '_>, WorkTreeError> {
        let mut edits = vec![self.ref_edit(commit, message)];
        edits.extend(note.map(|note| RefEdit {
            change: Change::Update {
                log: LogChange::default(),
                expected: PreviousValue::MustNotExist,
                new: Target::Object(note),
            },
            name: FullName::try_from(NOTES_REF).expect("a reference name"),
            deref: false,
        }));
        let transaction = self.repository.refs.transaction();
        transaction
            .prepare(edits, Fail::Immediately, Fail::Immediately)
            .map_err(WorkTreeError::git("lock the branch", &self.path))
    }

    /// Moves the locked branch.
    pub(super) fn commit_branch(
        &self,
        transaction: Transaction<'_, '_>,
        author: &Identity,
        seconds: i64,
    ) -> Result<(), WorkTreeError> {
        let signature = ids::commit_signature(author, seconds);
        let mut time = gix::date::parse::TimeBuf::default();
        transaction
            .commit(signature.to_ref(&mut time))
            .map_err(WorkTreeError::git("move the branch", &self.path))?;
        Ok(())
    }

    pub(super) fn failed(
        &self,
        action: &'static str,
        error: impl Into<crate::tree::git_error::GixError>,
    ) -> WorkTreeError {
        WorkTreeError::git(action, &self.path)(error)
    }

    pub(super) fn lock_index(&self) -> Result<gix::lock::File, WorkTreeError> {
        let index = self.repository.index_path();
        gix::lock::File::acquire_to_update_resource(&index, Fail::Immediately, None, 0).map_err(
            |error| {
                if index.with_extension("lock").exists() {
                    let path = self.path.clone();
                    return WorkTreeError::Locked { path };
                }
                self.failed("lock the index", error)
            },
        )
    }

    /// Fails if the branch has moved since `before`, or an entry is now in the way of a file.
    fn check_unchanged(&self, before: &Self, addition: &NewFiles<'_>) -> Result<(), WorkTreeError> {
        let mut is_changed = (self.head, &self.branch) != (before.head, &before.branch);
        for (path, file) in addition.files {
            is_changed = is_changed || self.state(path, file)? != FileState::Absent;
        }
        if is_changed {
            let path = self.path.clone();
            return Err(WorkTreeError::Changed { path });
        }
        Ok(())
    }

    /// Gives every new object to `store`, leaves first.
    fn objects(
        &self,
        addition: &NewFiles<'_>,
        store: &mut StoreObject<'_>,
    ) -> Result<Ids, WorkTreeError> {
        let root = self.head.map(|head| head.tree);
        let files = addition.files.iter().map(|(path, file)| (path, Some(file)));
        let tree = edited::edit(&self.repository, root, files, store)?;
        let signature = ids::commit_signature(addition.author, self.seconds(addition));
        let parent = self.head.map(|head| head.commit);
        let bytes = ids::encode_commit(tree, parent, signature, addition.message, None)?;
        let commit = store(Kind::Commit, &bytes)?;
        Ok(Ids { tree, commit })
    }

    /// The time of the commit in seconds since 1970; not before that of the commit before it.
    fn seconds(&self, addition: &NewFiles<'_>) -> i64 {
        let before = self.head.map_or(i64::MIN, |head| head.seconds);
        addition.date.unix_seconds().max(before)
    }

    /// Writes an index into its lock file.
    pub(super) fn write_index_file(
        &self,
        lock: gix::lock::File,
        index: &gix::index::File,
    ) -> Result<gix::lock::File, WorkTreeError> {
        let mut out = BufWriter::new(lock);
        index
            .write_to(&mut out, gix::index::write::Options::default())
            .map_err(WorkTreeError::git("write the index", &self.path))?;
        out.flush()
            .map_err(WorkTreeError::git("write the index", &self.path))?;
        out.into_inner()
            .map_err(|error| self.failed("write the index", error.into_error()))
    }

    fn index_with(&self, addition: &NewFiles<'_>) -> Result<gix::index::File, ObjectsError> {
        let mut index = self.index.clone();
        for (path, file) in addition.files {
            if self.index.entry_by_path(path.as_str().into()).is_none() {
                let id = ids::id_of(Kind::Blob, &file.bytes)?;
                let mode = IndexMode::from(EntryMode::from(ids::kind_of(file.mode)));
                let path = path.as_str().into();
                index.dangerously_push_entry(Stat::default(), id, Flags::empty(), mode, path);
            }
        }
        index.sort_entries();
        // The cached ids of folders no longer match.
        index.remove_tree();
        Ok(index)
    }

    fn ref_edit(&self, commit: ObjectId, message: &str) -> RefEdit {
        let subject = message.lines().next().unwrap_or("");
        let (expected, kind) = match self.head {
            Some(head) => (
                PreviousValue::MustExistAndMatch(Target::Object(head.commit)),
                "commit",
            ),
            None => (PreviousValue::MustNotExist, "commit (initial)"),
        };
        RefEdit {
            change: Change::Update {
                log: LogChange {
                    message: format!("{kind}: {subject}").into(),
                    ..LogChange::default()
                },
                expected,
                new: Target::Object(commit),
            },
            // Through HEAD, so that its log gets a line too.
            name: FullName::try_from("HEAD").expect("a reference name"),
            deref: true,
        }
    }
}

/// Files added to the folder; removed again when dropped before [`Self::keep`].
struct RollbackGuard {
    disk: DiskTree,
    paths: Vec<TreePath>,
}

impl RollbackGuard {
    fn new(disk: DiskTree) -> Self {
        Self {
            disk,
            paths: Vec::new(),
        }
    }

    fn add(&mut self, path: &TreePath, file: &File) -> Result<(), TreeError> {
        self.disk.add(path, file)?;
        self.paths.push(path.clone());
        Ok(())
    }

    fn keep(mut self) {
        self.paths.clear();
    }
}

impl Drop for RollbackGuard {
    fn drop(&mut self) {
        for path in &self.paths {
            // The error that led here is the one that is reported.
            drop(self.disk.remove(path));
        }
    }
}
