//! Checks of other machines: the database, the template repositories, the forge, and their clocks.

use super::check::Check;
use crate::app::templates::{self, TemplateCache};
use crate::app::tokens;
use crate::base::clock::{Clock as _, SystemClock};
use crate::catalog::Catalog;
use crate::cli::args::database::DatabaseArgs;
use crate::cli::args::forge::{ForgeArgs, TOKEN, token_text};
use crate::cli::args::worker::WorkerArgs;
use crate::cli::error::Failure;
use crate::forge::address::ForgeAddress;
use crate::git::mirror::MirrorError;
use crate::git::{GitAccess, GitFailure, ls_remote};
use crate::model::remote::RemoteUrl;
use crate::model::timestamp::Timestamp;
use crate::store::sql::{Database, Dialect};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use url::Url;

/// The largest difference between two clocks, in milliseconds, that is accepted.
const LARGEST_SKEW: i64 = 5_000;

/// Checks the catalogues and the repositories of their templates.
pub(super) fn templates(means: &WorkerArgs, replaced: Option<&str>) -> Vec<Check> {
    let shelf = match means.shelf() {
        Ok(shelf) => shelf,
        Err(failure) => return vec![Check::of("catalogs", failure)],
    };
    let catalogs: Vec<&Catalog> = shelf.catalogs().collect();
    let names: Vec<String> = catalogs
        .iter()
        .map(|catalog| catalog.slug().to_string())
        .collect();
    let mut checks = vec![Check::ok("catalogs", names.join(", "))];
    let urls: Result<BTreeSet<RemoteUrl>, _> = match replaced.filter(|url| !url.is_empty()) {
        Some(url) => templates::parse_address(url).map(|url| BTreeSet::from([url])),
        None => Ok(catalogs
            .iter()
            .filter_map(|catalog| catalog.file().template.repo.clone())
            .collect()),
    };
    let (urls, cache) = match (urls, means.git.cache()) {
        (Err(error), _) => {
            checks.push(Check::fail(
                "template",
                format!("invalid BOOTSTRAP_TEMPLATE_REPO: {error}"),
                "use `https://HOST/OWNER/NAME.git`, or `OWNER/NAME` on GitHub",
            ));
            return checks;
        }
        // The template store was opened with the same settings.
        (Ok(_), Err(failure)) => {
            checks.push(Check::of("template", failure.into()));
            return checks;
        }
        (Ok(urls), Ok(cache)) => (urls, cache),
    };
    if urls.is_empty() {
        checks.push(Check::skip(
            "template",
            "no catalogue takes its template from a repository",
        ));
    }
    checks.extend(urls.iter().map(|url| template(&cache, url)));
    checks
}

fn template(cache: &TemplateCache<'_>, url: &RemoteUrl) -> Check {
    match ls_remote(&cache.access(), url) {
        Ok(()) => Check::ok("template", format!("{url} answers")),
        Err(error) => {
            let error = MirrorError::Git { error, older: None };
            Check::of("template", cache.explained(url, error).into())
        }
    }
}

pub(super) async fn database(args: &DatabaseArgs) -> Vec<Check> {
    if !args.is_named() {
        return vec![Check::fail(
            "database",
            "DATABASE_URL is not set, and a worker needs a database",
            "set it to `postgres://…`, or to `sqlite:PATH` for a single machine",
        )];
    }
    if let Some(check) = args.file().and_then(|path| file(&path)) {
        return vec![check];
    }
    match args.open().await {
        Ok(database) => {
            let checks = look_into(&database).await;
            database.close().await;
            checks
        }
        Err(failure) => vec![Check::of("database", failure)],
    }
}

/// Checks a SQLite file before it is opened, since opening creates it.
fn file(path: &Path) -> Option<Check> {
    let shown = path.display();
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(16).read_to_end(&mut start));
    match read {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some(Check::warn(
            "database",
            format!("`{shown}` does not exist yet"),
            "it is created at its first use: check the path",
        )),
        Err(error) => Some(Check::fail(
            "database",
            format!("cannot read `{shown}`: {error}"),
            "check the path and its permissions",
        )),
        // A new file is empty until its first table.
        Ok(_) if !start.is_empty() && start != *b"SQLite format 3\0" => Some(Check::fail(
            "database",
            format!("`{shown}` is not a SQLite database"),
            "name another file, or move this one",
        )),
        Ok(_) => None,
    }
}

