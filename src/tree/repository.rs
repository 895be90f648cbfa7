//! A tree as a new git repository in a folder, whole or not at all.

use super::git::GitTree;
use super::git_error::{GitTreeError, GixError};
use super::ids::{self, FirstCommit, Ids, ObjectsError};
use super::pack::Pack;
use super::signed::{self, CommitAttester, CommitSigner, NOTES_REF};
use super::worktree::{WorkTree, WorkTreeError};
use super::{Tree, TreeError, disk};
use crate::base::git_init;
use crate::base::moved::MovedEntries;
use crate::error::{Class, Explain, Hint};
use crate::hint;
use crate::model::digest::GitId;
use gix::ObjectId;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use thiserror::Error;

/// An error of creating a repository. The target is unchanged.
#[derive(Debug, Error)]
pub enum RepositoryError {
    #[error("`{path}` is not empty")]
    NotEmpty { path: PathBuf },
    #[error("`{path}` is not a folder")]
    NotAFolder { path: PathBuf },
    #[error("parent folder `{path}` does not exist")]
    NoParent { path: PathBuf },
    #[error("cannot {action} `{path}`")]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("`{path}` is a clone, which cannot become a bare repository")]
    BareClone { path: PathBuf },
    #[error("stopped by a signal")]
    Stopped,
    #[error(transparent)]
    Clone(WorkTreeError),
    #[error(transparent)]
    Tree(#[from] TreeError),
    #[error(transparent)]
    Objects(#[from] ObjectsError),
    #[error("cannot {action} the git repository")]
    Git {
        action: &'static str,
        source: GixError,
    },
}

impl Explain for RepositoryError {
    fn class(&self) -> Class {
        match self {
            Self::Stopped => Class::Interrupted,
            Self::Clone(error) => error.class(),
            Self::Tree(error) => error.class(),
            Self::Objects(error) => error.class(),
            _ => Class::Environment,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotEmpty { .. } => "target_not_empty",
            Self::NotAFolder { .. } => "target_not_a_folder",
            Self::NoParent { .. } => "target_without_parent",
            Self::Io { .. } => "target_io",
            Self::BareClone { .. } => "target_is_a_clone",
            Self::Stopped => "repository_stopped",
            Self::Clone(error) => error.code(),
            Self::Tree(error) => error.code(),
            Self::Objects(error) => error.code(),
            Self::Git { .. } => "repository_git",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::Tree(error) | Self::Objects(ObjectsError::Tree(error))
                if error.hint().is_some() =>
            {
                return error.hint();
            }
            Self::Stopped => hint!("nothing was created"),
            Self::Clone(error) => return error.hint(),
            Self::BareClone { .. } => hint!("name a new folder, or leave out `--bare`"),
            Self::NotEmpty { .. } => {
                hint!("name an empty folder, or one that does not exist yet; nothing was written")
            }
            Self::NotAFolder { .. } => {
                hint!("name an empty folder, or one that does not exist yet")
            }
            Self::NoParent { .. } => hint!("create it first, or name another folder"),
            Self::Io { .. } | Self::Tree(_) | Self::Objects(_) | Self::Git { .. } => {
                hint!("check permissions and free space; nothing was written")
            }
        })
    }
}

/// The content and layout of a new repository.
pub struct CreatedRepository<'m> {
    pub tree: &'m dyn Tree,
    /// The template's repository, for the objects that the tree shares with it.
    pub template: Option<&'m GitTree>,
    pub commit: &'m FirstCommit,
    /// Signs the commit; the repository then has a note about it, too.
    pub signer: Option<&'m dyn CommitAttester>,
    pub layout: Layout,
}

/// The layout of a new repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Files, and `.git` among them.
    WorkTree,
    /// Objects and the branch only.
    Bare,
    /// As bare, with the template's objects used in place: for a repository that is pushed and deleted.
    BareShared,
}

