//! A tree in a folder of the disk, through a directory handle: no path is resolved twice and no link is followed.

use super::inventory::Inventory;
use super::listing::{FileInfo, Listing};
use super::validate::{MAX_DEPTH, MAX_ENTRIES, MAX_FILE, MAX_TOTAL, cut, limit, refuse};
use super::{Tree, TreeError, TreeMut};
use crate::model::content::Files;
use crate::model::content::{File, Mode};
use crate::model::diagnostic::Diagnostic;
use crate::model::path::TreePath;
use cap_fs_ext::{DirExt as _, FollowSymlinks, OpenOptionsFollowExt as _, OpenOptionsSyncExt as _};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, Metadata, OpenOptions, OpenOptionsExt as _, PermissionsExt as _};
use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Files below a folder. `.git` at its top is not part of the tree.
pub struct DiskTree {
    root: Dir,
    shown: PathBuf,
}

/// The files below a folder, and what keeps some of them from being read.
#[derive(Debug, Default)]
pub struct Scan {
    pub files: Files,
    /// With their places below the folder.
    pub findings: Vec<Diagnostic>,
}

/// What a path of the disk leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    /// A file, or a symbolic link.
    File(File),
    /// What can be no file of a tree, in words.
    Other(String),
}

impl DiskTree {
    /// The tree in an existing folder.
    pub fn open(folder: &Path) -> Result<Self, TreeError> {
        let root =
            Dir::open_ambient_dir(folder, ambient_authority()).map_err(|source| TreeError::Io {
                action: "open",
                path: folder.to_owned(),
                source,
            })?;
        Ok(Self {
            root,
            shown: folder.to_owned(),
        })
    }

    /// What stands at a path that a file is wanted at. No link is followed.
    pub(super) fn find(&self, path: &TreePath) -> Result<Found, TreeError> {
        self.find_by_steps(path).map_err(|source| TreeError::Io {
            action: "look at",
            path: self.shown.join(path.as_str()),
            source,
        })
    }

    fn find_by_steps(&self, path: &TreePath) -> io::Result<Found> {
        let mut dir = self.root.try_clone()?;
        for folder in path.folders() {
            let name = folder.rsplit('/').next().unwrap_or(folder);
            match dir.symlink_metadata(name) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
                Err(error) => return Err(error),
                Ok(metadata) if metadata.is_symlink() => {
                    return Ok(Found::Other(format!("`{folder}` is a symbolic link")));
                }
                Ok(metadata) if !metadata.is_dir() => {
                    return Ok(Found::Other(format!("`{folder}` is a file")));
                }
                Ok(_) => dir = dir.open_dir_nofollow(name)?,
            }
            if dir.symlink_metadata(".git").is_ok() {
                let message = format!("`{folder}` is a repository of its own");
                return Ok(Found::Other(message));
            }
        }
        let name = path.file_name();
        let metadata = match dir.symlink_metadata(name) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
            Err(error) => return Err(error),
        };
        if metadata.is_dir() {
            return Ok(Found::Other(format!("`{path}` is a folder")));
        }
        if !metadata.is_file() && !metadata.is_symlink() || metadata.len() > MAX_FILE {
            return Ok(Found::Other(format!("`{path}` is something else")));
        }
        read_file(&dir, name, &metadata).map(Found::File)
    }

    /// Puts a file where nothing stands, whole or not at all; what came to stand there meanwhile is an error.
    pub(super) fn add(&self, path: &TreePath, file: &File) -> Result<(), TreeError> {
        let Some((dir, name)) = self.holder(path, true)? else {
            return Ok(());
        };
        let beside = free_name(&dir);
        let put = create_file(&dir, &beside, file).and_then(|()| {
            let linked = dir.hard_link(&beside, &dir, &name);
            dir.remove_file(&beside)?;
            match linked {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    // A file system without hard links.
                    create_file(&dir, &name, file)
                }
                linked => linked,
            }
        });
        put.map_err(|source| TreeError::Io {
            action: "write",
            path: self.shown.join(path.as_str()),
            source,
        })
    }

    /// The folder that holds a path, and the path's last segment; nothing when a folder is missing.
    fn holder(&self, path: &TreePath, make: bool) -> Result<Option<(Dir, String)>, TreeError> {
        let fail = |action| {
            move |source| TreeError::Io {
                action,
                path: self.shown.join(path.as_str()),
                source,
            }
        };
        let mut dir = self.root.try_clone().map_err(fail("open"))?;
        let mut segments = path.as_str().split('/').peekable();
        while let Some(segment) = segments.next() {
            if segments.peek().is_none() {
                return Ok(Some((dir, segment.to_owned())));
            }
            dir = match dir.open_dir_nofollow(segment) {
                Ok(next) => next,
                Err(error) if error.kind() == io::ErrorKind::NotFound && make => {
                    dir.create_dir(segment)
                        .map_err(fail("create a folder for"))?;
                    dir.open_dir_nofollow(segment).map_err(fail("open"))?
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) if is_no_folder(&dir, segment) && !make => {
                    drop(error);
                    return Ok(None);
                }
                Err(_) if is_no_folder(&dir, segment) => {
                    return Err(TreeError::Blocked {
                        path: path.clone(),
                        by: segment.to_owned(),
                    });
                }
                Err(error) => return Err(fail("open")(error)),
            };
        }
        Ok(None)
    }
}

