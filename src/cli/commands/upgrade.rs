//! `groundplan upgrade`

use crate::app::deployment::ImageReference;
use crate::app::upgrade::{self, Installation as _, Step, UpgradePlan};
use crate::cli::error::{Exit, Failure};
use crate::cli::installation::{ComposeInstallation, DeploymentFolder};
use crate::cli::output::terminal::Terminal;
use std::path::PathBuf;
use std::time::Duration;

/// Upgrade a deployment with Docker Compose, or go back if that fails.
///
/// Fetches the image, stops the services, backs up the database, migrates, starts, and waits until the services are healthy. A
/// failed step restores the former version. Each step is in upgrade.log. A second call after an interruption continues.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder of compose.yaml and .env.
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// Image to run [default: the present one in the version of this program].
    #[arg(long, value_name = "NAME:TAG|NAME@DIGEST", value_parser = ImageReference::parse)]
    image: Option<ImageReference>,
    /// Back up no database; you have a backup of it.
    #[arg(long)]
    no_backup: bool,
    /// Time limit for the services to become healthy.
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=3600))]
    wait: u64,
    /// Container program that has a subcommand `compose`.
    #[arg(long, value_name = "PROGRAM", default_value = "docker")]
    container_program: String,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let folder = DeploymentFolder::new(args.folder.clone());
    let interrupted = folder.interrupted()?;
    let is_interrupted = interrupted.is_some();
    let (backup, former) = match interrupted {
        Some((backup, files)) => (Some(backup), files),
        None => (None, folder.files()?),
    };
    let plan = UpgradePlan::new(former, args.image.clone(), args.no_backup)?;
    let mut installation = ComposeInstallation {
        folder: &folder,
        plan: &plan,
        program: &args.container_program,
        wait: Duration::from_secs(args.wait),
        backs_up: !args.no_backup,
        backup,
        is_going_back: false,
        progress: terminal.stderr(),
    };
    if plan.is_current() && !is_interrupted {
        installation.run(Step::Start).map_err(|cause| {
            Failure::environment("upgrade_failed", "the services do not become healthy")
                .caused_by(cause)
                .hinted("look at `docker compose logs`, and at docs/runbook.md")
        })?;
        writeln!(
            terminal.out(),
            "Nothing to upgrade: the services run this version."
        )?;
        return Ok(Exit::Success);
    }
    upgrade::upgrade(&mut installation)?;
    writeln!(
        terminal.out(),
        "Upgraded to {}.",
        plan.deployment.image_name()
    )?;
    Ok(Exit::Success)
}