/// An absent or empty folder, or an empty clone, that can take a new repository.
#[derive(Debug)]
pub struct Target {
    parent: PathBuf,
    path: PathBuf,
    kind: TargetKind,
}

#[derive(Debug)]
enum TargetKind {
    /// An absent or empty folder, which is replaced.
    Replaced,
    /// The current folder. It is filled, because a shell in it would stay in the replaced one.
    Filled,
    /// A clone without commits and files, which is filled and gets its first commit.
    Clone(EmptyClone),
}

/// A clone of a repository that has no commit.
#[derive(Debug)]
pub struct EmptyClone {
    /// The short name of the branch that HEAD names.
    pub branch: String,
    pub has_remote: bool,
}

impl Target {
    /// Checks a folder without changing it.
    pub fn check(folder: &Path) -> Result<Self, RepositoryError> {
        match fs::symlink_metadata(folder) {
            Ok(metadata) if !metadata.is_dir() => Err(RepositoryError::NotAFolder {
                path: folder.to_owned(),
            }),
            Ok(_) => Self::existing(folder),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::absent(folder),
            Err(error) => Err(RepositoryError::io("read", folder)(error)),
        }
    }

    fn existing(folder: &Path) -> Result<Self, RepositoryError> {
        let failed = || RepositoryError::io("read", folder);
        let not_empty = || RepositoryError::NotEmpty {
            path: folder.to_owned(),
        };
        let mut is_clone = false;
        for entry in fs::read_dir(folder).map_err(failed())? {
            let found = entry.map_err(failed())?;
            if found.file_name() != ".git" || found.path().is_symlink() || !found.path().is_dir() {
                return Err(not_empty());
            }
            is_clone = true;
        }
        let path = fs::canonicalize(folder).map_err(failed())?;
        let is_current = std::path::absolute(".")
            .and_then(fs::canonicalize)
            .is_ok_and(|here| here.starts_with(&path));
        let parent = path.parent().ok_or_else(not_empty)?.to_owned();
        let kind = if is_clone {
            TargetKind::Clone(EmptyClone::open(&path)?.ok_or_else(not_empty)?)
        } else if is_current {
            TargetKind::Filled
        } else {
            TargetKind::Replaced
        };
        Ok(Self { parent, path, kind })
    }

    fn absent(folder: &Path) -> Result<Self, RepositoryError> {
        let no_parent = |parent: &Path| RepositoryError::NoParent {
            path: parent.to_owned(),
        };
        let name = folder.file_name().ok_or_else(|| no_parent(folder))?;
        let given = folder
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        if !given.is_dir() {
            return Err(no_parent(given));
        }
        let parent = fs::canonicalize(given).map_err(RepositoryError::io("read", folder))?;
        Ok(Self {
            path: parent.join(name),
            parent,
            kind: TargetKind::Replaced,
        })
    }

    /// The empty clone that the target is, if it is one.
    pub fn empty_clone(&self) -> Option<&EmptyClone> {
        match &self.kind {
            TargetKind::Clone(clone) => Some(clone),
            TargetKind::Replaced | TargetKind::Filled => None,
        }
    }

    /// Creates the repository beside the target and moves it into place as the last step. A clone keeps its branch, its
    /// remotes and its settings.
    ///
    /// A process killed meanwhile leaves the target unchanged, and a hidden folder `.groundplan-…` beside it. `stop` is
    /// checked between files, and leaves nothing.
    pub fn create(
        &self,
        repository: &CreatedRepository<'_>,
        stop: &AtomicBool,
    ) -> Result<Ids, RepositoryError> {
        let is_bare = repository.layout != Layout::WorkTree;
        if is_bare && self.empty_clone().is_some() {
            let path = self.path.clone();
            return Err(RepositoryError::BareClone { path });
        }
        let build = |folder: &Path| {
            let files = || match repository.layout {
                Layout::WorkTree => disk::write_all(folder, repository.tree, stop),
                Layout::Bare | Layout::BareShared => Ok(()),
            };
            // Files and objects are independent, and take about the same time.
            let (written, ids) = rayon::join(files, || commit(folder, repository));
            written?;
            ids
        };
        let install = |folder: &Path, (ids, note): &(Ids, Option<ObjectId>)| match &self.kind {
            TargetKind::Clone(_) => WorkTree::open(&self.path)
                .and_then(|clone| clone.adopt(folder, ids.commit, *note, repository.commit))
                .map_err(RepositoryError::Clone),
            TargetKind::Replaced | TargetKind::Filled => self.move_in(folder),
        };
        let (ids, _) = self.build(stop, build, install)?;
        Ok(ids)
    }

