//! The address of a database, parsed. It may contain a password, so it is printed only in parts.

use super::dialect::Dialect;
use crate::error::{Class, Explain, Hint};
use sqlx::any::AnyConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Error};
use std::fmt;
use std::path::PathBuf;
use thiserror::Error;
use url::Url;

/// The address of the database with jobs and runs.
#[derive(Clone)]
pub struct DatabaseUrl {
    url: Url,
    dialect: Dialect,
    /// The limit of connections in the address, as Prisma writes it.
    limit: Option<u32>,
    /// The file of a SQLite database.
    file: Option<PathBuf>,
}

/// An invalid address. The text is not part of the error: it may contain a password.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum DatabaseUrlError {
    #[error("not the address of a database: expected `postgres://…` or `sqlite:PATH`")]
    Format,
    #[error("a SQLite address is `sqlite:PATH` of a file, without `?` and options")]
    SqliteOptions,
    #[error("a database in memory ends with the process: name a file, `sqlite:PATH`")]
    InMemory,
    #[error("invalid value `{value}` of the option `{name}` in the database address")]
    Option { name: &'static str, value: String },
}

impl Explain for DatabaseUrlError {
    fn class(&self) -> Class {
        Class::Usage
    }

    fn code(&self) -> &'static str {
        "database_url_invalid"
    }

    fn hint(&self) -> Option<Hint> {
        Some(
            "write `postgres://…` with user, password, host and name, or `sqlite:PATH` of a file"
                .into(),
        )
    }
}

/// The settings of a session: its time zone, and limits to every wait.
const SESSION: [(&str, &str); 5] = [
    ("TimeZone", "UTC"),
    ("statement_timeout", "30s"),
    ("lock_timeout", "10s"),
    ("idle_in_transaction_session_timeout", "30s"),
    ("client_min_messages", "warning"),
];

/// The options that the driver understands. Other options in the address belong to other programs.
const KNOWN: [&str; 14] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "host",
    "hostaddr",
    "port",
    "user",
    "password",
];

/// The options of an address that set something here.
#[derive(Default)]
struct UrlOptions {
    /// Options for the driver, passed on.
    driver: Vec<(String, String)>,
    /// `search_path`, quoted.
    schema: Option<String>,
    /// True if a pooler shares sessions, so that neither settings nor prepared statements may stay in one.
    is_pooled: bool,
    limit: Option<u32>,
}

impl UrlOptions {
    fn read(url: &Url) -> Result<Self, DatabaseUrlError> {
        let mut options = Self::default();
        for (name, value) in url.query_pairs().into_owned() {
            match name.as_str() {
                "schema" => options.schema = Some(quoted_schema(value)?),
                "pgbouncer" => options.is_pooled = value == "true",
                "connection_limit" => {
                    let limit = value.parse().ok().filter(|limit| *limit > 0);
                    options.limit = Some(limit.ok_or(DatabaseUrlError::Option {
                        name: "connection_limit",
                        value,
                    })?);
                }
                _ if KNOWN.contains(&name.as_str()) || name.starts_with("options") => {
                    options.driver.push((name, value));
                }
                _ => {}
            }
        }
        Ok(options)
    }

    /// The options as the driver reads them.
    fn into_pairs(self) -> Vec<(String, String)> {
        let mut pairs = self.driver;
        pairs.push(("application_name".to_owned(), "groundplan".to_owned()));
        let mut session: Vec<(&str, String)> = Vec::new();
        session.extend(self.schema.map(|schema| ("search_path", schema)));
        if self.is_pooled {
            pairs.push(("statement-cache-capacity".to_owned(), "0".to_owned()));
        } else {
            session.extend(SESSION.map(|(name, value)| (name, value.to_owned())));
        }
        pairs.extend(
            session
                .into_iter()
                .map(|(name, value)| (format!("options[{name}]"), value)),
        );
        pairs
    }
}

fn quoted_schema(value: String) -> Result<String, DatabaseUrlError> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if value.is_empty() || !value.chars().all(is_plain) {
        return Err(DatabaseUrlError::Option {
            name: "schema",
            value,
        });
    }
    Ok(format!("\"{value}\""))
}

