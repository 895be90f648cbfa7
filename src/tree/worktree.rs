//! The work tree of a repository that is there: what stands where, and a commit that adds files and touches no other.

use super::commits::{self, FileIndex};
use super::disk::{DiskTree, Found};
use super::git::GitTreeError;
use super::ids::{self, Ids, ObjectsError};
use super::names::{KnownNames, NameClash};
use super::{TreeError, TreeMut as _};
use crate::model::content::File;
use crate::model::date::Day;
use crate::model::input::Identity;
use crate::model::path::TreePath;
use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::index::entry::{Flags, Mode as IndexMode, Stat};
use gix::lock::acquire::Fail;
use gix::objs::tree::{Editor, EntryMode};
use gix::objs::{FindExt as _, Kind, Tree, Write as _};
use gix::refs::transaction::{Change, LogChange, PreviousValue, RefEdit};
use gix::refs::{FullName, Target};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use thiserror::Error;

/// Why nothing can be added, or was.
#[derive(Debug, Error)]
pub enum WorkTreeError {
    #[error("`{path}` is a symbolic link")]
    Link { path: PathBuf },
    #[error("`{path}` is not the top folder of a git repository")]
    NotATop { path: PathBuf },
    #[error("`{path}` has no files beside its objects: it is a bare repository")]
    Bare { path: PathBuf },
    #[error("`{path}` is in the middle of something: {what}")]
    Busy { path: PathBuf, what: String },
    #[error("`{path}` is on no branch")]
    Detached { path: PathBuf },
    #[error("`{path}` has an index without some of its folders")]
    Sparse { path: PathBuf },
    #[error("another git is at work in `{path}`, or was stopped there")]
    Locked { path: PathBuf },
    #[error("`{path}` has changed meanwhile")]
    Changed { path: PathBuf },
    #[error("stopped by a signal")]
    Stopped,
    #[error(transparent)]
    Repository(#[from] GitTreeError),
    #[error(transparent)]
    Tree(#[from] TreeError),
    #[error(transparent)]
    Objects(#[from] ObjectsError),
    #[error("cannot {action} of `{path}`")]
    Git {
        action: &'static str,
        path: PathBuf,
        source: super::git::Failure,
    },
}

/// What stands at a path that a file is wanted at.
#[derive(Debug, PartialEq, Eq)]
pub enum FileState {
    /// Nothing is committed there, and at most the very same file is in the folder.
    Nothing,
    /// The very same file is committed.
    Same,
    /// Another file is committed.
    Other,
    /// The path cannot be: what is there has the same name on many systems, or is a file where a folder is needed.
    Clash(String),
    /// Something is there that git was told to keep, or was not told of, but that is not committed.
    Uncommitted(String),
}

/// Files that a commit brings, each at a path where nothing stands, and the words of that commit.
pub struct NewFiles<'a> {
    pub files: &'a [(TreePath, File)],
    pub author: &'a Identity,
    /// The commit carries this day, or the time of the commit before it when that is later.
    pub date: &'a Day,
    pub message: &'a str,
}

/// A repository with files, between two commits.
pub struct WorkTree {
    repository: gix::Repository,
    path: PathBuf,
    disk: DiskTree,
    branch: FullName,
    head: Option<Head>,
    committed: FileIndex,
    index: gix::index::File,
    names: KnownNames,
}

/// The last commit of the branch.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Head {
    commit: ObjectId,
    tree: ObjectId,
    /// When it was committed.
    seconds: i64,
}

impl WorkTree {
    /// Looks at the repository whose top folder this is. Nothing is touched.
    pub fn open(folder: &Path) -> Result<Self, WorkTreeError> {
        let path = || folder.to_owned();
        if folder.is_symlink() {
            return Err(WorkTreeError::Link { path: path() });
        }
        let repository = super::git::open(folder)?;
        let same_place = |one: &Path| {
            let (one, other) = (one.canonicalize(), folder.canonicalize());
            one.is_ok_and(|one| other.is_ok_and(|other| one == other))
        };
        match repository.workdir() {
            None => return Err(WorkTreeError::Bare { path: path() }),
            // Settings of the repository may lead anywhere.
            Some(top) if !same_place(top) => return Err(WorkTreeError::NotATop { path: path() }),
            Some(_) => {}
        }
        if let Some(state) = repository.state() {
            let what = format!("{state:?}");
            return Err(WorkTreeError::Busy { path: path(), what });
        }
        let (branch, head) = head(&repository, folder)?;
        let committed = match &head {
            Some(head) => commits::holding(&repository, head.tree)?,
            None => FileIndex::new(),
        };
        let index = repository.index_or_empty();
        let index = index.map_err(|error| failed("read the index", folder, error))?;
        let index = gix::index::File::clone(&index);
        if index.is_sparse() {
            return Err(WorkTreeError::Sparse { path: path() });
        }
        let backing = index.path_backing();
        let staged = index.entries().iter();
        let staged = staged.map(|entry| entry.path_in(backing).to_str_lossy());
        let mut names = KnownNames::default();
        for file in committed.keys() {
            names.add(file);
        }
        for file in staged {
            names.add(&file);
        }
        Ok(Self {
            disk: DiskTree::open(folder)?,
            path: path(),
            repository,
            branch,
            head,
            committed,
            index,
            names,
        })
    }

