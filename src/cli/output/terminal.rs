//! Results on standard output, talk on standard error, colours only where they are wanted.

use crate::base::sanitize;
use crate::cli::error::Failure;
use crate::scrub::scrub;
use anstyle::{AnsiColor, Style};
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::time::Duration;

pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const GREEN: Style = AnsiColor::Green.on_default();
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default();
pub(crate) const RED: Style = AnsiColor::Red.on_default();
const ERROR: Style = AnsiColor::BrightRed.on_default().bold();
const HINT: Style = AnsiColor::BrightCyan.on_default().bold();

/// Both output streams.
pub(crate) struct Terminal {
    out: BufWriter<anstream::AutoStream<io::Stdout>>,
    stderr: anstream::AutoStream<io::Stderr>,
}

impl Terminal {
    pub(crate) fn new() -> Self {
        Self {
            out: BufWriter::new(anstream::AutoStream::auto(io::stdout())),
            stderr: anstream::AutoStream::auto(io::stderr()),
        }
    }

    /// Where results go.
    pub(crate) fn out(&mut self) -> &mut dyn Write {
        &mut self.out
    }

    /// Where everything that is said about the work goes: after the results that were there before.
    pub(crate) fn stderr(&mut self) -> &mut dyn Write {
        drop(self.out.flush());
        &mut self.stderr
    }

    /// Prints one JSON document.
    pub(crate) fn json(&mut self, value: &impl serde::Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value).map_err(io::Error::from)?;
        // Only strings hold such characters, and JSON has an escape for each of them.
        let mut rest = text.as_str();
        while let Some(at) = rest.find(|c: char| sanitize::is_unsafe(c) && c != '\n') {
            let c = rest[at..].chars().next().unwrap_or_default();
            write!(self.out, "{}\\u{:04x}", &rest[..at], u32::from(c))?;
            rest = &rest[at + c.len_utf8()..];
        }
        writeln!(self.out, "{rest}")?;
        Ok(())
    }

    /// Says what went wrong and what to do. A standard error that cannot be written to leaves the exit code to speak.
    pub(crate) fn error(&mut self, message: &str, hint: Option<&str>) {
        // What a person typed may hold a token in a place where none belongs.
        let message = sanitize::text(&scrub(message, &[]));
        let hint = hint
            .map(|hint| {
                format!(
                    "\n{HINT}hint{HINT:#}: {}",
                    sanitize::text(&scrub(hint, &[]))
                )
            })
            .unwrap_or_default();
        drop(self.out.flush());
        drop(writeln!(
            self.stderr,
            "{ERROR}error{ERROR:#}: {message}{hint}"
        ));
    }

    /// Whether questions can be asked and answered.
    pub(crate) fn is_interactive() -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Shows on a terminal that work is going on, when it takes long enough to be seen.
    pub(crate) fn working(what: &'static str) -> Spinner {
        let bar = indicatif::ProgressBar::new_spinner().with_message(what);
        if io::stderr().is_terminal() {
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        Spinner(bar)
    }

    /// Makes sure that everything printed has arrived.
    pub(crate) fn finish(&mut self) -> Result<(), Failure> {
        self.out.flush()?;
        Ok(())
    }
}

/// Takes its sign away when dropped.
pub(crate) struct Spinner(indicatif::ProgressBar);

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
