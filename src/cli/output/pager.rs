//! A pager for long texts on a terminal: `$PAGER`, or `less` if it is installed.

use crate::cli::args::git::environment;
use anstream::AutoStream;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};

/// A running pager.
pub(crate) struct Pager {
    child: Child,
    input: BufWriter<AutoStream<File>>,
}

impl Pager {
    /// Starts the user's pager. Nothing if there is none or it cannot be started: the text is then printed without one.
    pub(crate) fn start(colours: anstream::ColorChoice) -> Option<Self> {
        let named = environment("PAGER").map(|pager| pager.to_string_lossy().into_owned());
        let words = shlex::split(named.as_deref().unwrap_or("less"))?;
        let (program, args) = words.split_first()?;
        if program == "cat" {
            return None;
        }
        let mut command = command_of(program);
        command.args(args).stdin(Stdio::piped());
        // `less` shows colours, prints a text that fits the screen, and leaves it there.
        if environment("LESS").is_none() {
            command.env("LESS", "FRX");
        }
        let mut child = command.spawn().ok()?;
        let input = File::from(OwnedFd::from(child.stdin.take()?));
        Some(Self {
            child,
            input: BufWriter::new(AutoStream::new(input, colours)),
        })
    }

    /// The stream that the pager reads.
    pub(crate) fn input(&mut self) -> &mut dyn io::Write {
        &mut self.input
    }

    /// Ends the text and waits until the user leaves the pager.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        let flushed = self.input.flush();
        drop(self.input);
        self.child.wait()?;
        flushed
    }
}

/// Shows a manual page as `man` does. False if there is no `man` that reads a page from its input.
pub(crate) fn man(page: &[u8]) -> io::Result<bool> {
    let started = command_of("man")
        .args(["-l", "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    if let Some(mut input) = child.stdin.take() {
        match input.write_all(page) {
            // A program that does not read its input reports it by its exit code.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error),
            _ => {}
        }
    }
    Ok(child.wait()?.success())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the user's own pager and manual viewer, on a terminal only"
)]
fn command_of(program: &str) -> Command {
    Command::new(program)
}
