//! What a database's refusal means for the caller. No address, password or row stands in a message.

use crate::store::error::StoreError;
use sqlx::Error;
use sqlx::migrate::MigrateError;

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        let unavailable = |message: String| Self::Unavailable { message };
        match error {
            Error::Database(error) => {
                let code = error.code().unwrap_or_default().into_owned();
                of_code(&code, error.message().to_owned())
            }
            Error::Io(error) => unavailable(error.to_string()),
            Error::Tls(error) => unavailable(error.to_string()),
            Error::PoolTimedOut => unavailable("it gave no connection in time".to_owned()),
            Error::PoolClosed | Error::WorkerCrashed => {
                unavailable("its connections are closed".to_owned())
            }
            Error::Protocol(message) => unavailable(message),
            // The options of a connection may hold a password, and so may their error.
            Error::Configuration(_) => Self::NotReady {
                message: "its address has an option that cannot be used".to_owned(),
            },
            Error::Migrate(error) => (*error).into(),
            other => Self::Refused {
                message: other.to_string(),
            },
        }
    }
}

impl From<getrandom::Error> for StoreError {
    /// A new key needs random bytes, which may be there another time.
    fn from(error: getrandom::Error) -> Self {
        Self::Unavailable {
            message: error.to_string(),
        }
    }
}

impl From<MigrateError> for StoreError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
            MigrateError::VersionMissing(version) => Self::NotReady {
                message: format!(
                    "its tables are newer than this program (migration {version}); install a newer groundplan"
                ),
            },
            other => Self::NotReady {
                message: other.to_string(),
            },
        }
    }
}

/// Postgres has five characters, of which the first two are the class; SQLite has a number.
fn of_code(code: &str, message: String) -> StoreError {
    let is_postgres = code.len() == 5;
    let is_unavailable = if is_postgres {
        // Connections, resources, shut-downs and time-outs, locks and deadlocks, wrong passwords.
        ["08", "28", "40", "53", "55", "57", "58"].contains(&&code[..2])
    } else {
        // The low byte of SQLite's extended codes: busy, locked, I/O, full, cannot open.
        let low = code.parse::<u32>().map_or(0, |code| code & 0xff);
        [5, 6, 10, 13, 14].contains(&low)
    };
    let is_without_tables = if is_postgres {
        ["42P01", "42703", "42704", "3F000"].contains(&code)
    } else {
        message.starts_with("no such table") || message.starts_with("no such column")
    };
    if is_unavailable {
        StoreError::Unavailable { message }
    } else if is_without_tables {
        StoreError::NotMigrated { message }
    } else if code == "26" {
        StoreError::NotReady {
            message: "the file is no SQLite database; name another one".to_owned(),
        }
    } else if code == "3D000" {
        StoreError::NotReady {
            message: format!("{message}; create it, or check the name"),
        }
    } else {
        StoreError::Refused { message }
    }
}
