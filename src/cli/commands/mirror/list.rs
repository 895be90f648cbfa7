//! `groundplan mirror list`

use super::short;
use crate::app::templates::TemplateCache;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::terminal::{BOLD, DIM, RED, Terminal, YELLOW};
use crate::git::mirror::{MirrorInfo, MirrorRef, MirrorState};
use crate::model::digest::GitId;
use crate::model::ref_name::RefName;
use crate::model::remote::RemoteUrl;
use serde::Serialize;
use std::time::SystemTime;

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

pub(super) fn run(
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
