//! A watched process: it ends in time, on request or when it writes too much, with everything it started.

use super::clock;
use rustix::process::{Pid, Signal, kill_process_group};
use std::fs;
use std::io::{self, Read};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

/// The most of each stream that is kept, in bytes. The rest is read and dropped, so that the process never waits.
const MAX_KEPT: usize = 256 * 1024;
const LOOK_EVERY: Duration = Duration::from_millis(10);
const MEASURE_EVERY: Duration = Duration::from_millis(100);
/// How long a stream may stay open after the process ended: something it left behind may still hold it.
const DRAIN: Duration = Duration::from_millis(200);

/// When a process must end before it wants to.
pub(super) struct Watch<'a> {
    pub timeout: Duration,
    pub stop: &'a AtomicBool,
    /// A folder, and the bytes that its files may grow by.
    pub growing: Option<(&'a Path, u64)>,
}

/// What a process that ended by itself left.
pub(super) struct Finished {
    pub success: bool,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

/// Why a process did not end by itself.
#[derive(Debug)]
pub(super) enum Interrupted {
    Start(io::Error),
    TimedOut,
    TooLarge,
    Stopped,
}

#[derive(Clone, Copy)]
enum Stream {
    Out,
    Err,
}

/// Runs a command to its end, in a process group of its own.
pub(super) fn run(mut command: Command, watch: &Watch<'_>) -> Result<Finished, Interrupted> {
    // Before it starts: it may write all it has before anybody looks again.
    let size_before = watch.growing.map_or(0, |(folder, _)| size(folder));
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(Interrupted::Start)?;
    let (sender, chunks) = mpsc::channel();
    forward(child.stdout.take(), Stream::Out, sender.clone());
    forward(child.stderr.take(), Stream::Err, sender);
    let mut kept = (Vec::new(), Vec::new());
    let mut keep = |(stream, bytes): (Stream, Vec<u8>)| {
        let kept = match stream {
            Stream::Out => &mut kept.0,
            Stream::Err => &mut kept.1,
        };
        kept.extend(bytes.iter().take(MAX_KEPT - kept.len()));
    };
    let begun = clock::instant();
    let mut measured = begun;
    // A process that closed its streams is about to end.
    let mut ending = Duration::from_micros(250);
    let success = loop {
        match chunks.recv_timeout(LOOK_EVERY) {
            Ok(chunk) => keep(chunk),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                thread::sleep(ending);
                ending = (ending * 2).min(LOOK_EVERY);
            }
        }
        match child.try_wait() {
            Ok(Some(status)) => break status.success(),
            Ok(None) => {}
            Err(error) => return Err(kill(&mut child, Interrupted::Start(error))),
        }
        if watch.stop.load(Ordering::Relaxed) {
            return Err(kill(&mut child, Interrupted::Stopped));
        }
        let now = clock::instant();
        if now.duration_since(begun) >= watch.timeout {
            return Err(kill(&mut child, Interrupted::TimedOut));
        }
        if let Some((folder, limit)) = watch.growing
            && now.duration_since(measured) >= MEASURE_EVERY
        {
            measured = now;
            if size(folder).saturating_sub(size_before) > limit {
                return Err(kill(&mut child, Interrupted::TooLarge));
            }
        }
    };
    while let Ok(chunk) = chunks.recv_timeout(DRAIN) {
        keep(chunk);
    }
    if let Some((folder, limit)) = watch.growing
        && size(folder).saturating_sub(size_before) > limit
    {
        return Err(Interrupted::TooLarge);
    }
    Ok(Finished {
        success,
        stdout: kept.0,
        stderr: kept.1,
    })
}

fn forward(
    stream: Option<impl Read + Send + 'static>,
    name: Stream,
    to: Sender<(Stream, Vec<u8>)>,
) {
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

/// Ends the whole group at once: what git leaves half done is cleared by whoever next holds the lock.
fn kill(child: &mut Child, why: Interrupted) -> Interrupted {
    // An error says that it ended by itself just now.
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    drop(child.wait());
    why
}

/// The bytes of the files right in a folder. What goes away while it is measured counts nothing.
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

    #[expect(clippy::disallowed_methods, reason = "the process that is watched")]
    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]).stdin(Stdio::null());
        command
    }

    fn watched<'a>(stop: &'a AtomicBool, growing: Option<(&'a Path, u64)>) -> Watch<'a> {
        Watch {
            timeout: Duration::from_secs(20),
            stop,
            growing,
        }
    }

    #[test]
    fn both_streams_are_kept_up_to_a_limit_and_never_block() {
        let stop = AtomicBool::new(false);
        let script = "head -c 900000 /dev/zero; echo talk >&2; exit 3";
        let finished = run(shell(script), &watched(&stop, None)).expect("it ends by itself");
        assert_eq!(finished.stdout.len(), MAX_KEPT);
        assert_eq!(finished.stderr, b"talk\n");
        assert!(!finished.success);
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
                // It ends when nobody holds the other end any more.
                held.read_to_end(&mut Vec::new()).expect("an end")
            });
            let stopped = run(shell(&script), &watched(&stop, None));
            assert!(matches!(stopped, Err(Interrupted::Stopped)));
            assert_eq!(reader.join().expect("no panic"), 0);
        });
    }

    #[test]
    fn the_time_limit_ends_it() {
        let stop = AtomicBool::new(false);
        let watch = Watch {
            timeout: Duration::from_millis(1),
            ..watched(&stop, None)
        };
        let ended = run(shell("sleep 600"), &watch);
        assert!(matches!(ended, Err(Interrupted::TimedOut)));
    }

    #[test]
    fn a_folder_that_grows_past_its_limit_ends_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let script = format!(
            "head -c 5000 /dev/zero > '{}/pack'; sleep 600",
            folder.path().display()
        );
        let stop = AtomicBool::new(false);
        let watch = watched(&stop, Some((folder.path(), 4000)));
        assert!(matches!(
            run(shell(&script), &watch),
            Err(Interrupted::TooLarge)
        ));
    }
}
