//! A folder of bare repositories, `owner/name.git`, as a forge on this machine.

use super::Forge;
use super::account::{Account, OwnerOption, Owners};
use super::error::ForgeError;
use super::ownership::OwnershipProof;
use super::repository::{
    Availability, Branch, Content, NewRepository, Remote, RepoPath, Repository, RepositoryId,
};
use crate::base::clock::Clock;
use crate::base::{atomic_file, git_init};
use crate::model::digest::GitId;
use crate::model::input::Owner;
use crate::model::preflight::Permission;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bare repositories below one folder. Its calls are short enough to block the runtime.
pub struct Local {
    root: PathBuf,
    clock: Arc<dyn Clock>,
}

/// The properties that other forges keep in a database, as a file in the repository.
#[derive(Serialize, Deserialize)]
struct Record {
    id: RepositoryId,
    created_at: i64,
}

const RECORD: &str = "groundplan.json";
/// The number of repositories without a record, which people put here. None is read or deleted by it.
const UNNUMBERED: RepositoryId = RepositoryId(0);

impl Local {
    /// Takes an existing folder.
    pub fn new(root: PathBuf, clock: Arc<dyn Clock>) -> Self {
        Self { root, clock }
    }

    fn path(&self, repo: &RepoPath) -> PathBuf {
        self.root
            .join(repo.owner.as_str())
            .join(format!("{}.git", repo.name))
    }

    /// Every `owner/name` with its folder. Symbolic links are skipped, since they point elsewhere.
    fn all(&self) -> Result<Vec<(String, PathBuf)>, ForgeError> {
        let mut found = Vec::new();
        for (owner, folder) in folders(&self.root)? {
            for (name, path) in folders(&folder)? {
                if let Some(name) = name.strip_suffix(".git") {
                    found.push((format!("{owner}/{name}"), path));
                }
            }
        }
        Ok(found)
    }

    fn numbered(&self, id: RepositoryId) -> Result<Option<(String, PathBuf, Record)>, ForgeError> {
        if id == UNNUMBERED {
            return Ok(None);
        }
        for (full_name, path) in self.all()? {
            if let Some(record) = record(&path)?.filter(|record| record.id == id) {
                return Ok(Some((full_name, path, record)));
            }
        }
        Ok(None)
    }

    fn read(&self, id: RepositoryId) -> Result<Option<(Repository, PathBuf)>, ForgeError> {
        let Some((full_name, path, record)) = self.numbered(id)? else {
            return Ok(None);
        };
        let description = fs::read_to_string(path.join("description"));
        let repository = Repository {
            id,
            full_name,
            description: description.map_err(folder(&path))?.trim_end().to_owned(),
            created_at: record.created_at,
            is_private: true,
            content: content(&path)?,
            activity: 0,
            remote: Remote::Folder(path.clone()),
        };
        Ok(Some((repository, path)))
    }

    /// Creates the repository in a temporary folder and renames it, so that it exists completely or not at all.
    fn create_bare(&self, order: &NewRepository) -> Result<Repository, ForgeError> {
        let target = self.path(&order.repo);
        let taken = |full_name: &str| ForgeError::NameTaken {
            message: format!("`{full_name}` exists in the folder"),
        };
        if let Availability::Taken { full_name, .. } = self.find(&order.repo)? {
            return Err(taken(&full_name));
        }
        let owner = self.root.join(order.repo.owner.as_str());
        create_folder(&owner).map_err(folder(&owner))?;
        let temporary = temporary_folder(&self.root)?;
        let new = temporary.path().join("repository");
        git_init::bare(&new).map_err(folder(&new))?;
        // 53 bits, which every JSON reader keeps exactly.
        let id = getrandom::u64().map_err(folder(&new))? >> 11;
        let record = Record {
            id: RepositoryId(id.max(1)),
            created_at: self.clock.now() / 1000,
        };
        let text = serde_json::to_string(&record).map_err(folder(&new))?;
        replace(&new.join(RECORD), &text)?;
        replace(&new.join("description"), &order.marker.description())?;
        match fs::rename(&new, &target) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
                return Err(taken(&order.repo.to_string()));
            }
            other => other.map_err(folder(&target))?,
        }
        Ok(Repository {
            id: record.id,
            full_name: order.repo.to_string(),
            description: order.marker.description(),
            created_at: record.created_at,
            is_private: true,
            content: Content::Empty,
            activity: 0,
            remote: Remote::Folder(target),
        })
    }

    fn find(&self, repo: &RepoPath) -> Result<Availability, ForgeError> {
        let found = self
            .all()?
            .into_iter()
            .find(|(full_name, _)| repo.is_same_name(full_name));
        let Some((full_name, path)) = found else {
            return Ok(Availability::Free);
        };
        let id = record(&path)?.map_or(UNNUMBERED, |record| record.id);
        Ok(Availability::Taken { id, full_name })
    }
}

#[async_trait]
impl Forge for Local {
    async fn current_user(&self) -> Result<Account, ForgeError> {
        folders(&self.root)?;
        Ok(Account {
            login: "local".to_owned(),
            id: 0,
            scopes: None,
            expires_at: None,
            answered_at: None,
            can_delete: Permission::Yes,
            rate_limit: None,
        })
    }

    async fn owners(&self) -> Result<Owners, ForgeError> {
        let options = folders(&self.root)?
            .into_iter()
            .map(|(login, _)| OwnerOption::organisation(login, Some(Ok(()))));
        Ok(Owners {
            options: options.collect(),
            is_complete: true,
        })
    }