    /// Creates a folder of plain files, without a repository, in the same way: all of them or none.
    pub fn fill(&self, tree: &dyn Tree, stop: &AtomicBool) -> Result<(), RepositoryError> {
        let build = |folder: &Path| Ok(disk::write_all(folder, tree, stop)?);
        self.build(stop, build, |folder, ()| self.move_in(folder))
    }

    fn move_in(&self, folder: &Path) -> Result<(), RepositoryError> {
        let moved = match self.kind {
            TargetKind::Replaced => fs::rename(folder, &self.path),
            TargetKind::Filled | TargetKind::Clone(_) => self.move_entries(folder),
        };
        moved.map_err(|error| {
            if error.kind() == io::ErrorKind::DirectoryNotEmpty {
                let path = self.path.clone();
                return RepositoryError::NotEmpty { path };
            }
            RepositoryError::io("move the finished repository to", &self.path)(error)
        })
    }

    /// Moves all entries of a finished folder into the target, `.git` last. A failure moves them back.
    fn move_entries(&self, from: &Path) -> io::Result<()> {
        let is_clone = self.empty_clone().is_some();
        for entry in fs::read_dir(&self.path)? {
            if !(is_clone && entry?.file_name() == ".git") {
                return Err(io::ErrorKind::DirectoryNotEmpty.into());
            }
        }
        let mut moved = MovedEntries::default();
        moved.take_all(from, &self.path, &[".git"])?;
        let git_dir = from.join(".git");
        if git_dir.exists() {
            moved.take(&git_dir, &self.path.join(".git"))?;
        }
        moved.keep();
        Ok(())
    }

    fn build<T>(
        &self,
        stop: &AtomicBool,
        build: impl FnOnce(&Path) -> Result<T, RepositoryError>,
        install: impl FnOnce(&Path, &T) -> Result<(), RepositoryError>,
    ) -> Result<T, RepositoryError> {
        let private = tempfile::Builder::new()
            .permissions(fs::Permissions::from_mode(0o700))
            .prefix(".groundplan-")
            .tempdir_in(&self.parent)
            .map_err(RepositoryError::io("create a folder in", &self.parent))?;
        // A folder inside: the outer one is private (0700), and the repository follows the umask.
        let folder = private.path().join("repository");
        fs::create_dir(&folder).map_err(RepositoryError::io("create", &folder))?;
        let built = build(&folder)?;
        if stop.load(Ordering::Relaxed) {
            return Err(RepositoryError::Stopped);
        }
        install(&folder, &built)?;
        Ok(built)
    }
}

impl EmptyClone {
    /// The empty clone at a path; `None` for a folder that is no repository, or one with a commit or a file.
    fn open(path: &Path) -> Result<Option<Self>, RepositoryError> {
        let clone = match WorkTree::open(path) {
            Ok(clone) => clone,
            Err(
                WorkTreeError::Repository(GitTreeError::NotARepository { .. })
                | WorkTreeError::Bare { .. }
                | WorkTreeError::Busy { .. }
                | WorkTreeError::Detached { .. }
                | WorkTreeError::NotATop { .. }
                | WorkTreeError::Sparse { .. },
            ) => return Ok(None),
            Err(error) => return Err(RepositoryError::Clone(error)),
        };
        let is_empty = clone.is_empty_clone().map_err(RepositoryError::Clone)?;
        Ok(is_empty.then(|| Self {
            branch: clone.branch(),
            has_remote: clone.has_remote(),
        }))
    }
}

