//! The one pack of a new repository: new objects are compressed, those of the template are copied as they are stored.
//!
//! ```text
//! pack-<checksum>.pack   "PACK", version 2, number of entries       12 bytes
//!                        copied entries, in the order of their old packs, so that a delta follows its base
//!                        new entries, compressed
//!                        SHA-1 of all bytes above                   20 bytes
//!
//! pack-<checksum>.idx    "\xfftOc", version 2                       8 bytes
//!                        256 counts: ids whose first byte is ≤ i    1024 bytes
//!                        ids, sorted                                20·n bytes
//!                        CRC-32 of each entry                       4·n bytes
//!                        offset of each entry                       4·n bytes, or an index into the next table
//!                        offsets from 2^31                          8 bytes each
//!                        SHA-1 of the pack, SHA-1 of this file      40 bytes
//! ```
//!
//! Formats: <https://git-scm.com/docs/gitformat-pack>

use super::TreeError;
use super::git::GitTree;
use super::ids::{ObjectSink, ObjectsError};
use super::inventory::Inventory;
use gix::ObjectId;
use gix::hash::Kind::Sha1;
use gix::objs::{Data, Kind};
use gix::zlib::Compression;
use gix_pack::Find as _;
use gix_pack::data::Version;
use gix_pack::data::entry::Location;
use gix_pack::data::output::{Count, Entry, entry};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::Path;

/// Collects the objects of a repository, then writes them.
pub(super) struct Pack<'t> {
    /// The repository from which kept objects are copied; `None` if they are shared instead.
    source: Option<&'t GitTree>,
    kept: BTreeSet<ObjectId>,
    new: Vec<Entry>,
    new_ids: BTreeSet<ObjectId>,
}

impl<'t> Pack<'t> {
    pub(super) fn new(source: Option<&'t GitTree>) -> Self {
        Self {
            source,
            kept: BTreeSet::new(),
            new: Vec::new(),
            new_ids: BTreeSet::new(),
        }
    }

    /// Writes `pack-<checksum>.pack` and its index into a folder.
    pub(super) fn write(self, folder: &Path) -> Result<(), ObjectsError> {
        let copied = match self.source {
            Some(source) => {
                let kept = self.kept.difference(&self.new_ids).copied();
                Copies::of(source, kept.collect()).inspect_err(|_| source.invalidate())?
            }
            None => Copies::default(),
        };
        let stored = |error: io::Error| ObjectsError::Store(error.into());
        let beside = folder.join("pack-new");
        let file = File::create_new(&beside).map_err(stored)?;
        let mut writer = PackWriter::start(file, copied.counts.len() + self.new.len())?;
        copied.write(&mut writer).inspect_err(|_| {
            if let Some(source) = self.source {
                source.invalidate();
            }
        })?;
        for entry in self.new {
            writer.entry(&entry)?;
        }
        let (mut index, checksum) = writer.finish()?;
        index.sort_unstable_by_key(|indexed| indexed.id);
        let name = format!("pack-{checksum}");
        let file = File::create_new(folder.join(format!("{name}.idx"))).map_err(stored)?;
        write_index(file, &index, checksum)?;
        std::fs::rename(&beside, folder.join(format!("{name}.pack"))).map_err(stored)
    }
}

impl ObjectSink for Pack<'_> {
    fn put(&mut self, kind: Kind, bytes: &[u8]) -> Result<ObjectId, ObjectsError> {
        let id = gix::objs::compute_hash(Sha1, kind, bytes).map_err(broken)?;
        if self.new_ids.insert(id) {
            let object = Data {
                kind,
                data: bytes,
                object_hash: Sha1,
            };
            let count = Count::from_data(id, None);
            let entry = Entry::from_data(&count, &object, Compression::BEST_SPEED);
            self.new.push(entry.map_err(broken)?);
        }
        Ok(id)
    }

    fn keep(&mut self, base: &Inventory, nodes: Range<usize>) -> Result<(), ObjectsError> {
        if self.source.is_some() {
            self.kept
                .extend(base.nodes()[nodes].iter().map(|node| node.id));
        }
        Ok(())
    }
}

/// Objects of the template's repository, sorted as in its packs: a delta comes after its base.
#[derive(Default)]
struct Copies {
    objects: Option<gix::odb::Handle>,
    counts: Vec<Count>,
    checksums: Checksums,
}

