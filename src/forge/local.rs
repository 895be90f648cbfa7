//! A folder of bare repositories, `owner/name.git`, as a forge: for one machine, and for trying things out.

use super::Forge;
use super::account::{Account, OwnerKind, OwnerOption, OwnerStanding, Owners, Permission};
use super::error::ForgeError;
use super::ownership::OwnershipProof;
use super::repository::{
    Availability, Branch, Content, NewRepository, Remote, RepoPath, Repository, RepositoryId,
};
use crate::base::clock::Clock;
use crate::base::{atomic_file, git_init};
use crate::model::digest::GitId;
use crate::model::input::Owner;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bare repositories below one folder. Its calls are short enough to be made where they are awaited.
pub struct Local {
    root: PathBuf,
    clock: Arc<dyn Clock>,
}

/// What a forge keeps in its database and this one keeps in a file of the repository.
#[derive(Serialize, Deserialize)]
struct Record {
    id: RepositoryId,
    created_at: i64,
}

const RECORD: &str = "groundplan.json";
/// Repositories that were put here by hand have no number; nothing is looked up or removed by this one.
const UNNUMBERED: RepositoryId = RepositoryId(0);

impl Local {
    /// A folder that exists.
    pub fn new(root: PathBuf, clock: Arc<dyn Clock>) -> Self {
        Self { root, clock }
    }

    fn path(&self, place: &RepoPath) -> PathBuf {
        self.root
            .join(place.owner.as_str())
            .join(format!("{}.git", place.name))
    }

    /// Every `owner/name` with its folder. Links are passed over: what they lead to lies elsewhere.
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

    fn look(&self, id: RepositoryId) -> Result<Option<(Repository, PathBuf)>, ForgeError> {
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
            traces: 0,
            remote: Remote::Folder(path.clone()),
        };
        Ok(Some((repository, path)))
    }

    /// Made aside and renamed, so that a repository is there as a whole or not at all.
    fn make(&self, order: &NewRepository) -> Result<Repository, ForgeError> {
        let target = self.path(&order.place);
        let taken = |full_name: &str| ForgeError::NameTaken {
            message: format!("`{full_name}` stands in the folder"),
        };
        if let Availability::Taken { full_name, .. } = self.standing(&order.place)? {
            return Err(taken(&full_name));
        }
        let owner = self.root.join(order.place.owner.as_str());
        match fs::create_dir(&owner) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => fs::symlink_metadata(&owner).and_then(|found| {
                let is_folder = found.is_dir();
                is_folder
                    .then_some(())
                    .ok_or_else(|| io::ErrorKind::NotADirectory.into())
            }),
        }
        .map_err(folder(&owner))?;
        let workshop = workshop(&self.root)?;
        let made = workshop.path().join("repository");
        git_init::bare(&made).map_err(folder(&made))?;
        // 53 bits, so that the number survives every JSON reader.
        let id = getrandom::u64().map_err(folder(&made))? >> 11;
        let record = Record {
            id: RepositoryId(id.max(1)),
            created_at: self.clock.now() / 1000,
        };
        let text = serde_json::to_string(&record).map_err(folder(&made))?;
        replace(&made.join(RECORD), &text)?;
        replace(&made.join("description"), &order.marker.description())?;
        match fs::rename(&made, &target) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
                return Err(taken(&order.place.to_string()));
            }
            other => other.map_err(folder(&target))?,
        }
        Ok(Repository {
            id: record.id,
            full_name: order.place.to_string(),
            description: order.marker.description(),
            created_at: record.created_at,
            is_private: true,
            content: Content::Empty,
            traces: 0,
            remote: Remote::Folder(target),
        })
    }

    fn standing(&self, place: &RepoPath) -> Result<Availability, ForgeError> {
        let found = self
            .all()?
            .into_iter()
            .find(|(full_name, _)| place.is_alike(full_name));
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
            may_delete: Permission::Yes,
            budget: None,
        })
    }

    async fn owners(&self) -> Result<Owners, ForgeError> {
        let options = folders(&self.root)?
            .into_iter()
            .map(|(login, _)| OwnerOption {
                login,
                kind: OwnerKind::Organisation,
                standing: OwnerStanding::Visible,
            });
        Ok(Owners {
            options: options.collect(),
            is_complete: true,
        })
    }

    async fn owner(&self, owner: &Owner) -> Result<OwnerOption, ForgeError> {
        folders(&self.root)?;
        Ok(OwnerOption {
            login: owner.as_str().to_owned(),
            kind: OwnerKind::Organisation,
            standing: OwnerStanding::Visible,
        })
    }

    async fn availability(&self, place: &RepoPath) -> Result<Availability, ForgeError> {
        self.standing(place)
    }

    async fn create(&self, order: &NewRepository) -> Result<Repository, ForgeError> {
        self.make(order)
    }

    async fn repository(&self, id: RepositoryId) -> Result<Option<Repository>, ForgeError> {
        Ok(self.look(id)?.map(|(repository, _)| repository))
    }

    async fn describe(&self, repository: &Repository, description: &str) -> Result<(), ForgeError> {
        let (_, path, _) = self
            .numbered(repository.id)?
            .ok_or_else(|| ForgeError::NotFound {
                message: format!("`{}` is not in the folder any more", repository.full_name),
            })?;
        replace(&path.join("description"), description)
    }

    async fn delete(&self, id: RepositoryId, claim: &OwnershipProof) -> Result<(), ForgeError> {
        let (found, path) = self.look(id)?.unzip();
        claim.check_now(found)?;
        if let Some(path) = path {
            atomic_file::remove(&path).map_err(folder(&path))?;
        }
        Ok(())
    }

    fn removal(&self, place: &RepoPath, _: Option<RepositoryId>) -> String {
        let path = self.path(place).display().to_string();
        format!("rm -r -- '{}'", path.replace('\'', "'\\''"))
    }
}

/// The folders in a folder by name, hidden ones and links left out.
pub(super) fn folders(inside: &Path) -> Result<Vec<(String, PathBuf)>, ForgeError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(inside).map_err(folder(inside))? {
        let entry = entry.map_err(folder(inside))?;
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
        found.push(reference.map_err(|error| ForgeError::Folder {
            message: error.to_string(),
        })?);
    }
    let names = found
        .iter()
        .map(|reference| reference.name().shorten().to_string())
        .collect();
    let [reference] = found.as_mut_slice() else {
        return Ok(if found.is_empty() {
            Content::Empty
        } else {
            Content::Several(names)
        });
    };
    if reference.name().category() != Some(gix::refs::Category::LocalBranch) {
        return Ok(Content::Several(names));
    }
    let commit = reference.peel_to_commit().map_err(folder(path))?;
    Ok(Content::One(Branch {
        name: names.concat(),
        commit: GitId::of(&commit.id),
        tree: GitId::of(&commit.tree_id().map_err(folder(path))?),
    }))
}

/// A hidden folder that goes away by itself.
fn workshop(root: &Path) -> Result<tempfile::TempDir, ForgeError> {
    let made = tempfile::Builder::new()
        .prefix(".groundplan-")
        .tempdir_in(root);
    made.map_err(folder(root))
}

/// Gives a file new content, whole or not at all.
fn replace(path: &Path, text: &str) -> Result<(), ForgeError> {
    atomic_file::write(path, format!("{text}\n").as_bytes()).map_err(folder(path))
}

fn folder<E: Display>(path: &Path) -> impl FnOnce(E) -> ForgeError {
    let path = path.display().to_string();
    move |error| ForgeError::Folder {
        message: format!("`{path}`: {error}"),
    }
}
