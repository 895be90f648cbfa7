//! Files and folders that are replaced or removed in one step: no reader sees half of one.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Creates or replaces a file, readable by its user only. Its folder must exist.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut beside = tempfile::NamedTempFile::new_in(folder_of(path))?;
    beside.write_all(bytes)?;
    beside.persist(path)?;
    Ok(())
}

/// Replaces an existing file, and keeps its mode.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mode = fs::metadata(path)?.permissions();
    let mut beside = tempfile::NamedTempFile::new_in(folder_of(path))?;
    beside.write_all(bytes)?;
    beside.as_file().set_permissions(mode)?;
    beside.persist(path)?;
    Ok(())
}

/// Creates a file, readable by its user only. False, and nothing is written, when it exists. Its folder must exist.
pub fn create(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    let mut beside = tempfile::NamedTempFile::new_in(folder_of(path))?;
    beside.write_all(bytes)?;
    beside.as_file().sync_all()?;
    match beside.persist_noclobber(path) {
        Ok(_) => Ok(true),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error.error),
    }
}

/// Creates or replaces a file by way of the file `beside`, readable by its user only.
///
/// For callers that hold a lock and clear the leftovers of processes that died. Fails when `beside` exists.
pub fn write_through(beside: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(beside)?
        .write_all(bytes)?;
    fs::rename(beside, path)
}

/// Removes a file, a link or a folder with its contents; true if there was one.
///
/// It is moved into a hidden folder beside it first, so that half of it never exists under its name.
pub fn remove(path: &Path) -> io::Result<bool> {
    let grave = tempfile::Builder::new()
        .prefix(".groundplan-")
        .tempdir_in(folder_of(path))?;
    let is_there = match fs::rename(path, grave.path().join("removed")) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(error),
    };
    grave.close()?;
    Ok(is_there)
}

/// Removes a file, a link or a folder with its contents in place; nothing happens when there is none.
///
/// For callers that hold a lock and know how to clear half of a folder. No link is followed.
#[expect(
    clippy::disallowed_methods,
    reason = "the folders of a cache, which can be fetched again"
)]
pub fn remove_in_place(path: &Path) -> io::Result<()> {
    let removed = match path.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .expect("a folder")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .into_string()
                    .expect("a name")
            })
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        write(&path, b"1").expect("written");
        write_through(&folder.path().join("b"), &path, b"22").expect("written");
        assert_eq!(fs::read(&path).expect("a file"), b"22");
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[test]
    fn a_file_of_another_process_is_not_written_through() {
        let folder = tempfile::tempdir().expect("a folder");
        let (beside, path) = (folder.path().join("b"), folder.path().join("a"));
        write(&beside, b"theirs").expect("written");
        let error = write_through(&beside, &path, b"ours").expect_err("it exists");
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(names(folder.path()), ["b"]);
    }

    #[test]
    fn a_folder_is_removed_with_its_contents_and_an_absent_one_is_no_error() {
        for in_place in [false, true] {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("a");
            fs::create_dir_all(path.join("b/c")).expect("folders");
            let remove_it = |path: &Path| {
                if in_place {
                    remove_in_place(path).map(|()| path.exists())
                } else {
                    remove(path).map(|_| path.exists())
                }
            };
            assert!(!remove_it(&path).expect("removed"));
            assert!(!remove_it(&path).expect("nothing to remove"));
            assert_eq!(names(folder.path()), [""; 0]);
        }
    }
}
