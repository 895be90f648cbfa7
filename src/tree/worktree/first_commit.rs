//! The first commit of an empty clone: a repository that was built beside it is moved into it.

use super::error::WorkTreeError;
use super::work_tree::WorkTree;
use crate::base::moved::MovedEntries;
use crate::tree::ids::FirstCommit;
use gix::ObjectId;
use std::fs;
use std::io::Write as _;
use std::path::Path;

impl WorkTree {
    /// True for a repository without a commit, a reference to an object, and any file in the folder or the index.
    pub fn is_empty_clone(&self) -> Result<bool, WorkTreeError> {
        if self.head.is_some() || !self.index.entries().is_empty() {
            return Ok(false);
        }
        let reading = |error| self.failed("read the files", error);
        for entry in fs::read_dir(&self.path).map_err(reading)? {
            if entry.map_err(reading)?.file_name() != ".git" {
                return Ok(false);
            }
        }
        let references = self
            .repository
            .references()
            .map_err(WorkTreeError::git("read the references", &self.path))?;
        for read in references
            .all()
            .map_err(WorkTreeError::git("read the references", &self.path))?
        {
            let found = read.map_err(WorkTreeError::git("read the references", &self.path))?;
            // A symbolic reference may name a branch that does not exist yet, as HEAD does.
            if found.target().try_id().is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// True if the repository knows another one.
    pub fn has_remote(&self) -> bool {
        !self.repository.remote_names().is_empty()
    }

    /// Moves objects, files and index of a repository into this empty one, and points its branch to the commit. Nothing
    /// else in the git folder changes, and a failure moves everything back.
    ///
    /// # Errors
    /// [`WorkTreeError::Changed`] when this repository is no longer empty.
    pub fn adopt(
        &self,
        built: &Path,
        commit: ObjectId,
        note: Option<ObjectId>,
        first: &FirstCommit,
    ) -> Result<(), WorkTreeError> {
        let mut lock = self.lock_index()?;
        // The lock keeps every other git from committing: what was read must still be true.
        let now = Self::open(&self.path)?;
        if now.branch != self.branch || !now.is_empty_clone()? {
            let path = self.path.clone();
            return Err(WorkTreeError::Changed { path });
        }
        let index = fs::read(built.join(".git/index"))
            .map_err(WorkTreeError::git("read the new index", &self.path))?;
        lock.write_all(&index)
            .map_err(WorkTreeError::git("write the index", &self.path))?;
        let transaction = now.prepare_first(commit, note, &first.message)?;
        let mut moved = MovedEntries::default();
        let objects = self.repository.common_dir().join("objects/pack");
        moved
            .take_all(&built.join(".git/objects/pack"), &objects, &[])
            .and_then(|()| moved.take_all(built, &self.path, &[".git"]))
            .map_err(WorkTreeError::git("move the files", &self.path))?;
        lock.commit()
            .map_err(|error| self.failed("write the index", error.error))?;
        moved.keep();
        self.commit_branch(transaction, &first.author, first.date.unix_seconds())
    }
}
