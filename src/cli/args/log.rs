//! The program's log on standard error, as text or JSON lines, without secrets.

use crate::cli::error::Failure;
use crate::scrub::scrub;
use std::io::{self, Write};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The form and the level of the log.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Log")]
pub(crate) struct TraceArgs {
    /// Form of the log lines.
    #[arg(long, env = "GROUNDPLAN_LOG_FORMAT", value_enum, default_value_t = TraceFormat::Text)]
    log_format: TraceFormat,
    /// Level, or levels by module as in `groundplan=debug,warn`.
    #[arg(
        long,
        env = "GROUNDPLAN_LOG",
        value_name = "FILTER",
        default_value = "info"
    )]
    log: String,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum TraceFormat {
    Text,
    Json,
}

impl TraceArgs {
    /// Starts the log. Fails when a log was started before.
    pub(crate) fn begin(&self) -> Result<(), Failure> {
        let filter: Targets = self.log.parse().map_err(|error| {
            Failure::usage(
                "log_filter_invalid",
                format!("invalid log filter `{}`", self.log.escape_debug()),
            )
            .caused_by(error)
            .hinted("use a level such as `info`, or `groundplan=debug,warn`")
        })?;
        let lines = tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_ansi(false)
            .with_writer(Scrubbed);
        let begun = match self.log_format {
            TraceFormat::Text => lines.finish().with(filter).try_init(),
            TraceFormat::Json => {
                let lines = lines.json().flatten_event(true);
                lines.finish().with(filter).try_init()
            }
        };
        begun.map_err(|error| {
            Failure::environment("log_failed", "cannot start the log").caused_by(error)
        })
    }
}

/// Standard error, from which secrets are removed. Each event arrives in one piece.
struct Scrubbed;

impl Write for Scrubbed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let clean = scrub(&String::from_utf8_lossy(bytes), &[]);
        io::stderr().lock().write_all(clean.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

impl<'w> MakeWriter<'w> for Scrubbed {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        Self
    }
}
