//! The lock of one mirror, for one process at a time and the git it started.

use super::MirrorError;
use super::place::MirrorPath;
use crate::base::clock;
use crate::base::process::POLL;
use crate::git::{GitAccess, GitError};
use rustix::fs::OFlags;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::thread;

/// A locked file. The lock ends when the file is closed here and in the git that inherited it.
pub(super) struct Lock(File);

impl Lock {
    /// Waits for the lock, for the time of two fetches at most.
    pub(super) fn take(mirror: &MirrorPath, access: &GitAccess<'_>) -> Result<Self, MirrorError> {
        let limit = access.git.timeout() * 2;
        let started = clock::instant();
        loop {
            if let Some(lock) = Self::try_take(mirror)? {
                return Ok(lock);
            }
            if access.stop.load(Ordering::Relaxed) {
                return Err(MirrorError::Git {
                    error: GitError::Stopped,
                    older: None,
                });
            }
            if clock::instant().duration_since(started) > limit {
                return Err(MirrorError::Busy {
                    path: mirror.git_dir(),
                });
            }
            thread::sleep(POLL);
        }
    }

    /// The lock; `None` while another process has it.
    pub(super) fn try_take(mirror: &MirrorPath) -> Result<Option<Self>, MirrorError> {
        create_folder(mirror.folder())?;
        let path = mirror.lock();
        let failed = || MirrorError::io("lock", &path);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(&path)
            .map_err(failed())?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(failed()(error)),
        }
        // A prune removes the lock file last: then this lock excludes no other process, and the next try creates a new file.
        let is_current = match path.symlink_metadata() {
            Ok(there) => there.ino() == file.metadata().map_err(failed())?.ino(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(failed()(error)),
        };
        Ok(is_current.then_some(Self(file)))
    }

    pub(super) fn file(&self) -> &File {
        &self.0
    }
}

/// Creates the folder of all mirrors, for this user only: templates may be private.
fn create_folder(folder: &Path) -> Result<(), MirrorError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    match folder.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(MirrorError::NotOurs {
            path: folder.to_owned(),
        }),
        Err(error) => Err(MirrorError::io("create", folder)(
            made.err().unwrap_or(error),
        )),
    }
}
