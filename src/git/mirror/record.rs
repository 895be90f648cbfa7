//! The record of a mirror, a file beside its repository that outlives a repository created again.

use super::MirrorError;
use super::lock::Lock;
use super::place::MirrorPath;
use crate::base::{atomic_file, clock};
use crate::model::ref_name::RefName;
use crate::model::remote::RemoteUrl;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::time::{Duration, SystemTime};

/// The record of one mirror; empty when the file is absent or damaged.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct MirrorRecord {
    pub url: Option<RemoteUrl>,
    /// References that a sync updates, and that stay until their address is pruned by name.
    pub kept: BTreeSet<RefName>,
    /// The time of the request whose answer is in the repository, in nanoseconds since 1970.
    asked: BTreeMap<RefName, u64>,
}

/// The longest record that is read, in bytes.
const MAX: u64 = 1024 * 1024;

impl MirrorRecord {
    pub(super) fn read(mirror: &MirrorPath) -> Self {
        let read = || {
            let mut text = Vec::new();
            fs::File::open(mirror.record())
                .ok()?
                .take(MAX)
                .read_to_end(&mut text)
                .ok()?;
            serde_json::from_slice(&text).ok()
        };
        read().unwrap_or_default()
    }

    /// Replaces the record in one step, under the lock.
    pub(super) fn write(&self, mirror: &MirrorPath, _: &Lock) -> Result<(), MirrorError> {
        let (new, path) = (mirror.new_record(), mirror.record());
        let write = || {
            atomic_file::remove_in_place(&new)?;
            atomic_file::write_through(&new, &path, &serde_json::to_vec(self)?)
        };
        write().map_err(MirrorError::io("write", &path))
    }

    pub(super) fn references(&self) -> impl Iterator<Item = &RefName> {
        self.asked.keys().chain(
            self.kept
                .iter()
                .filter(|name| !self.asked.contains_key(*name)),
        )
    }

    pub(super) fn asked(&self, reference: &RefName) -> Option<SystemTime> {
        let nanoseconds = self.asked.get(reference)?;
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_nanos(*nanoseconds))
    }

    pub(super) fn is_asked_since(&self, reference: &RefName, since: SystemTime) -> bool {
        let now = clock::system_time();
        self.asked(reference)
            .is_some_and(|asked| asked >= since && asked <= now)
    }

    /// Sets the address, and the time at which a reference was asked for.
    pub(super) fn set_answer(&mut self, url: &RemoteUrl, reference: &RefName, asked: SystemTime) {
        let since = asked
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        let nanoseconds = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
        self.url = Some(url.clone());
        self.asked.insert(reference.clone(), nanoseconds);
    }

    /// Forgets all answers: the repository that held them is gone.
    pub(super) fn forget_answers(&mut self) {
        self.asked.clear();
    }
}
