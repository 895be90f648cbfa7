//! Folders for what is built: one of this worker's own, one in it for each attempt, none left behind.

use crate::base::atomic_file;
use crate::store::lease::{Lease, WorkerId};
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The folder of one worker process. A lock on a file in it says that the process lives.
pub struct Workspace {
    folder: PathBuf,
    _lock: File,
}

const LOCK: &str = "lock";

impl Workspace {
    /// Makes the folder `runs/<worker>` below `state`, and removes those of workers that are gone.
    pub fn open(state: &Path, worker: &WorkerId) -> io::Result<Self> {
        let runs = state.join("runs");
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&runs)?;
        sweep(&runs)?;
        // Locked before it gets its name, so that nobody takes it for one that was left.
        let fresh = tempfile::Builder::new()
            .permissions(fs::Permissions::from_mode(0o700))
            .prefix(".new-")
            .tempdir_in(&runs)?;
        let lock = File::create_new(fresh.path().join(LOCK))?;
        lock.try_lock()?;
        let folder = runs.join(worker.as_str());
        fs::rename(fresh.path(), &folder)?;
        Ok(Self {
            folder,
            _lock: lock,
        })
    }

    /// A private folder for one attempt, which goes away by itself.
    pub fn room(&self, lease: &Lease) -> io::Result<TempDir> {
        let name = format!("{}-{}-", lease.run, lease.generation);
        tempfile::Builder::new()
            .permissions(fs::Permissions::from_mode(0o700))
            .prefix(&name)
            .tempdir_in(&self.folder)
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next worker.
        drop(atomic_file::remove(&self.folder));
    }
}

/// Removes the folders of workers that are gone.
fn sweep(runs: &Path) -> io::Result<()> {
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
