//! The files of a deployment with Docker Compose: compose.yaml and .env. The same choices give the same bytes.

use crate::model::digest::Digest;
use crate::secret::Secret;
use thiserror::Error;

/// The choices of a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    pub image: ImageSource,
    pub database: DeployedDatabase,
    pub services: DeployedServices,
}

/// The origin of the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageSource {
    /// Built from the sources in the folder of compose.yaml.
    Build,
    Pinned(ImageReference),
}

/// The name of an image with a tag or a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageReference(String);

/// The reasons to refuse the name of an image.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ImageReferenceError {
    #[error("invalid image name: write NAME:TAG or NAME@sha256:DIGEST")]
    Invalid,
    #[error(
        "the image is not pinned: name a version, such as `:0.1.0`, or a digest; `latest` moves"
    )]
    Moving,
}

/// The database of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeployedDatabase {
    Postgres,
    /// A file in the volume `state`, for one machine.
    Sqlite,
}

/// The services beside the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeployedServices {
    /// A worker alone.
    Worker,
    /// A server with a worker in the same process.
    Together,
    /// A server and a worker in two containers.
    Apart,
}

/// The secrets of a deployment.
pub struct DeploymentSecrets {
    /// The key that encrypts users' tokens.
    pub key: Secret,
    /// The password of Postgres, without characters that a URL escapes.
    pub password: Secret,
}

/// The start of the line with the flags behind a generated file.
const FLAGS: &str = "# Created by: groundplan compose ";
/// The start of the line with the hash of a generated file.
const HASH: &str = "# sha256: ";