impl DatabaseUrl {
    /// Parses `postgres://…` or `sqlite:PATH`.
    ///
    /// Prisma's options `schema`, `connection_limit` and `pgbouncer=true` are understood. The last one means that sessions
    /// are shared: then no session is configured and no prepared statement kept.
    pub fn parse(text: &str) -> Result<Self, DatabaseUrlError> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            return Self::of_file(path.strip_prefix("//").unwrap_or(path));
        }
        let mut url = Url::parse(text).map_err(|_| DatabaseUrlError::Format)?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(DatabaseUrlError::Format);
        }
        let options = UrlOptions::read(&url)?;
        let limit = options.limit;
        url.query_pairs_mut()
            .clear()
            .extend_pairs(options.into_pairs());
        Ok(Self {
            url,
            dialect: Dialect::Postgres,
            limit,
            file: None,
        })
    }

    fn of_file(path: &str) -> Result<Self, DatabaseUrlError> {
        if path.is_empty() {
            return Err(DatabaseUrlError::Format);
        }
        if path.contains(":memory:") {
            return Err(DatabaseUrlError::InMemory);
        }
        if path.contains('?') {
            return Err(DatabaseUrlError::SqliteOptions);
        }
        let escaped = path.replace('%', "%25").replace('#', "%23");
        let url = Url::parse(&format!("sqlite:{escaped}?mode=rwc"));
        Ok(Self {
            url: url.map_err(|_| DatabaseUrlError::Format)?,
            dialect: Dialect::Sqlite,
            limit: None,
            file: Some(path.into()),
        })
    }

    /// The SQL of the database.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The same address; a SQLite file that does not exist is not created.
    #[must_use]
    pub fn existing(mut self) -> Self {
        if self.dialect == Dialect::Sqlite {
            self.url.set_query(Some("mode=rw"));
        }
        self
    }

    /// The file of a SQLite database; `None` for Postgres.
    pub(super) fn file(&self) -> Option<PathBuf> {
        self.file.clone()
    }

    /// The limit of connections in the address.
    pub(super) fn limit(&self) -> Option<u32> {
        self.limit
    }

    pub(super) fn options(&self) -> Result<AnyConnectOptions, Error> {
        AnyConnectOptions::from_url(&self.url)
    }

    pub(super) fn postgres_options(&self) -> Result<PgConnectOptions, Error> {
        PgConnectOptions::from_url(&self.url)
    }
}

/// Scheme, host and database, without user and password.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.dialect {
            Dialect::Sqlite => write!(formatter, "sqlite:{}", self.url.path()),
            Dialect::Postgres => write!(
                formatter,
                "postgres://{}{}{}",
                self.url.host_str().unwrap_or(""),
                self.url
                    .port()
                    .map_or_else(String::new, |port| format!(":{port}")),
                self.url.path()
            ),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_shows_neither_user_nor_password() {
        let address =
            DatabaseUrl::parse("postgres://canary:secret@db.example:5433/app?password=secret")
                .expect("an address");
        for shown in [address.to_string(), format!("{address:?}")] {
            assert!(
                !shown.contains("secret") && !shown.contains("canary"),
                "{shown}"
            );
            assert!(shown.contains("postgres://db.example:5433/app"), "{shown}");
        }
    }

    #[test]
    fn an_invalid_address_is_refused_and_not_repeated() {
        for text in [
            "",
            "sqlite:",
            "mysql://u:secret@h/d",
            "secret",
            "postgres://h:port/d",
        ] {
            let error = DatabaseUrl::parse(text).expect_err(text).to_string();
            assert!(
                error.contains("sqlite:PATH") && !error.contains("secret"),
                "{error}"
            );
        }
        assert_eq!(
            DatabaseUrl::parse("sqlite::memory:").expect_err("memory"),
            DatabaseUrlError::InMemory
        );
        assert_eq!(
            DatabaseUrl::parse("sqlite:a.db?mode=ro").expect_err("options"),
            DatabaseUrlError::SqliteOptions
        );
        let schema = DatabaseUrl::parse("postgres://h/d?schema=a%22b").expect_err("a quote");
        assert!(schema.to_string().contains("schema"), "{schema}");
    }

    #[test]
    fn the_options_of_prisma_are_understood() {
        let address = DatabaseUrl::parse(
            "postgresql://u:p@h/d?schema=App&pgbouncer=true&connection_limit=3&pool_timeout=0",
        )
        .expect("an address");
        let query = address.url.query().expect("options").to_owned();
        assert_eq!(address.limit(), Some(3));
        assert!(query.contains("search_path") && query.contains("statement-cache-capacity=0"));
        assert!(!query.contains("pool_timeout") && !query.contains("statement_timeout"));
    }
}
