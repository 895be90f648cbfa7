//! SQL that both databases read: one text for each statement, and the seven words in which the databases differ.
//!
//! | word | Postgres | SQLite |
//! |---|---|---|
//! | `{now}` | the clock in UTC, to the millisecond | milliseconds since 1970 |
//! | `{after:$1}` | that clock plus `$1` milliseconds | the same sum |
//! | `{at:$1}` | the timestamp `$1` milliseconds after 1970 | `$1` |
//! | `{millis:column}` | a timestamp as milliseconds since 1970; null for an infinite one | `column` |
//! | `{json:column -> 'key'}` | the path in a document | the same; null for a text that is no document |
//! | `{key:column}` | true for a key that our rows can have | the same |
//! | `{cast:$1 AS "RiskLevel"}` | `CAST($1 AS "RiskLevel")` | `$1` |

use std::sync::OnceLock;

/// The SQL of one of the two databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Postgres,
    Sqlite,
}

/// One statement. Values are bound to `$1`, `$2` and so on, never written into the text.
pub(super) struct Statement {
    postgres: Text,
    sqlite: Text,
}

/// A text in parts, and its translation once it was needed.
struct Text {
    parts: &'static [&'static str],
    translated: OnceLock<String>,
}

/// Declares the statements of a file, and `STATEMENTS`: the list that [`super::Database::check_statements`] prepares.
/// A statement whose shape differs between the databases has a second text after `or_sqlite`.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $text:tt $(or_sqlite $sqlite:tt)?;)+) => {
        $($(#[$doc])* static $name: Statement = Statement::new(&$text, statements!(@last $text $($sqlite)?));)+

        /// The statements of this file.
        pub(in crate::store::sql) static STATEMENTS: &[&Statement] = &[$(&$name),+];
    };
    (@last $text:tt) => { &$text };
    (@last $text:tt $sqlite:tt) => { &$sqlite };
}
pub(super) use statements;

impl Statement {
    /// A statement; each text is its parts one after the other.
    pub(super) const fn new(
        postgres: &'static [&'static str],
        sqlite: &'static [&'static str],
    ) -> Self {
        Self {
            postgres: Text {
                parts: postgres,
                translated: OnceLock::new(),
            },
            sqlite: Text {
                parts: sqlite,
                translated: OnceLock::new(),
            },
        }
    }

    /// The text for a database.
    pub(super) fn on(&'static self, dialect: Dialect) -> &'static str {
        let text = match dialect {
            Dialect::Postgres => &self.postgres,
            Dialect::Sqlite => &self.sqlite,
        };
        text.translated
            .get_or_init(|| dialect.translate(&text.parts.concat()))
    }
}

impl Dialect {
    /// The statement that begins a transaction that writes.
    pub(super) fn begin(self) -> &'static str {
        match self {
            Self::Postgres => "BEGIN",
            // A transaction that reads first and writes later fails when another one wrote in between.
            Self::Sqlite => "BEGIN IMMEDIATE",
        }
    }

    /// The current time. In Postgres the clock, not the beginning of the transaction: a transaction that waited for a row
    /// must not take an expired lease for a valid one.
    const fn now(self) -> &'static str {
        match self {
            Self::Postgres => "CAST(clock_timestamp() AT TIME ZONE 'UTC' AS timestamp(3))",
            Self::Sqlite => "CAST(round(unixepoch('subsec') * 1000) AS INTEGER)",
        }
    }

    /// A time in milliseconds since 1970, as the databases store it.
    pub(super) fn at(self, millis: i64) -> String {
        self.word("at", &millis.to_string())
    }

    fn translate(self, text: &str) -> String {
        let with_clock = text.replace("{now}", self.now());
        let mut translated = String::with_capacity(with_clock.len() * 2);
        let mut rest = with_clock.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let (word, next) = after.split_once('}').expect("a brace is closed");
            let (name, argument) = word.split_once(':').expect("a word has an argument");
            translated.push_str(before);
            translated.push_str(&self.word(name, argument));
            rest = next;
        }
        translated + rest
    }

    fn word(self, name: &str, argument: &str) -> String {
        match (self, name) {
            (Self::Postgres, "after") => {
                format!(
                    "CAST({} + {argument} * interval '1 millisecond' AS timestamp(3))",
                    self.now()
                )
            }
            (Self::Postgres, "at") => {
                format!(
                    "CAST(timestamp 'epoch' + {argument} * interval '1 millisecond' AS timestamp(3))"
                )
            }
            (Self::Postgres, "millis") => {
                format!(
                    "CASE WHEN isfinite({argument}) \
                     THEN CAST(round(extract(epoch FROM {argument}) * 1000) AS bigint) END"
                )
            }
            (Self::Postgres, "cast") => format!("CAST({argument})"),
            (Self::Sqlite, "after") => format!("({} + {argument})", self.now()),
            (Self::Sqlite, "at" | "millis") | (Self::Postgres, "json") => argument.to_owned(),
            (Self::Postgres, "key") => {
                format!("(length({argument}) BETWEEN 1 AND 128 AND {argument} !~ '[^A-Za-z0-9_-]')")
            }
            (Self::Sqlite, "key") => format!(
                "(typeof({argument}) = 'text' AND length({argument}) BETWEEN 1 AND 128 \
                 AND {argument} NOT GLOB '*[^A-Za-z0-9_-]*')"
            ),
            (Self::Sqlite, "json") => {
                let (column, _) = argument.split_once(" -").expect("a column and its path");
                format!("CASE WHEN json_valid({column}) THEN {argument} END")
            }
            (Self::Sqlite, "cast") => {
                let (value, _) = argument.split_once(" AS ").expect("a value and its type");
                value.to_owned()
            }
            _ => unreachable!("`{name}` is not a word of the table above"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_translated_for_each_database() {
        static STATEMENT: Statement = {
            let text: &[&str] = &[
                "SELECT {millis:r.started_at} FROM r ",
                "WHERE status = {cast:$1 AS \"BootstrapRunStatus\"} AND at <= {now}",
            ];
            Statement::new(text, text)
        };
        assert_eq!(
            STATEMENT.on(Dialect::Postgres),
            "SELECT CASE WHEN isfinite(r.started_at) \
             THEN CAST(round(extract(epoch FROM r.started_at) * 1000) AS bigint) END FROM r \
             WHERE status = CAST($1 AS \"BootstrapRunStatus\") AND at <= \
             CAST(clock_timestamp() AT TIME ZONE 'UTC' AS timestamp(3))"
        );
        assert_eq!(
            STATEMENT.on(Dialect::Sqlite),
            "SELECT r.started_at FROM r WHERE status = $1 AND at <= \
             CAST(round(unixepoch('subsec') * 1000) AS INTEGER)"
        );
    }
}
