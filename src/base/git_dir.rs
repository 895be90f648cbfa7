//! The folder of a git repository on this disk, checked before a library reads it.
//!
//! A repository that others wrote may contain a pipe, a device, a link or an endless file where git expects a small file.
//! Opening such a file waits for ever or takes all memory.

use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use thiserror::Error;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// The greatest sizes of the files that are read whole, in bytes, by name.
const LIMITS: [(&str, u64); 8] = [
    ("packed-refs", 64 * MIB),
    ("index", 256 * MIB),
    ("shallow", 16 * MIB),
    ("config", MIB),
    ("config.worktree", MIB),
    ("alternates", MIB),
    ("exclude", MIB),
    ("attributes", MIB),
];
/// The greatest size of all other files outside of `objects` and `logs`: references and pointers to folders.
const MAX_SMALL: u64 = 64 * KIB;
/// The most files of a repository, and the most folders of objects that it borrows.
const MAX_FILES: usize = 4_000_000;
const MAX_ALTERNATES: usize = 16;

/// The folders of a repository. All but a linked work tree have one folder for everything.
#[derive(Clone, Debug)]
pub struct GitDir {
    own: PathBuf,
    common: PathBuf,
}

/// A reason not to open a repository.
#[derive(Debug, Error)]
pub enum GitDirError {
    #[error("`{path}` is {kind}, and git needs a regular file there")]
    Special { path: PathBuf, kind: &'static str },
    #[error("`{path}` is a link out of the repository")]
    Outside { path: PathBuf },
    #[error("`{path}` has {size} bytes, the limit is {limit}")]
    TooLarge {
        path: PathBuf,
        size: u64,
        limit: u64,
    },
    #[error(
        "`{path}` has more than {MAX_FILES} files, or borrows objects from more than {MAX_ALTERNATES} folders"
    )]
    TooMany { path: PathBuf },
    #[error("it contains neither `.git` nor the files of a bare repository")]
    NotARepository { path: PathBuf },
    #[error("cannot read `{path}`")]
    Io { path: PathBuf, source: io::Error },
}

impl GitDir {
    /// The folder of the repository at a path: its `.git`, the folder that its file `.git` names, or the path itself.
    pub fn find(path: &Path) -> Result<Self, GitDirError> {
        let inside = path.join(".git");
        let own = match fs::metadata(&inside) {
            Ok(found) if found.is_dir() => inside,
            Ok(_) => {
                let text = read_small(&inside)?;
                let Some(target) = text.strip_prefix("gitdir:") else {
                    return Err(not_a_repository(path));
                };
                path.join(target.trim())
            }
            Err(_) if is_bare(path) => path.to_owned(),
            Err(_) => return Err(not_a_repository(path)),
        };
        let pointer = own.join("commondir");
        let common = match pointer.symlink_metadata() {
            Ok(_) => own.join(read_small(&pointer)?.trim()),
            Err(_) => own.clone(),
        };
        let real = |path: &Path| fs::canonicalize(path).map_err(|_| not_a_repository(path));
        Ok(Self {
            own: real(&own)?,
            common: real(&common)?,
        })
    }

    /// The folder with objects, references and settings.
    pub fn common(&self) -> &Path {
        &self.common
    }

    /// The path of the index, which may be absent.
    pub fn index(&self) -> Result<PathBuf, GitDirError> {
        let path = self.own.join("index");
        if path.symlink_metadata().is_ok() {
            self.check_file(&path, limit(&path))?;
        }
        Ok(path)
    }

    /// The content of `info/exclude`, if it can be read.
    pub fn info_exclude(&self) -> Option<Vec<u8>> {
        let path = self.common.join("info/exclude");
        self.check_file(&path, limit(&path)).ok()?;
        fs::read(path).ok()
    }

    /// The content of `config`.
    pub fn config(&self) -> Result<Vec<u8>, GitDirError> {
        let path = self.common.join("config");
        self.check_file(&path, limit(&path))?;
        fs::read(&path).map_err(|source| GitDirError::Io { path, source })
    }

    /// Checks every file that a library may read: regular, no link out of the repository, and not too large.
    pub fn check(&self) -> Result<(), GitDirError> {
        let mut seen = 0;
        for folder in BTreeSet::from([&self.own, &self.common]) {
            self.check_top(folder)?;
            for (name, is_small) in [("refs", true), ("info", true), ("logs", false)] {
                self.check_below(&folder.join(name), is_small, &mut seen)?;
            }
        }
        let mut stores = vec![(self.clone(), self.common.join("objects"))];
        let mut known = 0;
        while let Some((home, store)) = stores.pop() {
            known += 1;
            if known > MAX_ALTERNATES {
                return Err(self.too_many());
            }
            home.check_below(&store, false, &mut seen)?;
            for borrowed in alternates(&store)? {
                let real = fs::canonicalize(&borrowed).unwrap_or(borrowed);
                let (own, common) = (real.clone(), real.clone());
                stores.push((Self { own, common }, real));
            }
        }
        Ok(())
    }

