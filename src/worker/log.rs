//! One log file per run and one link per job; compressed after a day, gone after a month. Nothing here fails a job.

use crate::model::timestamp::Timestamp;
use crate::scrub::scrub;
use crate::secret::Secret;
use crate::store::lease::Lease;
use flate2::Compression;
use flate2::write::GzEncoder;
use rustix::fs::OFlags;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// The folder of logs: `runs/<run>.log`, and `jobs/<job>` that leads to the one of the job's last run.
#[derive(Debug)]
pub struct Logs {
    folder: PathBuf,
}

/// The log of one run. What it is told goes to the program's own log as well.
pub struct RunLog {
    run: String,
    job: String,
    file: Mutex<Option<File>>,
    secrets: Mutex<Vec<Secret>>,
}

/// What a rotation did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotated {
    pub compressed: usize,
    pub deleted: usize,
    /// Links that led nowhere.
    pub pruned: usize,
}

/// The longest log of a run, in bytes.
pub const MAX_BYTES: u64 = 256 * 1024;
const CUT: &str = "… cut here: a log has at most 256 KiB\n";
const COMPRESSED_AFTER: Duration = Duration::from_hours(24);
const DELETED_AFTER: Duration = Duration::from_hours(30 * 24);

impl Logs {
    /// The folder, which is made when it is not there.
    pub fn open(folder: &Path) -> io::Result<Self> {
        for name in ["runs", "jobs"] {
            let mut made = DirBuilder::new();
            made.recursive(true).mode(0o700).create(folder.join(name))?;
        }
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// The log of the run that a lease is about; an earlier attempt's goes on.
    pub fn of(&self, lease: &Lease) -> RunLog {
        let file = self.file(lease).inspect_err(|error| {
            tracing::warn!(run.id = %lease.run, "the run has no log file: {error}");
        });
        RunLog::new(lease, file.ok())
    }

    fn file(&self, lease: &Lease) -> io::Result<File> {
        let name = format!("{}.log", lease.run);
        let mut options = OpenOptions::new();
        options.create(true).append(true).mode(0o600);
        // A pipe that stands there would be waited for, and the whole worker with it.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file = options
            .custom_flags(i32::try_from(flags.bits()).unwrap_or_default())
            .open(self.folder.join("runs").join(&name))?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is no plain file"));
        }
        if let Err(error) = self.link(lease.job.as_str(), &format!("../runs/{name}")) {
            tracing::warn!(job.id = %lease.job, "the job does not lead to its log: {error}");
        }
        Ok(file)
    }

    /// Lets a job's link lead to a log, in one step.
    fn link(&self, job: &str, target: &str) -> io::Result<()> {
        let jobs = self.folder.join("jobs");
        let workshop = tempfile::Builder::new().prefix(".new-").tempdir_in(&jobs)?;
        let link = workshop.path().join(job);
        symlink(target, &link)?;
        fs::rename(link, jobs.join(job))
    }

    /// Compresses what is older than a day, deletes what is older than 30 days, and prunes links that lead nowhere.
    pub fn rotate(&self, now: SystemTime) -> io::Result<Rotated> {
        let mut rotated = Rotated::default();
        for entry in fs::read_dir(self.folder.join("runs"))? {
            let path = entry?.path();
            // One that cannot be put away must not keep the others.
            if let Err(error) = put_away(&path, now, &mut rotated) {
                tracing::warn!("`{}` was not put away: {error}", path.display());
            }
        }
        for entry in fs::read_dir(self.folder.join("jobs"))? {
            let link = entry?.path();
            if let Err(error) = self.prune(&link, &mut rotated) {
                tracing::warn!("`{}` was not pruned: {error}", link.display());
            }
        }
        Ok(rotated)
    }

