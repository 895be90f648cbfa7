//! `groundplan mirror prune`

use super::fetch::{MirrorFailure, finish, print_failures};
use crate::app::templates::TemplateCache;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::terminal::Terminal;
use crate::model::remote::RemoteUrl;
use serde::Serialize;

/// The removed repositories as a JSON document.
#[derive(Serialize)]
struct PrunedJson<'a> {
    removed: &'a [String],
    errors: &'a [&'a MirrorFailure],
}

pub(super) fn run(
    cache: &TemplateCache<'_>,
    urls: &[RemoteUrl],
    format: Format,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let mut removed = Vec::new();
    let mut failures = Vec::new();
    for mirror in cache.mirrors.prune(urls)? {
        match mirror.result {
            Ok(true) => removed.push(mirror.url.map_or(mirror.name, |url| url.to_string())),
            Ok(false) => {}
            Err(error) => {
                let is_worth_retrying = error.is_worth_retrying();
                failures.push(MirrorFailure::new(is_worth_retrying, false, error.into()));
            }
        }
    }
    let failed: Vec<&MirrorFailure> = failures.iter().collect();
    if format == Format::Json {
        let result = PrunedJson {
            removed: &removed,
            errors: &failed,
        };
        return finish(&result, &failed, terminal);
    }
    if removed.is_empty() && failed.is_empty() {
        writeln!(terminal.stderr(), "there was nothing to remove")?;
    }
    for name in &removed {
        writeln!(terminal.out(), "{name}  removed")?;
    }
    print_failures(&failed, terminal)
}
