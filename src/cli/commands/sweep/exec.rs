//! A shell command that runs in a new repository: `sweep --exec`.

use crate::base::process::{self, Limits, ProcessError};
use crate::base::tail::tail;
use crate::cli::error::Failure;
use crate::cli::signals;
use crate::engine::{self, Preview};
use crate::template::Template;
use crate::tree::repository::{CreatedRepository, Layout, Target};
use std::process::{Command, Stdio};

/// The end of a command.
pub(super) enum CommandEnd {
    Success,
    /// The exit status in words, and the last lines of output.
    Failure {
        how: String,
        last: String,
    },
}

/// The most bytes of output that are shown.
const MAX_SHOWN: u64 = 4096;

/// Creates the repository in a temporary folder and runs `command` there by the shell. The output of the command
/// is shown only if it fails. GROUNDPLAN_SELECTION contains the selection.
pub(super) fn run(
    preview: &Preview<'_>,
    template: &Template,
    selection: &str,
    command: &str,
) -> Result<CommandEnd, Failure> {
    let failed = |error: std::io::Error| {
        Failure::environment("command_failed", "cannot run the command")
            .caused_by(error)
            .hinted("check permissions and free space of the folder for temporary files")
    };
    let temporary = tempfile::Builder::new()
        .prefix("groundplan-")
        .tempdir()
        .map_err(failed)?;
    let folder = temporary.path().join(preview.plan.inputs.repo.as_str());
    let commit = engine::first_commit(&preview.plan, &preview.report.recipe_hash);
    let repository = CreatedRepository {
        tree: &preview.tree,
        template: template.repository(),
        commit: &commit,
        signer: None,
        layout: Layout::WorkTree,
    };
    Target::check(&folder)?.create(&repository, signals::stop())?;
    let mut output = tempfile::tempfile().map_err(failed)?;
    let limits = Limits {
        timeout: None,
        stop: signals::stop(),
        growth: None,
    };
    let status = process::status(
        shell(command)
            .current_dir(&folder)
            .env("GROUNDPLAN_SELECTION", selection)
            .stdin(Stdio::null())
            .stdout(output.try_clone().map_err(failed)?)
            .stderr(output.try_clone().map_err(failed)?),
        limits,
    )
    .map_err(|error| match error {
        ProcessError::Stopped => Failure::cancelled(),
        ProcessError::Io(error) => failed(error),
        ProcessError::TimedOut | ProcessError::TooLarge => failed(std::io::Error::other(error)),
    })?;
    if status.success() {
        return Ok(CommandEnd::Success);
    }
    Ok(CommandEnd::Failure {
        how: status.to_string(),
        last: tail(&mut output, MAX_SHOWN).map_err(failed)?,
    })
}

/// Variables that git sets in hooks. They name another repository than the command's.
const GIT_VARIABLES: [&str; 7] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_PREFIX",
];

#[expect(
    clippy::disallowed_methods,
    reason = "the command is the author's own, given on the command line; no recipe can name one"
)]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(command);
    for name in GIT_VARIABLES {
        shell.env_remove(name);
    }
    shell
}
