//! A tree in a folder of the disk, through a directory handle: no path is resolved twice and no link is followed.

mod entry;
mod scan;
mod write_all;

use super::inventory::Inventory;
use super::limits::MAX_FILE;
use super::listing::{FileInfo, Listing};
use super::{At as _, Tree, TreeError, TreeMut};
use crate::model::content::File;
use crate::model::path::TreePath;
use cap_fs_ext::DirExt as _;
use cap_std::ambient_authority;
use cap_std::fs::{Dir, Metadata};
use entry::{create_file, free_name, mode_of, not_utf8, read_file, replace_file};
pub use scan::{Scan, scan};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
pub(super) use write_all::write_all;

/// The files below a folder. `.git` at its top is not part of the tree.
pub struct DiskTree {
    root: Dir,
    path: PathBuf,
}

/// The entry of the disk at a path of a tree.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum DiskEntry {
    Absent,
    /// A file, or a symbolic link.
    File(File),
    /// An entry that cannot be a file of a tree, described in words.
    Unusable(String),
}

impl DiskTree {
    /// The tree in an existing folder.
    pub fn open(folder: &Path) -> Result<Self, TreeError> {
        let root =
            Dir::open_ambient_dir(folder, ambient_authority()).at("open", || folder.to_owned())?;
        Ok(Self {
            root,
            path: folder.to_owned(),
        })
    }

    /// The entry at a path. No link is followed.
    pub(super) fn entry(&self, path: &TreePath) -> Result<DiskEntry, TreeError> {
        self.find(path).at("read", || self.full(path))
    }

    fn find(&self, path: &TreePath) -> io::Result<DiskEntry> {
        let mut dir = self.root.try_clone()?;
        for folder in path.folders() {
            let name = folder.rsplit('/').next().unwrap_or(folder);
            let unusable = |kind| Ok(DiskEntry::Unusable(format!("`{folder}` is {kind}")));
            match metadata(&dir, name)? {
                None => return Ok(DiskEntry::Absent),
                Some(found) if found.is_symlink() => return unusable("a symbolic link"),
                Some(found) if !found.is_dir() => return unusable("a file"),
                Some(_) => dir = dir.open_dir_nofollow(name)?,
            }
            if dir.symlink_metadata(".git").is_ok() {
                return unusable("a separate git repository");
            }
        }
        let name = path.file_name();
        let Some(found) = metadata(&dir, name)? else {
            return Ok(DiskEntry::Absent);
        };
        if found.is_dir() {
            return Ok(DiskEntry::Unusable(format!("`{path}` is a folder")));
        }
        if !found.is_file() && !found.is_symlink() || found.len() > MAX_FILE {
            let message = format!("`{path}` is a special file or larger than {MAX_FILE} bytes");
            return Ok(DiskEntry::Unusable(message));
        }
        read_file(&dir, name, &found).map(DiskEntry::File)
    }

    /// Creates a file, whole or not at all. Fails if an entry was created at the path meanwhile.
    pub(super) fn add(&self, path: &TreePath, file: &File) -> Result<(), TreeError> {
        let dir = self.create_parent(path)?;
        let name = path.file_name();
        let add = || {
            let beside = free_name(&dir);
            create_file(&dir, &beside, file)?;
            let linked = dir.hard_link(&beside, &dir, name);
            dir.remove_file(&beside)?;
            match linked {
                // A file system without hard links.
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    create_file(&dir, name, file)
                }
                linked => linked,
            }
        };
        add().at("write", || self.full(path))
    }

    fn full(&self, path: &TreePath) -> PathBuf {
        self.path.join(path.as_str())
    }

    /// The folder that contains a path; `None` when it is missing, or a file or link is in its place.
    fn parent(&self, path: &TreePath) -> Result<Option<Dir>, TreeError> {
        let open = || {
            let mut dir = self.root.try_clone()?;
            for segment in folder_names(path) {
                dir = match dir.open_dir_nofollow(segment) {
                    Ok(next) => next,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                    Err(_) if is_no_folder(&dir, segment) => return Ok(None),
                    Err(error) => return Err(error),
                };
            }
            Ok(Some(dir))
        };
        open().at("open", || self.full(path))
    }

    /// The folder that contains a path, created with the folders above it where it is missing.
    fn create_parent(&self, path: &TreePath) -> Result<Dir, TreeError> {
        let mut dir = self.root.try_clone().at("open", || self.full(path))?;
        for segment in folder_names(path) {
            let opened = match dir.open_dir_nofollow(segment) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    dir.create_dir(segment)
                        .at("create a folder for", || self.full(path))?;
                    dir.open_dir_nofollow(segment)
                }
                Err(_) if is_no_folder(&dir, segment) => {
                    return Err(TreeError::Blocked {
                        path: path.clone(),
                        by: segment.to_owned(),
                    });
                }
                opened => opened,
            };
            dir = opened.at("open", || self.full(path))?;
        }
        Ok(dir)
    }

    fn list_all(&self) -> io::Result<BTreeMap<TreePath, FileInfo>> {
        let mut files = BTreeMap::new();
        let mut open = vec![String::new()];
        while let Some(prefix) = open.pop() {
            let dir = open_below(&self.root, &prefix)?;
            for entry in dir.entries()? {
                let file_name = entry?.file_name();
                let name = file_name.to_str().ok_or_else(not_utf8)?;
                if prefix.is_empty() && name == ".git" {
                    continue;
                }
                let path = format!("{prefix}{name}");
                let metadata = dir.symlink_metadata(name)?;
                if metadata.is_dir() {
                    open.push(format!("{path}/"));
                    continue;
                }
                let info = FileInfo {
                    mode: mode_of(&metadata),
                    size: metadata.len(),
                };
                files.insert(TreePath::parse(&path).map_err(io::Error::other)?, info);
            }
        }
        Ok(files)
    }
}