    /// The branch's short name.
    pub fn branch(&self) -> String {
        self.branch.shorten().to_string()
    }

    /// The last commit and its tree.
    pub fn head(&self) -> Option<Ids> {
        let Head { commit, tree, .. } = self.head?;
        Some(Ids { tree, commit })
    }

    /// How many files are committed.
    pub fn file_count(&self) -> usize {
        self.committed.len()
    }

    /// Whether a file is committed below a folder.
    pub fn has_folder(&self, folder: &str) -> bool {
        let start = format!("{folder}/");
        let mut from_here = self.committed.range(start.clone()..);
        from_here
            .next()
            .is_some_and(|(path, _)| path.starts_with(&start))
    }

    /// What stands where a file is wanted. No link is followed.
    pub fn standing(&self, path: &TreePath, file: &File) -> Result<FileState, WorkTreeError> {
        let id = ids::id_of(Kind::Blob, &file.bytes)?;
        let mode = EntryMode::from(ids::kind_of(file.mode));
        if let Some(committed) = self.committed.get(path.as_str()) {
            return Ok(if *committed == (mode.value(), id) {
                FileState::Same
            } else {
                FileState::Other
            });
        }
        match self.names.clash(path) {
            None => {}
            Some(NameClash::Spelling { other }) => {
                let message = format!("`{path}` and `{other}` are one name on many systems");
                return Ok(FileState::Clash(message));
            }
            Some(NameClash::FileAbove { file }) => {
                let message = format!(
                    "`{path}` needs a folder where a file, a link or a submodule stands: `{file}`"
                );
                return Ok(FileState::Clash(message));
            }
            Some(NameClash::Folder) => {
                let message = format!("`{path}` is a folder and cannot be a file too");
                return Ok(FileState::Clash(message));
            }
        }
        let entry = self.index.entry_by_path(path.as_str().into());
        if entry.is_some_and(|entry| entry.id != id || entry.mode != index_mode(mode)) {
            let message = format!("`{path}` is staged with other content");
            return Ok(FileState::Uncommitted(message));
        }
        Ok(match self.disk.find(path)? {
            Found::Nothing => FileState::Nothing,
            Found::File(found) if found == *file => FileState::Nothing,
            Found::File(_) => {
                FileState::Uncommitted(format!("`{path}` is there, and it is not committed"))
            }
            Found::Other(what) => FileState::Uncommitted(format!(
                "`{path}` cannot be written: {what}, and it is not committed"
            )),
        })
    }

    /// The ids that [`Self::commit`] gives. Nothing is stored.
    pub fn ids(&self, addition: &NewFiles<'_>) -> Result<Ids, WorkTreeError> {
        self.objects(addition, &mut |kind, bytes| ids::id_of(kind, bytes))
    }

