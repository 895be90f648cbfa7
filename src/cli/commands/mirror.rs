//! `groundplan mirror`

use crate::cli::args::git;
use crate::cli::args::git::{Cache, GitArgs};
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::terminal::{BOLD, DIM, GREEN, RED, Terminal, YELLOW};
use crate::git::mirror::{Changed, Freshness, Listed, MirrorError, MirrorState};
use crate::model::digest::GitId;
use crate::model::ref_name::RefName;
use crate::model::remote::RemoteUrl;
use serde::Serialize;
use serde_json::{Value, json};
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
    /// Fetch repositories now and keep them in the cache.
    Add {
        /// An https or ssh address, or `owner/name` on GitHub; several with blanks or commas between.
        #[arg(required = true, value_name = "URL", value_delimiter = ',', value_parser = git::address)]
        urls: Vec<RemoteUrl>,
        /// A tag, a branch or a commit to fetch, for each of them; given once or more.
        #[arg(long = "ref", value_name = "REF", default_value = "HEAD", value_parser = RefName::parse)]
        references: Vec<RefName>,
    },
    /// Fetch again what is kept. One repository that fails does not stop the others.
    Sync,
    /// Show what is in the cache.
    List,
    /// Remove what is not kept, and what interrupted fetches left; or these repositories, kept or not.
    Prune {
        #[arg(value_name = "URL", value_delimiter = ',', value_parser = git::address)]
        urls: Vec<RemoteUrl>,
    },
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let cache = args.git.cache()?;
    match &args.command {
        MirrorCommand::Add { urls, references } => {
            is_online(&cache)?;
            let mut fetched = Vec::new();
            let pairs = urls
                .iter()
                .flat_map(|url| references.iter().map(move |name| (url, name)));
            for (url, reference) in pairs {
                let _working = Terminal::working("fetching");
                let result = cache.mirrors.add(&cache.access(), url, reference);
                let is_stopped = result.as_ref().is_err_and(MirrorError::is_stop);
                fetched.push(Line::of(&cache, url, reference, result));
                if is_stopped {
                    break;
                }
            }
            report(&fetched, args.format, "nothing was named", terminal)
        }
        MirrorCommand::Sync => {
            is_online(&cache)?;
            let working = Terminal::working("fetching");
            let synced = cache.mirrors.sync(&cache.access())?;
            drop(working);
            let line = |synced: crate::git::mirror::Synced| {
                Line::of(&cache, &synced.url, &synced.reference, synced.result)
            };
            let lines: Vec<Line> = synced.into_iter().map(line).collect();
            report(
                &lines,
                args.format,
                "nothing is kept: `groundplan mirror add URL` keeps a repository",
                terminal,
            )
        }
        MirrorCommand::List => list(&cache, args.format, terminal),
        MirrorCommand::Prune { urls } => prune(&cache, urls, args.format, terminal),
    }
}

fn is_online(cache: &Cache) -> Result<(), Failure> {
    if cache.freshness != Freshness::Offline {
        return Ok(());
    }
    Err(Failure::Usage {
        message: "this fetches, and `--offline` forbids it".to_owned(),
        hint: "leave `--offline` out, and GROUNDPLAN_OFFLINE unset".to_owned(),
    })
}

/// What became of one reference.
struct Line {
    url: RemoteUrl,
    reference: RefName,
    result: Result<Changed, Failed>,
}

/// A failure, taken apart for both formats.
struct Failed {
    message: String,
    hint: Option<String>,
    is_worth_retrying: bool,
    is_stop: bool,
}

impl Failed {
    fn of(cache: &Cache, url: &RemoteUrl, error: MirrorError) -> Self {
        let (is_worth_retrying, is_stop) = (error.is_worth_retrying(), error.is_stop());
        let (message, hint) = cache.explain(url, error).into_parts();
        Self {
            message,
            hint,
            is_worth_retrying,
            is_stop,
        }
    }

    fn json(&self) -> Value {
        json!({ "message": self.message, "hint": self.hint, "retry": self.is_worth_retrying })
    }
}

impl Line {
    fn of(
        cache: &Cache,
        url: &RemoteUrl,
        reference: &RefName,
        result: Result<Changed, MirrorError>,
    ) -> Self {
        Self {
            url: url.clone(),
            reference: reference.clone(),
            result: result.map_err(|error| Failed::of(cache, url, error)),
        }
    }

    fn json(&self) -> Value {
        let mut value = json!({ "url": self.url, "ref": self.reference });
        match &self.result {
            Ok(Changed { before, now }) => {
                value["commit"] = json!(now);
                value["before"] = json!(before);
            }
            Err(failed) => value["error"] = failed.json(),
        }
        value
    }
}

