//! `groundplan compose`

use crate::app::deployment::{
    self, DeployedDatabase, DeployedServices, Deployment, DeploymentSecrets, ImageReference,
    ImageSource,
};
use crate::base::{atomic_file, memory};
use crate::cli::args::git::unprotected;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::terminal::Terminal;
use crate::pat::key::Key;
use crate::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::io;
use std::path::{Path, PathBuf};

/// Write compose.yaml and .env for a deployment with Docker Compose.
///
/// The same flags give the same files. An edited compose.yaml and an existing .env are not overwritten without `--force`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write compose.yaml and .env into this folder [default: print compose.yaml].
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// Print .env instead of compose.yaml.
    #[arg(long, conflicts_with = "into")]
    env: bool,
    /// Run this image, named with a version or a digest.
    #[arg(long, value_name = "NAME:TAG|NAME@DIGEST", value_parser = ImageReference::parse, conflicts_with = "build")]
    image: Option<ImageReference>,
    /// Build the image from the sources beside compose.yaml, as without `--image`.
    #[arg(long)]
    build: bool,
    /// Database: Postgres in a container, or SQLite in a volume.
    #[arg(long, value_enum, default_value_t = DatabaseChoice::Postgres)]
    database: DatabaseChoice,
    /// Services: a worker alone, server and worker in one container, or in two.
    #[arg(long, value_enum, default_value_t = ServicesChoice::Together)]
    services: ServicesChoice,
    /// Generate the encryption key and the password of Postgres in .env, instead of places to fill in.
    #[arg(long)]
    generate_secrets: bool,
    /// Overwrite edited files; each is kept beside the new one as `NAME.old`.
    #[arg(long, requires = "into")]
    force: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum DatabaseChoice {
    Postgres,
    Sqlite,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum ServicesChoice {
    Worker,
    Together,
    Apart,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let deployment = args.deployment();
    let compose = deployment.compose();
    let secrets = args.generate_secrets.then(generate).transpose()?;
    let env = deployment.env(secrets.as_ref());
    let Some(folder) = &args.into else {
        terminal.content(if args.env { &env } else { &compose })?;
        return Ok(Exit::Success);
    };
    let compose = DeploymentFile::new(folder, "compose.yaml", compose);
    let env = DeploymentFile::new(folder, ".env", env);
    let before = (compose.read()?, env.read()?);
    let is_edited = |found: &String| *found != compose.text && !deployment::is_unedited(found);
    let edited = before.0.as_ref().filter(|found| is_edited(found));
    if edited.is_some() && !args.force {
        let message = format!(
            "`{}` was edited; nothing was written",
            compose.path.display()
        );
        return Err(Failure::refused("file_edited", message).hinted(
            "move it away, or overwrite it with `--force`, which keeps it as `compose.yaml.old`",
        ));
    }
    let kept = before.1.as_ref().filter(|found| **found != env.text);
    // Both are checked before either is written.
    for (is_replaced, output) in [(edited.is_some(), &compose), (kept.is_some(), &env)] {
        if is_replaced && args.force {
            output.check_backup()?;
        }
    }
    compose.write(edited.is_some(), terminal)?;
    match kept {
        Some(found) if !args.force => {
            let missing = deployment::missing_variables(&env.text, found);
            let note = match missing.as_slice() {
                [] => "has all required variables".to_owned(),
                missing => format!("lacks {}", missing.join(", ")),
            };
            writeln!(terminal.out(), "kept     {}: it {note}", env.path.display())?;
        }
        kept => env.write(kept.is_some(), terminal)?,
    }
    writeln!(
        terminal.out(),
        "\nNext: fill in {}, then run `docker compose up -d` there.",
        env.path.display()
    )?;
    Ok(Exit::Success)
}

impl Args {
    fn deployment(&self) -> Deployment {
        Deployment {
            image: match &self.image {
                Some(image) => ImageSource::Pinned(image.clone()),
                None => ImageSource::Build,
            },
            database: match self.database {
                DatabaseChoice::Postgres => DeployedDatabase::Postgres,
                DatabaseChoice::Sqlite => DeployedDatabase::Sqlite,
            },
            services: match self.services {
                ServicesChoice::Worker => DeployedServices::Worker,
                ServicesChoice::Together => DeployedServices::Together,
                ServicesChoice::Apart => DeployedServices::Apart,
            },
        }
    }
}

/// Random secrets of a new deployment.
fn generate() -> Result<DeploymentSecrets, Failure> {
    memory::protect().map_err(unprotected)?;
    let random = || -> Result<[u8; Key::LENGTH], Failure> {
        let mut bytes = [0; Key::LENGTH];
        getrandom::fill(&mut bytes).map_err(|error| {
            let message = "the system gives no random numbers";
            Failure::environment("random_numbers_failed", message).caused_by(error)
        })?;
        Ok(bytes)
    };
    let secret = |text: String| Secret::parse(text).expect("base64 and hexadecimal are plain text");
    Ok(DeploymentSecrets {
        key: secret(STANDARD.encode(random()?)),
        password: secret(hex::encode(random()?)),
    })
}

/// A file of the deployment.
struct DeploymentFile {
    path: PathBuf,
    text: String,
}

impl DeploymentFile {
    fn new(folder: &Path, name: &str, text: String) -> Self {
        Self {
            path: folder.join(name),
            text,
        }
    }

    /// The existing text.
    fn read(&self) -> Result<Option<String>, Failure> {
        match std::fs::read_to_string(&self.path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::reading(&self.path, error)),
        }
    }

    fn backup(&self) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".old");
        name.into()
    }

    /// Fails if the backup of an earlier call would be lost.
    fn check_backup(&self) -> Result<(), Failure> {
        let backup = self.backup();
        if backup.symlink_metadata().is_err() {
            return Ok(());
        }
        let message = format!("`{}` exists; nothing was written", backup.display());
        Err(Failure::refused("backup_exists", message).hinted("move it away, then try again"))
    }

    /// Writes the file, readable by its user only, and keeps the former one if it was edited.
    fn write(&self, is_edited: bool, terminal: &mut Terminal) -> Result<(), Failure> {
        let failed = |error: io::Error| {
            let message = format!("cannot write `{}`", self.path.display());
            Failure::environment("file_not_written", message)
                .caused_by(error)
                .hinted("check that the folder exists, its permissions and free space")
        };
        if is_edited {
            std::fs::rename(&self.path, self.backup()).map_err(failed)?;
        }
        atomic_file::write(&self.path, self.text.as_bytes()).map_err(failed)?;
        writeln!(terminal.out(), "wrote    {}", self.path.display())?;
        Ok(())
    }
}