impl ImageReference {
    /// Parses a name with a tag other than `latest`, or with a digest.
    pub fn parse(text: &str) -> Result<Self, ImageReferenceError> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
        let is_plain = text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.ends_with(|c: char| c.is_ascii_alphanumeric())
            && text.chars().all(is_part);
        if !is_plain || text.contains("//") {
            return Err(ImageReferenceError::Invalid);
        }
        if let Some((name, digest)) = text.split_once('@') {
            return match digest.strip_prefix("sha256:").map(Digest::parse) {
                Some(Ok(_)) if !name.is_empty() => Ok(Self(text.to_owned())),
                _ => Err(ImageReferenceError::Invalid),
            };
        }
        // A colon before the last slash belongs to a port.
        let last = text.rsplit('/').next().unwrap_or(text);
        match last.split_once(':') {
            None | Some((_, "latest")) => Err(ImageReferenceError::Moving),
            Some((name, tag)) if !name.is_empty() && !tag.contains(':') => {
                Ok(Self(text.to_owned()))
            }
            Some(_) => Err(ImageReferenceError::Invalid),
        }
    }

    /// The same image with another version as its tag. `None` for an image that is pinned by a digest.
    pub fn at_version(&self, version: &str) -> Option<Self> {
        if self.0.contains('@') {
            return None;
        }
        let (name, _) = self.0.rsplit_once(':')?;
        Some(Self(format!("{name}:{version}")))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deployment {
    /// The address of the SQLite database in the volume `state`.
    pub const SQLITE: &'static str = "sqlite:/var/lib/groundplan/state/jobs.db";

    /// The text of compose.yaml.
    pub fn compose(&self) -> String {
        let mut text = String::from("name: groundplan\n\nservices:\n");
        if self.database == DeployedDatabase::Postgres {
            text.push_str(POSTGRES);
        }
        for service in self.services.list() {
            text.extend(["  ", service.name, ":\n"]);
            for line in self.service(&service) {
                text.extend(["    ", &line, "\n"]);
            }
            text.push('\n');
        }
        let (volume, networks) = match self.database {
            DeployedDatabase::Postgres => (
                "postgres: {}, ",
                "networks:\n  database: { internal: true }\n  outside: {}\n",
            ),
            DeployedDatabase::Sqlite => ("", "networks:\n  outside: {}\n"),
        };
        text.extend([
            "volumes: { ",
            volume,
            "cache: {}, logs: {}, state: {} }\n\n",
            networks,
        ]);
        self.with_header(&text)
    }

    /// The text of .env. Without secrets, their places have to be filled in.
    pub fn env(&self, secrets: Option<&DeploymentSecrets>) -> String {
        let key = secrets.map_or("", |secrets| secrets.key.expose());
        let password = secrets.map_or("change-me", |secrets| secrets.password.expose());
        let mut text = String::from(
            "# Variables of compose.yaml and of its services; see docs/operations.md. Do not commit this file.\n\n",
        );
        text.push_str(
            "# Encrypts the users' tokens. Create it with `openssl rand -base64 32` and keep a copy: without it, the tokens are lost.\n",
        );
        let mut line = |name: &str, value: &str| {
            text.push_str(name);
            text.push('=');
            text.push_str(value);
            text.push('\n');
        };
        line("BOOTSTRAP_ENCRYPTION_KEY", key);
        match self.database {
            DeployedDatabase::Postgres => {
                line("POSTGRES_PASSWORD", password);
                let url = format!("postgres://groundplan:{password}@postgres:5432/groundplan");
                line("DATABASE_URL", &url);
            }
            DeployedDatabase::Sqlite => {
                line("DATABASE_URL", Self::SQLITE);
            }
        }
        line("FORGE", "github");
        line("#GROUNDPLAN_FORGE_URL", "https://forge.example.org");
        line("#GROUNDPLAN_IMAGE", self.image_name());
        line("#GROUNDPLAN_PLATFORM", "linux/amd64");
        text
    }

    /// The choices behind a generated compose.yaml, from the flags in its header. `None` for another file or other flags.
    pub fn of_compose(text: &str) -> Option<Self> {
        let flags = text.lines().find_map(|line| line.strip_prefix(FLAGS))?;
        let words: Vec<&str> = flags.split(' ').collect();
        let (image, rest) = match *words.as_slice() {
            ["--build", ref rest @ ..] => (ImageSource::Build, rest),
            ["--image", image, ref rest @ ..] => (
                ImageSource::Pinned(ImageReference::parse(image).ok()?),
                rest,
            ),
            _ => return None,
        };
        let ["--database", database, "--services", services] = *rest else {
            return None;
        };
        let database = match database {
            "postgres" => DeployedDatabase::Postgres,
            "sqlite" => DeployedDatabase::Sqlite,
            _ => return None,
        };
        let services = match services {
            "worker" => DeployedServices::Worker,
            "together" => DeployedServices::Together,
            "apart" => DeployedServices::Apart,
            _ => return None,
        };
        Some(Self {
            image,
            database,
            services,
        })
    }

    /// The names of the services that run until they are stopped, without the database.
    pub fn running_services(&self) -> Vec<&'static str> {
        let services = self.services.list().into_iter();
        services
            .filter(|service| service.role != Role::Migration)
            .map(|service| service.name)
            .collect()
    }

    /// The flags of `groundplan compose` for these choices.
    pub fn flags(&self) -> String {
        let image = match &self.image {
            ImageSource::Build => "--build".to_owned(),
            ImageSource::Pinned(image) => format!("--image {}", image.0),
        };
        let database = match self.database {
            DeployedDatabase::Postgres => "postgres",
            DeployedDatabase::Sqlite => "sqlite",
        };
        let services = match self.services {
            DeployedServices::Worker => "worker",
            DeployedServices::Together => "together",
            DeployedServices::Apart => "apart",
        };
        format!("{image} --database {database} --services {services}")
    }

    /// The name of the image that the services run.
    pub fn image_name(&self) -> &str {
        match &self.image {
            ImageSource::Build => "groundplan:local",
            ImageSource::Pinned(image) => &image.0,
        }
    }

    fn with_header(&self, body: &str) -> String {
        let services = match (self.database, self.services) {
            (DeployedDatabase::Postgres, DeployedServices::Worker) => {
                "Postgres, the database migration and a worker"
            }
            (DeployedDatabase::Postgres, _) => {
                "Postgres, the database migration, a server and a worker"
            }
            (DeployedDatabase::Sqlite, DeployedServices::Worker) => {
                "The database migration and a worker, with SQLite"
            }
            (DeployedDatabase::Sqlite, _) => {
                "The database migration, a server and a worker, with SQLite"
            }
        };
        let start = match self.image {
            ImageSource::Build => "docker compose up -d --build",
            ImageSource::Pinned(_) => "docker compose up -d",
        };
        format!(
            "# {services}; see docs/operations.md. Start with `{start}`.\n{FLAGS}{}\n# Below is the hash of the lines after it, by which an edited file is recognised.\n{HASH}{}\n\n{body}",
            self.flags(),
            Digest::of(body.as_bytes())
        )
    }

    /// The lines of a service, without its name.
    fn service(&self, service: &ComposeService) -> Vec<String> {
        let has_postgres = self.database == DeployedDatabase::Postgres;
        let is_migration = service.role == Role::Migration;
        let mut lines = vec![
            format!("image: ${{GROUNDPLAN_IMAGE:-{}}}", self.image_name()),
            "platform: ${GROUNDPLAN_PLATFORM:-linux/arm64}".to_owned(),
        ];
        let mut add = |text: &str| lines.extend(text.lines().map(str::to_owned));
        if self.image == ImageSource::Build && service.role == Role::Built {
            let version = env!("CARGO_PKG_VERSION");
            add("build:\n  context: .");
            add(&format!("  args: {{ VERSION: \"{version}\" }}"));
        }
        add("env_file: .env");
        add(SANDBOX);
        add(&format!("command: {}", service.command));
        match (is_migration, has_postgres) {
            (true, true) => add("depends_on:\n  postgres: { condition: service_healthy }"),
            (true, false) => {}
            (false, _) => {
                add("depends_on:\n  migrate: { condition: service_completed_successfully }");
            }
        }
        if is_migration {
            add(
                "# Named volumes: otherwise each start creates three anonymous ones, because the image declares them.",
            );
        }
        add("volumes:");
        for name in ["cache", "logs", "state"] {
            add(&format!("  - {name}:/var/lib/groundplan/{name}"));
        }
        add(match (is_migration, has_postgres) {
            (true, true) => "networks: [database]",
            (true, false) => "network_mode: none",
            (false, true) => "networks: [database, outside]",
            (false, false) => "networks: [outside]",
        });
        if is_migration {
            add("healthcheck: { disable: true }\nrestart: \"no\"");
        } else {
            add(&format!("ports: [\"127.0.0.1:{}:8080\"]", service.port));
            add(LONG_RUNNING);
        }
        lines
    }
}

