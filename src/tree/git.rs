//! The tree of a commit, read from git's objects: nothing is ever checked out.

use super::inventory::{Inventory, NodeKind};
use super::inventory_cache::InventoryCache;
use super::listing::Listing;
use super::validate::Links;
use super::{Tree, TreeError, scan};
use crate::model::content::File;
use crate::model::diagnostic::Diagnostic;
use crate::model::digest::GitId;
use crate::model::exclude::ExcludePattern;
use crate::model::path::{SafeRelPath, TreePath};
use bytes::Bytes;
use gix::ObjectId;
use gix::objs::{FindExt as _, Kind, TreeRefIter};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use thiserror::Error;

/// Contents that were read twice are kept up to this many bytes, for the next plan over the same template.
const MAX_HELD: usize = 16 * 1024 * 1024;

/// What of a repository is the template.
#[derive(Clone, Debug)]
pub struct Part<'p> {
    pub commit: GitId,
    /// A folder of it instead of the whole.
    pub folder: Option<&'p SafeRelPath>,
    pub exclude: &'p [ExcludePattern],
    pub links: Links,
}

/// The files of a commit, or of one of its folders. Reading costs what is read.
pub struct GitTree {
    repository: gix::ThreadSafeRepository,
    listing: Listing,
    /// Where the whole tree is remembered, and by which id.
    remembered: Option<(InventoryCache, ObjectId)>,
    /// Handles that no thread uses at the moment.
    idle: Mutex<Vec<gix::Repository>>,
    contents: Mutex<Contents>,
}

/// What was read before.
#[derive(Default)]
struct Contents {
    read: BTreeSet<ObjectId>,
    held: BTreeMap<ObjectId, Bytes>,
    held_bytes: usize,
}

/// Why there is no tree.
#[derive(Debug, Error)]
pub enum GitTreeError {
    #[error("`{path}` is not a git repository")]
    NotARepository { path: PathBuf, source: Failure },
    #[error("the repository has no tag, branch or commit `{reference}`")]
    NoReference { reference: String },
    #[error("the template's commit {commit} has no folder `{folder}`")]
    NoFolder { commit: GitId, folder: String },
    #[error("`{path}` holds only the newest commits")]
    Shallow { path: PathBuf },
    #[error("the repository is too large to be compared: {what}")]
    TooLarge { what: String },
    #[error("the template holds what a repository cannot take over")]
    Refused(Vec<Diagnostic>),
    #[error("the git object {id} cannot be read: the repository is damaged or incomplete")]
    Object { id: String, source: Failure },
}

/// What gix says.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The commit that a tag, branch, full reference name, `HEAD` or commit id means in a repository on this disk.
///
/// As git does it: a tag comes before a branch of the same name.
pub fn resolve(repository: &Path, reference: &str) -> Result<GitId, GitTreeError> {
    let missing = || GitTreeError::NoReference {
        reference: reference.to_owned(),
    };
    let repository = open(repository)?;
    let id = if let Ok(id) = GitId::parse(reference) {
        ObjectId::from_hex(id.as_str().as_bytes()).map_err(|_| missing())?
    } else {
        let found = repository.try_find_reference(reference);
        let mut found = found.map_err(|_| missing())?.ok_or_else(missing)?;
        found.peel_to_id().map_err(|_| missing())?.detach()
    };
    let object = repository.find_object(id).map_err(|_| missing())?;
    let commit = object.peel_to_kind(Kind::Commit).map_err(|_| missing())?;
    Ok(GitId::of(&commit.id))
}

impl GitTree {
    /// The template in a repository on this disk. What is known of it is taken from, and left in, `remembered`.
    pub fn open(
        repository: &Path,
        part: &Part<'_>,
        remembered: Option<&InventoryCache>,
    ) -> Result<Self, GitTreeError> {
        let repository = open(repository)?;
        let tree = find_tree(&repository, part)?;
        let known = remembered.and_then(|remembered| remembered.load(tree));
        let is_usable = |known: &Inventory| {
            let is_link = |kind| kind == NodeKind::File(crate::model::content::Mode::Symlink);
            part.links == Links::Kept || !known.nodes().iter().any(|node| is_link(node.kind))
        };
        let inventory = if let Some(known) = known.filter(is_usable) {
            known
        } else {
            let inventory = scan::take(&repository, tree, part.links)?;
            if let Some(remembered) = remembered {
                remembered.store(tree, &inventory);
            }
            inventory
        };
        let mut listing = Listing::of(Arc::new(inventory));
        for path in left_out(&listing, part.exclude) {
            listing.set(&path, None);
        }
        Ok(Self {
            listing,
            remembered: remembered.map(|remembered| (remembered.clone(), tree)),
            idle: Mutex::new(vec![repository.clone()]),
            repository: repository.into_sync(),
            contents: Mutex::default(),
        })
    }

