//! Folders for repositories that are being built: one for each worker, and in it one for each attempt.

use crate::base::atomic_file;
use crate::store::lease::{Lease, WorkerId};
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The folder of one worker process. A lock on a file in it shows that the process is alive.
pub struct Workspace {
    folder: PathBuf,
    _lock: File,
}

const LOCK: &str = "lock";

impl Workspace {
    /// Creates the folder `runs/<worker>` below `state` and removes the folders of dead workers.
    pub fn open(state: &Path, worker: &WorkerId) -> io::Result<Self> {
        let runs = state.join("runs");
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&runs)?;
        remove_dead(&runs)?;
        // Locked before it is renamed, so that no other worker takes it for the folder of a dead one.
        let fresh = private_dir(&runs, ".new-")?;
        let lock = File::create_new(fresh.path().join(LOCK))?;
        lock.try_lock()?;
        let folder = runs.join(worker.as_str());
        fs::rename(fresh.path(), &folder)?;
        Ok(Self {
            folder,
            _lock: lock,
        })
    }

    /// A private folder for one attempt, removed when it is dropped.
    pub fn attempt_dir(&self, lease: &Lease) -> io::Result<TempDir> {
        private_dir(
            &self.folder,
            &format!("{}-{}-", lease.run, lease.generation),
        )
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        // A folder that cannot be removed now is removed by the next worker.
        if let Err(error) = atomic_file::remove(&self.folder) {
            tracing::debug!("the worker's folder was not removed: {error}");
        }
    }
}

fn private_dir(parent: &Path, prefix: &str) -> io::Result<TempDir> {
    tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o700))
        .prefix(prefix)
        .tempdir_in(parent)
}

/// Removes the folders whose lock is free.
fn remove_dead(runs: &Path) -> io::Result<()> {
    for entry in fs::read_dir(runs)? {
        let path = entry?.path();
        let Ok(lock) = File::open(path.join(LOCK)) else {
            continue;
        };
        if lock.try_lock().is_ok() {
            atomic_file::remove(&path)?;
        }
    }
    Ok(())
}
