//! The catalogue that a flag names.

use crate::app::catalogs::{self, OpenedCatalog};
use crate::app::database_catalogs;
use crate::cli::args::database::DatabaseArgs;
use crate::cli::args::git::GitArgs;
use crate::cli::error::Failure;

/// Opens a built-in catalogue, the catalogue of a folder or commit, or, as `db:NAME`, the one in the rows of the database
/// that `DATABASE_URL` names.
pub(crate) fn open(argument: &str, git: &GitArgs) -> Result<OpenedCatalog, Failure> {
    let Some(named) = argument.strip_prefix(database_catalogs::PREFIX) else {
        return Ok(catalogs::open(argument, &|| git.cache())?);
    };
    DatabaseArgs::of_environment()
        .look(async |database| Ok(database_catalogs::open(database, named).await?))
}
