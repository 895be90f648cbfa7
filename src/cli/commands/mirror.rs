//! `groundplan mirror`

use super::mirror_push;
use crate::app::templates::{TemplateCache, parse_address};
use crate::cli::args::git::GitArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::terminal::{BOLD, DIM, GREEN, RED, Terminal, YELLOW};
use crate::git::mirror::{
    Freshness, MirrorError, MirrorInfo, MirrorRef, MirrorState, RefUpdate, Synced,
};
use crate::model::digest::GitId;
use crate::model::ref_name::RefName;
use crate::model::remote::RemoteUrl;
use serde::Serialize;
use std::time::SystemTime;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: MirrorCommand,
    #[arg(long, value_enum, default_value_t = Format::Text, global = true)]
    format: Format,
    #[command(flatten)]
    git: GitArgs,
}

#[derive(clap::Subcommand)]
enum MirrorCommand {
    /// Fetch repositories and keep them in the cache.
    Add {
        /// An https or ssh address, or `owner/name` on GitHub; several with spaces or commas between them.
        #[arg(required = true, value_name = "URL", value_delimiter = ',', value_parser = parse_address)]
        urls: Vec<RemoteUrl>,
        /// A tag, branch or commit to fetch from each of them; repeatable.
        #[arg(long = "ref", value_name = "REF", default_value = "HEAD", value_parser = RefName::parse)]
        references: Vec<RefName>,
    },
    /// Fetch all kept repositories again. A failure does not stop the others.
    Sync,
    /// List the cached repositories.
    List,
    /// Bring the branch and the tags of a published repository to a second forge. Nothing there is rewound.
    Push(Box<mirror_push::Args>),
    /// Remove repositories that are not kept and the remains of interrupted fetches, or the named repositories.
    Prune {
        #[arg(value_name = "URL", value_delimiter = ',', value_parser = parse_address)]
        urls: Vec<RemoteUrl>,
    },
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    match &args.command {
        MirrorCommand::Push(push) => mirror_push::run(push, args.format, terminal),
        MirrorCommand::Add { urls, references } => {
            let cache = args.git.cache()?;
            let fetched = add(&cache, urls, references)?;
            print_fetched(&fetched, "nothing was named", args.format, terminal)
        }
        MirrorCommand::Sync => {
            let cache = args.git.cache()?;
            check_online(&cache)?;
            let synced = Terminal::busy("fetching", || cache.mirrors.sync(&cache.access()))?;
            let fetch =
                |synced: Synced| Fetch::of(&cache, &synced.url, &synced.reference, synced.result);
            let fetched: Vec<Fetch> = synced.into_iter().map(fetch).collect();
            let nothing = "nothing is kept: `groundplan mirror add URL` keeps a repository";
            print_fetched(&fetched, nothing, args.format, terminal)
        }
        MirrorCommand::List => list(&args.git.cache()?, args.format, terminal),
        MirrorCommand::Prune { urls } => prune(&args.git.cache()?, urls, args.format, terminal),
    }
}

fn check_online(cache: &TemplateCache<'_>) -> Result<(), Failure> {
    if cache.freshness != Freshness::Offline {
        return Ok(());
    }
    Err(Failure::usage("offline", "cannot fetch with `--offline`")
        .hinted("omit `--offline` and unset GROUNDPLAN_OFFLINE"))
}