/// The names of the folders above a path, from the top.
fn folder_names(path: &TreePath) -> impl Iterator<Item = &str> {
    path.folders()
        .map(|folder| folder.rsplit('/').next().unwrap_or(folder))
}

/// A folder below a root, opened step by step so that no link is followed.
///
/// Folders that are still to be read are kept by path, not as handles: a process may open only few at once.
fn open_below(root: &Dir, folder: &str) -> io::Result<Dir> {
    folder
        .split('/')
        .filter(|segment| !segment.is_empty())
        .try_fold(root.try_clone()?, |dir, segment| {
            dir.open_dir_nofollow(segment)
        })
}

/// The metadata of an entry, not of the target of a link; `None` when there is no entry.
fn metadata(dir: &Dir, name: &str) -> io::Result<Option<Metadata>> {
    match dir.symlink_metadata(name) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_no_folder(dir: &Dir, name: &str) -> bool {
    dir.symlink_metadata(name)
        .is_ok_and(|metadata| !metadata.is_dir())
}

impl Tree for DiskTree {
    fn read(&self, path: &TreePath) -> Result<Option<File>, TreeError> {
        let Some(dir) = self.parent(path)? else {
            return Ok(None);
        };
        let read = || match metadata(&dir, path.file_name())? {
            Some(found) if !found.is_dir() => read_file(&dir, path.file_name(), &found).map(Some),
            _ => Ok(None),
        };
        read().at("read", || self.full(path))
    }

    fn list(&self) -> Result<Listing, TreeError> {
        let files = self.list_all().at("list", || self.path.clone())?;
        let inventory = Inventory::of_files(files.iter().map(|(path, info)| (path, *info)));
        Ok(Listing::of(Arc::new(inventory)))
    }
}

impl TreeMut for DiskTree {
    fn write(&mut self, path: &TreePath, file: File) -> Result<(), TreeError> {
        let dir = self.create_parent(path)?;
        let name = path.file_name();
        if dir
            .symlink_metadata(name)
            .is_ok_and(|metadata| metadata.is_dir())
        {
            return Err(TreeError::Blocked {
                path: path.clone(),
                by: format!("{path}/"),
            });
        }
        replace_file(&dir, name, &file).at("write", || self.full(path))
    }

    fn remove(&mut self, path: &TreePath) -> Result<(), TreeError> {
        let Some(dir) = self.parent(path)? else {
            return Ok(());
        };
        let name = path.file_name();
        let remove = || match metadata(&dir, name)? {
            Some(found) if !found.is_dir() => dir.remove_file(name).map(|()| true),
            _ => Ok(false),
        };
        if remove().at("remove", || self.full(path))? {
            let folders: Vec<&str> = path.folders().collect();
            for folder in folders.into_iter().rev() {
                // A folder that is not empty stays, and so do those above it.
                if self.root.remove_dir(folder).is_err() {
                    break;
                }
            }
        }
        Ok(())
    }
}
