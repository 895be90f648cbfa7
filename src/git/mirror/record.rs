//! What is known of a mirror beside its repository, so that it outlives a repository made anew.

use super::MirrorError;
use super::lock::Lock;
use super::place::MirrorPath;
use crate::model::ref_name::RefName;
use crate::model::remote::RemoteUrl;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::{Duration, SystemTime};

/// The record of one mirror. One that is absent or damaged says nothing.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct MirrorRecord {
    pub url: Option<RemoteUrl>,
    /// References that stay until they are pruned by name, and that a sync asks for.
    pub kept: BTreeSet<RefName>,
    /// When the asking began whose answer is in the repository, in nanoseconds since 1970.
    asked: BTreeMap<RefName, u64>,
}

/// The longest record that is read, in bytes.
const MAX: u64 = 1024 * 1024;

impl MirrorRecord {
    pub(super) fn read(place: &MirrorPath) -> Self {
        let read = || {
            let mut text = Vec::new();
            fs::File::open(place.record())
                .ok()?
                .take(MAX)
                .read_to_end(&mut text)
                .ok()?;
            serde_json::from_slice(&text).ok()
        };
        read().unwrap_or_default()
    }

    /// Writes it in one step.
    pub(super) fn write(&self, place: &MirrorPath, _held: &Lock) -> Result<(), MirrorError> {
        let (new, path) = (place.new_record(), place.record());
        let fail = || MirrorError::io("write", &path);
        super::repository::remove(&new)?;
        let text = serde_json::to_vec(self).map_err(|error| fail()(error.into()))?;
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&new)
            .and_then(|mut file| file.write_all(&text))
            .and_then(|()| fs::rename(&new, &path))
            .map_err(fail())
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
        let now = crate::git::clock::now();
        self.asked(reference)
            .is_some_and(|asked| asked >= since && asked <= now)
    }

    fn note(&mut self, reference: &RefName, asked: SystemTime) {
        let since = asked
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let nanoseconds = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
        self.asked.insert(reference.clone(), nanoseconds);
    }

    /// Forgets all answers: the repository that held them is gone.
    pub(super) fn forget_answers(&mut self) {
        self.asked.clear();
    }
}

impl MirrorPath {
    /// Notes that a reference was asked for.
    pub(super) fn note(
        &self,
        url: &RemoteUrl,
        reference: &RefName,
        asked: SystemTime,
        lock: &Lock,
    ) -> Result<(), MirrorError> {
        let mut record = MirrorRecord::read(self);
        record.url = Some(url.clone());
        record.note(reference, asked);
        record.write(self, lock)
    }
}
