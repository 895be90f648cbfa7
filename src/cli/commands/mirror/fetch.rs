//! `groundplan mirror add` and `mirror sync`

use super::{check_online, short};
use crate::app::templates::TemplateCache;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::terminal::{DIM, GREEN, Terminal, YELLOW};
use crate::git::mirror::{Freshness, MirrorError, RefUpdate, Synced};
use crate::model::digest::GitId;
use crate::model::ref_name::RefName;
use crate::model::remote::RemoteUrl;
use serde::Serialize;

/// Fetches each reference of each repository, until a signal stops it.
pub(super) fn add(
    cache: &TemplateCache<'_>,
    urls: &[RemoteUrl],
    references: &[RefName],
    format: Format,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    check_online(cache.freshness == Freshness::Offline, "fetch")?;
    let mut fetched = Vec::new();
    let pairs = urls
        .iter()
        .flat_map(|url| references.iter().map(move |name| (url, name)));
    for (url, reference) in pairs {
        let result = Terminal::busy("fetching", || {
            cache.mirrors.add(&cache.access(), url, reference)
        });
        let is_stopped = result.as_ref().is_err_and(MirrorError::is_stop);
        fetched.push(Fetch::of(cache, url, reference, result));
        if is_stopped {
            break;
        }
    }
    print_fetched(&fetched, "nothing was named", format, terminal)
}

/// Fetches all kept repositories again.
pub(super) fn sync(
    cache: &TemplateCache<'_>,
    format: Format,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    check_online(cache.freshness == Freshness::Offline, "fetch")?;
    let synced = Terminal::busy("fetching", || cache.mirrors.sync(&cache.access()))?;
    let fetch = |synced: Synced| Fetch::of(cache, &synced.url, &synced.reference, synced.result);
    let fetched: Vec<Fetch> = synced.into_iter().map(fetch).collect();
    let nothing = "nothing is kept: `groundplan mirror add URL` keeps a repository";
    print_fetched(&fetched, nothing, format, terminal)
}

/// One reference and the result of its fetch.
#[derive(Serialize)]
struct Fetch {
    url: RemoteUrl,
    #[serde(rename = "ref")]
    reference: RefName,
    #[serde(flatten)]
    result: FetchResult,
}

#[derive(Serialize)]
#[serde(untagged)]
enum FetchResult {
    Fetched {
        commit: GitId,
        before: Option<GitId>,
    },
    Failed {
        error: MirrorFailure,
    },
}

/// The failure of one repository among several.
#[derive(Serialize)]
pub(super) struct MirrorFailure {
    message: String,
    hint: Option<String>,
    #[serde(rename = "retry")]
    is_worth_retrying: bool,
    #[serde(skip)]
    is_stop: bool,
}

impl MirrorFailure {
    pub(super) fn new(is_worth_retrying: bool, is_stop: bool, failure: Failure) -> Self {
        let (message, hints) = failure.into_parts();
        Self {
            message,
            hint: (!hints.is_empty()).then(|| hints.join("; ")),
            is_worth_retrying,
            is_stop,
        }
    }
}

impl Fetch {
    fn of(
        cache: &TemplateCache<'_>,
        url: &RemoteUrl,
        reference: &RefName,
        result: Result<RefUpdate, MirrorError>,
    ) -> Self {
        let result = match result {
            Ok(RefUpdate { before, now }) => FetchResult::Fetched {
                commit: now,
                before,
            },
            Err(error) => FetchResult::Failed {
                error: MirrorFailure::new(
                    error.is_worth_retrying(),
                    error.is_stop(),
                    cache.explained(url, error).into(),
                ),
            },
        };
        Self {
            url: url.clone(),
            reference: reference.clone(),
            result,
        }
    }

    fn failure(&self) -> Option<&MirrorFailure> {
        match &self.result {
            FetchResult::Failed { error } => Some(error),
            FetchResult::Fetched { .. } => None,
        }
    }
}

#[derive(Serialize)]
struct FetchedJson<'a> {
    fetched: &'a [Fetch],
}

fn print_fetched(
    fetched: &[Fetch],
    nothing: &str,
    format: Format,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let failed: Vec<&MirrorFailure> = fetched.iter().filter_map(Fetch::failure).collect();
    if format == Format::Json {
        return finish(&FetchedJson { fetched }, &failed, terminal);
    }
    if fetched.is_empty() {
        writeln!(terminal.stderr(), "{nothing}")?;
    }
    let width = fetched
        .iter()
        .map(|fetch| fetch.url.as_str().len())
        .max()
        .unwrap_or(0);
    for Fetch {
        url,
        reference,
        result,
    } in fetched
    {
        if let FetchResult::Fetched { commit, before } = result {
            let change = match before {
                None => format!("{GREEN}new{GREEN:#}"),
                Some(before) if before == commit => format!("{DIM}unchanged{DIM:#}"),
                Some(before) => format!("{YELLOW}was {}{YELLOW:#}", short(before)),
            };
            let (url, commit) = (url.as_str(), short(commit));
            writeln!(
                terminal.out(),
                "{url:width$}  {reference}  {commit}  {change}"
            )?;
        }
    }
    print_failures(&failed, terminal)
}

/// Prints the one JSON document of a result, and the failures for people.
pub(super) fn finish(
    result: &impl Serialize,
    failed: &[&MirrorFailure],
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    if failed.iter().any(|failure| failure.is_stop) {
        return Err(Failure::cancelled().with_fields(result));
    }
    terminal.json(result)?;
    print_failures(failed, terminal)
}

pub(super) fn print_failures(
    failed: &[&MirrorFailure],
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    terminal.finish()?;
    for failure in failed {
        if failure.is_stop {
            return Err(Failure::cancelled());
        }
        terminal.error(&failure.message, failure.hint.as_slice());
    }
    Ok(if failed.is_empty() {
        Exit::Success
    } else {
        Exit::Findings
    })
}
