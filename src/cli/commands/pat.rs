//! `groundplan pat`: personal access tokens, sealed for the database and tested against their forge.

use crate::app::facts;
use crate::app::tokens::{self, TokenForge};
use crate::base::clock::SystemClock;
use crate::base::{memory, sanitize};
use crate::cli::args::database::DatabaseArgs;
use crate::cli::args::forge::{ForgeArgs, TOKEN, no_forge, no_tokens, token_text, usable};
use crate::cli::args::git::unprotected;
use crate::cli::args::key::{no_key, read_key};
use crate::cli::args::policy::PersonArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::terminal::{Terminal, YELLOW};
use crate::cli::runtime::wait_for;
use crate::pat::key::Key;
use crate::pat::sealed::{Binding, Opened, Opener, Sealer};
use crate::secret::Secret;
use std::io::{self, IsTerminal as _, Read as _};
use zeroize::Zeroizing;

/// Seal, store and test personal access tokens.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: PatCommand,
}

#[derive(clap::Subcommand)]
enum PatCommand {
    /// Seal a token for its owner. Reads the token from standard input or GROUNDPLAN_FORGE_TOKEN, the key from
    /// BOOTSTRAP_ENCRYPTION_KEY.
    Encrypt(EncryptArgs),
    /// Test a token and show its account. Reads the token from standard input or GROUNDPLAN_FORGE_TOKEN.
    Test(TestArgs),
    /// Test a token and store it, sealed, for the runs of a user. Reads the token from standard input or
    /// GROUNDPLAN_FORGE_TOKEN, the key from BOOTSTRAP_ENCRYPTION_KEY.
    Save(SaveArgs),
}

#[derive(clap::Args)]
struct EncryptArgs {
    /// Id of the user who owns the token. It opens for no other user.
    #[arg(long, value_name = "ID", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    owner_id: String,
    /// Host of the forge, as in `github.com`. The token opens for no other host.
    #[arg(long, value_name = "HOST", value_parser = host)]
    host: String,
}

#[derive(clap::Args)]
struct TestArgs {
    /// Standard input is the output of `pat encrypt` for this forge's host.
    #[arg(long, requires = "owner_id")]
    sealed: bool,
    /// Id of the user who owns the sealed token.
    #[arg(long, value_name = "ID", requires = "sealed")]
    owner_id: Option<String>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    forge: ForgeArgs,
}

#[derive(clap::Args)]
struct SaveArgs {
    #[command(flatten)]
    person: PersonArgs,
    #[command(flatten)]
    forge: ForgeArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// The longest input in bytes. Sealed tokens are far shorter.
const LONGEST: u64 = 8192;
const STANDARD_INPUT: &str = "standard input";

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    match &args.command {
        PatCommand::Encrypt(args) => encrypt(args, terminal),
        PatCommand::Test(args) => test(args, terminal),
        PatCommand::Save(args) => save(args, terminal),
    }
}

fn encrypt(args: &EncryptArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let key = read_key(Key::VARIABLE)?.ok_or_else(no_key)?;
    let binding = Binding {
        owner: &args.owner_id,
        host: &args.host,
    };
    let sealed = seal(key, &given()?, binding)?;
    terminal.bytes(format!("{sealed}\n").as_bytes())?;
    Ok(Exit::Success)
}

fn seal(key: Key, secret: &Secret, binding: Binding<'_>) -> Result<String, Failure> {
    let sealed = Sealer::new(key).seal(secret, binding);
    sealed.map_err(|error| {
        Failure::environment("token_not_sealed", "cannot seal the token").caused_by(error)
    })
}

fn save(args: &SaveArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let key = read_key(Key::VARIABLE)?.ok_or_else(no_key)?;
    let kind = args.forge.forge.ok_or_else(no_forge)?;
    if !kind.has_tokens() {
        return Err(no_tokens());
    }
    let host = args.forge.host(kind)?;
    let caller = args.person.caller();
    let secret = given()?;
    let for_forge = secret.copy();
    let forge = args
        .forge
        .open_with(|| Ok(for_forge))?
        .ok_or_else(no_forge)?;
    let at = TokenForge {
        forge: &*forge,
        kind,
        host: &host,
    };
    let login = args.database.ask(async |database| {
        Ok(tokens::save(database, &caller, at, &secret, key, &SystemClock).await?)
    })?;
    writeln!(
        terminal.out(),
        "Saved the token of `{}` at {host}, sealed, for the runs of user {}.",
        sanitize::line(&login),
        caller.user(),
    )?;
    Ok(Exit::Success)
}

