//! A tree as a new git repository in a folder: whole or not at all.

use super::git::GitTree;
use super::ids::{self, FirstCommit, Ids, ObjectsError};
use super::pack::Pack;
use super::{Tree, TreeError, disk};
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use thiserror::Error;

/// Why no repository was made. Nothing is left at the target.
#[derive(Debug, Error)]
pub enum RepositoryError {
    #[error("`{path}` is not empty")]
    NotEmpty { path: PathBuf },
    #[error("`{path}` is not a folder")]
    NotAFolder { path: PathBuf },
    #[error("`{path}` is the folder this program runs in, and it would be replaced as a whole")]
    CurrentFolder { path: PathBuf },
    #[error("the folder `{path}`, in which the repository shall stand, does not exist")]
    NoParent { path: PathBuf },
    #[error("cannot {action} `{path}`")]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("stopped by a signal")]
    Stopped,
    #[error(transparent)]
    Tree(#[from] TreeError),
    #[error(transparent)]
    Objects(#[from] ObjectsError),
    #[error("cannot {action} the git repository")]
    Git {
        action: &'static str,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// What a new repository holds, and how.
pub struct CreatedRepository<'m> {
    pub tree: &'m dyn Tree,
    /// The template's repository, for what the tree took over from it.
    pub template: Option<&'m GitTree>,
    pub commit: &'m FirstCommit,
    pub layout: Layout,
}

/// Whether there are files beside the objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Files, and `.git` among them.
    WorkTree,
    /// Objects and the branch only.
    Bare,
    /// As bare, with the template's objects left where they are: for a repository that is pushed and thrown away.
    BareShared,
}

/// An absent or empty folder that a repository can take the place of.
#[derive(Debug)]
pub struct Target {
    parent: PathBuf,
    path: PathBuf,
}

impl Target {
    /// Checks a folder without touching it.
    pub fn check(folder: &Path) -> Result<Self, RepositoryError> {
        let fail = |source| RepositoryError::Io {
            action: "look at",
            path: folder.to_owned(),
            source,
        };
        match fs::symlink_metadata(folder) {
            Ok(metadata) if !metadata.is_dir() => Err(RepositoryError::NotAFolder {
                path: folder.to_owned(),
            }),
            Ok(_) => {
                if fs::read_dir(folder).map_err(fail)?.next().is_some() {
                    return Err(RepositoryError::NotEmpty {
                        path: folder.to_owned(),
                    });
                }
                let path = fs::canonicalize(folder).map_err(fail)?;
                if std::path::absolute(".")
                    .and_then(fs::canonicalize)
                    .is_ok_and(|here| here.starts_with(&path))
                {
                    return Err(RepositoryError::CurrentFolder {
                        path: folder.to_owned(),
                    });
                }
                let parent = path.parent().ok_or_else(|| RepositoryError::NotEmpty {
                    path: folder.to_owned(),
                })?;
                Ok(Self {
                    parent: parent.to_owned(),
                    path,
                })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let no_parent = |parent: &Path| RepositoryError::NoParent {
                    path: parent.to_owned(),
                };
                let parent = folder
                    .parent()
                    .filter(|parent| !parent.as_os_str().is_empty())
                    .unwrap_or(Path::new("."));
                let Some(name) = folder.file_name() else {
                    return Err(no_parent(folder));
                };
                if !parent.is_dir() {
                    return Err(no_parent(parent));
                }
                let parent = fs::canonicalize(parent).map_err(fail)?;
                Ok(Self {
                    path: parent.join(name),
                    parent,
                })
            }
            Err(error) => Err(fail(error)),
        }
    }

    /// Makes the repository beside the target and renames it into place as the last step, so that a process killed
    /// half-way leaves the target as it was (and a hidden `.groundplan-…` folder beside it, unless `stop` was raised,
    /// which is looked at between files).
    pub fn create(
        &self,
        made: &CreatedRepository<'_>,
        stop: &AtomicBool,
    ) -> Result<Ids, RepositoryError> {
        self.make(stop, |folder| {
            thread::scope(|scope| {
                // Files and objects do not meet, and each takes about as long as the other.
                let files = (made.layout == Layout::WorkTree)
                    .then(|| scope.spawn(|| disk::plant(folder, made.tree, stop)));
                let ids = commit(folder, made);
                if let Some(files) = files {
                    let planted = files.join();
                    planted.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
                }
                ids
            })
        })
    }

    /// Puts plain files there, without a repository, in the same way: all of them or none.
    pub fn fill(&self, tree: &dyn Tree, stop: &AtomicBool) -> Result<(), RepositoryError> {
        self.make(stop, |folder| Ok(disk::plant(folder, tree, stop)?))
    }

    fn make<T>(
        &self,
        stop: &AtomicBool,
        build: impl FnOnce(&Path) -> Result<T, RepositoryError>,
    ) -> Result<T, RepositoryError> {
        let fail = |action, path: &Path| {
            let path = path.to_owned();
            move |source| RepositoryError::Io {
                action,
                path,
                source,
            }
        };
        let workshop = tempfile::Builder::new()
            .permissions(fs::Permissions::from_mode(0o700))
            .prefix(".groundplan-")
            .tempdir_in(&self.parent);
        let workshop = workshop.map_err(fail("create a folder in", &self.parent))?;
        // A folder inside, because the workshop itself is private (0700) and the repository follows the umask.
        let folder = workshop.path().join("repository");
        fs::create_dir(&folder).map_err(fail("create", &folder))?;
        let made = build(&folder)?;
        if stop.load(Ordering::Relaxed) {
            return Err(RepositoryError::Stopped);
        }
        match fs::rename(&folder, &self.path) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
                Err(RepositoryError::NotEmpty {
                    path: self.path.clone(),
                })
            }
            other => other.map_err(fail("move the finished repository to", &self.path)),
        }?;
        Ok(made)
    }
}

