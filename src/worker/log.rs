//! Logs of runs: one file for each run and one link for each job. Files are compressed after a day and deleted after 30
//! days. An error of a log never fails a job.

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
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// The folder of logs: the files `runs/<run>.log`, and links `jobs/<job>` to the log of the job's last run.
#[derive(Debug)]
pub struct Logs {
    folder: PathBuf,
}

/// The log of one run. Each line also goes to the log of the program.
pub struct RunLog {
    run: String,
    job: String,
    file: Mutex<Option<File>>,
    secrets: Mutex<Vec<Secret>>,
}

/// The level of a line in the log of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    Info,
    /// The run did not succeed.
    Warning,
    /// The run did not succeed, and a person has to act.
    Error,
}

/// The number of files that a rotation changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotated {
    pub compressed: usize,
    pub deleted: usize,
    /// Links whose log does not exist any more.
    pub pruned: usize,
}

/// The largest log of a run in bytes.
pub const MAX_BYTES: u64 = 256 * 1024;
const CUT: &str = "… cut here: a log has at most 256 KiB\n";
const COMPRESSED_AFTER: Duration = Duration::from_hours(24);
const DELETED_AFTER: Duration = Duration::from_hours(30 * 24);

impl Logs {
    /// Opens the folder and creates it if it does not exist.
    pub fn open(folder: &Path) -> io::Result<Self> {
        for name in ["runs", "jobs"] {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder.join(name))?;
        }
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// The log of the run of a lease. Lines are appended to those of earlier attempts.
    pub fn run_log(&self, lease: &Lease) -> RunLog {
        let file = self.open_file(lease).inspect_err(|error| {
            tracing::warn!(run.id = %lease.run, "the run has no log file: {error}");
        });
        RunLog::new(lease, file.ok())
    }

    fn open_file(&self, lease: &Lease) -> io::Result<File> {
        let name = format!("{}.log", lease.run);
        // Opening a pipe would block the whole worker without `NONBLOCK`.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .custom_flags(flags)
            .open(self.folder.join("runs").join(&name))?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is not a regular file"));
        }
        if let Err(error) = self.link(lease.job.as_str(), &format!("../runs/{name}")) {
            tracing::warn!(job.id = %lease.job, "the job has no link to its log: {error}");
        }
        Ok(file)
    }

    /// Points the link of a job to a log, atomically.
    fn link(&self, job: &str, target: &str) -> io::Result<()> {
        let jobs = self.folder.join("jobs");
        let fresh = tempfile::Builder::new().prefix(".new-").tempdir_in(&jobs)?;
        let link = fresh.path().join(job);
        symlink(target, &link)?;
        fs::rename(link, jobs.join(job))
    }

    /// Compresses logs older than a day, deletes logs older than 30 days, and removes links without a log.
    pub fn rotate(&self, now: SystemTime) -> io::Result<Rotated> {
        let mut rotated = Rotated::default();
        for entry in fs::read_dir(self.folder.join("runs"))? {
            let path = entry?.path();
            // A log that cannot be rotated must not keep the others.
            if let Err(error) = rotate_file(&path, now, &mut rotated) {
                tracing::warn!("`{}` was not rotated: {error}", path.display());
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

    /// Points a link to the compressed log, or removes it if there is none.
    fn prune(&self, link: &Path, rotated: &mut Rotated) -> io::Result<()> {
        let Ok(target) = fs::read_link(link) else {
            return Ok(());
        };
        if link.exists() {
            return Ok(());
        }
        let compressed = format!("{}.gz", target.display());
        let job = link.file_name().and_then(|name| name.to_str());
        let exists = self.folder.join("jobs").join(&compressed).exists();
        if let Some(job) = job.filter(|_| exists) {
            return self.link(job, &compressed);
        }
        fs::remove_file(link)?;
        rotated.pruned += 1;
        Ok(())
    }
}

/// Compresses or deletes a log if it is old enough.
fn rotate_file(path: &Path, now: SystemTime, rotated: &mut Rotated) -> io::Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    let modified = metadata.modified()?;
    // A file from the future has the age zero.
    let age = now.duration_since(modified).unwrap_or(Duration::ZERO);
    let kind = path.extension().and_then(|extension| extension.to_str());
    match kind {
        Some("log" | "gz") if metadata.is_file() && age > DELETED_AFTER => {
            fs::remove_file(path)?;
            rotated.deleted += 1;
        }
        Some("log") if metadata.is_file() && age > COMPRESSED_AFTER => {
            compress(path, modified)?;
            rotated.compressed += 1;
        }
        _ => {}
    }
    Ok(())
}

impl RunLog {
    /// A log that is written to `file`, if there is one, and to the log of the program.
    pub fn new(lease: &Lease, file: Option<File>) -> Self {
        Self {
            run: lease.run.to_string(),
            job: lease.job.to_string(),
            file: Mutex::new(file),
            secrets: Mutex::default(),
        }
    }

    /// Removes a secret from all later lines.
    pub fn hide_secret(&self, secret: &Secret) {
        lock(&self.secrets).push(secret.copy());
    }

    /// The text without the known secrets.
    pub fn scrub(&self, text: &str) -> String {
        let secrets = lock(&self.secrets);
        scrub(text, &secrets.iter().collect::<Vec<_>>())
    }

    /// Writes one line about a step. `now` is in milliseconds since 1970.
    pub fn write(&self, now: i64, step: &'static str, text: &str) {
        self.write_at(LogLevel::Info, now, step, text);
    }

    /// Writes one line about a step, with a severity in the log of the program.
    pub fn write_at(&self, severity: LogLevel, now: i64, step: &'static str, text: &str) {
        let text = self.scrub(text);
        let (run, job) = (&self.run, &self.job);
        match severity {
            LogLevel::Info => tracing::info!(run.id = %run, job.id = %job, step, "{text}"),
            LogLevel::Warning => tracing::warn!(run.id = %run, job.id = %job, step, "{text}"),
            LogLevel::Error => tracing::error!(run.id = %run, job.id = %job, step, "{text}"),
        }
        let at = Timestamp::of_unix_millis(now)
            .map_or_else(|| now.to_string(), |timestamp| timestamp.to_string());
        let line = format!("{at} {step}: {}\n", text.replace(['\n', '\r'], " "));
        let mut file = lock(&self.file);
        let Some(open) = file.as_mut() else {
            return;
        };
        match append(open, &line) {
            Ok(true) => {}
            Ok(false) => *file = None,
            Err(error) => {
                tracing::warn!(run.id = %run, "the log file is closed: {error}");
                *file = None;
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Appends a line if it fits, otherwise the part that fits and a mark. False if the log is full.
fn append(file: &mut File, line: &str) -> io::Result<bool> {
    let length = file.metadata()?.len();
    let limit = MAX_BYTES.saturating_sub(CUT.len() as u64);
    if length + line.len() as u64 <= limit {
        file.write_all(line.as_bytes())?;
        return Ok(true);
    }
    if length <= limit {
        let free = usize::try_from(limit - length).unwrap_or(usize::MAX);
        let end = line.floor_char_boundary(free);
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
    // The age of the compressed log is that of the run.
    packed.as_file().set_modified(modified)?;
    let mut target = path.to_owned().into_os_string();
    target.push(".gz");
    packed.persist(PathBuf::from(target))?;
    fs::remove_file(path)
}
