//! The deployment in a folder, behind a container program: the machine's part of an upgrade.

use crate::app::deployment::{DeployedDatabase, ImageSource};
use crate::app::upgrade::{Cause, DeploymentFiles, Installation, Step, UpgradePlan};
use crate::base::atomic_file;
use crate::base::clock::{Clock as _, SystemClock};
use crate::base::disk_space::DiskSpace;
use crate::base::process::{self, Limits};
use crate::base::sanitize;
use crate::base::tail::tail;
use crate::cli::error::Failure;
use crate::cli::signals;
use crate::model::timestamp::Timestamp;
use crate::scrub::scrub;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Free space that an upgrade needs in the folder, in bytes: a database dump and room for the next days.
const NEEDED: u64 = 512 * 1024 * 1024;
/// The most of the output of a failed program that is shown, in bytes.
const MAX_SHOWN: u64 = 1_000;
const STATE: &str = "/var/lib/groundplan/state";
/// The name of a built image until its services are healthy. The former image keeps its name.
const NEW_IMAGE: &str = "groundplan:new";
/// The way back is not stopped by a signal.
static NEVER: AtomicBool = AtomicBool::new(false);

/// A folder with compose.yaml and .env.
pub(super) struct DeploymentFolder {
    path: PathBuf,
}

/// A deployment during its upgrade.
pub(super) struct ComposeInstallation<'a> {
    pub(super) folder: &'a DeploymentFolder,
    pub(super) plan: &'a UpgradePlan,
    /// The container program, with the subcommand `compose`.
    pub(super) program: &'a str,
    /// The time for the services to become healthy.
    pub(super) wait: Duration,
    /// False if the operator has a backup of the database.
    pub(super) backs_up: bool,
    /// The folder of the backup of an upgrade that was interrupted.
    pub(super) backup: Option<PathBuf>,
    /// True once the new files may be in place.
    pub(super) is_going_back: bool,
    pub(super) progress: &'a mut dyn Write,
}

impl DeploymentFolder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The two files as they are.
    pub(super) fn files(&self) -> Result<DeploymentFiles, Failure> {
        read_files(&self.path)
    }

    /// The backup of an upgrade that was interrupted, and the files in it.
    pub(super) fn interrupted(&self) -> Result<Option<(PathBuf, DeploymentFiles)>, Failure> {
        let journal = self.journal();
        match fs::read_to_string(&journal) {
            Ok(name) => {
                let backup = self.path.join("backups").join(name.trim());
                let files = read_files(&backup)?;
                Ok(Some((backup, files)))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::reading(&journal, error)),
        }
    }

    /// The file that names the backup while an upgrade is under way.
    fn journal(&self) -> PathBuf {
        self.path.join("upgrade.state")
    }

    /// Replaces the files that differ.
    fn write(&self, files: &DeploymentFiles) -> Result<(), Cause> {
        for (name, text) in [(".env", &files.env), ("compose.yaml", &files.compose)] {
            let path = self.path.join(name);
            if fs::read(&path)? != text.as_bytes() {
                atomic_file::write(&path, text.as_bytes())?;
            }
        }
        Ok(())
    }
}

fn read_files(folder: &Path) -> Result<DeploymentFiles, Failure> {
    let read = |name: &str| {
        let path = folder.join(name);
        fs::read_to_string(&path).map_err(|error| {
            Failure::reading(&path, error).hinted(
                "name the folder that `groundplan compose --into` wrote; see docs/upgrading.md",
            )
        })
    };
    Ok(DeploymentFiles {
        compose: read("compose.yaml")?,
        env: read(".env")?,
    })
}

/// The arguments that run a shell script in a container of its own, with the folder of the state as `$0`.
fn in_state(script: &str) -> Vec<&str> {
    let container = ["compose", "run", "--rm", "--no-deps", "-T"];
    let shell = ["--entrypoint", "/bin/sh", "migrate", "-c"];
    [&container[..], &shell, &[script, STATE]].concat()
}