    /// Lets a link whose log was compressed lead to it again, and removes one that leads nowhere.
    fn prune(&self, link: &Path, rotated: &mut Rotated) -> io::Result<()> {
        let Ok(target) = fs::read_link(link) else {
            return Ok(());
        };
        if link.exists() {
            return Ok(());
        }
        let compressed = format!("{}.gz", target.display());
        let job = link.file_name().and_then(|name| name.to_str());
        let is_there = self.folder.join("jobs").join(&compressed).exists();
        if let Some(job) = job.filter(|_| is_there) {
            return self.link(job, &compressed);
        }
        fs::remove_file(link)?;
        rotated.pruned += 1;
        Ok(())
    }
}

/// Compresses or deletes a log when it is old enough.
fn put_away(path: &Path, now: SystemTime, rotated: &mut Rotated) -> io::Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    let age = now.duration_since(metadata.modified()?).unwrap_or_default();
    let kind = path.extension().and_then(|extension| extension.to_str());
    match kind {
        Some("log" | "gz") if metadata.is_file() && age > DELETED_AFTER => {
            fs::remove_file(path)?;
            rotated.deleted += 1;
        }
        Some("log") if metadata.is_file() && age > COMPRESSED_AFTER => {
            compress(path, metadata.modified()?)?;
            rotated.compressed += 1;
        }
        _ => {}
    }
    Ok(())
}

impl RunLog {
    /// A log without a file, or with one.
    pub fn new(lease: &Lease, file: Option<File>) -> Self {
        Self {
            run: lease.run.to_string(),
            job: lease.job.to_string(),
            file: Mutex::new(file),
            secrets: Mutex::default(),
        }
    }

    /// From here on this secret is taken out of everything.
    pub fn hide(&self, secret: &Secret) {
        let mut secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        secrets.push(secret.copy());
    }

    /// The text without any secret that is known here.
    pub fn clean(&self, text: &str) -> String {
        let secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        scrub(text, &secrets.iter().collect::<Vec<_>>())
    }

    /// Says one thing about a step, at a time in milliseconds since 1970.
    pub fn say(&self, now: i64, step: &'static str, text: &str) {
        let text = self.clean(text);
        let (run, job) = (&self.run, &self.job);
        tracing::info!(run.id = %run, job.id = %job, step, "{text}");
        let at = Timestamp::of_unix_millis(now);
        let at = at.map_or_else(|| now.to_string(), |at| at.to_string());
        // One line each, whatever the text holds.
        let line = format!("{at} {step}: {}\n", text.replace(['\n', '\r'], " "));
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(open) = file.as_mut() else {
            return;
        };
        match append(open, &line) {
            Ok(true) => {}
            Ok(false) => *file = None,
            Err(error) => {
                tracing::warn!(run.id = %run, "the log file is given up: {error}");
                *file = None;
            }
        }
    }
}

/// Adds a line when there is room, otherwise the mark that says so. Whether there was.
fn append(file: &mut File, line: &str) -> io::Result<bool> {
    let length = file.metadata()?.len();
    let room = MAX_BYTES.saturating_sub(CUT.len() as u64);
    if length + line.len() as u64 <= room {
        file.write_all(line.as_bytes())?;
        return Ok(true);
    }
    if length <= room {
        let left = usize::try_from(room - length).unwrap_or(usize::MAX);
        let end = line.floor_char_boundary(left);
        file.write_all(&line.as_bytes()[..end])?;
        file.set_len(length + end as u64)?;
        file.write_all(CUT.as_bytes())?;
    }
    Ok(false)
}

fn compress(path: &Path, modified: SystemTime) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let packed = tempfile::NamedTempFile::new_in(folder)?;
    let mut encoder = GzEncoder::new(packed, Compression::default());
    io::copy(&mut File::open(path)?, &mut encoder)?;
    let packed = encoder.finish()?;
    // Its age is still that of the run.
    packed.as_file().set_modified(modified)?;
    let mut target = path.to_owned().into_os_string();
    target.push(".gz");
    packed.persist(PathBuf::from(target))?;
    fs::remove_file(path)
}