/// A folder below a root, opened step by step so that no link is followed. Folders that are still to be visited are
/// remembered by path, not as handles, of which a process has few.
fn open_below(root: &Dir, folder: &str) -> io::Result<Dir> {
    let segments = folder.split('/').filter(|segment| !segment.is_empty());
    segments.fold(root.try_clone(), |dir, segment| {
        dir?.open_dir_nofollow(segment)
    })
}

fn is_no_folder(dir: &Dir, name: &str) -> bool {
    dir.symlink_metadata(name)
        .is_ok_and(|metadata| !metadata.is_dir())
}

impl Tree for DiskTree {
    fn read(&self, path: &TreePath) -> Result<Option<File>, TreeError> {
        let Some((dir, name)) = self.holder(path, false)? else {
            return Ok(None);
        };
        let fail = |source| TreeError::Io {
            action: "read",
            path: self.shown.join(path.as_str()),
            source,
        };
        let metadata = match dir.symlink_metadata(&name) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(fail(error)),
        };
        if metadata.is_dir() {
            return Ok(None);
        }
        read_file(&dir, &name, &metadata).map(Some).map_err(fail)
    }

    fn list(&self) -> Result<Listing, TreeError> {
        let fail = |source| TreeError::Io {
            action: "list",
            path: self.shown.clone(),
            source,
        };
        let mut found = BTreeMap::new();
        let mut open = vec![String::new()];
        while let Some(prefix) = open.pop() {
            let dir = open_below(&self.root, &prefix).map_err(fail)?;
            for entry in dir.entries().map_err(fail)? {
                let entry = entry.map_err(fail)?;
                let name = entry.file_name();
                let name = name.to_str().ok_or_else(|| fail(not_utf8()))?;
                if prefix.is_empty() && name == ".git" {
                    continue;
                }
                let path = format!("{prefix}{name}");
                let metadata = dir.symlink_metadata(name).map_err(fail)?;
                if metadata.is_dir() {
                    open.push(format!("{path}/"));
                } else {
                    let checked =
                        TreePath::parse(&path).map_err(|error| fail(io::Error::other(error)))?;
                    let entry = FileInfo {
                        mode: mode_of(&metadata),
                        size: metadata.len(),
                    };
                    found.insert(checked, entry);
                }
            }
        }
        let files = found.iter().map(|(path, entry)| (path, *entry));
        Ok(Listing::of(Arc::new(Inventory::of_files(files))))
    }
}

impl TreeMut for DiskTree {
    fn write(&mut self, path: &TreePath, file: File) -> Result<(), TreeError> {
        let fail = |source| TreeError::Io {
            action: "write",
            path: self.shown.join(path.as_str()),
            source,
        };
        let Some((dir, name)) = self.holder(path, true)? else {
            return Ok(());
        };
        if dir
            .symlink_metadata(&name)
            .is_ok_and(|metadata| metadata.is_dir())
        {
            return Err(TreeError::Blocked {
                path: path.clone(),
                by: format!("{path}/"),
            });
        }
        write_file(&dir, &name, &file).map_err(fail)
    }

    fn remove(&mut self, path: &TreePath) -> Result<(), TreeError> {
        let fail = |source| TreeError::Io {
            action: "remove",
            path: self.shown.join(path.as_str()),
            source,
        };
        let Some((dir, name)) = self.holder(path, false)? else {
            return Ok(());
        };
        match dir.symlink_metadata(&name) {
            Ok(metadata) if metadata.is_dir() => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Ok(_) => dir.remove_file(&name).map_err(fail)?,
            Err(error) => return Err(fail(error)),
        }
        for folder in path.folders().collect::<Vec<_>>().into_iter().rev() {
            if self.root.remove_dir(folder).is_err() {
                break;
            }
        }
        Ok(())
    }
}

