//! Free and used space of disks and folders.

use std::fs;
use std::io;
use std::path::Path;

/// The space of the file system of a folder, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskSpace {
    /// In use by files of all users.
    pub used: u64,
    /// Free for this user: a file system may reserve a part for others.
    pub free: u64,
}

impl DiskSpace {
    /// The space of the file system that a folder is on.
    pub fn of(folder: &Path) -> io::Result<Self> {
        let found = rustix::fs::statvfs(folder)?;
        Ok(Self {
            used: found
                .f_blocks
                .saturating_sub(found.f_bfree)
                .saturating_mul(found.f_frsize),
            free: found.f_bavail.saturating_mul(found.f_frsize),
        })
    }

    /// The bytes in use or free for this user.
    pub fn total(self) -> u64 {
        self.used.saturating_add(self.free).max(1)
    }

    /// The used part of the total, in whole percent.
    pub fn used_percent(self) -> u64 {
        self.used.saturating_mul(100) / self.total()
    }
}

/// The folder itself, or the nearest folder above that exists.
pub fn nearest_existing(folder: &Path) -> &Path {
    let mut above = folder.ancestors();
    above.find(|path| path.exists()).unwrap_or(Path::new("/"))
}

/// The bytes of all files below a folder. Links are not followed, and files that are removed meanwhile count nothing.
pub fn used_below(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    let size = |entry: io::Result<fs::DirEntry>| -> Option<u64> {
        let entry = entry.ok()?;
        let found = entry.metadata().ok()?;
        Some(if found.is_dir() {
            used_below(&entry.path())
        } else {
            found.len()
        })
    };
    entries.filter_map(size).sum()
}