impl RepositoryError {
    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            action,
            path: path.to_owned(),
            source,
        }
    }

    fn git<E: Into<GixError>>(action: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self::Git {
            action,
            source: error.into(),
        }
    }
}

/// Writes all objects as one pack, then the branch and the note, then the index of the work tree. Returns the commit of
/// the note, too.
fn commit(
    folder: &Path,
    new: &CreatedRepository<'_>,
) -> Result<(Ids, Option<ObjectId>), RepositoryError> {
    let repository = init(folder, new)?;
    let objects = repository.git_dir().join("objects");
    let source = match (new.layout, new.template) {
        (Layout::BareShared, Some(template)) => {
            share_objects(&objects, template)?;
            None
        }
        (_, template) => template,
    };
    let mut pack = Pack::new(source);
    let tree = ids::write_tree(new.tree, &mut pack)?;
    let signer = new.signer.map(|signer| signer as &dyn CommitSigner);
    let commit = ids::write_commit(tree, new.commit, signer, &mut pack)?;
    let note = new.signer.map(|signer| -> Result<_, ObjectsError> {
        let text = signer.note(&GitId::of(&tree), &GitId::of(&commit))?;
        let FirstCommit { author, date, .. } = new.commit;
        signed::first_note(commit, &text, author, date, &mut pack)
    });
    let note = note.transpose()?;
    pack.write(&objects.join("pack"))?;
    let subject = new.commit.message.lines().next().unwrap_or("");
    repository
        .reference(
            "refs/heads/main",
            commit,
            gix::refs::transaction::PreviousValue::MustNotExist,
            format!("commit (initial): {subject}"),
        )
        .map_err(RepositoryError::git("write the branch of"))?;
    if let Some(note) = note {
        repository
            .reference(
                NOTES_REF,
                note,
                gix::refs::transaction::PreviousValue::MustNotExist,
                signed::NOTES_MESSAGE.trim(),
            )
            .map_err(RepositoryError::git("write the note of"))?;
    }
    if new.layout == Layout::WorkTree {
        repository
            .index_from_tree(&tree)
            .map_err(RepositoryError::git("index"))?
            .write(gix::index::write::Options::default())
            .map_err(RepositoryError::git("index"))?;
    }
    Ok((Ids { tree, commit }, note))
}

/// Creates the empty repository. Its author and date are those of the commit, for the log of the branch.
fn init(folder: &Path, new: &CreatedRepository<'_>) -> Result<gix::Repository, RepositoryError> {
    let FirstCommit { author, date, .. } = new.commit;
    let settings = [
        format!("user.name={}", author.name()),
        format!("user.email={}", author.address()),
        format!(
            "gitoxide.commit.committerDate={} +0000",
            date.unix_seconds()
        ),
    ];
    let kind = match new.layout {
        Layout::WorkTree => gix::create::Kind::WithWorktree,
        Layout::Bare | Layout::BareShared => gix::create::Kind::Bare,
    };
    git_init::with_settings(folder, kind, settings)
        .map(|repository| repository.to_thread_local())
        .map_err(RepositoryError::git("create"))
}

/// Lets a repository read the objects of the template's repository, as `git clone --shared` does.
fn share_objects(objects: &Path, template: &GitTree) -> Result<(), RepositoryError> {
    let file = objects.join("info").join("alternates");
    let write = || {
        let absolute = fs::canonicalize(template.objects())?;
        fs::create_dir_all(objects.join("info"))?;
        let mut line = absolute.into_os_string().into_encoded_bytes();
        line.push(b'\n');
        fs::File::create_new(&file)?.write_all(&line)
    };
    write().map_err(RepositoryError::io("write", &file))
}