impl Installation for ComposeInstallation<'_> {
    fn run(&mut self, step: Step) -> Result<(), Cause> {
        self.log(&format!("{step}"));
        let result = match step {
            Step::Check => self.check(),
            Step::FetchImage => self.fetch_image(),
            Step::Stop => self.compose(&["stop"], &self.services()),
            Step::BackUp => self.back_up(),
            Step::ReplaceFiles => self.folder.write(&self.plan.new),
            Step::Migrate => self.compose_new(&["run", "--rm", "-T", "migrate"], &[]),
            Step::Start => self.start(),
            Step::Restore => self.restore(),
            Step::Finish => self.finish(),
        };
        if let Err(cause) = &result {
            self.is_going_back = true;
            self.log(&format!("{step} failed: {cause}"));
        }
        result
    }
}

impl ComposeInstallation<'_> {
    fn check(&self) -> Result<(), Cause> {
        self.compose(&["version"], &[])?;
        let free = DiskSpace::of(&self.folder.path)?.free;
        if free < NEEDED {
            let mebibytes = free / 1024 / 1024;
            return Err(format!(
                "`{}` has {mebibytes} MiB of free space, and a backup needs 512",
                self.folder.path.display()
            )
            .into());
        }
        if self.plan.deployment.image == ImageSource::Build {
            let mut git = self.command("git");
            git.args([
                "status",
                "--porcelain",
                "--untracked-files=no",
                "--",
                ".",
                ":!compose.yaml",
                ":!.env",
                ":!upgrade.log",
            ]);
            let output = process::output(&mut git, self.limits(Some(60)))?;
            if !output.status.success() || !output.stdout.is_empty() {
                return Err("the sources beside compose.yaml are no clean git work tree: commit or remove the changes".into());
            }
        }
        Ok(())
    }

    fn fetch_image(&self) -> Result<(), Cause> {
        match &self.plan.deployment.image {
            // By compose, for the platform of the services; the variable precedes the one in .env.
            ImageSource::Pinned(image) => {
                let arguments = [&["compose", "pull", "--quiet"], &self.services()[..]].concat();
                let mut command = self.command(self.program);
                command.env("GROUNDPLAN_IMAGE", image.as_str());
                self.execute(command, &arguments, None)
            }
            ImageSource::Build => self.compose_new(&["build"], &[]),
        }
    }

    fn start(&self) -> Result<(), Cause> {
        let seconds = self.wait.as_secs().to_string();
        let up = [
            "up",
            "--detach",
            "--no-deps",
            "--wait",
            "--wait-timeout",
            &seconds,
        ];
        if self.plan.deployment.database == DeployedDatabase::Postgres {
            self.compose(
                &[
                    "up",
                    "--detach",
                    "--wait",
                    "--wait-timeout",
                    &seconds,
                    "postgres",
                ],
                &[],
            )?;
        }
        self.compose_new(&up, &self.services())
    }

    fn finish(&self) -> Result<(), Cause> {
        fs::remove_file(self.folder.journal())?;
        if self.builds_new() {
            self.docker(&["tag", NEW_IMAGE, self.plan.deployment.image_name()])?;
        }
        Ok(())
    }

    /// Copies files and database into a separate folder, unless an interrupted upgrade has done so.
    fn back_up(&mut self) -> Result<(), Cause> {
        if self.backup.is_some() {
            return Ok(());
        }
        let (backup, name) = self.backup_folder()?;
        let former = &self.plan.former;
        atomic_file::write(&backup.join("compose.yaml"), former.compose.as_bytes())?;
        atomic_file::write(&backup.join(".env"), former.env.as_bytes())?;
        if self.backs_up {
            let dump = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(backup.join("database"))?;
            self.dump(&dump)?;
            dump.sync_all()?;
        }
        atomic_file::write(&self.folder.journal(), name.as_bytes())?;
        self.backup = Some(backup);
        Ok(())
    }

    /// Creates a folder for a backup, named by the time. A failed upgrade of the same second has another one.
    fn backup_folder(&self) -> Result<(PathBuf, String), Cause> {
        let now = Timestamp::of_unix_millis(SystemClock.now()).ok_or("the clock is wrong")?;
        let time = now.as_str().replace(':', "-");
        let all = self.folder.path.join("backups");
        DirBuilder::new().recursive(true).mode(0o700).create(&all)?;
        for number in 1.. {
            let name = format!("{time}.{number}");
            match DirBuilder::new().mode(0o700).create(all.join(&name)) {
                Ok(()) => return Ok((all.join(&name), name)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error.into()),
            }
        }
        unreachable!("a number is free")
    }

    /// Writes the database into a file: a dump of Postgres, or an archive of the files of SQLite.
    fn dump(&self, into: &File) -> Result<(), Cause> {
        let arguments = match self.plan.deployment.database {
            DeployedDatabase::Postgres => vec![
                "compose",
                "exec",
                "-T",
                "postgres",
                "pg_dump",
                "--username=groundplan",
                "--format=custom",
                "groundplan",
            ],
            DeployedDatabase::Sqlite => {
                in_state("cd \"$0\" && exec tar -cf - $(ls | grep '^jobs\\.db')")
            }
        };
        self.execute(
            self.command(self.program),
            &arguments,
            Some((Stdio::null(), into.try_clone()?.into())),
        )
    }

    fn restore(&self) -> Result<(), Cause> {
        self.folder.write(&self.plan.former)?;
        let is_file = self.plan.deployment.database == DeployedDatabase::Sqlite;
        if let Some(backup) = self.backup.as_ref().filter(|_| is_file && self.backs_up) {
            let dump = File::open(backup.join("database"))?;
            self.execute(
                self.command(self.program),
                &in_state("cd \"$0\" && rm -f jobs.db jobs.db-* && exec tar -xf -"),
                Some((dump.into(), Stdio::null())),
            )?;
        }
        Ok(())
    }

    fn services(&self) -> Vec<&'static str> {
        self.plan.deployment.running_services()
    }

    fn compose(&self, arguments: &[&str], services: &[&str]) -> Result<(), Cause> {
        self.docker(&[&["compose"], arguments, services].concat())
    }

    /// Runs compose with the new image, and on the way back with the former one.
    fn compose_new(&self, arguments: &[&str], services: &[&str]) -> Result<(), Cause> {
        let mut command = self.command(self.program);
        if self.builds_new() {
            command.env("GROUNDPLAN_IMAGE", NEW_IMAGE);
        }
        self.execute(command, &[&["compose"], arguments, services].concat(), None)
    }

    /// True while a built image has the name [`NEW_IMAGE`].
    fn builds_new(&self) -> bool {
        self.plan.deployment.image == ImageSource::Build && !self.is_going_back
    }

    fn docker(&self, arguments: &[&str]) -> Result<(), Cause> {
        self.execute(self.command(self.program), arguments, None)
    }

    /// Runs the container program. `streams` replaces its input and output.
    fn execute(
        &self,
        mut command: Command,
        arguments: &[&str],
        streams: Option<(Stdio, Stdio)>,
    ) -> Result<(), Cause> {
        let mut errors = tempfile::tempfile()?;
        let (input, output) = match streams {
            Some(streams) => streams,
            None => (Stdio::null(), errors.try_clone()?.into()),
        };
        command
            .args(arguments)
            .stdin(input)
            .stdout(output)
            .stderr(errors.try_clone()?);
        let status = process::status(&mut command, self.limits(None))
            .map_err(|error| format!("`{} {}`: {error}", self.program, arguments.join(" ")))?;
        if status.success() {
            return Ok(());
        }
        // The last lines name the cause.
        let shown = sanitize::line(&scrub(tail(&mut errors, MAX_SHOWN)?.trim(), &[]));
        Err(format!(
            "`{} {}` ended with {status}: {shown}",
            self.program,
            arguments.join(" ")
        )
        .into())
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the operator names the container program, and the sources are the operator's"
    )]
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.folder.path);
        command
    }

    fn limits(&self, seconds: Option<u64>) -> Limits<'static> {
        Limits {
            timeout: seconds.map(Duration::from_secs),
            stop: if self.is_going_back {
                &NEVER
            } else {
                signals::stop()
            },
            growth: None,
        }
    }

    /// Adds a line to upgrade.log and to the progress. A full disk must not keep the former version from its start.
    fn log(&mut self, line: &str) {
        if let Err(error) = self.append_to_log(line) {
            tracing::warn!(%error, "upgrade.log is not complete");
        }
        if let Err(error) = writeln!(self.progress, "{line}") {
            tracing::debug!(%error, "nobody reads the progress");
        }
    }

    fn append_to_log(&self, line: &str) -> io::Result<()> {
        let now = Timestamp::of_unix_millis(SystemClock.now());
        let at = now.as_ref().map_or("", Timestamp::as_str);
        let mut log = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(self.folder.path.join("upgrade.log"))?;
        writeln!(log, "{at} {line}")
    }
}
