//! The list of all mirrors.

use super::place::MirrorPath;
use super::record::MirrorRecord;
use super::{MirrorError, Mirrors, repository};
use crate::model::digest::GitId;
use crate::model::ref_name::RefName;
use crate::model::remote::RemoteUrl;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// One mirror.
pub struct MirrorInfo {
    /// The name of its entries without their endings.
    pub name: String,
    /// The address, unless the record is missing or damaged.
    pub url: Option<RemoteUrl>,
    pub state: MirrorState,
    pub references: Vec<MirrorRef>,
    pub bytes: u64,
}

/// The state of the repository of a mirror.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MirrorState {
    Whole,
    Broken,
    /// It is fetched at the next request.
    Absent,
}

/// One reference of a mirror.
pub struct MirrorRef {
    pub name: RefName,
    pub commit: Option<GitId>,
    pub asked: Option<SystemTime>,
    pub is_kept: bool,
}

impl Mirrors {
    /// All mirrors, by name.
    pub fn list(&self) -> Result<Vec<MirrorInfo>, MirrorError> {
        self.mirrors()?.iter().map(info).collect()
    }

    pub(super) fn mirrors(&self) -> Result<Vec<MirrorPath>, MirrorError> {
        let mut mirrors = BTreeMap::new();
        for name in self.entries()? {
            if let Some(mirror) = MirrorPath::of_entry(&self.folder, &name) {
                mirrors.insert(mirror.stem().to_owned(), mirror);
            }
        }
        Ok(mirrors.into_values().collect())
    }

    /// The names in the folder of all mirrors; none when the folder does not exist.
    fn entries(&self) -> Result<Vec<String>, MirrorError> {
        let failed = || MirrorError::io("read", &self.folder);
        match self.folder.symlink_metadata() {
            Err(error) if is_absence(&error) => return Ok(Vec::new()),
            Err(error) => return Err(failed()(error)),
            Ok(metadata) if !metadata.is_dir() => {
                return Err(MirrorError::NotOurs {
                    path: self.folder.clone(),
                });
            }
            Ok(_) => {}
        }
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(failed())? {
            names.extend(entry.map_err(failed())?.file_name().into_string().ok());
        }
        Ok(names)
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn info(mirror: &MirrorPath) -> Result<MirrorInfo, MirrorError> {
    let record = MirrorRecord::read(mirror);
    let git_dir = mirror.git_dir();
    let mut is_broken = repository::exists(&git_dir) && record.url.is_none();
    let mut references = Vec::new();
    for name in record.references() {
        let commit = repository::lookup(&git_dir, name).unwrap_or_else(|_| {
            is_broken = true;
            None
        });
        references.push(MirrorRef {
            commit,
            asked: record.asked(name),
            is_kept: record.kept.contains(name),
            name: name.clone(),
        });
    }
    Ok(MirrorInfo {
        name: mirror.stem().to_owned(),
        url: record.url,
        state: match (is_broken, repository::exists(&git_dir)) {
            (true, _) => MirrorState::Broken,
            (false, true) => MirrorState::Whole,
            (false, false) => MirrorState::Absent,
        },
        references,
        bytes: size(&git_dir)?,
    })
}

/// The bytes of all files below a folder. Files that are removed meanwhile count nothing.
fn size(folder: &Path) -> Result<u64, MirrorError> {
    let mut bytes = 0;
    let mut open: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let entries = match fs::read_dir(&folder) {
            Err(error) if is_absence(&error) => continue,
            other => other.map_err(MirrorError::io("read", &folder))?,
        };
        for entry in entries.flatten() {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => open.push(entry.path()),
                Ok(metadata) => bytes += metadata.len(),
                Err(_) => {}
            }
        }
    }
    Ok(bytes)
}