/// Writes a whole tree into an empty folder that nobody else knows of yet, or less once `stop` is raised.
pub(super) fn plant(folder: &Path, tree: &dyn Tree, stop: &AtomicBool) -> Result<(), TreeError> {
    let root = DiskTree::open(folder)?;
    let listing = tree.list()?;
    let paths: Vec<&str> = listing.iter().map(|(path, _)| path).collect();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = paths.len().div_ceil(threads).max(MIN_PER_THREAD);
    thread::scope(|scope| {
        let started: Vec<_> = paths
            .chunks(share)
            .map(|paths| scope.spawn(|| plant_some(&root, paths, tree, stop)))
            .collect();
        let mut ended = started.into_iter().map(thread::ScopedJoinHandle::join);
        ended.try_for_each(|planted| {
            planted.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    })
}

/// Fewer files than this are written by one thread.
const MIN_PER_THREAD: usize = 64;

fn plant_some(
    root: &DiskTree,
    paths: &[&str],
    tree: &dyn Tree,
    stop: &AtomicBool,
) -> Result<(), TreeError> {
    let mut open: Vec<(String, Dir)> = Vec::new();
    for path in paths {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let path = TreePath::of_checked(path);
        let Some(file) = tree.read(&path)? else {
            continue;
        };
        while open
            .last()
            .is_some_and(|(folder, _)| path.below(folder).is_none())
        {
            open.pop();
        }
        let fail = |source| TreeError::Io {
            action: "write",
            path: root.shown.join(path.as_str()),
            source,
        };
        for folder in path.folders().skip(open.len()) {
            let parent = open.last().map_or(&root.root, |(_, dir)| dir);
            let name = folder.rsplit('/').next().unwrap_or(folder);
            match parent.create_dir(name) {
                // By the thread that writes the files before these.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => made.map_err(fail)?,
            }
            let dir = parent.open_dir_nofollow(name).map_err(fail)?;
            open.push((folder.to_owned(), dir));
        }
        let dir = open.last().map_or(&root.root, |(_, dir)| dir);
        create_file(dir, path.file_name(), &file).map_err(fail)?;
    }
    Ok(())
}

/// Reads everything below a folder into memory, within a template's limits. `.git` at its top is left out.
///
/// # Errors
/// Only when the folder itself cannot be opened or read; what single entries suffer from is a finding.
pub fn scan(folder: &Path) -> Result<Scan, TreeError> {
    let fail = |source| TreeError::Io {
        action: "read",
        path: folder.to_owned(),
        source,
    };
    let root = Dir::open_ambient_dir(folder, ambient_authority()).map_err(fail)?;
    let mut scan = Scan::default();
    read_below(&root, &mut scan).map_err(fail)?;
    scan.findings
        .sort_by(|one, other| one.message.cmp(&other.message));
    scan.findings = cut(scan.findings);
    Ok(scan)
}

fn read_below(root: &Dir, scan: &mut Scan) -> io::Result<()> {
    let mut total = 0;
    let mut entries = 0;
    let mut open = vec![(String::new(), 0)];
    while let Some((prefix, depth)) = open.pop() {
        let dir = match open_below(root, &prefix) {
            Ok(dir) => dir,
            Err(error) if !prefix.is_empty() => {
                let folder = prefix.trim_end_matches('/');
                let message = format!("this folder cannot be read: {error}");
                scan.findings
                    .push(refuse(folder, message).help("check its permissions"));
                continue;
            }
            Err(error) => return Err(error),
        };
        for entry in dir.entries()? {
            let name = entry?.file_name();
            entries += 1;
            if entries > MAX_ENTRIES {
                scan.findings.push(
                    limit(
                        &prefix,
                        format!("there are more than {MAX_ENTRIES} files and folders"),
                    )
                    .help(EXTRA_FILES),
                );
                return Ok(());
            }
            let Some(name) = name.to_str() else {
                let shown = format!("{prefix}{}", name.to_string_lossy());
                scan.findings
                    .push(refuse(&shown, "this file's name is not UTF-8").help("rename it"));
                continue;
            };
            if prefix.is_empty() && name == ".git" {
                continue;
            }
            let path = format!("{prefix}{name}");
            let metadata = dir.symlink_metadata(name)?;
            if metadata.is_dir() {
                if depth == MAX_DEPTH {
                    let message = format!("this folder lies more than {MAX_DEPTH} folders deep");
                    scan.findings
                        .push(limit(&path, message).help("nest the folders less deeply"));
                    continue;
                }
                open.push((format!("{path}/"), depth + 1));
                continue;
            }
            if !metadata.is_file() && !metadata.is_symlink() {
                let message = "this is neither a file nor a folder";
                scan.findings.push(refuse(&path, message).help("remove it"));
                continue;
            }
            if metadata.len() > MAX_FILE {
                let message = format!(
                    "this file has {} bytes, at most {MAX_FILE} are allowed",
                    metadata.len()
                );
                scan.findings.push(
                    limit(&path, message)
                        .help("keep large files elsewhere, and fetch them when they are needed"),
                );
                continue;
            }
            total += metadata.len() + path.len() as u64;
            if total > MAX_TOTAL {
                scan.findings.push(
                    limit(
                        &path,
                        format!("with this file there are more than {MAX_TOTAL} bytes"),
                    )
                    .help(EXTRA_FILES),
                );
                return Ok(());
            }
            match read_file(&dir, name, &metadata) {
                Ok(file) => drop(scan.files.insert(path, file)),
                Err(error) => scan.findings.push(
                    refuse(&path, format!("this file cannot be read: {error}"))
                        .help("check its permissions, or leave it out"),
                ),
            }
        }
    }
    Ok(())
}

const EXTRA_FILES: &str =
    "look for build output or installed packages that do not belong to a template";

fn read_file(dir: &Dir, name: &str, metadata: &Metadata) -> io::Result<File> {
    let mode = mode_of(metadata);
    if mode == Mode::Symlink {
        let target = dir.read_link_contents(name)?;
        let target = target.to_str().ok_or_else(not_utf8)?.as_bytes().to_vec();
        return Ok(File {
            mode,
            bytes: target.into(),
        });
    }
    if !metadata.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "neither a file nor a folder",
        ));
    }
    let mut options = OpenOptions::new();
    // A pipe that took the file's place since it was looked at must not be waited for.
    options.read(true).follow(FollowSymlinks::No).nonblock(true);
    let mut bytes = Vec::new();
    let file = dir.open_with(name, &options)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    }
    file.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(io::Error::from(io::ErrorKind::FileTooLarge));
    }
    Ok(File {
        mode,
        bytes: bytes.into(),
    })
}

