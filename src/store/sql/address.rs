//! The address of a database, taken apart at the door. It may hold a password, so it shows itself to nobody.

use super::dialect::Dialect;
use sqlx::any::AnyConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Error};
use std::fmt;
use thiserror::Error;
use url::Url;

/// Where jobs and runs are kept.
#[derive(Clone)]
pub struct DatabaseUrl {
    url: Url,
    dialect: Dialect,
    /// How many connections the address itself allows, as Prisma writes it.
    limit: Option<u32>,
}

/// Why a text is no address. The text is not part of it: it may hold a password.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum AddressError {
    #[error("this is no address of a database: expected `postgres://…` or `sqlite:PATH`")]
    NoAddress,
    #[error("a SQLite address is `sqlite:PATH` of a file, without `?` and options")]
    SqliteOptions,
    #[error("a database in memory is gone with the process: name a file, `sqlite:PATH`")]
    InMemory,
    #[error("the option `{name}` of the database address cannot be `{value}`")]
    Option { name: &'static str, value: String },
}

/// What a session of ours is like: named, and never waiting for ever.
const SESSION: [(&str, &str); 5] = [
    ("TimeZone", "UTC"),
    ("statement_timeout", "30s"),
    ("lock_timeout", "10s"),
    ("idle_in_transaction_session_timeout", "30s"),
    ("client_min_messages", "warning"),
];

/// The options that the driver understands. The others are those of other programs that share the address.
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

impl DatabaseUrl {
    /// Parses `postgres://…` or `sqlite:PATH`.
    ///
    /// Prisma's own options are understood: `schema`, `connection_limit`, and `pgbouncer=true`, which says that sessions
    /// are shared, so that nothing is set for a session and no statement is kept in it.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            return Self::of_file(path.strip_prefix("//").unwrap_or(path));
        }
        let mut url = Url::parse(text).map_err(|_| AddressError::NoAddress)?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(AddressError::NoAddress);
        }
        let mut options: Vec<(String, String)> = Vec::new();
        let mut session: Vec<(&str, String)> = Vec::new();
        let mut is_shared = false;
        let mut limit = None;
        let given: Vec<_> = url.query_pairs().into_owned().collect();
        for (name, value) in given {
            match name.as_str() {
                "schema" => {
                    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
                    if value.is_empty() || !value.chars().all(is_plain) {
                        return Err(AddressError::Option {
                            name: "schema",
                            value,
                        });
                    }
                    session.push(("search_path", format!("\"{value}\"")));
                }
                "pgbouncer" => is_shared = value == "true",
                "connection_limit" => {
                    let number = value.parse().ok().filter(|number| *number > 0);
                    limit = Some(number.ok_or(AddressError::Option {
                        name: "connection_limit",
                        value,
                    })?);
                }
                _ if KNOWN.contains(&name.as_str()) || name.starts_with("options") => {
                    options.push((name, value));
                }
                _ => {}
            }
        }
        if is_shared {
            options.push(("statement-cache-capacity".to_owned(), "0".to_owned()));
        } else {
            session.extend(SESSION.map(|(name, value)| (name, value.to_owned())));
        }
        options.push(("application_name".to_owned(), "groundplan".to_owned()));
        for (name, value) in session {
            options.push((format!("options[{name}]"), value));
        }
        url.query_pairs_mut().clear().extend_pairs(options);
        Ok(Self {
            url,
            dialect: Dialect::Postgres,
            limit,
        })
    }

    fn of_file(path: &str) -> Result<Self, AddressError> {
        if path.is_empty() {
            return Err(AddressError::NoAddress);
        }
        if path.contains(":memory:") {
            return Err(AddressError::InMemory);
        }
        if path.contains('?') {
            return Err(AddressError::SqliteOptions);
        }
        let path = path.replace('%', "%25").replace('#', "%23");
        let url = Url::parse(&format!("sqlite:{path}?mode=rwc"));
        Ok(Self {
            url: url.map_err(|_| AddressError::NoAddress)?,
            dialect: Dialect::Sqlite,
            limit: None,
        })
    }

    /// Which SQL is spoken there.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The same database, which is not made when it is a file that is not there.
    #[must_use]
    pub fn existing(mut self) -> Self {
        if self.dialect == Dialect::Sqlite {
            self.url.set_query(Some("mode=rw"));
        }
        self
    }

    /// How many connections the address allows.
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

/// Kind, host and database: neither user nor password.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.dialect {
            Dialect::Sqlite => write!(formatter, "sqlite:{}", self.url.path()),
            Dialect::Postgres => write!(
                formatter,
                "postgres://{}{}{}",
                self.url.host_str().unwrap_or_default(),
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
    fn what_is_no_address_is_refused_without_being_repeated() {
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
            AddressError::InMemory
        );
        assert_eq!(
            DatabaseUrl::parse("sqlite:a.db?mode=ro").expect_err("options"),
            AddressError::SqliteOptions
        );
        let schema = DatabaseUrl::parse("postgres://h/d?schema=a%22b").expect_err("a quote");
        assert!(schema.to_string().contains("schema"), "{schema}");
    }

    #[test]
    fn an_address_as_prisma_writes_it_is_understood() {
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
