//! `groundplan canonical`

use crate::cli::error::{Exit, Failure, FindingsInFiles};
use crate::cli::input;
use crate::cli::output::Format;
use crate::cli::output::terminal::Terminal;
use crate::model::canonical::{self, JsonError};
use crate::model::content::{File, Files};
use crate::model::diagnostic::{Code, Diagnostic, Location};
use crate::model::digest::Digest;
use serde::Serialize;
use std::borrow::Cow;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// A JSON file; `-` reads standard input.
    file: PathBuf,
    /// `text` prints the bytes alone, `json` prints them as a string with their SHA-256.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Canonical bytes as a JSON document.
#[derive(Serialize)]
struct CanonicalJson<'a> {
    canonical: Cow<'a, str>,
    sha256: Digest,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let bytes = input::data(&args.file)?;
    let value = match canonical::parse(&bytes) {
        Ok(value) => value,
        Err(JsonError {
            message,
            line,
            column,
        }) => {
            let name = args.file.display().to_string();
            let finding = Diagnostic::error(Code::Syntax, message)
                .at("", Location::point(name, line, column))
                .help("only unambiguous JSON has a canonical form");
            let files = Files::from([(args.file.display().to_string(), File::regular(bytes))]);
            return Err(FindingsInFiles {
                findings: vec![finding],
                files,
                root: None,
            }
            .into());
        }
    };
    let canonical = canonical::to_vec(&value);
    match args.format {
        Format::Text => terminal.bytes(&canonical)?,
        Format::Json => {
            let sha256 = Digest::of(&canonical);
            let canonical = String::from_utf8_lossy(&canonical);
            terminal.json(&CanonicalJson { canonical, sha256 })?;
        }
    }
    Ok(Exit::Success)
}