/// Writes beside the target and renames: a link or hard link at the target is replaced, never written through.
fn write_file(dir: &Dir, name: &str, file: &File) -> io::Result<()> {
    let beside = free_name(dir);
    let written = create_file(dir, &beside, file).and_then(|()| dir.rename(&beside, dir, name));
    written.inspect_err(|error| {
        if error.kind() != io::ErrorKind::AlreadyExists {
            // The error that is reported is the one that matters; this one would follow from it.
            drop(dir.remove_file(&beside));
        }
    })
}

/// Makes a file that must not be there yet.
fn create_file(dir: &Dir, name: &str, file: &File) -> io::Result<()> {
    if file.mode == Mode::Symlink {
        let target = std::str::from_utf8(&file.bytes).map_err(|_| not_utf8())?;
        return dir.symlink_contents(target, name);
    }
    let mut options = OpenOptions::new();
    options
        .write(true)
        .create_new(true)
        .follow(FollowSymlinks::No);
    if file.mode == Mode::Executable {
        options.mode(0o777);
    }
    dir.open_with(name, &options)?.write_all(&file.bytes)
}

/// A name that nothing in the folder has; what another process might make of it meanwhile is refused when it is made.
fn free_name(dir: &Dir) -> String {
    let names = (0..).map(|number: u32| format!(".groundplan-{}-{number}", std::process::id()));
    let mut free = names.filter(|name| dir.symlink_metadata(name).is_err());
    free.next().expect("a folder holds fewer than 2^32 files")
}

fn mode_of(metadata: &Metadata) -> Mode {
    if metadata.is_symlink() {
        Mode::Symlink
    } else if metadata.permissions().mode() & 0o100 != 0 {
        Mode::Executable
    } else {
        Mode::Regular
    }
}

fn not_utf8() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "a name or link target is not UTF-8",
    )
}