    /// Adds the files to folder, index and branch, with one commit. What else is changed or staged there stays so.
    ///
    /// The objects come first, then the files, the index and, last, the branch. What fails before the index takes its
    /// files away again; a process killed half-way leaves whole files, which the next call takes for its own.
    ///
    /// # Errors
    /// [`WorkTreeError::Changed`] when something came to stand there since the work tree was opened.
    pub fn commit(&self, addition: &NewFiles<'_>, stop: &AtomicBool) -> Result<Ids, WorkTreeError> {
        let path = &self.path;
        let index = self.repository.index_path();
        let lock = gix::lock::File::acquire_to_update_resource(&index, Fail::Immediately, None, 0);
        let lock = lock.map_err(|error| {
            if index.with_extension("lock").exists() {
                let path = path.clone();
                return WorkTreeError::Locked { path };
            }
            failed("lock the index", path, error)
        })?;
        // From here on no other git commits: what was seen must still be so.
        let now = Self::open(path)?;
        let changed = || WorkTreeError::Changed { path: path.clone() };
        if (now.head, &now.branch) != (self.head, &self.branch) {
            return Err(changed());
        }
        for (wanted, file) in addition.files {
            if now.standing(wanted, file)? != FileState::Nothing {
                return Err(changed());
            }
        }
        let odb = &now.repository.objects;
        let ids = now.objects(addition, &mut |kind, bytes| {
            let stored = odb.write_buf(kind, bytes);
            stored.map_err(|error| ObjectsError::Store(error.into()))
        })?;
        let mut put = Put {
            disk: DiskTree::open(path)?,
            paths: Vec::new(),
        };
        for (wanted, file) in addition.files {
            if stop.load(Ordering::Relaxed) {
                return Err(WorkTreeError::Stopped);
            }
            if now.disk.find(wanted)? == Found::Nothing {
                put.file(wanted, file)?;
            }
        }
        let mut out = BufWriter::new(lock);
        let written = now.index_with(addition)?;
        let options = gix::index::write::Options::default();
        written
            .write_to(&mut out, options)
            .map_err(|error| failed("write the index", path, error))?;
        out.flush()
            .map_err(|error| failed("write the index", path, error))?;
        let lock = out
            .into_inner()
            .map_err(|error| failed("write the index", path, error.into_error()))?;
        let transaction = now.repository.refs.transaction();
        let transaction = transaction
            .prepare(
                [now.advance(ids.commit, addition)],
                Fail::Immediately,
                Fail::Immediately,
            )
            .map_err(|error| failed("lock the branch", path, error))?;
        lock.commit()
            .map_err(|error| failed("write the index", path, error.error))?;
        put.paths.clear();
        let author = ids::signature(addition.author, now.seconds(addition));
        let mut time = gix::date::parse::TimeBuf::default();
        transaction
            .commit(author.to_ref(&mut time))
            .map_err(|error| failed("move the branch", path, error))?;
        Ok(ids)
    }

    /// Hands every new object to `store`, leaves first.
    fn objects(
        &self,
        addition: &NewFiles<'_>,
        store: &mut Store<'_>,
    ) -> Result<Ids, WorkTreeError> {
        let mut buffer = Vec::new();
        let root = match &self.head {
            Some(Head { tree, .. }) => {
                let found = self.repository.objects.find_tree(tree, &mut buffer);
                let found = found.map_err(|error| commits::unreadable(*tree, error.into()))?;
                Tree::from(found)
            }
            None => Tree::default(),
        };
        let mut editor = Editor::new(root, &self.repository.objects, gix::hash::Kind::Sha1);
        for (path, file) in addition.files {
            let id = store(Kind::Blob, &file.bytes)?;
            editor
                .upsert(path.as_str().split('/'), ids::kind_of(file.mode), id)
                .map_err(|error| failed("read the folders", &self.path, error))?;
        }
        let tree = editor.write(|tree| store(Kind::Tree, &ids::encode(tree)?))?;
        let signature = ids::signature(addition.author, self.seconds(addition));
        let parent = self.head.map(|head| head.commit);
        let bytes = ids::encode_commit(tree, parent, signature, addition.message)?;
        let commit = store(Kind::Commit, &bytes)?;
        Ok(Ids { tree, commit })
    }