/// Fetches each reference of each repository, until a signal stops it.
fn add(
    cache: &TemplateCache<'_>,
    urls: &[RemoteUrl],
    references: &[RefName],
) -> Result<Vec<Fetch>, Failure> {
    check_online(cache)?;
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
    Ok(fetched)
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
struct MirrorFailure {
    message: String,
    hint: Option<String>,
    #[serde(rename = "retry")]
    is_worth_retrying: bool,
    #[serde(skip)]
    is_stop: bool,
}

impl MirrorFailure {
    fn new(is_worth_retrying: bool, is_stop: bool, failure: Failure) -> Self {
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
fn finish(
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

fn print_failures(failed: &[&MirrorFailure], terminal: &mut Terminal) -> Result<Exit, Failure> {
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

/// All cached repositories as a JSON document.
#[derive(Serialize)]
struct MirrorsJson<'a> {
    mirrors: Vec<MirrorJson<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MirrorJson<'a> {
    name: &'a str,
    url: Option<&'a RemoteUrl>,
    state: &'static str,
    kept: bool,
    bytes: u64,
    refs: Vec<MirrorRefJson<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MirrorRefJson<'a> {
    #[serde(rename = "ref")]
    name: &'a RefName,
    commit: Option<&'a GitId>,
    asked_at: Option<String>,
    kept: bool,
}

impl<'a> From<&'a MirrorInfo> for MirrorJson<'a> {
    fn from(mirror: &'a MirrorInfo) -> Self {
        let reference = |reference: &'a MirrorRef| MirrorRefJson {
            name: &reference.name,
            commit: reference.commit.as_ref(),
            asked_at: reference.asked.map(time),
            kept: reference.is_kept,
        };
        Self {
            name: &mirror.name,
            url: mirror.url.as_ref(),
            state: match mirror.state {
                MirrorState::Whole => "whole",
                MirrorState::Broken => "broken",
                MirrorState::Absent => "absent",
            },
            kept: mirror.references.iter().any(|reference| reference.is_kept),
            bytes: mirror.bytes,
            refs: mirror.references.iter().map(reference).collect(),
        }
    }
}

fn list(
    cache: &TemplateCache<'_>,
    format: Format,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let listed = cache.mirrors.list()?;
    if format == Format::Json {
        let mirrors = listed.iter().map(MirrorJson::from).collect();
        terminal.json(&MirrorsJson { mirrors })?;
        return Ok(Exit::Success);
    }
    if listed.is_empty() {
        writeln!(terminal.stderr(), "the template cache is empty")?;
    }
    for mirror in &listed {
        print_mirror(mirror, terminal)?;
    }
    Ok(Exit::Success)
}

fn print_mirror(mirror: &MirrorInfo, terminal: &mut Terminal) -> Result<(), Failure> {
    let url = mirror.url.as_ref();
    let name = url.map_or(mirror.name.as_str(), RemoteUrl::as_str);
    let size = human(mirror.bytes);
    let state = match mirror.state {
        MirrorState::Whole => String::new(),
        MirrorState::Broken => format!("  {RED}damaged: fetched again at its next use{RED:#}"),
        MirrorState::Absent => format!("  {YELLOW}not fetched{YELLOW:#}"),
    };
    writeln!(terminal.out(), "{BOLD}{name}{BOLD:#}  {size}{state}")?;
    let names = mirror.references.iter();
    let width = names
        .map(|reference| reference.name.as_str().len())
        .max()
        .unwrap_or(0);
    for reference in &mirror.references {
        let commit = reference.commit.as_ref().map_or("-", short);
        let asked = reference.asked.map_or_else(String::new, time);
        let kept = if reference.is_kept { "  kept" } else { "" };
        let name = reference.name.as_str();
        writeln!(
            terminal.out(),
            "  {name:width$}  {commit:12}  {DIM}{asked}{DIM:#}{kept}"
        )?;
    }
    Ok(())
}

/// The removed repositories as a JSON document.
#[derive(Serialize)]
struct PrunedJson<'a> {
    removed: &'a [String],
    errors: &'a [&'a MirrorFailure],
}

fn prune(
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

fn short(commit: &GitId) -> &str {
    &commit.as_str()[..12]
}

fn time(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time)
        .and_then(|time| time.round(jiff::Unit::Second))
        .map_or_else(|_| "-".to_owned(), |time| time.to_string())
}

fn human(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KiB", bytes / 1024),
        _ => format!("{} MiB", bytes / 1_048_576),
    }
}
