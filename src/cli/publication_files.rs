//! The files of a publication: its ledger and, beside it, the built repository and the forge it is for.

use crate::base::atomic_file;
use crate::cli::args::forge::{ForgeArgs, ForgeProxy};
use crate::cli::args::git::state_folder;
use crate::cli::error::Failure;
use crate::forge::marker::Marker;
use crate::forge::repository::RepoPath;
use crate::model::preflight::ForgeKind;
use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// The paths of the files of one publication.
pub(crate) struct PublicationFiles {
    ledger: PathBuf,
}

/// The forge of a publication, stored so that `resume` needs no flags.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct RememberedForge {
    forge: ForgeKind,
    /// The URL, or the absolute path of a folder; none for github.com.
    url: Option<String>,
    push_user: Option<String>,
    allow_http: Vec<String>,
    #[serde(default)]
    proxy: ForgeProxy,
}

impl RememberedForge {
    /// The forge that the flags name, if they do.
    fn of(args: &ForgeArgs) -> Result<Option<Self>, Failure> {
        let Some(forge) = args.forge else {
            return Ok(None);
        };
        let absolute = |folder: &String| {
            let path = std::path::absolute(folder)
                .map_err(|error| Failure::reading(Path::new(folder), error))?;
            Ok::<_, Failure>(path.to_string_lossy().into_owned())
        };
        let url = args.forge_url.as_ref();
        Ok(Some(Self {
            forge,
            url: if forge.is_folder() {
                url.map(absolute).transpose()?
            } else {
                url.cloned()
            },
            push_user: args.push_user.clone(),
            allow_http: args.allow_http.clone(),
            proxy: args.forge_proxy,
        }))
    }

    /// The flags that name the same forge. Fails when `args` name another one.
    pub(crate) fn flags(self, args: &ForgeArgs) -> Result<ForgeArgs, Failure> {
        if let Some(named) = Self::of(args)?
            && (named.forge, &named.url) != (self.forge, &self.url)
        {
            return Err(Failure::refused(
                "ledger_of_another_forge",
                "the ledger names another forge",
            )
            .hinted("omit `--forge` and `--forge-url`, and unset GROUNDPLAN_FORGE_URL"));
        }
        let mut flags = args.clone();
        flags.forge = Some(self.forge);
        flags.forge_url = self.url;
        flags.push_user = flags.push_user.or(self.push_user);
        flags.allow_http.extend(self.allow_http);
        if self.proxy == ForgeProxy::Env {
            flags.forge_proxy = ForgeProxy::Env;
        }
        Ok(flags)
    }
}

impl PublicationFiles {
    /// The files beside a named ledger.
    pub(crate) fn named(ledger: &Path) -> Result<Self, Failure> {
        let absolute = std::path::absolute(ledger);
        let ledger = absolute.map_err(|error| Failure::reading(ledger, error))?;
        Ok(Self { ledger })
    }

    /// The files of a new ledger in the user's state folder, which is created when missing.
    pub(crate) fn fresh(place: &RepoPath, marker: &Marker) -> Result<Self, Failure> {
        let folder = state_folder()
            .ok_or_else(|| {
                Failure::usage(
                    "ledger_folder_missing",
                    "no folder for the ledger: neither XDG_STATE_HOME nor HOME is set to a folder",
                )
                .hinted("name a file by `--ledger`")
            })?
            .join("ledgers");
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(|error| writing("create", &folder, error))?;
        let prefix = &marker.to_string()[..12];
        let name = format!("{}-{}-{prefix}.jsonl", place.owner, place.name);
        Ok(Self {
            ledger: folder.join(name),
        })
    }

    /// The ledger's absolute path.
    pub(crate) fn ledger(&self) -> &Path {
        &self.ledger
    }

    /// The built repository, bare.
    pub(crate) fn repository(&self) -> PathBuf {
        self.beside(".git")
    }

    fn forge_file(&self) -> PathBuf {
        self.beside(".forge.json")
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut path = self.ledger.clone().into_os_string();
        path.push(suffix);
        path.into()
    }

    /// Fails when the ledger or a file beside it exists, or its folder does not.
    pub(crate) fn check_unused(&self) -> Result<(), Failure> {
        let folder = self.ledger.parent().unwrap_or(Path::new("/"));
        if !folder.is_dir() {
            return Err(Failure::usage(
                "ledger_folder_missing",
                format!(
                    "folder `{}` for the ledger does not exist",
                    folder.display()
                ),
            )
            .hinted("create it first, or check `--ledger`"));
        }
        match self
            .all()
            .iter()
            .find(|path| path.symlink_metadata().is_ok())
        {
            None => Ok(()),
            Some(path) => Err(Failure::refused(
                "ledger_exists",
                format!("`{}` already exists", path.display()),
            )
            .hinted(
                "name a new file by `--ledger`, or resume the earlier run with `groundplan resume`",
            )),
        }
    }

    /// The ledger and the files beside it.
    pub(crate) fn all(&self) -> [PathBuf; 3] {
        [self.ledger.clone(), self.repository(), self.forge_file()]
    }

    /// Stores the forge.
    pub(crate) fn save(&self, flags: &ForgeArgs) -> Result<(), Failure> {
        let forge_file = RememberedForge::of(flags)?;
        let path = self.forge_file();
        let save = || {
            let text = serde_json::to_string_pretty(&forge_file)?;
            let mut file = File::create_new(&path)?;
            writeln!(file, "{text}")?;
            file.sync_all()
        };
        save().map_err(|error| writing("write", &path, error))
    }

    /// The stored forge, if there is one.
    pub(crate) fn load(&self) -> Result<Option<RememberedForge>, Failure> {
        let path = self.forge_file();
        match fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text).map(Some).map_err(|error| {
                Failure::reading(&path, io::Error::new(io::ErrorKind::InvalidData, error))
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::reading(&path, error)),
        }
    }

    /// Removes the built repository, if it exists.
    pub(crate) fn drop_repository(&self) -> Result<(), Failure> {
        let path = self.repository();
        atomic_file::remove(&path)
            .map(drop)
            .map_err(|error| writing("remove", &path, error))
    }

    /// Removes all files. For a run of which nothing is on the forge.
    pub(crate) fn drop_all(&self) -> Result<(), Failure> {
        self.drop_repository()?;
        for path in [self.forge_file(), self.ledger.clone()] {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(writing("remove", &path, error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn writing(action: &str, path: &Path, error: io::Error) -> Failure {
    Failure::environment(
        "write_failed",
        format!("cannot {action} `{}`", path.display()),
    )
    .caused_by(error)
    .hinted("check permissions and free space")
}
