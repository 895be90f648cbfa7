//! The file of a SQLite database: a connection to a file that was deleted or replaced reads and writes what no other program
//! sees.

use super::address::DatabaseUrl;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The file that connections were opened to last. Without a path, for Postgres, every connection is to the same database.
#[derive(Clone, Debug)]
pub(super) struct SqliteFile {
    path: Option<PathBuf>,
    opened: Arc<Mutex<Option<SeenFile>>>,
}

#[derive(Clone, Copy, Debug)]
struct SeenFile {
    identity: Identity,
    /// The time at which this file was seen first.
    since: Instant,
}

/// Device and inode.
type Identity = (u64, u64);

impl SqliteFile {
    pub(super) fn of(address: &DatabaseUrl) -> Self {
        Self {
            path: address.file(),
            opened: Arc::default(),
        }
    }

    /// Records that a connection was opened.
    pub(super) fn opened(&self) {
        let Some(identity) = self.identity() else {
            return;
        };
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if opened.is_none_or(|opened| opened.identity != identity) {
            *opened = Some(SeenFile {
                identity,
                since: Instant::now(),
            });
        }
    }

    /// True if the path names the file that was opened last.
    pub(super) fn is_same(&self) -> bool {
        self.is_same_since(Duration::ZERO)
    }

    /// True if the path names the file that a connection of this age was opened to.
    pub(super) fn is_same_since(&self, age: Duration) -> bool {
        if self.path.is_none() {
            return true;
        }
        let opened = *self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        opened
            .zip(self.identity())
            .is_some_and(|(opened, identity)| {
                opened.identity == identity && age <= opened.since.elapsed()
            })
    }

    /// The identity of the file that the path names now.
    pub(super) fn identity(&self) -> Option<Identity> {
        let metadata = fs::metadata(self.path.as_ref()?).ok()?;
        Some((metadata.dev(), metadata.ino()))
    }
}
