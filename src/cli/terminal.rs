//! Results on standard output, talk on standard error, colours only where they are wanted.

use super::exit::Failure;
use anstyle::{AnsiColor, Style};
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::time::Duration;

pub(super) const BOLD: Style = Style::new().bold();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const GREEN: Style = AnsiColor::Green.on_default();
pub(super) const YELLOW: Style = AnsiColor::Yellow.on_default();
pub(super) const RED: Style = AnsiColor::Red.on_default();
const ERROR: Style = AnsiColor::BrightRed.on_default().bold();
const HINT: Style = AnsiColor::BrightCyan.on_default().bold();

/// Both output streams.
pub(super) struct Terminal {
    out: BufWriter<anstream::AutoStream<io::Stdout>>,
    talk: anstream::AutoStream<io::Stderr>,
}

impl Terminal {
    pub(super) fn new() -> Self {
        Self {
            out: BufWriter::new(anstream::AutoStream::auto(io::stdout())),
            talk: anstream::AutoStream::auto(io::stderr()),
        }
    }

    /// Where results go.
    pub(super) fn out(&mut self) -> &mut dyn Write {
        &mut self.out
    }

    /// Where everything that is said about the work goes.
    pub(super) fn talk(&mut self) -> &mut dyn Write {
        &mut self.talk
    }

    /// Prints one JSON document.
    pub(super) fn json(&mut self, value: &impl serde::Serialize) -> Result<(), Failure> {
        serde_json::to_writer_pretty(&mut self.out, value).map_err(io::Error::from)?;
        writeln!(self.out)?;
        Ok(())
    }

    /// Says what went wrong and what to do. A standard error that cannot be written to leaves the exit code to speak.
    pub(super) fn error(&mut self, message: &str, hint: Option<&str>) {
        let message = clean(message);
        let hint = hint
            .map(|hint| format!("\n{HINT}hint{HINT:#}: {}", clean(hint)))
            .unwrap_or_default();
        drop(self.out.flush());
        drop(writeln!(
            self.talk,
            "{ERROR}error{ERROR:#}: {message}{hint}"
        ));
    }

    /// Whether questions can be asked and answered.
    pub(super) fn is_interactive() -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Shows on a terminal that work is going on, when it takes long enough to be seen.
    pub(super) fn working(what: &'static str) -> Working {
        let bar = indicatif::ProgressBar::new_spinner().with_message(what);
        if io::stderr().is_terminal() {
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        Working(bar)
    }

    /// Makes sure that everything printed has arrived.
    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        self.out.flush()?;
        Ok(())
    }
}

/// Takes its sign away when dropped.
pub(super) struct Working(indicatif::ProgressBar);

impl Drop for Working {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// The text without characters that would steer a terminal; line breaks stay.
pub(super) fn clean(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() && c != '\n' && c != '\t' {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}
