//! A ledger in a file: one JSON line for each entry, flushed to the disk before `record` returns.

use super::ledger::{Ledger, LedgerEntry, LedgerError};
use async_trait::async_trait;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// A ledger file, locked by this process.
#[derive(Debug)]
pub struct FileLedger {
    file: File,
    path: PathBuf,
}

impl FileLedger {
    /// Creates the file. Fails if it exists.
    pub fn create(path: &Path) -> Result<Self, LedgerError> {
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create_new(true)
            .open(path)
            .map_err(storage(path, "created"))?;
        let ledger = Self::lock(file, path)?;
        // The name of the file must reach the disk as well.
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(storage(path, "created"))?;
        Ok(ledger)
    }

    /// Opens the file of an earlier run.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .open(path)
            .map_err(storage(path, "opened"))?;
        Self::lock(file, path)
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

    /// The complete lines. Removes an incomplete last line, which a crash left before its step was tried.
    fn complete_lines(&mut self) -> io::Result<String> {
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
        self.file
            .write_all(line.as_bytes())
            .and_then(|()| self.file.sync_all())
            .map_err(storage(&self.path, "written"))
    }

    async fn entries(&mut self) -> Result<Vec<LedgerEntry>, LedgerError> {
        let text = self.complete_lines().map_err(storage(&self.path, "read"))?;
        let parse = |(line, text)| {
            serde_json::from_str(text).map_err(|error: serde_json::Error| LedgerError::Damaged {
                line,
                message: error.to_string(),
            })
        };
        (1..).zip(text.lines()).map(parse).collect()
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