    async fn owner(&self, owner: &Owner) -> Result<OwnerOption, ForgeError> {
        folders(&self.root)?;
        Ok(OwnerOption::organisation(
            owner.as_str().to_owned(),
            Some(Ok(())),
        ))
    }

    async fn repositories(&self, owner: &Owner) -> Result<Vec<Remote>, ForgeError> {
        let is_owned = |full_name: &str| {
            let found = full_name.split_once('/');
            found.is_some_and(|(found, _)| found.eq_ignore_ascii_case(owner.as_str()))
        };
        let all = self.all()?.into_iter();
        Ok(all
            .filter(|(full_name, _)| is_owned(full_name))
            .map(|(_, path)| Remote::Folder(path))
            .collect())
    }

    async fn availability(&self, repo: &RepoPath) -> Result<Availability, ForgeError> {
        self.find(repo)
    }

    async fn create(&self, order: &NewRepository) -> Result<Repository, ForgeError> {
        self.create_bare(order)
    }

    async fn repository(&self, id: RepositoryId) -> Result<Option<Repository>, ForgeError> {
        Ok(self.read(id)?.map(|(repository, _)| repository))
    }

    async fn remote_of(&self, repo: &RepoPath) -> Result<Option<Remote>, ForgeError> {
        let all = self.all()?.into_iter();
        let mut same = all.filter(|(full_name, _)| repo.is_same_name(full_name));
        Ok(same.next().map(|(_, path)| Remote::Folder(path)))
    }

    async fn set_description(
        &self,
        repository: &Repository,
        description: &str,
    ) -> Result<(), ForgeError> {
        let (_, path, _) = self
            .numbered(repository.id)?
            .ok_or_else(ForgeError::no_longer_there)?;
        replace(&path.join("description"), description)
    }

    async fn delete(&self, id: RepositoryId, proof: &OwnershipProof) -> Result<(), ForgeError> {
        let (repository, path) = self.read(id)?.ok_or_else(ForgeError::no_longer_there)?;
        proof.check(&repository)?;
        atomic_file::remove(&path).map(drop).map_err(folder(&path))
    }

    fn removal_command(&self, repo: &RepoPath, _: Option<RepositoryId>) -> String {
        let path = self.path(repo).display().to_string();
        format!("rm -r -- '{}'", path.replace('\'', "'\\''"))
    }
}

/// The folders in a folder, sorted by name, without hidden ones and symbolic links.
pub(super) fn folders(inside: &Path) -> Result<Vec<(String, PathBuf)>, ForgeError> {
    let mut found = Vec::new();
    for result in fs::read_dir(inside).map_err(folder(inside))? {
        let entry = result.map_err(folder(inside))?;
        let kind = entry.file_type().map_err(folder(inside))?;
        if let Some(name) = entry
            .file_name()
            .to_str()
            .filter(|name| !name.starts_with('.'))
            && kind.is_dir()
        {
            found.push((name.to_owned(), entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

fn record(repository: &Path) -> Result<Option<Record>, ForgeError> {
    let path = repository.join(RECORD);
    match fs::read_to_string(&path) {
        Ok(text) => serde_json::from_str(&text).map(Some).map_err(folder(&path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(folder(&path)(error)),
    }
}

fn content(path: &Path) -> Result<Content, ForgeError> {
    let repository = gix::open_opts(path, gix::open::Options::isolated()).map_err(folder(path))?;
    let references = repository.references().map_err(folder(path))?;
    let mut found = Vec::new();
    for reference in references.all().map_err(folder(path))? {
        let reference = reference.map_err(|error| folder(path)(error))?;
        // A note is about a commit and no content; the other forges do not list notes either.
        if reference.name().category() != Some(gix::refs::Category::Note) {
            found.push(reference);
        }
    }
    let names = found
        .iter()
        .map(|reference| reference.name().shorten().to_string())
        .collect();
    let [reference] = found.as_mut_slice() else {
        return Ok(if found.is_empty() {
            Content::Empty
        } else {
            Content::Refs(names)
        });
    };
    if reference.name().category() != Some(gix::refs::Category::LocalBranch) {
        return Ok(Content::Refs(names));
    }
    let commit = reference.peel_to_commit().map_err(folder(path))?;
    Ok(Content::Branch(Branch {
        name: names.concat(),
        commit: GitId::of(&commit.id),
        tree: GitId::of(&commit.tree_id().map_err(folder(path))?),
    }))
}

/// Creates a folder, or accepts an existing one that is not a symbolic link.
fn create_folder(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        other => return other,
    }
    if fs::symlink_metadata(path)?.is_dir() {
        Ok(())
    } else {
        Err(io::ErrorKind::NotADirectory.into())
    }
}

/// A hidden folder that is deleted when it is dropped.
fn temporary_folder(root: &Path) -> Result<tempfile::TempDir, ForgeError> {
    tempfile::Builder::new()
        .prefix(".groundplan-")
        .tempdir_in(root)
        .map_err(folder(root))
}

/// Replaces a file's content completely or not at all.
fn replace(path: &Path, text: &str) -> Result<(), ForgeError> {
    atomic_file::write(path, format!("{text}\n").as_bytes()).map_err(folder(path))
}

/// An error about a path in the folder.
fn folder<E: Display>(path: &Path) -> impl FnOnce(E) -> ForgeError {
    let shown = path.display().to_string();
    move |error| ForgeError::Folder {
        message: format!("`{shown}`: {error}"),
    }
}
