//! The tree of a commit, read from git objects without a checkout.

pub use super::git_error::{GitTreeError, GixError};
use super::inventory::{Inventory, NodeKind};
use super::inventory_cache::{InventoryCache, InventoryKey};
use super::listing::Listing;
use super::validate::Links;
use super::{Tree, TreeError, scan};
use crate::base::git_dir::{GitDir, GitDirError};
use crate::model::content::{File, Mode};
use crate::model::digest::GitId;
use crate::model::exclude::ExcludePattern;
use crate::model::path::{SafeRelPath, TreePath};
use bytes::Bytes;
use gix::ObjectId;
use gix::objs::{FindExt as _, Kind, TreeRefIter};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

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
    /// The cache of the inventory, and its key there.
    cache: Option<(InventoryCache, InventoryKey)>,
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
    let path = repository;
    let repository = open(path)?;
    GitDir::find(path)
        .and_then(|git_dir| git_dir.check_reference(reference))
        .map_err(|source| GitTreeError::Unsafe {
            path: path.to_owned(),
            source,
        })?;
    let missing = || missing(&repository, path, reference);
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

/// The error for a reference that a repository lacks.
fn missing(repository: &gix::Repository, path: &Path, reference: &str) -> GitTreeError {
    let reference = reference.to_owned();
    if repository.is_shallow().is_ok_and(|is_shallow| is_shallow) {
        let path = path.to_owned();
        GitTreeError::NotInShallow { path, reference }
    } else {
        GitTreeError::NoReference { reference }
    }
}

impl GitTree {
    /// The template in a repository on this disk. Its inventory is read from `cache`, or stored there.
    pub fn open(
        repository: &Path,
        part: &TemplatePart<'_>,
        cache: Option<&InventoryCache>,
    ) -> Result<Self, GitTreeError> {
        let repository = open(repository)?;
        let inventory = Self::inventory(&repository, part, cache);
        let (key, inventory) = inventory.map_err(|error| explained(&repository, error))?;
        Ok(Self {
            listing: Listing::of(Arc::new(inventory)),
            cache: cache.map(|cache| (cache.clone(), key)),
            idle: Mutex::new(vec![repository.clone()]),
            repository: repository.into_sync(),
            contents: Mutex::default(),
        })
    }

    /// The inventory from the cache, or from the objects of the repository.
    fn inventory(
        repository: &gix::Repository,
        part: &TemplatePart<'_>,
        cache: Option<&InventoryCache>,
    ) -> Result<(InventoryKey, Inventory), GitTreeError> {
        let tree = find_tree(repository, part)?;
        let is_usable = |known: &Inventory| {
            let is_link = |kind| kind == NodeKind::File(Mode::Symlink);
            part.links == Links::Kept || !known.nodes().iter().any(|node| is_link(node.kind))
        };
        let key = InventoryKey::of(tree, part.exclude);
        let known = cache.and_then(|cache| cache.load(&key)).filter(is_usable);
        if let Some(known) = known {
            return Ok((key, known));
        }
        let inventory = scan::scan(repository, tree, part.links, part.exclude)?;
        if let Some(cache) = cache {
            cache.store(&key, &inventory);
        }
        Ok((key, inventory))
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
        if let Some((cache, key)) = &self.cache {
            cache.forget(key);
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
        let read = found.map_err(|error| {
            self.invalidate();
            let id = id.to_string();
            if is_partial_clone(&repository) {
                let path = repository.path().to_owned();
                return TreeError::PartialClone { path, id };
            }
            let source = error.into();
            TreeError::Object { id, source }
        });
        lock(&self.idle).push(repository);
        let bytes = read?;
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

/// The time that opening a repository may take. A disk that does not answer is not waited for longer.
const MAX_OPENING: Duration = Duration::from_secs(30);

/// Opens a repository whose files are checked before.
pub(super) fn open(path: &Path) -> Result<gix::Repository, GitTreeError> {
    let (answer, opened) = mpsc::channel();
    let place = path.to_owned();
    // Nobody may be left to receive it after the time limit.
    thread::spawn(move || answer.send(open_checked(&place)).is_ok());
    match opened.recv_timeout(MAX_OPENING) {
        Ok(opened) => opened.map(|repository| repository.to_thread_local()),
        Err(_) => Err(GitTreeError::TimedOut {
            path: path.to_owned(),
            seconds: MAX_OPENING.as_secs(),
        }),
    }
}

fn open_checked(path: &Path) -> Result<gix::ThreadSafeRepository, GitTreeError> {
    let is_unsafe = |source| match source {
        GitDirError::NotARepository { .. } => GitTreeError::NotARepository {
            path: path.to_owned(),
            source: Box::new(source),
        },
        source => GitTreeError::Unsafe {
            path: path.to_owned(),
            source,
        },
    };
    let git_dir = GitDir::find(path).map_err(is_unsafe)?;
    git_dir.check().map_err(is_unsafe)?;
    check_format(path, &git_dir.config().map_err(is_unsafe)?)?;
    // Without replacement objects: an object must be the one of its id.
    let options = gix::open::Options::isolated().config_overrides(["core.useReplaceRefs=false"]);
    gix::ThreadSafeRepository::open_opts(path, options).map_err(|error| {
        GitTreeError::NotARepository {
            path: path.to_owned(),
            source: error.into(),
        }
    })
}

/// Fails for a format of references or object ids that gix does not read.
fn check_format(path: &Path, config: &[u8]) -> Result<(), GitTreeError> {
    let is_set = |key: &str, value: &str| {
        let found = setting(config, key);
        found.is_some_and(|found| found.eq_ignore_ascii_case(value))
    };
    let path = path.to_owned();
    if is_set("objectformat", "sha256") {
        return Err(GitTreeError::Sha256 { path });
    }
    if is_set("refstorage", "reftable") {
        return Err(GitTreeError::Reftable { path });
    }
    Ok(())
}

/// The value of an `extensions` setting.
fn setting(config: &[u8], key: &str) -> Option<String> {
    use gix::config::{File, file};
    let metadata = file::Metadata::from(gix::config::Source::Local);
    let parsed = File::from_bytes_no_includes(config, metadata, file::init::Options::default());
    let found = parsed.ok()?.string_by("extensions", None, key)?.to_string();
    Some(found)
}

/// The error of reading an object, with the reason where the repository is a partial clone.
pub(super) fn explained(repository: &gix::Repository, error: GitTreeError) -> GitTreeError {
    match error {
        GitTreeError::Object { id, .. } if is_partial_clone(repository) => {
            GitTreeError::PartialClone {
                path: repository.path().to_owned(),
                id,
            }
        }
        error => error,
    }
}

/// True for a clone that leaves objects at its origin until they are needed.
pub(super) fn is_partial_clone(repository: &gix::Repository) -> bool {
    let settings = repository.config_snapshot();
    let has = |name: &str| settings.string(name).is_some();
    let mut remotes = settings
        .plumbing()
        .sections_by_name("remote")
        .into_iter()
        .flatten();
    has("extensions.partialClone")
        || remotes.any(|remote| {
            remote.value("promisor").is_some() || remote.value("partialclonefilter").is_some()
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