    /// Checks the size of a file that the short name of a reference names.
    pub fn check_reference(&self, name: &str) -> Result<(), GitDirError> {
        for folder in [&self.own, &self.common] {
            let path = folder.join(name);
            match fs::metadata(&path) {
                Ok(found) if found.is_file() => check_size(&path, &found, limit(&path))?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Checks the files of a folder that git reads by name. Others are not opened, but for a reference of that name.
    fn check_top(&self, folder: &Path) -> Result<(), GitDirError> {
        for entry in entries(folder)? {
            let path = entry.map_err(io_error(folder))?.path();
            let Ok(found) = fs::metadata(&path) else {
                continue;
            };
            let is_read = |name: &str| path.file_name().is_some_and(|found| found == name);
            let names = [
                "HEAD",
                "commondir",
                "gitdir",
                "objects",
                "refs",
                "info",
                "logs",
            ];
            if names.into_iter().any(is_read) || LIMITS.iter().any(|(name, _)| is_read(name)) {
                self.check_link(&path)?;
                check_kind(&path, &found)?;
                if found.is_file() {
                    check_size(&path, &found, limit(&path))?;
                }
            } else if !is_socket(&found) {
                check_kind(&path, &found)?;
            }
        }
        Ok(())
    }

    /// Checks all files below a folder.
    fn check_below(
        &self,
        folder: &Path,
        is_small: bool,
        seen: &mut usize,
    ) -> Result<(), GitDirError> {
        let mut open = vec![folder.to_owned()];
        while let Some(folder) = open.pop() {
            for read in entries(&folder)? {
                let entry = read.map_err(io_error(&folder))?;
                let (path, kind) = (entry.path(), entry.file_type().map_err(io_error(&folder))?);
                *seen += 1;
                if *seen > MAX_FILES {
                    return Err(self.too_many());
                }
                let is_small =
                    is_small || LIMITS.iter().any(|(name, _)| entry.file_name() == *name);
                if kind.is_dir() {
                    open.push(path);
                } else if is_small || !kind.is_file() {
                    let limit = if is_small { limit(&path) } else { u64::MAX };
                    self.check_file(&path, limit)?;
                }
            }
        }
        Ok(())
    }

    /// Checks one file, and the file that it links to. A link to a folder or to nothing is no file.
    fn check_file(&self, path: &Path, limit: u64) -> Result<(), GitDirError> {
        self.check_link(path)?;
        let found = match fs::metadata(path) {
            Ok(found) => found,
            Err(_) if path.is_symlink() => return Ok(()),
            Err(source) => return Err(io_error(path)(source)),
        };
        check_kind(path, &found)?;
        check_size(path, &found, limit)
    }

    fn check_link(&self, path: &Path) -> Result<(), GitDirError> {
        if !path.is_symlink() {
            return Ok(());
        }
        let is_inside =
            |target: &Path| target.starts_with(&self.own) || target.starts_with(&self.common);
        match fs::canonicalize(path) {
            Ok(target) if !is_inside(&target) => Err(GitDirError::Outside {
                path: path.to_owned(),
            }),
            // A link to nothing is an absent file.
            _ => Ok(()),
        }
    }

    fn too_many(&self) -> GitDirError {
        GitDirError::TooMany {
            path: self.common.clone(),
        }
    }
}

/// True for a folder with the parts of a bare repository.
pub fn is_bare(path: &Path) -> bool {
    path.join("objects").is_dir()
        && path.join("HEAD").symlink_metadata().is_ok()
        && (path.join("refs").is_dir() || path.join("packed-refs").symlink_metadata().is_ok())
}

/// The folders whose objects a folder of objects borrows.
fn alternates(store: &Path) -> Result<Vec<PathBuf>, GitDirError> {
    let path = store.join("info/alternates");
    if path.symlink_metadata().is_err() {
        return Ok(Vec::new());
    }
    let text = read_checked(&path, limit(&path))?;
    let lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(lines
        .map(|line| store.join(line.trim_matches('"')))
        .collect())
}

/// The content of a file that names a folder.
fn read_small(path: &Path) -> Result<String, GitDirError> {
    read_checked(path, MAX_SMALL)
}

fn read_checked(path: &Path, limit: u64) -> Result<String, GitDirError> {
    let found = fs::metadata(path).map_err(io_error(path))?;
    check_kind(path, &found)?;
    check_size(path, &found, limit)?;
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(io_error(path))?;
    file.take(limit)
        .read_to_end(&mut bytes)
        .map_err(io_error(path))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The entries of a folder; none if it is absent.
fn entries(folder: &Path) -> Result<impl Iterator<Item = io::Result<fs::DirEntry>>, GitDirError> {
    match fs::read_dir(folder) {
        Ok(entries) => Ok(Some(entries).into_iter().flatten()),
        Err(error) if is_absence(&error) => Ok(None.into_iter().flatten()),
        Err(error) => Err(io_error(folder)(error)),
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn check_kind(path: &Path, found: &Metadata) -> Result<(), GitDirError> {
    use std::os::unix::fs::FileTypeExt as _;
    let kind = found.file_type();
    let name = match () {
        () if kind.is_fifo() => "a pipe",
        () if kind.is_char_device() || kind.is_block_device() => "a device",
        () if kind.is_socket() => "a socket",
        () => return Ok(()),
    };
    Err(GitDirError::Special {
        path: path.to_owned(),
        kind: name,
    })
}

fn is_socket(found: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    found.file_type().is_socket()
}

fn check_size(path: &Path, found: &Metadata, limit: u64) -> Result<(), GitDirError> {
    if found.len() <= limit || found.is_dir() {
        return Ok(());
    }
    Err(GitDirError::TooLarge {
        path: path.to_owned(),
        size: found.len(),
        limit,
    })
}

fn limit(path: &Path) -> u64 {
    let is_called = |(name, _): &&(&str, u64)| path.file_name().is_some_and(|found| found == *name);
    LIMITS
        .iter()
        .find(is_called)
        .map_or(MAX_SMALL, |(_, limit)| *limit)
}

fn not_a_repository(path: &Path) -> GitDirError {
    GitDirError::NotARepository {
        path: path.to_owned(),
    }
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> GitDirError {
    let path = path.to_owned();
    move |source| GitDirError::Io { path, source }
}
