//! A ledger in a file: one JSON line per entry, on the disk before anything is done about it.

use super::ledger::{Ledger, LedgerEntry, LedgerError};
use async_trait::async_trait;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// A file that one process at a time works with.
#[derive(Debug)]
pub struct FileLedger {
    file: File,
    path: PathBuf,
}

impl FileLedger {
    /// A new file, which must not be there yet.
    pub fn create(path: &Path) -> Result<Self, LedgerError> {
        let mut options = OpenOptions::new();
        let opened = options.read(true).append(true).create_new(true).open(path);
        let ledger = Self::lock(opened.map_err(storage(path, "created"))?, path)?;
        // The file's name has to reach the disk as well.
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = File::open(folder.unwrap_or(Path::new(".")));
        folder
            .and_then(|folder| folder.sync_all())
            .map_err(storage(path, "created"))?;
        Ok(ledger)
    }

    /// The file of an earlier run.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let opened = OpenOptions::new().read(true).append(true).open(path);
        Self::lock(opened.map_err(storage(path, "opened"))?, path)
    }

    fn lock(file: File, path: &Path) -> Result<Self, LedgerError> {
        match file.try_lock() {
            Ok(()) => Ok(Self {
                file,
                path: path.to_owned(),
            }),
            Err(TryLockError::WouldBlock) => Err(LedgerError::Locked {
                ledger: path.display().to_string(),
            }),
            Err(TryLockError::Error(error)) => Err(storage(path, "locked")(error)),
        }
    }

    /// The text without a last line that a crash cut short; nothing was done about that one.
    fn whole_lines(&mut self) -> std::io::Result<String> {
        let mut text = String::new();
        self.file.seek(SeekFrom::Start(0))?;
        self.file.read_to_string(&mut text)?;
        let end = text.rfind('\n').map_or(0, |at| at + 1);
        if end < text.len() {
            text.truncate(end);
            self.file.set_len(end as u64)?;
        }
        Ok(text)
    }
}

#[async_trait]
impl Ledger for FileLedger {
    async fn record(&mut self, entry: &LedgerEntry) -> Result<(), LedgerError> {
        let mut line = serde_json::to_string(entry).map_err(storage(&self.path, "written"))?;
        line.push('\n');
        let written = self
            .file
            .write_all(line.as_bytes())
            .and_then(|()| self.file.sync_all());
        written.map_err(storage(&self.path, "written"))
    }

    async fn entries(&mut self) -> Result<Vec<LedgerEntry>, LedgerError> {
        let text = self.whole_lines().map_err(storage(&self.path, "read"))?;
        let parse = |(at, line)| {
            serde_json::from_str(line).map_err(|error: serde_json::Error| LedgerError::Damaged {
                line: at + 1,
                message: error.to_string(),
            })
        };
        text.lines().enumerate().map(parse).collect()
    }
}

fn storage<E: ToString>(path: &Path, action: &'static str) -> impl FnOnce(E) -> LedgerError {
    let ledger = path.display().to_string();
    move |error| LedgerError::Storage {
        ledger,
        action,
        message: error.to_string(),
    }
}
