//! The git program: its place in PATH, and its version.

use super::{GitError, GitSettings};
use crate::base::process::{self, Limits, ProcessError};
use std::env;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;

/// The first release that reads settings from GIT_CONFIG_COUNT, which name the helper of a credential.
const OLDEST: (u32, u32) = (2, 31);

/// A git that is new enough.
#[derive(Debug)]
pub(super) struct Program {
    /// Its absolute path.
    pub(super) path: PathBuf,
    /// The version as git prints it.
    pub(super) version: String,
}

/// Finds the first git in PATH.
pub(super) fn find(settings: &GitSettings, stop: &AtomicBool) -> Result<Program, GitError> {
    let is_program = |path: &PathBuf| {
        path.metadata()
            .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
    };
    let path = env::split_paths(&settings.path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join("git"))
        .find(is_program)
        .ok_or(GitError::NotInstalled)?;
    let answer = version(&path, settings, stop)?;
    let number = answer
        .strip_prefix("git version ")
        .unwrap_or(&answer)
        .trim();
    let version: String = number.chars().take(40).collect();
    if parse(number).is_none_or(|found| found < OLDEST) {
        return Err(GitError::TooOld {
            found: version,
            needed: format!("{}.{}", OLDEST.0, OLDEST.1),
        });
    }
    Ok(Program { path, version })
}

#[expect(clippy::disallowed_methods, reason = "the only place that starts git")]
fn version(program: &Path, settings: &GitSettings, stop: &AtomicBool) -> Result<String, GitError> {
    let mut command = Command::new(program);
    command.arg("--version").env_clear().stdin(Stdio::null());
    let limits = Limits {
        timeout: Some(settings.timeout),
        stop,
        growth: None,
    };
    let output = process::output(&mut command, limits).map_err(|error| match error {
        ProcessError::Stopped => GitError::Stopped,
        ProcessError::Io(source) => GitError::Start {
            program: program.to_owned(),
            source,
        },
        ProcessError::TimedOut | ProcessError::TooLarge => GitError::NotInstalled,
    })?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn parse(number: &str) -> Option<(u32, u32)> {
    let mut parts = number.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_the_builds_of_git_write_them() {
        for (number, version) in [
            ("2.47.3", Some((2, 47))),
            ("2.39.5 (Apple Git-154)", Some((2, 39))),
            ("2.31.0-rc1", Some((2, 31))),
            ("1.8.3.1", Some((1, 8))),
            ("unknown", None),
            ("", None),
        ] {
            assert_eq!(parse(number), version, "{number}");
        }
    }
}