fn test(args: &TestArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let kind = args.forge.forge.ok_or_else(no_forge)?;
    if !kind.has_tokens() {
        return Err(no_tokens());
    }
    let host = args.forge.host(kind)?;
    let (secret, seal_again) = match &args.owner_id {
        Some(owner) => {
            let opened = open(&Binding { owner, host: &host })?;
            (opened.secret, opened.is_of_previous_key)
        }
        None => (given()?, false),
    };
    let forge = args.forge.open_with(|| Ok(secret))?.ok_or_else(no_forge)?;
    let at = TokenForge {
        forge: &*forge,
        kind,
        host: &host,
    };
    let (report, verdict) = Terminal::busy("asking the forge", || {
        wait_for(tokens::test(at, seal_again, &SystemClock))
    })??;
    if seal_again {
        writeln!(
            terminal.stderr(),
            "{YELLOW}sealed with the previous key: seal it again with `groundplan pat encrypt`{YELLOW:#}"
        )?;
    }
    match args.format {
        Format::Json => {
            verdict.map_err(|error| Failure::from(error).with_fields(&report))?;
            terminal.json(&report)?;
            Ok(Exit::Success)
        }
        Format::Text => {
            let unsaid = || "the forge does not say".to_owned();
            let scopes = report.scopes.as_ref().map_or_else(unsaid, facts::list);
            let expires = report
                .expires_at
                .map_or_else(|| "no expiry date".to_owned(), |at| at.to_string());
            writeln!(
                terminal.out(),
                "login    {}\nscopes   {}\nexpires  {expires}",
                sanitize::line(&report.login),
                sanitize::line(&scopes),
            )?;
            verdict?;
            Ok(Exit::Success)
        }
    }
}

/// Opens the sealed token on standard input, for the host that it was sealed for.
fn open(binding: &Binding<'_>) -> Result<Opened, Failure> {
    let current = read_key(Key::VARIABLE)?.ok_or_else(no_key)?;
    let opener = Opener::new(current, read_key(Key::PREVIOUS_VARIABLE)?);
    let sealed = piped()?.ok_or_else(|| nothing("pipe the sealed token in"))?;
    opener.open(&sealed, *binding).map_err(|error| {
        Failure::refused("token_not_opened", error.to_string()).hinted(format!(
            "check `--owner-id`, the forge and {}; during a key change, {} contains the previous key",
            Key::VARIABLE,
            Key::PREVIOUS_VARIABLE
        ))
    })
}

/// The token on standard input or in the environment. Fails when they differ.
fn given() -> Result<Secret, Failure> {
    match (piped()?, token_text()?) {
        (Some(piped), None) => usable(take(piped), STANDARD_INPUT),
        (Some(piped), Some(set)) if *piped == set => usable(set, TOKEN),
        (None, Some(set)) => usable(set, TOKEN),
        (None, None) => Err(nothing("pipe the token in, or set GROUNDPLAN_FORGE_TOKEN")),
        (Some(_), Some(_)) => Err(Failure::usage(
            "token_ambiguous",
            format!("{STANDARD_INPUT} and {TOKEN} contain different tokens"),
        )
        .hinted("use one of them")),
    }
}

fn nothing(hint: &str) -> Failure {
    Failure::usage("token_missing", "there is no token").hinted(hint.to_owned())
}

/// Standard input without its last line end; none on a terminal, which would show the token.
fn piped() -> Result<Option<Zeroizing<String>>, Failure> {
    let input = io::stdin();
    if input.is_terminal() {
        return Ok(None);
    }
    memory::protect().map_err(unprotected)?;
    // Allocated once, so that growing leaves no copy behind.
    let mut text = Zeroizing::new(String::with_capacity(2 * 8192));
    let read = input.lock().take(LONGEST + 1).read_to_string(&mut text);
    let usage = |message: String| {
        Failure::usage("token_not_text", message).hinted("pipe in the token alone")
    };
    read.map_err(|_| usage(format!("{STANDARD_INPUT} is not text")))?;
    if text.len() as u64 > LONGEST {
        return Err(usage(format!(
            "{STANDARD_INPUT} contains more than {LONGEST} bytes"
        )));
    }
    let length = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(length);
    Ok(Some(text).filter(|text| !text.is_empty()))
}

fn take(mut text: Zeroizing<String>) -> String {
    std::mem::take(&mut *text)
}

/// Parses a host alone, in the lower case that URLs use.
fn host(text: &str) -> Result<String, String> {
    let host = url::Host::parse(text).map(|host| host.to_string());
    host.map_err(|_| "expected a host alone, such as `github.com`".to_owned())
}
