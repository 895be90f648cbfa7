//! The database of the environment as a source of recorded catalogues: opened at the first question of a command, and kept for the
//! others.

use crate::app::catalogs::OpenedCatalog;
use crate::app::database_catalogs;
use crate::app::error::AppError;
use crate::app::recorded_sources::DatabaseVersion;
use crate::cli::args::database::DatabaseArgs;
use crate::cli::args::git::environment;
use crate::cli::error::Failure;
use crate::cli::runtime::current_thread;
use crate::model::digest::Digest;
use crate::model::provenance::Provenance;
use crate::model::slug::Slug;
use crate::store::sql::Database;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use tokio::runtime::Runtime;

/// The database that DATABASE_URL names. Nothing is opened before it is asked.
#[derive(Default)]
pub(crate) struct RecordedDatabase(Mutex<AskedCatalogs>);

/// The connection, and the answers so far: the repositories of a fleet ask for few catalogues.
#[derive(Default)]
struct AskedCatalogs {
    connected: Option<ConnectedDatabase>,
    answers: BTreeMap<(Slug, Digest, bool), Option<OpenedCatalog>>,
}

/// The connections belong to the runtime that opened them.
struct ConnectedDatabase {
    runtime: Runtime,
    database: Database,
}

impl RecordedDatabase {
    /// The catalogue of a recorded plan. None without a database, and from one without the recorded version.
    pub(crate) fn find(
        &self,
        provenance: &Provenance,
        wanted: DatabaseVersion,
    ) -> Result<Option<OpenedCatalog>, AppError> {
        let is_named = environment("DATABASE_URL").is_some_and(|url| !url.is_empty());
        let (true, Ok(slug)) = (is_named, Slug::parse(&provenance.catalog)) else {
            return Ok(None);
        };
        let version = &provenance.catalog_version;
        let key = (
            slug.clone(),
            version.clone(),
            wanted == DatabaseVersion::Current,
        );
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = asked.answers.get(&key) {
            return Ok(answer.clone());
        }
        let connected = match asked.connected.take() {
            Some(connected) => connected,
            None => ConnectedDatabase::open()?,
        };
        let ConnectedDatabase { runtime, database } = asked.connected.insert(connected);
        let answer = database_catalogs::recorded(database, &slug, version, wanted);
        let found = runtime.block_on(answer)?;
        asked.answers.insert(key, found.clone());
        Ok(found)
    }
}

impl ConnectedDatabase {
    fn open() -> Result<Self, Failure> {
        let runtime = current_thread()?;
        let database = runtime.block_on(DatabaseArgs::of_environment().open_existing())?;
        Ok(Self { runtime, database })
    }
}

impl Drop for ConnectedDatabase {
    fn drop(&mut self) {
        self.runtime.block_on(self.database.close());
    }
}