fn report(
    lines: &[Line],
    format: Format,
    nothing: &str,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    if format == Format::Json {
        let lines: Vec<Value> = lines.iter().map(Line::json).collect();
        terminal.json(&json!({ "fetched": lines }))?;
    } else if lines.is_empty() {
        writeln!(terminal.stderr(), "{nothing}")?;
    }
    let width = lines
        .iter()
        .map(|line| line.url.as_str().len())
        .max()
        .unwrap_or_default();
    let mut failed = Vec::new();
    for line in lines {
        let (url, reference) = (&line.url, &line.reference);
        match &line.result {
            Ok(_) if format == Format::Json => {}
            Ok(Changed { before, now }) => {
                let what = match before {
                    None => format!("{GREEN}new{GREEN:#}"),
                    Some(before) if before == now => format!("{DIM}unchanged{DIM:#}"),
                    Some(before) => format!("{YELLOW}was {}{YELLOW:#}", short(before)),
                };
                let now = short(now);
                writeln!(
                    terminal.out(),
                    "{:width$}  {reference}  {now}  {what}",
                    url.as_str()
                )?;
            }
            Err(error) => failed.push(error),
        }
    }
    end(&failed, terminal)
}

/// Says what failed, each with its next step.
fn end(failed: &[&Failed], terminal: &mut Terminal) -> Result<Exit, Failure> {
    terminal.finish()?;
    for error in failed {
        if error.is_stop {
            return Err(Failure::Cancelled);
        }
        terminal.error(&error.message, error.hint.as_deref());
    }
    Ok(if failed.is_empty() {
        Exit::Success
    } else {
        Exit::Findings
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MirrorJson<'a> {
    name: &'a str,
    url: Option<&'a RemoteUrl>,
    state: &'static str,
    kept: bool,
    bytes: u64,
    refs: Vec<Value>,
}

fn list(cache: &Cache, format: Format, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let listed = cache.mirrors.list()?;
    if format == Format::Json {
        let mirrors: Vec<MirrorJson<'_>> = listed.iter().map(as_json).collect();
        terminal.json(&json!({ "mirrors": mirrors }))?;
        return Ok(Exit::Success);
    }
    if listed.is_empty() {
        writeln!(terminal.stderr(), "the template cache is empty")?;
    }
    for mirror in &listed {
        let name = mirror
            .url
            .as_ref()
            .map_or(mirror.name.as_str(), RemoteUrl::as_str);
        let size = human(mirror.bytes);
        let state = match mirror.state {
            MirrorState::Whole => String::new(),
            MirrorState::Broken => {
                format!("  {RED}damaged: fetched again when it is asked for{RED:#}")
            }
            MirrorState::Absent => format!("  {YELLOW}not fetched{YELLOW:#}"),
        };
        writeln!(terminal.out(), "{BOLD}{name}{BOLD:#}  {size}{state}")?;
        let width = mirror
            .references
            .iter()
            .map(|reference| reference.name.as_str().len())
            .max();
        let width = width.unwrap_or_default();
        for reference in &mirror.references {
            let commit = reference.commit.as_ref().map_or("-", short);
            let asked = reference.asked.map(time).unwrap_or_default();
            let kept = if reference.is_kept { "  kept" } else { "" };
            let name = reference.name.as_str();
            writeln!(
                terminal.out(),
                "  {name:width$}  {commit:12}  {DIM}{asked}{DIM:#}{kept}"
            )?;
        }
    }
    Ok(Exit::Success)
}

fn as_json(mirror: &Listed) -> MirrorJson<'_> {
    let reference = |reference: &crate::git::mirror::ListedRef| {
        json!({
            "ref": reference.name,
            "commit": reference.commit,
            "askedAt": reference.asked.map(time),
            "kept": reference.is_kept,
        })
    };
    MirrorJson {
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

fn prune(
    cache: &Cache,
    urls: &[RemoteUrl],
    format: Format,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let pruned = cache.mirrors.prune(urls)?;
    let mut lines = Vec::new();
    let mut failed = Vec::new();
    for mirror in pruned {
        let name = mirror.url.map_or(mirror.name, |url| url.to_string());
        match mirror.result {
            Ok(true) => lines.push(name),
            Ok(false) => {}
            Err(error) => {
                let is_worth_retrying = error.is_worth_retrying();
                let (message, hint) = Failure::from(error).into_parts();
                failed.push(Failed {
                    message,
                    hint,
                    is_worth_retrying,
                    is_stop: false,
                });
            }
        }
    }
    if format == Format::Json {
        let errors: Vec<Value> = failed.iter().map(Failed::json).collect();
        terminal.json(&json!({ "removed": lines, "errors": errors }))?;
    } else if lines.is_empty() && failed.is_empty() {
        writeln!(terminal.stderr(), "there was nothing to remove")?;
    } else {
        for name in &lines {
            writeln!(terminal.out(), "{name}  removed")?;
        }
    }
    end(&failed.iter().collect::<Vec<_>>(), terminal)
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
