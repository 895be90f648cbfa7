//! Preflight: the real program against the fakes over HTTP and a folder of repositories.

mod assessment;
mod faults;
mod owners;
mod reports;

use crate::forge::fake::{Dialect, Fake, TOKEN};
use crate::support::{Ran, Sandbox};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::process::Command;

/// Seconds since 1970, by the program's own clock.
pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// The header with a token's expiry.
pub(crate) fn expiry(seconds: i64) -> String {
    let moment = jiff::Timestamp::from_second(seconds).unwrap();
    moment.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// Runs the program with the fake's address and token in its environment, and without the token anywhere after.
#[track_caller]
pub(crate) fn on_forge<I: AsRef<str>>(
    sandbox: &Sandbox,
    fake: &Fake,
    args: impl IntoIterator<Item = I>,
) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_groundplan"));
    for arg in args {
        command.arg(arg.as_ref());
    }
    command
        .env("GROUNDPLAN_FORGE_URL", fake.address())
        .env("GROUNDPLAN_FORGE_TOKEN", TOKEN);
    let ran = sandbox.run(&mut command);
    shows_no_token(&ran);
    ran
}

/// Asserts that the token, plain or in base64, is on no stream. Percent-encoding leaves it as it is.
#[track_caller]
pub(crate) fn shows_no_token(ran: &Ran) {
    let encoded = STANDARD.encode(TOKEN);
    for stream in [&ran.stdout, &ran.stderr] {
        for part in ["canary", encoded.trim_end_matches('=')] {
            assert!(!stream.contains(part), "{stream}");
        }
    }
}

/// The word for a fake's API.
fn kind(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::GitHub => "github",
        Dialect::Forgejo => "forgejo",
    }
}