async fn look_into(database: &Database) -> Vec<Check> {
    let kind = match database.dialect() {
        Dialect::Postgres => "Postgres",
        Dialect::Sqlite => "SQLite",
    };
    if let Err(error) = database.ready().await {
        return vec![Check::of("database", error.into())];
    }
    let owner = match database.is_own().await {
        Ok(true) => "standalone tables",
        Ok(false) => "joined to an application",
        Err(error) => return vec![Check::of("database", error.into())],
    };
    let mebibytes = match database.size().await {
        Ok(bytes) => bytes / 1024 / 1024,
        Err(error) => return vec![Check::of("database", error.into())],
    };
    let found = Check::ok(
        "database",
        format!("{kind}, up to date, {owner}, {mebibytes} MiB"),
    );
    if let Err(error) = database.check_writable().await {
        return vec![found, Check::of("database writes", error.into())];
    }
    let clock = match database.now().await {
        Ok(theirs) => clock("database clock", theirs),
        Err(error) => Check::of("database clock", error.into()),
    };
    vec![found, clock]
}

/// Compares another clock, in milliseconds since 1970, with this machine's.
fn clock(name: &'static str, theirs: i64) -> Check {
    let apart = SystemClock.now().saturating_sub(theirs);
    if apart.abs() <= LARGEST_SKEW {
        return Check::ok(name, "same time as this machine");
    }
    let (seconds, side) = (
        apart.abs() / 1000,
        if apart > 0 { "behind" } else { "ahead of" },
    );
    Check::warn(
        name,
        format!("{seconds} seconds {side} this machine"),
        "synchronise both clocks by NTP: certificates and tokens expire by them",
    )
}

pub(super) async fn forge(args: &ForgeArgs) -> Vec<Check> {
    let Some(kind) = args.forge else {
        return vec![Check::fail(
            "forge",
            "`--forge` is not set, and a worker needs a forge",
            "name the kind of forge: `--forge github`, `forgejo` or `local`",
        )];
    };
    let address = match args.address(kind) {
        Ok(address) => address,
        Err(failure) => return vec![Check::of("forge", failure)],
    };
    let host = address
        .host()
        .map_or_else(|| "the folder".to_owned(), str::to_owned);
    let settings = match args.requests() {
        Ok(settings) => settings,
        Err(failure) => return vec![Check::of("forge", failure)],
    };
    if let ForgeAddress::Folder(path) = &address
        && let Err(error) = tempfile::tempfile_in(path)
    {
        return vec![Check::fail(
            "forge",
            format!("cannot write in `{}`: {error}", path.display()),
            "let this user write there, or name another folder by `--forge-url`",
        )];
    }
    let probe = address.probe(&settings, Arc::new(SystemClock)).await;
    let mut checks = Vec::new();
    match probe {
        Ok(server_time) => {
            checks.push(Check::ok("forge", format!("{host} answers")));
            checks.extend(server_time.map(|seconds| {
                // The header has whole seconds.
                clock(
                    "forge clock",
                    seconds.saturating_mul(1000).saturating_add(500),
                )
            }));
        }
        Err(error) => return vec![Check::of("forge", error.into())],
    }
    checks.extend(
        address
            .remote("groundplan", "doctor")
            .map(|url| git_push(args, &url)),
    );
    if kind.has_tokens() {
        checks.push(
            token(args)
                .await
                .unwrap_or_else(|failure| Check::of("token", failure)),
        );
    }
    checks
}

/// Checks that git reaches the forge as well: it has its own TLS library. A refusal is an answer.
fn git_push(args: &ForgeArgs, url: &Url) -> Check {
    const NAME: &str = "forge git";
    let url = match RemoteUrl::parse(url.as_str()) {
        Ok(url) => url,
        Err(error) => {
            return Check::fail(NAME, format!("cannot push: {error}"), "check `--forge-url`");
        }
    };
    let access = GitAccess {
        git: &args.git(args.patience()),
        credential: None,
        stop: &AtomicBool::new(false),
    };
    match ls_remote(&access, &url) {
        Ok(()) => Check::ok(NAME, "git reaches the forge"),
        Err(error) => match error.failure() {
            Some(
                GitFailure::RepositoryNotFound | GitFailure::AccessRefused | GitFailure::Redirected,
            ) => Check::ok(NAME, "git reaches the forge"),
            _ => Check::of(NAME, error.into()),
        },
    }
}

/// Checks the token in the environment. Workers use each user's stored token.
async fn token(args: &ForgeArgs) -> Result<Check, Failure> {
    if token_text()?.is_none() {
        return Ok(Check::skip(
            "token",
            format!("{TOKEN} is not set; workers use each user's stored token"),
        ));
    }
    let (forge, kind) = args.open_named()?;
    let account = forge.current_user().await?;
    let login = &account.login;
    let ends = account
        .expires_at
        .and_then(Timestamp::of_unix_seconds)
        .map_or_else(String::new, |at| format!(", until {at}"));
    Ok(match tokens::check_usable(kind, &account) {
        Ok(()) => Check::ok("token", format!("of {login}{ends}")),
        Err(_) => Check::fail(
            "token",
            format!("of {login}, without the scope `repo`"),
            "create a classic token with the scope `repo`",
        ),
    })
}
