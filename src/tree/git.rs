//! The tree of a commit, read from git objects without a checkout.

pub use super::git_error::{GitTreeError, GixError};
use super::inventory::{Inventory, NodeKind};
use super::inventory_cache::InventoryCache;
use super::listing::Listing;
use super::validate::Links;
use super::{Tree, TreeError, scan};
use crate::model::content::{File, Mode};
use crate::model::digest::GitId;
use crate::model::exclude::ExcludePattern;
use crate::model::path::{SafeRelPath, TreePath};
use bytes::Bytes;
use gix::ObjectId;
use gix::objs::{FindExt as _, Kind, TreeRefIter};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The bytes of contents kept for the next plan over the same template. A blob is kept at its second read.
const MAX_KEPT: usize = 16 * 1024 * 1024;

/// The part of a repository that is the template.
#[derive(Clone, Debug)]
pub struct TemplatePart<'p> {
    pub commit: GitId,
    /// One of its folders; `None` for the whole.
    pub folder: Option<&'p SafeRelPath>,
    pub exclude: &'p [ExcludePattern],
    pub links: Links,
}

/// The files of a commit, or of one of its folders. Only the blobs that are needed are read.
pub struct GitTree {
    repository: gix::ThreadSafeRepository,
    listing: Listing,
    /// The cache of the inventory, and the id of the tree in it.
    cache: Option<(InventoryCache, ObjectId)>,
    /// Handles that no thread uses.
    idle: Mutex<Vec<gix::Repository>>,
    contents: Mutex<Contents>,
}

/// Blobs read before.
#[derive(Default)]
struct Contents {
    read: BTreeSet<ObjectId>,
    kept: BTreeMap<ObjectId, Bytes>,
    kept_bytes: usize,
}

/// The commit of a tag, branch, full reference name, `HEAD` or commit id in a repository on this disk.
///
/// As in git, a tag takes precedence over a branch of the same name.
pub fn resolve(repository: &Path, reference: &str) -> Result<GitId, GitTreeError> {
    let missing = || GitTreeError::NoReference {
        reference: reference.to_owned(),
    };
    let repository = open(repository)?;
    let id = if let Ok(id) = GitId::parse(reference) {
        ObjectId::from_hex(id.as_str().as_bytes()).map_err(|_| missing())?
    } else {
        repository
            .try_find_reference(reference)
            .map_err(|_| missing())?
            .ok_or_else(missing)?
            .peel_to_id()
            .map_err(|_| missing())?
            .detach()
    };
    let commit = repository
        .find_object(id)
        .map_err(|_| missing())?
        .peel_to_kind(Kind::Commit)
        .map_err(|_| missing())?;
    Ok(GitId::of(&commit.id))
}

impl GitTree {
    /// The template in a repository on this disk. Its inventory is read from `cache`, or stored there.
    pub fn open(
        repository: &Path,
        part: &TemplatePart<'_>,
        cache: Option<&InventoryCache>,
    ) -> Result<Self, GitTreeError> {
        let repository = open(repository)?;
        let tree = find_tree(&repository, part)?;
        let is_usable = |known: &Inventory| {
            let is_link = |kind| kind == NodeKind::File(Mode::Symlink);
            part.links == Links::Kept || !known.nodes().iter().any(|node| is_link(node.kind))
        };
        let known = cache.and_then(|cache| cache.load(tree)).filter(is_usable);
        let inventory = if let Some(known) = known {
            known
        } else {
            let inventory = scan::scan(&repository, tree, part.links)?;
            if let Some(cache) = cache {
                cache.store(tree, &inventory);
            }
            inventory
        };
        let mut listing = Listing::of(Arc::new(inventory));
        for path in excluded(&listing, part.exclude) {
            listing.set(&path, None);
        }
        Ok(Self {
            listing,
            cache: cache.map(|cache| (cache.clone(), tree)),
            idle: Mutex::new(vec![repository.clone()]),
            repository: repository.into_sync(),
            contents: Mutex::default(),
        })
    }