impl Copies {
    fn of(source: &GitTree, mut ids: BTreeSet<ObjectId>) -> Result<Self, ObjectsError> {
        let mut objects = source.handle();
        objects.prevent_pack_unload();
        let mut buffer = Vec::new();
        let mut counts = Vec::with_capacity(ids.len());
        while let Some(id) = ids.pop_first() {
            let location = objects
                .location_by_oid(&id, &mut buffer)
                .map_err(|error| unreadable(&id, error))?;
            let pack = location.as_ref().map(|location| location.pack_id);
            counts.push(Count::from_data(id, location));
            if let Some(pack) = pack {
                counts.extend(found_in(&objects, pack, &mut ids)?);
            }
        }
        counts.sort_by_key(|count| {
            let location = count.entry_pack_location.as_ref();
            location.map(|location| (location.pack_id, location.pack_offset))
        });
        let checksums = Checksums::of(&objects)?;
        Ok(Self {
            objects: Some(objects),
            counts,
            checksums,
        })
    }

    fn write(&self, writer: &mut PackWriter) -> Result<(), ObjectsError> {
        let Some(objects) = &self.objects else {
            return Ok(());
        };
        let pack_of = |count: &Count| {
            let location = count.entry_pack_location.as_ref();
            location.map(|location| location.pack_id)
        };
        let mut start = 0;
        for of_one_pack in self
            .counts
            .chunk_by(|one, next| pack_of(one) == pack_of(next))
        {
            for count in of_one_pack {
                let location = count.entry_pack_location.as_ref();
                let stored = location.and_then(|location| objects.entry_by_location(location));
                if let (Some(location), Some(stored)) = (location, &stored) {
                    self.checksums.check(&count.id, location, &stored.data)?;
                }
                let copied = stored.and_then(|stored| {
                    type NoThinPacks = fn(u32, u64) -> gix::Result<Option<ObjectId>>;
                    Entry::from_pack_entry(
                        stored,
                        count,
                        of_one_pack,
                        start,
                        None::<NoThinPacks>,
                        Version::V2,
                    )
                });
                let entry = match copied {
                    Some(entry) => entry.map_err(broken)?,
                    None => compress(objects, count)?,
                };
                writer.entry(&entry)?;
            }
            start += of_one_pack.len();
        }
        Ok(())
    }
}

/// Removes from `ids` those in a pack, and gives their entries. An entry ends where the next one begins: looking up each
/// one would inflate it to find its end.
fn found_in(
    objects: &gix::odb::Handle,
    pack: u32,
    ids: &mut BTreeSet<ObjectId>,
) -> Result<Vec<Count>, ObjectsError> {
    let mut entries = objects
        .pack_offsets_and_oid(pack)
        .map_err(broken)?
        .unwrap_or_default();
    entries.sort_unstable();
    let mut found = Vec::new();
    for pair in entries.windows(2) {
        let ((offset, id), (next, _)) = (pair[0], pair[1]);
        if ids.remove(&id) {
            let location = Location {
                pack_id: pack,
                pack_offset: offset,
                entry_size: usize::try_from(next - offset).map_err(broken)?,
            };
            found.push(Count::from_data(id, Some(location)));
        }
    }
    Ok(found)
}

/// Compresses an object that cannot be copied as it is stored: loose, or a delta whose base is not copied.
fn compress(objects: &gix::odb::Handle, count: &Count) -> Result<Entry, ObjectsError> {
    let mut buffer = Vec::new();
    let (object, _) = gix_pack::Find::try_find(objects, &count.id, &mut buffer)
        .map_err(|error| unreadable(&count.id, error))?
        .ok_or_else(|| unreadable(&count.id, "it is missing"))?;
    let id = gix::objs::compute_hash(Sha1, object.kind, object.data).map_err(broken)?;
    if id != count.id {
        return Err(unreadable(&count.id, "it is damaged"));
    }
    Entry::from_data(count, &object, Compression::BEST_SPEED).map_err(broken)
}

/// The indexes of a repository's packs, with a checksum of each entry. Copied entries are not unpacked, so only these
/// checksums show damage.
#[derive(Default)]
struct Checksums(Vec<gix_pack::index::File>);

impl Checksums {
    fn of(objects: &gix::odb::Handle) -> Result<Self, ObjectsError> {
        let store = objects.store_ref();
        let mut folders = store.alternate_db_paths().map_err(broken)?;
        folders.push(store.path().to_owned());
        let mut indexes = Vec::new();
        for folder in folders {
            let Ok(packs) = std::fs::read_dir(folder.join("pack")) else {
                continue;
            };
            let paths = packs.flatten().map(|entry| entry.path());
            for path in paths.filter(|path| path.extension().is_some_and(|end| end == "idx")) {
                indexes.push(gix_pack::index::File::at(path, Sha1).map_err(broken)?);
            }
        }
        Ok(Self(indexes))
    }

