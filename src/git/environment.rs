//! The environment of a call of git: only the variables and settings named here reach it.

use super::{Call, Credential, GitSettings};
use crate::model::remote::Transport;
use std::env;
use std::path::Path;
use std::process::Command;

/// Settings of every call. They take precedence over all configuration files.
const SETTINGS: [(&str, &str); 19] = [
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.attributesFile", "/dev/null"),
    ("core.excludesFile", "/dev/null"),
    ("core.askPass", ""),
    ("credential.helper", ""),
    ("protocol.ext.allow", "never"),
    ("safe.bareRepository", "explicit"),
    ("http.followRedirects", "false"),
    ("http.lowSpeedLimit", "1000"),
    ("http.lowSpeedTime", "30"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("submodule.recurse", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("fetch.writeCommitGraph", "false"),
    ("transfer.fsckObjects", "true"),
    ("transfer.bundleURI", "false"),
    // Received objects stay one pack: its size can be measured, and half of it is one file to remove.
    ("fetch.unpackLimit", "1"),
];

/// The command of a call to a checked address, without its streams.
#[expect(clippy::disallowed_methods, reason = "the only place that starts git")]
pub(super) fn command(
    program: &Path,
    settings: &GitSettings,
    call: &Call<'_>,
    credential: Option<&Credential>,
) -> Command {
    let protocol = match call.url.transport() {
        Transport::Https => "https",
        Transport::Http => "http",
        Transport::Ssh => "ssh",
        Transport::File => "file",
    };
    let mut command = Command::new(program);
    command
        .args(call.args)
        .current_dir(call.git_dir)
        .env_clear()
        .env("PATH", absolute_folders(settings))
        .env("LC_ALL", "C")
        .env("LANG", "C")
        // Never contains files. Without HOME, curl looks it up in the user database and reads .netrc there.
        .env("HOME", "/dev/null")
        .env("GIT_DIR", call.git_dir)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_ATTR_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_ASKPASS", "")
        // Keys and known hosts are those of the user: ssh does not use HOME to find them.
        .env(
            "GIT_SSH_COMMAND",
            "ssh -oBatchMode=yes -oStrictHostKeyChecking=yes -oConnectTimeout=30",
        )
        .env("GIT_SSH_VARIANT", "ssh")
        .env("GIT_ALLOW_PROTOCOL", protocol);
    for (name, value) in &settings.passed {
        if GitSettings::PASSED.contains(&name.as_str()) {
            command.env(name, value);
        }
        // Git with GnuTLS reads these only.
        if let Some(own) = certificates(name).filter(|_| !value.is_empty()) {
            command.env(own, value);
        }
    }
    let helper = credential.map(|credential| {
        command.envs(credential.variables());
        (
            format!("credential.{}.helper", call.url.origin()),
            Credential::HELPER,
        )
    });
    let given = SETTINGS.map(|(name, value)| (name.to_owned(), value));
    let mut count = 0;
    for (name, value) in given.into_iter().chain(helper) {
        command.env(format!("GIT_CONFIG_KEY_{count}"), name);
        command.env(format!("GIT_CONFIG_VALUE_{count}"), value);
        count += 1;
    }
    command.env("GIT_CONFIG_COUNT", count.to_string());
    command
}

/// Git's own name of a variable that OpenSSL reads.
fn certificates(variable: &str) -> Option<&'static str> {
    match variable {
        "SSL_CERT_FILE" => Some("GIT_SSL_CAINFO"),
        "SSL_CERT_DIR" => Some("GIT_SSL_CAPATH"),
        _ => None,
    }
}

fn absolute_folders(settings: &GitSettings) -> std::ffi::OsString {
    let folders = env::split_paths(&settings.path).filter(|folder| folder.is_absolute());
    env::join_paths(folders).unwrap_or_default()
}
