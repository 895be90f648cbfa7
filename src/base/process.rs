//! Programs run under limits: each ends in time, on request, or when it writes too much, with everything it started.

use super::clock;
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process_group};
use std::fs;
use std::io::{self, Read};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};
use thiserror::Error;

/// The most of each stream that is kept, in bytes. The rest is read and dropped, so that the process never waits.
const MAX_KEPT: usize = 256 * 1024;
/// The time between two checks of a running process, and of anything else that another process has to end.
pub const POLL: Duration = Duration::from_millis(10);
const MEASURE: Duration = Duration::from_millis(100);
/// The time for which a stream may stay open after its process ended: a child left behind may hold it.
const DRAIN: Duration = Duration::from_millis(200);

/// The conditions under which a process is ended.
#[derive(Clone, Copy)]
pub struct Limits<'a> {
    pub timeout: Option<Duration>,
    /// Set by a signal or a person.
    pub stop: &'a AtomicBool,
    /// A folder, and the bytes by which the files in it may grow.
    pub growth: Option<(&'a Path, u64)>,
}

/// An error that ends a process early.
#[derive(Debug, Error)]
pub enum ProcessError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("it did not end in time")]
    TimedOut,
    #[error("it writes too much")]
    TooLarge,
    #[error("stopped by a signal")]
    Stopped,
}

/// Runs a command to its end, in its own process group, with the streams that the command names.
pub fn status(command: &mut Command, limits: Limits<'_>) -> Result<ExitStatus, ProcessError> {
    Process::start(command, limits)?.wait(|| thread::sleep(POLL))
}

/// Runs a command to its end, in its own process group, and keeps the first 256 KiB of each stream.
pub fn output(command: &mut Command, limits: Limits<'_>) -> Result<Output, ProcessError> {
    let mut process = Process::start(
        command.stdout(Stdio::piped()).stderr(Stdio::piped()),
        limits,
    )?;
    let mut streams = Streams::of(&mut process.child);
    let status = process.wait(|| streams.receive())?;
    streams.drain();
    process.check_growth()?;
    Ok(Output {
        status,
        stdout: streams.stdout,
        stderr: streams.stderr,
    })
}

/// A started process and its limits.
struct Process<'l> {
    child: Child,
    limits: Limits<'l>,
    started: Instant,
    measured: Instant,
    size_before: u64,
}

impl<'l> Process<'l> {
    fn start(command: &mut Command, limits: Limits<'l>) -> io::Result<Self> {
        // Measured before the start: it may write everything before the first check.
        let size_before = limits.growth.map_or(0, |(folder, _)| size(folder));
        let started = clock::instant();
        Ok(Self {
            child: command.process_group(0).spawn()?,
            limits,
            started,
            measured: started,
            size_before,
        })
    }

    /// Waits for the end, with a pause before each check; kills the process when a limit is reached.
    fn wait(&mut self, mut pause: impl FnMut()) -> Result<ExitStatus, ProcessError> {
        loop {
            pause();
            let checked = match self.child.try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) => self.check(),
                Err(error) => Err(error.into()),
            };
            if let Err(error) = checked {
                self.kill();
                return Err(error);
            }
        }
    }

    fn check(&mut self) -> Result<(), ProcessError> {
        if self.limits.stop.load(Ordering::Relaxed) {
            return Err(ProcessError::Stopped);
        }
        let now = clock::instant();
        let running = now.duration_since(self.started);
        if self.limits.timeout.is_some_and(|limit| running >= limit) {
            return Err(ProcessError::TimedOut);
        }
        if now.duration_since(self.measured) >= MEASURE {
            self.measured = now;
            self.check_growth()?;
        }
        Ok(())
    }

    fn check_growth(&self) -> Result<(), ProcessError> {
        match self.limits.growth {
            Some((folder, limit)) if size(folder).saturating_sub(self.size_before) > limit => {
                Err(ProcessError::TooLarge)
            }
            _ => Ok(()),
        }
    }

    /// Ends the whole group at once.
    fn kill(&mut self) {
        let killed = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        // ESRCH: every process of the group has ended.
        if let Err(error) = killed
            && error != Errno::SRCH
        {
            tracing::debug!(%error, "cannot end a process group");
        }
        if let Err(error) = self.child.wait() {
            tracing::debug!(%error, "cannot wait for a process");
        }
    }
}

#[derive(Clone, Copy)]
enum StreamName {
    Out,
    Err,
}

type Chunk = (StreamName, Vec<u8>);

/// The beginning of both streams of a process, read by one thread each.
struct Streams {
    chunks: Receiver<Chunk>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    /// The next pause once both streams are closed: the process is about to end.
    pause: Duration,
}