    /// Fails if the indexes have the entry, but none with the checksum of the stored bytes.
    fn check(&self, id: &ObjectId, at: &Location, stored: &[u8]) -> Result<(), ObjectsError> {
        let mut known = self
            .0
            .iter()
            .filter_map(|index| {
                let entry = index.lookup(id)?;
                let is_same = index.pack_offset_at_index(entry) == at.pack_offset;
                index.crc32_at_index(entry).filter(|_| is_same)
            })
            .peekable();
        let is_sound = known.peek().is_none() || known.any(|sum| sum == crc32fast::hash(stored));
        is_sound
            .then_some(())
            .ok_or_else(|| unreadable(id, "it is damaged"))
    }
}

/// The entry of an object in the pack index.
struct IndexEntry {
    id: ObjectId,
    offset: u64,
    checksum: u32,
}

/// Writes the entries of a pack in a row, and records their offsets.
struct PackWriter {
    out: BufWriter<File>,
    hasher: gix::hash::Hasher,
    offset: u64,
    index: Vec<IndexEntry>,
}

impl PackWriter {
    fn start(file: File, objects: usize) -> Result<Self, ObjectsError> {
        let count = u32::try_from(objects).map_err(broken)?;
        let mut writer = Self {
            out: BufWriter::with_capacity(1 << 20, file),
            hasher: gix::hash::hasher(Sha1),
            offset: 0,
            index: Vec::with_capacity(objects),
        };
        writer.put(&gix_pack::data::header::encode(Version::V2, count))?;
        Ok(writer)
    }

    fn entry(&mut self, entry: &Entry) -> Result<(), ObjectsError> {
        if let entry::Kind::DeltaRef { object_index } = entry.kind
            && object_index >= self.index.len()
        {
            return Err(ObjectsError::Store("a delta before its base".into()));
        }
        let header =
            entry.to_entry_header(Version::V2, |base| self.offset - self.index[base].offset);
        let mut head = Vec::with_capacity(32);
        header
            .write_to(entry.decompressed_size as u64, &mut head)
            .map_err(broken)?;
        let mut checksum = crc32fast::Hasher::new();
        checksum.update(&head);
        checksum.update(&entry.compressed_data);
        self.index.push(IndexEntry {
            id: entry.id,
            offset: self.offset,
            checksum: checksum.finalize(),
        });
        self.put(&head)?;
        self.put(&entry.compressed_data)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), ObjectsError> {
        self.hasher.update(bytes);
        self.offset += bytes.len() as u64;
        self.out.write_all(bytes).map_err(broken)
    }

    fn finish(mut self) -> Result<(Vec<IndexEntry>, ObjectId), ObjectsError> {
        let checksum = self.hasher.try_finalize().map_err(broken)?;
        self.out.write_all(checksum.as_bytes()).map_err(broken)?;
        self.out.flush().map_err(broken)?;
        Ok((self.index, checksum))
    }
}

/// Writes version 2 of git's pack index.
fn write_index(mut file: File, index: &[IndexEntry], pack: ObjectId) -> Result<(), ObjectsError> {
    const LARGE: u64 = 1 << 31;
    let mut bytes = Vec::with_capacity(8 + 1024 + index.len() * 28 + 40);
    bytes.extend_from_slice(b"\xfftOc\x00\x00\x00\x02");
    for first in 0..=u8::MAX {
        let count = index.partition_point(|indexed| indexed.id.first_byte() <= first);
        bytes.extend_from_slice(&u32::try_from(count).map_err(broken)?.to_be_bytes());
    }
    for indexed in index {
        bytes.extend_from_slice(indexed.id.as_bytes());
    }
    for indexed in index {
        bytes.extend_from_slice(&indexed.checksum.to_be_bytes());
    }
    let mut large = Vec::new();
    for indexed in index {
        let short = match u32::try_from(indexed.offset) {
            Ok(offset) if indexed.offset < LARGE => offset,
            _ => {
                let at = u32::try_from(large.len() / 8).map_err(broken)?;
                large.extend_from_slice(&indexed.offset.to_be_bytes());
                at | 1 << 31
            }
        };
        bytes.extend_from_slice(&short.to_be_bytes());
    }
    bytes.extend_from_slice(&large);
    bytes.extend_from_slice(pack.as_bytes());
    let mut hasher = gix::hash::hasher(Sha1);
    hasher.update(&bytes);
    bytes.extend_from_slice(hasher.try_finalize().map_err(broken)?.as_bytes());
    file.write_all(&bytes).map_err(broken)
}

/// The error for a missing or damaged object of the template's repository.
fn unreadable(
    id: &ObjectId,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> ObjectsError {
    ObjectsError::Tree(TreeError::Object {
        id: id.to_string(),
        source: source.into(),
    })
}

fn broken(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ObjectsError {
    ObjectsError::Store(error.into())
}