    /// The folder of the repository's objects.
    pub fn objects(&self) -> PathBuf {
        self.repository.objects_dir().to_owned()
    }

    /// A new handle to the objects of the repository.
    pub(super) fn handle(&self) -> gix::odb::Handle {
        self.repository.to_thread_local().objects.into_inner()
    }

    /// Removes the cached inventory, after an object of the template turned out to be damaged.
    pub(super) fn invalidate(&self) {
        if let Some((cache, tree)) = &self.cache {
            cache.forget(*tree);
        }
    }

    fn blob(&self, id: ObjectId) -> Result<Bytes, TreeError> {
        if let Some(bytes) = lock(&self.contents).kept.get(&id) {
            return Ok(bytes.clone());
        }
        let idle = lock(&self.idle).pop();
        let repository = idle.unwrap_or_else(|| self.repository.to_thread_local());
        let found = repository
            .find_object(id)
            .map(|mut blob| Bytes::from(std::mem::take(&mut blob.data)));
        lock(&self.idle).push(repository);
        let bytes = found.map_err(|error| {
            self.invalidate();
            TreeError::Object {
                id: id.to_string(),
                source: error.into(),
            }
        })?;
        let mut contents = lock(&self.contents);
        if !contents.read.insert(id) && contents.kept_bytes + bytes.len() <= MAX_KEPT {
            contents.kept_bytes += bytes.len();
            contents.kept.insert(id, bytes.clone());
        }
        Ok(bytes)
    }
}

/// Locks a mutex whose value no panic can leave half changed.
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

/// The files of a listing that match a pattern, or are in a folder that does.
pub fn excluded(listing: &Listing, exclude: &[ExcludePattern]) -> Vec<TreePath> {
    if exclude.is_empty() {
        return Vec::new();
    }
    let matches = |path: &str, is_folder| {
        exclude
            .iter()
            .any(|pattern| pattern.matches(path, is_folder))
    };
    listing
        .iter()
        .map(|(path, _)| TreePath::of_checked(path))
        .filter(|path| {
            matches(path.as_str(), false) || path.folders().any(|folder| matches(folder, true))
        })
        .collect()
}

pub(super) fn open(path: &Path) -> Result<gix::Repository, GitTreeError> {
    // Without replacement objects: an object must be the one of its id.
    let options = gix::open::Options::isolated().config_overrides(["core.useReplaceRefs=false"]);
    gix::ThreadSafeRepository::open_opts(path, options)
        .map(|repository| repository.to_thread_local())
        .map_err(|error| GitTreeError::NotARepository {
            path: path.to_owned(),
            source: error.into(),
        })
}

/// The id of the tree of a commit, or of one of its folders.
fn find_tree(
    repository: &gix::Repository,
    part: &TemplatePart<'_>,
) -> Result<ObjectId, GitTreeError> {
    let commit = ObjectId::from_hex(part.commit.as_str().as_bytes())
        .map_err(GitTreeError::object(&part.commit))?;
    let mut buffer = Vec::new();
    let mut tree = repository
        .objects
        .find_commit(&commit, &mut buffer)
        .map_err(GitTreeError::object(commit))?
        .tree();
    let Some(folder) = part.folder else {
        return Ok(tree);
    };
    for segment in folder.as_str().split('/') {
        let mut entries: TreeRefIter<'_> = repository
            .objects
            .find_tree_iter(&tree, &mut buffer)
            .map_err(GitTreeError::object(tree))?;
        let is_wanted = |entry: &gix::objs::tree::EntryRef<'_>| {
            entry.filename == segment && entry.mode.is_tree()
        };
        tree = entries
            .find_map(|entry| entry.ok().filter(is_wanted))
            .ok_or_else(|| GitTreeError::NoFolder {
                commit: part.commit.clone(),
                folder: folder.to_string(),
            })?
            .oid
            .to_owned();
    }
    Ok(tree)
}
