//! A tree as a new git repository in a folder: whole or not at all.

use super::disk::DiskTree;
use super::ids::{self, FirstCommit, Ids, ObjectsError};
use super::{Tree, TreeError, TreeMut as _};
use gix::objs::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
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
        tree: &dyn Tree,
        commit: &FirstCommit,
        stop: &AtomicBool,
    ) -> Result<Ids, RepositoryError> {
        let fail = |action, path: &Path| {
            let path = path.to_owned();
            move |source| RepositoryError::Io {
                action,
                path,
                source,
            }
        };
        let go_on = || {
            if stop.load(Ordering::Relaxed) {
                Err(RepositoryError::Stopped)
            } else {
                Ok(())
            }
        };
        let workshop = tempfile::Builder::new()
            .prefix(".groundplan-")
            .tempdir_in(&self.parent);
        let workshop = workshop.map_err(fail("create a folder in", &self.parent))?;
        // A folder inside, because the workshop itself is private (0700) and the repository follows the umask.
        let folder = workshop.path().join("repository");
        fs::create_dir(&folder).map_err(fail("create", &folder))?;
        let mut on_disk = DiskTree::open(&folder)?;
        for (path, _) in tree.list()?.iter() {
            go_on()?;
            let path = crate::model::path::TreePath::of_checked(path);
            if let Some(file) = tree.read(&path)? {
                on_disk.write(&path, file)?;
            }
        }
        let ids = commit_all(&folder, tree, commit)?;
        go_on()?;
        match fs::rename(&folder, &self.path) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
                Err(RepositoryError::NotEmpty {
                    path: self.path.clone(),
                })
            }
            other => other.map_err(fail("move the finished repository to", &self.path)),
        }?;
        Ok(ids)
    }
}

fn commit_all(
    folder: &Path,
    tree: &dyn Tree,
    commit: &FirstCommit,
) -> Result<Ids, RepositoryError> {
    let author = [
        format!("user.name={}", commit.author.name()),
        format!("user.email={}", commit.author.address()),
        format!(
            "gitoxide.commit.committerDate={} +0000",
            commit.date.unix_seconds()
        ),
    ];
    let repository = gix::ThreadSafeRepository::init_opts(
        folder,
        gix::create::Kind::WithWorktree,
        gix::create::Options {
            object_hash: Some(gix::hash::Kind::Sha1),
            ..Default::default()
        },
        gix::open::Options::isolated().config_overrides(author),
    );
    let repository = repository
        .map_err(|error| git("create", error))?
        .to_thread_local();
    struct Loose<'r>(&'r gix::Repository);
    impl ids::ObjectSink for Loose<'_> {
        fn put(&mut self, kind: gix::objs::Kind, bytes: &[u8]) -> Result<gix::ObjectId, ObjectsError> {
            self.0.objects.write_buf(kind, bytes).map_err(|error| ObjectsError::Store(error.into()))
        }
        fn keep(&mut self, _: &super::inventory::Inventory, _: std::ops::Range<usize>) -> Result<(), ObjectsError> { Ok(()) }
    }
    let mut sink = Loose(&repository);
    let tree_id = ids::write_tree(tree, &mut sink)?;
    let commit_id = ids::write_commit(tree_id, commit, &mut sink)?;
    let subject = commit.message.lines().next().unwrap_or_default();
    repository
        .reference(
            "refs/heads/main",
            commit_id,
            gix::refs::transaction::PreviousValue::MustNotExist,
            format!("commit (initial): {subject}"),
        )
        .map_err(|error| git("write the branch of", error))?;
    let mut index = repository
        .index_from_tree(&tree_id)
        .map_err(|error| git("index", error))?;
    index
        .write(gix::index::write::Options::default())
        .map_err(|error| git("index", error))?;
    Ok(Ids {
        tree: tree_id,
        commit: commit_id,
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
