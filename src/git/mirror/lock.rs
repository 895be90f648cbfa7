//! The right to change one mirror, held by one process at a time, and by the git it started.

use super::MirrorError;
use super::place::MirrorPath;
use crate::git::{GitAccess, GitError, clock};
use rustix::fs::OFlags;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A lock that ends when the file is closed: here, and in a git that outlives this process.
pub(super) struct Lock(File);

impl Lock {
    /// Waits for the lock: for as long as another process may need to fetch, and one more of those before it.
    pub(super) fn take(place: &MirrorPath, access: &GitAccess<'_>) -> Result<Self, MirrorError> {
        let limit = access.git.timeout() * 2;
        let begun = clock::instant();
        loop {
            if let Some(lock) = Self::try_take(place)? {
                return Ok(lock);
            }
            if access.stop.load(Ordering::Relaxed) {
                return Err(MirrorError::Git {
                    error: GitError::Stopped,
                    older: None,
                });
            }
            if clock::instant().duration_since(begun) > limit {
                return Err(MirrorError::Busy {
                    path: place.git_dir(),
                });
            }
            thread::sleep(LOOK_EVERY);
        }
    }

    /// The lock, unless another process holds it.
    pub(super) fn try_take(place: &MirrorPath) -> Result<Option<Self>, MirrorError> {
        make_folder(place.folder())?;
        let path = place.lock();
        let fail = || MirrorError::io("lock", &path);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(&path)
            .map_err(fail())?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(fail()(error)),
        }
        // Whoever prunes removes the lock last: then this one locks nobody out, and the next turn makes a new one.
        let is_current = match path.symlink_metadata() {
            Ok(there) => there.ino() == file.metadata().map_err(fail())?.ino(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(fail()(error)),
        };
        Ok(is_current.then_some(Self(file)))
    }

    pub(super) fn file(&self) -> &File {
        &self.0
    }
}

/// Makes the folder of all mirrors, for this user only: templates may be private.
fn make_folder(folder: &Path) -> Result<(), MirrorError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    match folder.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(MirrorError::NotOurs {
            path: folder.to_owned(),
        }),
        Err(error) => Err(MirrorError::io("make", folder)(made.err().unwrap_or(error))),
    }
}
