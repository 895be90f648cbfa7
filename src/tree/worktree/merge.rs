//! Changes written to folder and index of a work tree without a commit, with conflicts as git leaves them after a merge.

use super::error::WorkTreeError;
use super::work_tree::WorkTree;
use crate::model::content::File;
use crate::model::path::TreePath;
use crate::tree::disk::{DiskEntry, DiskTree};
use crate::tree::edited::FileChanges;
use crate::tree::ids;
use crate::tree::{TreeError, TreeMut as _};
use gix::index::entry::{Flags, Mode as IndexMode, Stage, Stat};
use gix::objs::tree::EntryMode;
use gix::objs::{Kind, Write as _};
use std::collections::BTreeSet;

/// A text with markers around the lines that both sides changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkedFile {
    pub path: TreePath,
    pub marked: File,
    /// The file of the base, of the repository and of the plan: the stages 1, 2 and 3 of the index.
    pub versions: [File; 3],
}

impl WorkTree {
    /// Writes changes and marked files. Nothing at their paths may differ from the last commit; other changes stay.
    ///
    /// A failure writes the old files again. The branch does not move.
    ///
    /// # Errors
    /// [`WorkTreeError::Changed`] when the repository changed since the work tree was opened.
    pub fn write_pending(
        &self,
        changes: &FileChanges,
        marked: &[MarkedFile],
    ) -> Result<(), WorkTreeError> {
        let lock = self.lock_index()?;
        let now = Self::open(&self.path)?;
        let paths = changes.keys().chain(marked.iter().map(|file| &file.path));
        let mut is_changed = (now.head, &now.branch) != (self.head, &self.branch);
        for path in paths {
            is_changed = is_changed || now.uncommitted(path)?.is_some();
        }
        if is_changed {
            let path = self.path.clone();
            return Err(WorkTreeError::Changed { path });
        }
        let index = now.pending_index(changes, marked)?;
        let mut written = WrittenFiles::new(DiskTree::open(&self.path)?);
        // First, because a file may take the place of a folder whose files go.
        for (path, _) in changes.iter().filter(|(_, file)| file.is_none()) {
            written.set(path, None)?;
        }
        let new = changes
            .iter()
            .filter_map(|(path, file)| Some((path, file.as_ref()?)));
        let marked = marked.iter().map(|file| (&file.path, &file.marked));
        for (path, file) in new.chain(marked) {
            written.set(path, Some(file))?;
        }
        now.write_index_file(lock, &index)?
            .commit()
            .map_err(|error| self.failed("write the index", error.error))?;
        written.keep();
        Ok(())
    }

    /// The index with the changes staged and the marked files unmerged. Their objects are stored.
    fn pending_index(
        &self,
        changes: &FileChanges,
        marked: &[MarkedFile],
    ) -> Result<gix::index::File, WorkTreeError> {
        let mut index = self.index.clone();
        let replaced: BTreeSet<&[u8]> = changes
            .keys()
            .chain(marked.iter().map(|file| &file.path))
            .map(|path| path.as_str().as_bytes())
            .collect();
        index.remove_entries(|_, path, _| replaced.contains(path.as_ref() as &[u8]));
        let mut push = |path: &TreePath, file: &File, stage: Stage| {
            let id = self
                .repository
                .objects
                .write_buf(Kind::Blob, &file.bytes)
                .map_err(|error| self.failed("store a file", error))?;
            let mode = IndexMode::from(EntryMode::from(ids::kind_of(file.mode)));
            let flags = Flags::from_stage(stage);
            index.dangerously_push_entry(Stat::default(), id, flags, mode, path.as_str().into());
            Ok::<_, WorkTreeError>(())
        };
        for (path, file) in changes {
            if let Some(file) = file {
                push(path, file, Stage::Unconflicted)?;
            }
        }
        for MarkedFile { path, versions, .. } in marked {
            for (file, stage) in versions
                .iter()
                .zip([Stage::Base, Stage::Ours, Stage::Theirs])
            {
                push(path, file, stage)?;
            }
        }
        index.sort_entries();
        // The cached ids of folders no longer match.
        index.remove_tree();
        Ok(index)
    }
}

/// Files written to the folder; the old ones are written again when dropped before [`Self::keep`].
struct WrittenFiles {
    disk: DiskTree,
    old: Vec<(TreePath, DiskEntry)>,
}

impl WrittenFiles {
    fn new(disk: DiskTree) -> Self {
        Self {
            disk,
            old: Vec::new(),
        }
    }

    fn set(&mut self, path: &TreePath, file: Option<&File>) -> Result<(), TreeError> {
        self.old.push((path.clone(), self.disk.entry(path)?));
        match file {
            Some(file) => self.disk.write(path, file.clone()),
            None => self.disk.remove(path),
        }
    }

    fn keep(mut self) {
        self.old.clear();
    }
}

impl Drop for WrittenFiles {
    fn drop(&mut self) {
        for (path, entry) in std::mem::take(&mut self.old).into_iter().rev() {
            // The error that led here is the one that is reported.
            drop(match entry {
                DiskEntry::File(file) => self.disk.write(&path, file),
                DiskEntry::Absent => self.disk.remove(&path),
                DiskEntry::Unusable(_) => Ok(()),
            });
        }
    }
}
