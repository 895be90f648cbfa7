//! A command of the author's, run in a repository that was just made: `sweep --exec`.

use crate::cli::error::Failure;
use crate::cli::signals;
use crate::engine::{self, Preview};
use crate::template::Template;
use crate::tree::repository::{CreatedRepository, Layout, Target};
use rustix::process::{Pid, Signal, kill_process_group};
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

/// How a command ended.
pub(crate) enum Ended {
    Fine,
    /// In words, with the last lines it printed.
    Badly {
        how: String,
        last: String,
    },
}

/// So much of what a command printed last is shown.
const SHOWN: u64 = 4096;
/// How often it is looked at whether the command has ended, or is to end.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Makes the repository in a folder that goes away again, and runs `command` there by the shell. What the command
/// prints is kept back unless it fails; the selection stands in its environment.
pub(crate) fn run(
    preview: &Preview<'_>,
    template: &Template,
    selection: &str,
    command: &str,
) -> Result<Ended, Failure> {
    let fail = |error: std::io::Error| {
        Failure::environment("command_failed", "cannot run the command")
            .caused_by(error)
            .hinted("check permissions and free space of the folder for temporary files")
    };
    let workshop = tempfile::Builder::new()
        .prefix("groundplan-")
        .tempdir()
        .map_err(fail)?;
    let folder = workshop.path().join(preview.plan.inputs.repo.as_str());
    let commit = engine::first_commit(&preview.plan, &preview.report.recipe_hash);
    let made = CreatedRepository {
        tree: &preview.tree,
        template: template.repository(),
        commit: &commit,
        layout: Layout::WorkTree,
    };
    Target::check(&folder)?.create(&made, signals::stop())?;
    let mut output = tempfile::tempfile().map_err(fail)?;
    let mut child = shell(command)
        .current_dir(&folder)
        .env("GROUNDPLAN_SELECTION", selection)
        .stdin(Stdio::null())
        .stdout(output.try_clone().map_err(fail)?)
        .stderr(output.try_clone().map_err(fail)?)
        .process_group(0)
        .spawn()
        .map_err(fail)?;
    let status = loop {
        if let Some(status) = child.try_wait().map_err(fail)? {
            break status;
        }
        if signals::stop().load(Ordering::Relaxed) {
            // With all that it started, or that would go on in a folder that is gone.
            // An error says that it ended by itself just now.
            let _ = kill_process_group(Pid::from_child(&child), Signal::KILL);
            drop(child.wait());
            return Err(Failure::cancelled());
        }
        thread::sleep(LOOK_EVERY);
    };
    if status.success() {
        return Ok(Ended::Fine);
    }
    Ok(Ended::Badly {
        how: status.to_string(),
        last: tail(&mut output).map_err(fail)?,
    })
}

/// What a hook of git's sets: its repository is not the one that the command is for.
const OF_A_REPOSITORY: [&str; 7] = [
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
    for name in OF_A_REPOSITORY {
        shell.env_remove(name);
    }
    shell
}

fn tail(output: &mut File) -> std::io::Result<String> {
    let length = output.seek(SeekFrom::End(0))?;
    output.seek(SeekFrom::Start(length.saturating_sub(SHOWN)))?;
    let mut bytes = Vec::new();
    output.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let is_cut = length > SHOWN;
    let whole_lines = text
        .split_once('\n')
        .filter(|_| is_cut)
        .map(|(_, rest)| rest.to_owned());
    Ok(whole_lines.unwrap_or(text))
}