impl Streams {
    fn of(child: &mut Child) -> Self {
        let (sender, chunks) = mpsc::channel();
        forward(child.stdout.take(), StreamName::Out, sender.clone());
        forward(child.stderr.take(), StreamName::Err, sender);
        Self {
            chunks,
            stdout: Vec::new(),
            stderr: Vec::new(),
            pause: Duration::from_micros(250),
        }
    }

    /// Takes the next chunk, or waits for at most [`POLL`].
    fn receive(&mut self) {
        match self.chunks.recv_timeout(POLL) {
            Ok(chunk) => self.keep(&chunk),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                thread::sleep(self.pause);
                self.pause = (self.pause * 2).min(POLL);
            }
        }
    }

    fn drain(&mut self) {
        while let Ok(chunk) = self.chunks.recv_timeout(DRAIN) {
            self.keep(&chunk);
        }
    }

    fn keep(&mut self, (name, bytes): &Chunk) {
        let kept = match name {
            StreamName::Out => &mut self.stdout,
            StreamName::Err => &mut self.stderr,
        };
        kept.extend(bytes.iter().take(MAX_KEPT - kept.len()));
    }
}

fn forward(stream: Option<impl Read + Send + 'static>, name: StreamName, to: Sender<Chunk>) {
    let Some(mut stream) = stream else { return };
    thread::spawn(move || {
        let mut buffer = vec![0; 16 * 1024];
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            if to.send((name, buffer[..count].to_vec())).is_err() {
                return;
            }
        }
    });
}

/// The bytes of the files directly in a folder. Files that are removed meanwhile count nothing.
fn size(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    entries
        .filter_map(|entry| entry.ok()?.metadata().ok())
        .map(|metadata| metadata.len())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "the process under test")]
    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]).stdin(Stdio::null());
        command
    }

    fn limits<'a>(stop: &'a AtomicBool, growth: Option<(&'a Path, u64)>) -> Limits<'a> {
        Limits {
            timeout: Some(Duration::from_secs(20)),
            stop,
            growth,
        }
    }

    #[test]
    fn both_streams_are_kept_up_to_a_limit_and_never_block() {
        let stop = AtomicBool::new(false);
        let script = "head -c 900000 /dev/zero; echo talk >&2; exit 3";
        let ended = output(&mut shell(script), limits(&stop, None)).expect("an end");
        assert_eq!(ended.stdout.len(), MAX_KEPT);
        assert_eq!(ended.stderr, b"talk\n");
        assert_eq!(ended.status.code(), Some(3));
    }

    #[test]
    fn a_process_with_its_own_streams_gives_its_status() {
        let stop = AtomicBool::new(false);
        let ended = status(&mut shell("exit 7"), limits(&stop, None)).expect("an end");
        assert_eq!(ended.code(), Some(7));
    }

    #[test]
    fn a_stop_ends_it_with_everything_it_started() {
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("pipe");
        let made = shell(&format!("mkfifo '{}'", pipe.display())).status();
        assert!(made.is_ok_and(|status| status.success()));
        let script = format!("exec 3>'{}'; sleep 600 & sleep 600", pipe.display());
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut held = fs::File::open(&pipe).expect("the other end is open");
                stop.store(true, Ordering::Relaxed);
                // The read ends when no process has the other end open.
                held.read_to_end(&mut Vec::new()).expect("an end")
            });
            let stopped = output(&mut shell(&script), limits(&stop, None));
            assert!(matches!(stopped, Err(ProcessError::Stopped)));
            assert_eq!(reader.join().expect("no panic"), 0);
        });
    }

    #[test]
    fn the_time_limit_ends_it() {
        let stop = AtomicBool::new(false);
        let short = Limits {
            timeout: Some(Duration::from_millis(1)),
            ..limits(&stop, None)
        };
        for run in [
            |command: &mut Command, limits: Limits<'_>| output(command, limits).map(drop),
            |command: &mut Command, limits: Limits<'_>| status(command, limits).map(drop),
        ] {
            let ended = run(&mut shell("sleep 600"), short);
            assert!(matches!(ended, Err(ProcessError::TimedOut)));
        }
    }

    #[test]
    fn a_folder_that_grows_past_its_limit_ends_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let script = format!(
            "head -c 5000 /dev/zero > '{}/pack'; sleep 600",
            folder.path().display()
        );
        let stop = AtomicBool::new(false);
        let growing = limits(&stop, Some((folder.path(), 4000)));
        assert!(matches!(
            output(&mut shell(&script), growing),
            Err(ProcessError::TooLarge)
        ));
    }
}
