//! The data folder: the database, the repositories and the key of an installation on one machine.

use crate::base::atomic_file;
use crate::cli::args::database::DatabaseArgs;
use crate::cli::args::git::data_folder;
use crate::cli::error::Failure;
use crate::pat::key::Key;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The data folder, which is used when no database is named.
#[derive(Clone, clap::Args)]
pub(crate) struct DataArgs {
    /// Folder of the embedded database, its repositories and its key [default: groundplan in the user's data folder].
    #[arg(long, value_name = "DIR", env = "GROUNDPLAN_DATA_DIR")]
    data: Option<PathBuf>,
}

impl DataArgs {
    /// The database that is named, or the one in the data folder.
    pub(crate) fn database(&self, named: &DatabaseArgs) -> Result<DatabaseArgs, Failure> {
        if named.is_named() {
            return Ok(named.clone());
        }
        Ok(named.with_file(&self.folder()?.join("groundplan.db")))
    }

    /// A folder below the data folder.
    pub(crate) fn subfolder(&self, name: &str) -> Result<PathBuf, Failure> {
        let folder = self.folder()?.join(name);
        create(&folder)?;
        Ok(folder)
    }

    /// The key in the data folder, which is created at the first use.
    pub(crate) fn key(&self) -> Result<Key, Failure> {
        let path = self.folder()?.join("key");
        let failed = |error| Failure::reading(&path, error);
        if !path.exists() {
            let mut bytes = Zeroizing::new([0u8; Key::LENGTH]);
            getrandom::fill(bytes.as_mut_slice()).expect("the operating system has random numbers");
            let text = Zeroizing::new(STANDARD.encode(bytes.as_slice()));
            // Another process may have created it meanwhile; then that one is read.
            atomic_file::create(&path, text.as_bytes()).map_err(failed)?;
        }
        let text = fs::read_to_string(&path)
            .map(Zeroizing::new)
            .map_err(failed)?;
        Ok(Key::parse(&text)?)
    }

    fn folder(&self) -> Result<PathBuf, Failure> {
        let named = self
            .data
            .clone()
            .filter(|path| !path.as_os_str().is_empty());
        let folder = named.or_else(data_folder).ok_or_else(|| {
            Failure::usage(
                "data_folder_missing",
                "no data folder: neither XDG_DATA_HOME nor HOME is set to a folder",
            )
            .hinted("name one with `--data DIR`, or GROUNDPLAN_DATA_DIR")
        })?;
        let folder =
            std::path::absolute(&folder).map_err(|error| Failure::reading(&folder, error))?;
        create(&folder)?;
        Ok(folder)
    }
}

/// Creates a folder that only its owner may read.
fn create(folder: &Path) -> Result<(), Failure> {
    let created = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    created.map_err(|error| {
        Failure::environment(
            "data_folder_not_writable",
            format!("cannot create `{}`", folder.display()),
        )
        .caused_by(error)
        .hinted("check permissions, or name another folder by `--data`")
    })
}