    /// The folder of the repository's objects.
    pub fn objects(&self) -> PathBuf {
        self.repository.objects_dir().to_owned()
    }

    /// A handle of its own to the repository's objects.
    pub(super) fn handle(&self) -> gix::odb::Handle {
        self.repository.to_thread_local().objects.into_inner()
    }

    /// Forgets what is remembered of the template, one of whose objects turned out to be damaged.
    pub(super) fn doubt(&self) {
        if let Some((remembered, tree)) = &self.remembered {
            remembered.forget(*tree);
        }
    }

    fn blob(&self, id: ObjectId) -> Result<Bytes, TreeError> {
        if let Some(bytes) = lock(&self.contents).held.get(&id) {
            return Ok(bytes.clone());
        }
        let idle = lock(&self.idle).pop();
        let repository = idle.unwrap_or_else(|| self.repository.to_thread_local());
        let blob = repository.find_object(id);
        let blob = blob.map(|mut blob| Bytes::from(std::mem::take(&mut blob.data)));
        lock(&self.idle).push(repository);
        let bytes = blob.map_err(|error| {
            self.doubt();
            TreeError::Object {
                id: id.to_string(),
                source: error.into(),
            }
        })?;
        let mut contents = lock(&self.contents);
        if !contents.read.insert(id) && contents.held_bytes + bytes.len() <= MAX_HELD {
            contents.held_bytes += bytes.len();
            contents.held.insert(id, bytes.clone());
        }
        Ok(bytes)
    }
}

/// Nothing that is locked here can be left half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Tree for GitTree {
    fn read(&self, path: &TreePath) -> Result<Option<File>, TreeError> {
        let base = self.listing.base();
        match (self.listing.get(path.as_str()), base.find(path.as_str())) {
            (Some(entry), Some(number)) => Ok(Some(File {
                mode: entry.mode,
                bytes: self.blob(base.nodes()[number].id)?,
            })),
            _ => Ok(None),
        }
    }

    fn list(&self) -> Result<Listing, TreeError> {
        Ok(self.listing.clone())
    }
}

/// The files of a listing that patterns leave out.
pub fn left_out(listing: &Listing, exclude: &[ExcludePattern]) -> Vec<TreePath> {
    let is_left_out = |path: &TreePath| {
        let mut folders = path.folders();
        exclude
            .iter()
            .any(|pattern| pattern.matches(path.as_str(), false))
            || folders.any(|folder| exclude.iter().any(|pattern| pattern.matches(folder, true)))
    };
    if exclude.is_empty() {
        return Vec::new();
    }
    let paths = listing.iter().map(|(path, _)| TreePath::of_checked(path));
    paths.filter(is_left_out).collect()
}

pub(super) fn open(path: &Path) -> Result<gix::Repository, GitTreeError> {
    // An object is what its id says, whatever else the repository would put in its place.
    let options = gix::open::Options::isolated().config_overrides(["core.useReplaceRefs=false"]);
    let opened = gix::ThreadSafeRepository::open_opts(path, options);
    let opened = opened.map_err(|error| GitTreeError::NotARepository {
        path: path.to_owned(),
        source: error.into(),
    })?;
    Ok(opened.to_thread_local())
}

fn find_tree(repository: &gix::Repository, part: &Part<'_>) -> Result<ObjectId, GitTreeError> {
    let unreadable = |id: &dyn ToString, source: Failure| GitTreeError::Object {
        id: id.to_string(),
        source,
    };
    let commit = ObjectId::from_hex(part.commit.as_str().as_bytes())
        .map_err(|error| unreadable(&part.commit, error.into()))?;
    let mut buffer = Vec::new();
    let found = repository.objects.find_commit(&commit, &mut buffer);
    let mut tree = found
        .map_err(|error| unreadable(&commit, error.into()))?
        .tree();
    let Some(folder) = part.folder else {
        return Ok(tree);
    };
    for segment in folder.as_str().split('/') {
        let entries = repository.objects.find_tree_iter(&tree, &mut buffer);
        let mut entries: TreeRefIter<'_> =
            entries.map_err(|error| unreadable(&tree, error.into()))?;
        let is_it = |entry: &gix::objs::tree::EntryRef<'_>| {
            entry.filename == segment && entry.mode.is_tree()
        };
        let found = entries.find_map(|entry| entry.ok().filter(is_it));
        tree = found
            .ok_or_else(|| GitTreeError::NoFolder {
                commit: part.commit.clone(),
                folder: folder.to_string(),
            })?
            .oid
            .to_owned();
    }
    Ok(tree)
}