/// Writes all objects as one pack, then the branch, then the index of the work tree.
fn commit(folder: &Path, made: &CreatedRepository<'_>) -> Result<Ids, RepositoryError> {
    let author = &made.commit.author;
    let settings = [
        format!("user.name={}", author.name()),
        format!("user.email={}", author.address()),
        format!(
            "gitoxide.commit.committerDate={} +0000",
            made.commit.date.unix_seconds()
        ),
    ];
    let kind = match made.layout {
        Layout::WorkTree => gix::create::Kind::WithWorktree,
        Layout::Bare | Layout::BareShared => gix::create::Kind::Bare,
    };
    let repository = gix::ThreadSafeRepository::init_opts(
        folder,
        kind,
        gix::create::Options {
            object_hash: Some(gix::hash::Kind::Sha1),
            ..Default::default()
        },
        gix::open::Options::isolated().config_overrides(settings),
    );
    let repository = repository
        .map_err(|error| git("create", error))?
        .to_thread_local();
    let objects = repository.git_dir().join("objects");
    let source = match (made.layout, made.template) {
        (Layout::BareShared, Some(template)) => {
            borrow(&objects, template)?;
            None
        }
        (_, template) => template,
    };
    let mut pack = Pack::new(source);
    let tree = ids::write_tree(made.tree, &mut pack)?;
    let commit = ids::write_commit(tree, made.commit, &mut pack)?;
    pack.write(&objects.join("pack"))?;
    let subject = made.commit.message.lines().next().unwrap_or_default();
    repository
        .reference(
            "refs/heads/main",
            commit,
            gix::refs::transaction::PreviousValue::MustNotExist,
            format!("commit (initial): {subject}"),
        )
        .map_err(|error| git("write the branch of", error))?;
    if made.layout == Layout::WorkTree {
        let mut index = repository
            .index_from_tree(&tree)
            .map_err(|error| git("index", error))?;
        index
            .write(gix::index::write::Options::default())
            .map_err(|error| git("index", error))?;
    }
    Ok(Ids { tree, commit })
}

/// Lets a repository read the objects of the template's repository, as `git clone --shared` does.
fn borrow(objects: &Path, template: &GitTree) -> Result<(), RepositoryError> {
    let file = objects.join("info").join("alternates");
    let write = || {
        let absolute = fs::canonicalize(template.objects())?;
        fs::create_dir_all(objects.join("info"))?;
        let mut line = absolute.into_os_string().into_encoded_bytes();
        line.push(b'\n');
        fs::File::create_new(&file)?.write_all(&line)
    };
    write().map_err(|source| RepositoryError::Io {
        action: "write",
        path: file.clone(),
        source,
    })
}

fn git(
    action: &'static str,
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> RepositoryError {
    RepositoryError::Git {
        action,
        source: error.into(),
    }
}
