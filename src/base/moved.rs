//! Files and folders that are moved to another folder together, or not at all.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Moved entries; moved back when dropped before [`Self::keep`].
#[derive(Default)]
pub struct MovedEntries {
    /// Old and new place of each, in the order of the moves.
    places: Vec<(PathBuf, PathBuf)>,
}

impl MovedEntries {
    /// Moves an entry. Fails when there is one at its new place.
    pub fn take(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        if to.symlink_metadata().is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        fs::rename(from, to)?;
        self.places.push((from.to_owned(), to.to_owned()));
        Ok(())
    }

    /// Moves all entries of a folder except those with the names `left`. The new folder is created if it is missing.
    pub fn take_all(&mut self, from: &Path, to: &Path, left: &[&str]) -> io::Result<()> {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let name = entry?.file_name();
            if !left.iter().any(|left| name == *left) {
                self.take(&from.join(&name), &to.join(&name))?;
            }
        }
        Ok(())
    }

    /// Leaves the entries at their new places.
    pub fn keep(mut self) {
        self.places.clear();
    }
}

impl Drop for MovedEntries {
    fn drop(&mut self) {
        for (from, to) in self.places.drain(..).rev() {
            if let Err(error) = fs::rename(&to, &from) {
                tracing::warn!(path = %to.display(), %error, "cannot move an entry back");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for file in files {
            fs::write(folder.path().join(file), file).expect("written");
        }
        folder
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name().into_string())
            .collect::<Result<_, _>>()
            .expect("names");
        names.sort();
        names
    }

    #[test]
    fn entries_are_moved_back_unless_they_are_kept() {
        let (from, to) = (folder(&["a", "b", "c"]), folder(&[]));
        let mut moved = MovedEntries::default();
        moved
            .take_all(from.path(), to.path(), &["c"])
            .expect("moved");
        assert_eq!(names(to.path()), ["a", "b"]);
        drop(moved);
        assert_eq!(names(from.path()), ["a", "b", "c"]);
        let mut moved = MovedEntries::default();
        moved.take_all(from.path(), to.path(), &[]).expect("moved");
        moved.keep();
        assert_eq!(names(to.path()), ["a", "b", "c"]);
    }

    #[test]
    fn an_entry_in_the_way_stays_and_nothing_has_moved() {
        let (from, to) = (folder(&["a", "b", "c"]), folder(&["b"]));
        let mut moved = MovedEntries::default();
        let error = moved.take_all(from.path(), to.path(), &[]);
        assert_eq!(
            error.expect_err("refused").kind(),
            io::ErrorKind::AlreadyExists
        );
        drop(moved);
        assert_eq!(names(from.path()), ["a", "b", "c"]);
        assert_eq!(names(to.path()), ["b"]);
    }
}
