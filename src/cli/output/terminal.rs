//! Results on standard output, everything else on standard error, colours only where they are wanted.

use crate::base::sanitize;
use crate::cli::error::Failure;
use crate::cli::output::Format;
use crate::cli::output::pager::Pager;
use crate::cli::signals;
use crate::scrub::scrub;
use crate::secret::Secret;
use anstyle::{AnsiColor, Style};
use serde::Serialize;
use std::fmt::Write as _;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::time::Duration;

/// The use of colours.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(in crate::cli) enum Color {
    Auto,
    Always,
    Never,
}

pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const GREEN: Style = AnsiColor::Green.on_default();
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default();
pub(crate) const RED: Style = AnsiColor::Red.on_default();
const ERROR: Style = AnsiColor::BrightRed.on_default().bold();
const HINT: Style = AnsiColor::BrightCyan.on_default().bold();

/// Both output streams, and the secrets that neither may show.
pub(crate) struct Terminal {
    out: BufWriter<anstream::AutoStream<io::Stdout>>,
    stderr: anstream::AutoStream<io::Stderr>,
    format: Format,
    has_json_lines: bool,
    secrets: Vec<Secret>,
    /// True if the first result starts the pager.
    is_paged: bool,
    pager: Option<Pager>,
    /// Everything that the command has created or changed so far.
    effects: Vec<String>,
}

impl Terminal {
    /// The streams of a command whose failures are printed in `format`.
    pub(crate) fn new(format: Format) -> Self {
        Self {
            out: BufWriter::new(anstream::AutoStream::auto(io::stdout())),
            stderr: anstream::AutoStream::auto(io::stderr()),
            format,
            has_json_lines: false,
            secrets: Vec::new(),
            is_paged: false,
            pager: None,
            effects: Vec::new(),
        }
    }

    /// Shows the results in a pager, if standard output is a terminal. It starts with the first result: a command that
    /// prints none, and its questions, need no pager. Messages go through it as well, so that they do not cover the text.
    pub(crate) fn page_results(&mut self) {
        self.is_paged = io::stdout().is_terminal();
    }

    fn start_pager(&mut self) {
        self.is_paged = false;
        // Ctrl-C belongs to the pager from here on.
        signals::stop();
        self.pager = Pager::start(anstream::AutoStream::choice(&io::stdout()));
    }

    /// Records an effect, in the words `created x`. A failure to print the result names it.
    pub(crate) fn done(&mut self, effect: impl Into<String>) {
        self.effects.push(effect.into());
    }

    /// The recorded effects.
    pub(crate) fn effects(&self) -> &[String] {
        &self.effects
    }

    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// Keeps a secret out of every message from here on.
    pub(crate) fn hide(&mut self, secret: Secret) {
        self.secrets.push(secret);
    }

    /// The stream of results for people. Without colours it drops every escape sequence: bytes for programs go through
    /// [`Terminal::bytes`].
    pub(crate) fn out(&mut self) -> &mut dyn Write {
        if self.is_paged {
            self.start_pager();
        }
        match &mut self.pager {
            Some(pager) => pager.input(),
            None => &mut self.out,
        }
    }

    /// The stream of messages, after the results that were printed before.
    pub(crate) fn stderr(&mut self) -> &mut dyn Write {
        if let Some(pager) = &mut self.pager {
            return pager.input();
        }
        if self.out.flush().is_err() {
            // The result's own flush reports it.
        }
        &mut self.stderr
    }

    /// Prints bytes for programs, each of them as it is.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.out.flush()?;
        Ok(io::stdout().write_all(bytes)?)
    }

    /// Prints text from a file: as it is for programs, with its control characters made visible on a terminal.
    pub(crate) fn content(&mut self, text: &str) -> Result<(), Failure> {
        if io::stdout().is_terminal() {
            return Ok(write!(self.out(), "{}", sanitize::text(text))?);
        }
        self.bytes(text.as_bytes())
    }

    /// Prints one JSON document: on several lines, or on one line after [`Terminal::json_line`].
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        if self.has_json_lines {
            return self.json_line(value);
        }
        let text = serde_json::to_string_pretty(value).map_err(io::Error::from)?;
        self.bytes(format!("{}\n", escaped(&text)).as_bytes())
    }

    /// Prints one JSON document on one line.
    pub(crate) fn json_line(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        self.has_json_lines = true;
        let text = serde_json::to_string(value).map_err(io::Error::from)?;
        self.bytes(format!("{}\n", escaped(&text)).as_bytes())
    }

    /// Prints an error and its hints, each in one line: a line break in a quoted value is shown as `\n`.
    pub(crate) fn error(&mut self, message: &str, hints: &[String]) {
        self.message(&format!("{ERROR}error{ERROR:#}"), message, hints);
    }

    /// Prints a warning and its hints.
    pub(crate) fn warning(&mut self, message: &str, hints: &[String]) {
        self.message(&format!("{YELLOW}warning{YELLOW:#}"), message, hints);
    }

    fn message(&mut self, label: &str, message: &str, hints: &[String]) {
        let mut text = format!("{label}: {}\n", self.cleaned(message));
        for hint in hints {
            text.extend([&format!("{HINT}hint{HINT:#}: "), &*self.cleaned(hint), "\n"]);
        }
        self.note(&text);
    }

    /// Prints a message that contains nothing unsafe but styles.
    pub(crate) fn note(&mut self, text: &str) {
        let text = self.scrubbed(text);
        if write!(self.stderr(), "{text}").is_err() {
            // Without a standard error, the exit code alone reports it.
        }
    }

    /// The text without the secrets of this command and the tokens that a person typed in a wrong place.
    pub(crate) fn scrubbed(&self, text: &str) -> String {
        scrub(text, &self.secrets.iter().collect::<Vec<_>>())
    }

    fn cleaned(&self, text: &str) -> String {
        sanitize::line(&self.scrubbed(text))
    }

    /// True if results are printed on a terminal.
    pub(crate) fn is_shown_to_person() -> bool {
        io::stdout().is_terminal()
    }

    /// True if questions can be asked and answered.
    pub(crate) fn is_interactive() -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Does work, with a sign of it on a terminal when it takes long enough to be seen.
    pub(crate) fn busy<T>(message: &'static str, work: impl FnOnce() -> T) -> T {
        let _spinner = Spinner::start(message);
        work()
    }

    /// Writes what was printed so far.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.out().flush()?)
    }

    /// Writes everything that was printed, and waits for the pager. Fails when the reader of the output is gone.
    pub(crate) fn finish(&mut self) -> Result<(), Failure> {
        if let Some(pager) = self.pager.take() {
            pager.finish()?;
        }
        self.out.flush()?;
        Ok(io::stdout().flush()?)
    }
}

/// JSON text in which unsafe characters are escaped. Only strings contain them, and JSON has an escape for each.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if sanitize::is_unsafe(c) && c != '\n' {
            write!(escaped, "\\u{:04x}", u32::from(c)).expect("a string takes every text");
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// A sign of work on a terminal, which goes away when it is dropped.
struct Spinner(indicatif::ProgressBar);

impl Spinner {
    fn start(message: &'static str) -> Self {
        let bar = indicatif::ProgressBar::new_spinner().with_message(message);
        if io::stderr().is_terminal() {
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        Self(bar)
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
