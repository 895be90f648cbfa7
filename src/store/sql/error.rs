//! The meaning of a database error for the caller. No message shows an address, a password or a row.

use super::migrations::newer;
use crate::store::error::StoreError;
use sqlx::Error;
use sqlx::error::DatabaseError;
use sqlx::migrate::MigrateError;
use std::borrow::Cow;
use thiserror::Error as ThisError;

/// A value of a closed set that this program does not know.
#[derive(Debug, ThisError)]
#[error("unknown value `{0}`")]
pub(super) struct UnknownValue(pub(super) String);

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error {
            Error::Database(error) => of_database(&*error),
            // The source of this one may show a password.
            Error::Configuration(_) => Self::NotReady {
                message: "its address has an invalid option".to_owned(),
            },
            Error::PoolTimedOut => Self::unavailable("no connection was free in time"),
            Error::PoolClosed | Error::WorkerCrashed => {
                Self::unavailable("its connections are closed")
            }
            Error::Io(error) => Self::unavailable(error),
            Error::Tls(error) => Self::unavailable(error),
            Error::Protocol(message) => Self::unavailable(message),
            Error::Migrate(error) => (*error).into(),
            Error::ColumnDecode { index, source } => {
                let column = index.trim_matches('"').to_owned();
                Self::damaged(format!("the column `{column}`"), source)
            }
            Error::Decode(source) => Self::damaged("a column", source),
            other => Self::Refused {
                source: other.into(),
            },
        }
    }
}

impl From<MigrateError> for StoreError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
            MigrateError::VersionMissing(version) => newer(version),
            other => Self::NotReady {
                message: other.to_string(),
            },
        }
    }
}

/// SQLite's code of a full disk, and of a file that reached its limit of pages.
const SQLITE_FULL: u32 = 13;

/// The error number within one of SQLite's extended codes.
fn low_byte(code: &str) -> Option<u32> {
    Some(code.parse::<u32>().ok()? & 0xff)
}

/// Postgres has five characters, of which the first two are the class; SQLite has a number.
fn of_database(error: &dyn DatabaseError) -> StoreError {
    let code = error.code().map_or_else(String::new, Cow::into_owned);
    let is_postgres = code.len() == 5;
    let is_disk_full = if is_postgres {
        code == "53100"
    } else {
        low_byte(&code) == Some(SQLITE_FULL)
    };
    let is_unavailable = if is_postgres {
        // Connections, resources, shut-downs and time-outs, locks and deadlocks, wrong passwords.
        ["08", "28", "40", "53", "55", "57", "58"].contains(&&code[..2])
    } else {
        // Busy, locked, I/O, cannot open.
        low_byte(&code).is_some_and(|low| [5, 6, 10, 14].contains(&low))
    };
    let is_without_tables = if is_postgres {
        ["42P01", "42703", "42704", "3F000"].contains(&code.as_str())
    } else {
        let message = error.message();
        message.starts_with("no such table") || message.starts_with("no such column")
    };
    if code == "26" {
        return StoreError::NotReady {
            message: "the file is not a SQLite database; name another one".to_owned(),
        };
    }
    if code == "3D000" {
        return StoreError::NotReady {
            message: format!("{}; create it, or check the name", error.message()),
        };
    }
    // Only the message: the other fields may show a row.
    let source = error.message().into();
    if is_disk_full {
        StoreError::DiskFull { source }
    } else if is_unavailable {
        StoreError::Unavailable { source }
    } else if is_without_tables {
        StoreError::NotMigrated {
            source: Some(source),
        }
    } else {
        StoreError::Refused { source }
    }
}