    /// No commit is older than the one before it.
    fn seconds(&self, addition: &NewFiles<'_>) -> i64 {
        let before = self.head.map_or(i64::MIN, |head| head.seconds);
        addition.date.unix_seconds().max(before)
    }

    fn index_with(&self, addition: &NewFiles<'_>) -> Result<gix::index::File, ObjectsError> {
        let mut index = self.index.clone();
        for (path, file) in addition.files {
            if self.index.entry_by_path(path.as_str().into()).is_none() {
                let id = ids::id_of(Kind::Blob, &file.bytes)?;
                let mode = index_mode(ids::kind_of(file.mode).into());
                let path = path.as_str().into();
                index.dangerously_push_entry(Stat::default(), id, Flags::empty(), mode, path);
            }
        }
        index.sort_entries();
        // It remembers the ids of folders, some of which are others now.
        index.remove_tree();
        Ok(index)
    }

    fn advance(&self, commit: ObjectId, addition: &NewFiles<'_>) -> RefEdit {
        let subject = addition.message.lines().next().unwrap_or_default();
        let (expected, kind) = match self.head {
            Some(head) => (
                PreviousValue::MustExistAndMatch(Target::Object(head.commit)),
                "commit",
            ),
            None => (PreviousValue::MustNotExist, "commit (initial)"),
        };
        RefEdit {
            change: Change::Update {
                log: LogChange {
                    message: format!("{kind}: {subject}").into(),
                    ..LogChange::default()
                },
                expected,
                new: Target::Object(commit),
            },
            // By way of HEAD, so that its log has a line too.
            name: FullName::try_from("HEAD").expect("a reference name"),
            deref: true,
        }
    }
}

/// Takes an object's kind and bytes and gives its id.
type Store<'s> = dyn FnMut(Kind, &[u8]) -> Result<ObjectId, ObjectsError> + 's;

/// Files that were put into the folder, and go again unless they are let go of.
struct Put {
    disk: DiskTree,
    paths: Vec<TreePath>,
}

impl Put {
    fn file(&mut self, path: &TreePath, file: &File) -> Result<(), TreeError> {
        self.disk.add(path, file)?;
        self.paths.push(path.clone());
        Ok(())
    }
}

impl Drop for Put {
    fn drop(&mut self) {
        for path in &self.paths {
            // What failed before is what is reported.
            drop(self.disk.remove(path));
        }
    }
}

fn head(
    repository: &gix::Repository,
    path: &Path,
) -> Result<(FullName, Option<Head>), WorkTreeError> {
    let head = repository.head();
    let head = head.map_err(|error| failed("read the branch", path, error))?;
    let branch = match head.kind {
        gix::head::Kind::Unborn(branch) => return Ok((branch, None)),
        gix::head::Kind::Detached { .. } => {
            let path = path.to_owned();
            return Err(WorkTreeError::Detached { path });
        }
        gix::head::Kind::Symbolic(branch) => branch,
    };
    let Target::Object(commit) = branch.target else {
        let path = path.to_owned();
        return Err(WorkTreeError::Detached { path });
    };
    let mut buffer = Vec::new();
    let found = repository.objects.find_commit(&commit, &mut buffer);
    let found = found.map_err(|error| commits::unreadable(commit, error.into()))?;
    let committer = found.committer();
    let committer = committer.map_err(|error| commits::unreadable(commit, error.into()))?;
    let head = Head {
        commit,
        tree: found.tree(),
        seconds: committer.seconds(),
    };
    Ok((branch.name, Some(head)))
}

fn index_mode(mode: EntryMode) -> IndexMode {
    IndexMode::from(mode)
}

fn failed(
    action: &'static str,
    path: &Path,
    error: impl Into<super::git::Failure>,
) -> WorkTreeError {
    WorkTreeError::Git {
        action,
        path: path.to_owned(),
        source: error.into(),
    }
}