/// A service of the program's image.
struct ComposeService {
    name: &'static str,
    role: Role,
    command: &'static str,
    /// The port of this machine under which its pages are reached.
    port: u16,
}

/// The part of a service in a deployment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Migration,
    /// The service that builds the image for all.
    Built,
    Other,
}

impl DeployedServices {
    fn list(self) -> Vec<ComposeService> {
        const WORK: &str = "[work, --forge, \"${FORGE:-github}\"]";
        let service = |name, role, command, port| ComposeService {
            name,
            role,
            command,
            port,
        };
        let mut services = vec![service("migrate", Role::Migration, "[migrate]", 0)];
        services.extend(match self {
            Self::Worker => vec![service("worker", Role::Built, WORK, 8080)],
            Self::Together => vec![service(
                "server",
                Role::Built,
                "[serve, --listen, \"0.0.0.0:8080\", --forge, \"${FORGE:-github}\"]",
                8080,
            )],
            Self::Apart => vec![
                service(
                    "server",
                    Role::Built,
                    "[serve, --no-worker, --listen, \"0.0.0.0:8080\", --forge, \"${FORGE:-github}\"]",
                    8080,
                ),
                service("worker", Role::Other, WORK, 8081),
            ],
        });
        services
    }
}

/// True if a generated file is as it was generated.
pub fn is_unedited(text: &str) -> bool {
    let Some((_, rest)) = text.split_once(HASH) else {
        return false;
    };
    rest.split_once("\n\n")
        .is_some_and(|(hash, body)| hash == Digest::of(body.as_bytes()).as_str())
}

/// The names in `NAME=value` lines of a file that another one lacks.
pub fn missing_variables(wanted: &str, found: &str) -> Vec<String> {
    let names = |text: &str| -> Vec<String> {
        text.lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, _)| name.trim().to_owned())
            .filter(|name| !name.starts_with('#'))
            .collect()
    };
    let found = names(found);
    let mut missing = names(wanted);
    missing.retain(|name| !found.contains(name));
    missing
}

/// The limits of a container of the program's image.
const SANDBOX: &str = r#"read_only: true
cap_drop: [ALL]
security_opt: ["no-new-privileges:true"]
pids_limit: 128
# The limits; the shares and the reservation count when the machine is busy.
cpus: 2
cpu_shares: 512
mem_limit: 512m
mem_reservation: 128m
tmpfs: ["/tmp:mode=1777,size=64m"]"#;

/// The end of a service that runs until it is stopped.
const LONG_RUNNING: &str = r#"# Must be longer than GROUNDPLAN_GRACE (25 seconds).
stop_grace_period: 40s
restart: unless-stopped
logging:
  driver: json-file
  options: { max-size: 10m, max-file: "5" }"#;

/// The service of the database.
const POSTGRES: &str = r#"  postgres:
    image: ${POSTGRES_IMAGE:-postgres:17-trixie}
    platform: ${GROUNDPLAN_PLATFORM:-linux/arm64}
    user: postgres
    environment:
      POSTGRES_USER: groundplan
      POSTGRES_DB: groundplan
      POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?set it in .env, as in DATABASE_URL}
    read_only: true
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    pids_limit: 256
    cpus: 2
    cpu_shares: 1024
    mem_limit: 512m
    mem_reservation: 256m
    shm_size: 128m
    tmpfs: ["/tmp:mode=1777", "/var/run/postgresql:mode=1777"]
    volumes: ["postgres:/var/lib/postgresql/data"]
    networks: [database]
    healthcheck:
      # Over TCP: during its first initialisation, the server listens only on its socket.
      test: ["CMD", "pg_isready", "--host=127.0.0.1", "--username=groundplan", "--dbname=groundplan"]
      interval: 5s
      timeout: 3s
      retries: 12
    stop_signal: SIGINT
    stop_grace_period: 60s
    restart: unless-stopped
    logging:
      driver: json-file
      options: { max-size: 10m, max-file: "5" }

"#;
