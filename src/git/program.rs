//! Where git is, and whether it is new enough.

use super::child::{self, Interrupted, Watch};
use super::{GitError, GitSettings};
use std::env;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;

/// The first release that reads settings from GIT_CONFIG_COUNT, through which a secret's helper is named.
const OLDEST: (u32, u32) = (2, 31);

/// A git that is new enough.
#[derive(Debug)]
pub(super) struct Program {
    /// Its absolute path.
    pub(super) path: PathBuf,
    /// As it says it itself.
    pub(super) version: String,
}

/// The first git in PATH.
pub(super) fn find(settings: &GitSettings, stop: &AtomicBool) -> Result<Program, GitError> {
    let is_program = |path: &PathBuf| {
        path.metadata()
            .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
    };
    let program = env::split_paths(&settings.path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join("git"))
        .find(is_program)
        .ok_or(GitError::NotInstalled)?;
    let answer = version(&program, settings, stop)?;
    let number = answer
        .strip_prefix("git version ")
        .unwrap_or(&answer)
        .trim();
    if parse(number).is_none_or(|found| found < OLDEST) {
        return Err(GitError::TooOld {
            found: number.chars().take(40).collect(),
            needed: format!("{}.{}", OLDEST.0, OLDEST.1),
        });
    }
    let version = number.chars().take(40).collect();
    Ok(Program {
        path: program,
        version,
    })
}

#[expect(clippy::disallowed_methods, reason = "the door to git")]
fn version(program: &Path, settings: &GitSettings, stop: &AtomicBool) -> Result<String, GitError> {
    let mut command = Command::new(program);
    command.arg("--version").env_clear().stdin(Stdio::null());
    let watch = Watch {
        timeout: settings.timeout,
        stop,
        growing: None,
    };
    let finished = child::run(command, &watch).map_err(|interrupted| match interrupted {
        Interrupted::Stopped => GitError::Stopped,
        Interrupted::Start(source) => GitError::Start {
            program: program.to_owned(),
            source,
        },
        Interrupted::TimedOut | Interrupted::TooLarge => GitError::NotInstalled,
    })?;
    Ok(String::from_utf8_lossy(&finished.stdout).into_owned())
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
