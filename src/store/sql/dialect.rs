//! The few words in which the two databases differ, filled into one text for each statement.

use std::sync::OnceLock;

/// Which SQL is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Postgres,
    Sqlite,
}

/// One statement. Values are never written into it: they are bound to `$1`, `$2` and so on. What stands in braces is
/// said by [`Dialect::word`].
pub(super) struct Statement {
    text: &'static str,
    postgres: OnceLock<String>,
    sqlite: OnceLock<String>,
}

impl Statement {
    pub(super) const fn new(text: &'static str) -> Self {
        Self {
            text,
            postgres: OnceLock::new(),
            sqlite: OnceLock::new(),
        }
    }

    /// The text that a database understands.
    pub(super) fn on(&'static self, dialect: Dialect) -> &'static str {
        let filled = match dialect {
            Dialect::Postgres => &self.postgres,
            Dialect::Sqlite => &self.sqlite,
        };
        filled.get_or_init(|| dialect.fill(self.text))
    }
}

impl Dialect {
    /// What opens a transaction that will write.
    pub(super) fn begin(self) -> &'static str {
        match self {
            Self::Postgres => "BEGIN",
            // A transaction that reads first and writes later would meet another writer half-way.
            Self::Sqlite => "BEGIN IMMEDIATE",
        }
    }

    fn fill(self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len() * 2);
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (token, next) = after.split_once('}').expect("a brace is closed");
            filled.push_str(before);
            filled.push_str(&self.word(token));
            rest = next;
        }
        filled.push_str(rest);
        filled
    }

    /// What a token says: a name, or a name and what it is about.
    fn word(self, token: &str) -> String {
        let (name, about) = token.split_once(':').unwrap_or((token, ""));
        match self {
            Self::Postgres => match name {
                // The clock, not the transaction's beginning: who waited for a row must not see an old lease as running.
                "now" => "CAST(clock_timestamp() AT TIME ZONE 'UTC' AS timestamp(3))".to_owned(),
                "now_millis" => {
                    "CAST(round(extract(epoch FROM clock_timestamp()) * 1000) AS bigint)".to_owned()
                }
                "after" => format!(
                    "CAST(clock_timestamp() AT TIME ZONE 'UTC' + {about} * interval '1 millisecond' AS timestamp(3))"
                ),
                "at" => format!(
                    "CAST(timestamp 'epoch' + {about} * interval '1 millisecond' AS timestamp(3))"
                ),
                "millis" => format!("CAST(round(extract(epoch FROM {about}) * 1000) AS bigint)"),
                "json" => format!("CAST({about} AS jsonb)"),
                "list" => {
                    format!("ARRAY(SELECT jsonb_array_elements_text(CAST({about} AS jsonb)))")
                }
                "list_text" => format!("CAST(array_to_json({about}) AS text)"),
                "truth" => format!("({about} <> 0)"),
                "no" => "false".to_owned(),
                "path" => {
                    let (column, path) = about.split_once('|').expect("a column and a path");
                    format!("({column} #>> '{{{path}}}')")
                }
                "lock" => format!("FOR UPDATE OF {about}"),
                "skip_locked" => format!("FOR UPDATE OF {about} SKIP LOCKED"),
                "run" => format!("CAST({about} AS \"BootstrapRunStatus\")"),
                "job" => format!("CAST({about} AS \"ClaudeJobStatus\")"),
                "selection" => format!("CAST({about} AS \"BootstrapSelectionType\")"),
                "action" => format!("CAST({about} AS \"BootstrapActionKind\")"),
                "risk" => format!("CAST({about} AS \"RiskLevel\")"),
                _ => unreachable!("`{token}` is no token"),
            },
            Self::Sqlite => match name {
                "now" | "now_millis" => {
                    "CAST(round(unixepoch('subsec') * 1000) AS INTEGER)".to_owned()
                }
                "after" => {
                    format!("(CAST(round(unixepoch('subsec') * 1000) AS INTEGER) + {about})")
                }
                "path" => {
                    let (column, path) = about.split_once('|').expect("a column and a path");
                    format!("json_extract({column}, '$.{}')", path.replace(',', "."))
                }
                "lock" | "skip_locked" => String::new(),
                "no" => "0".to_owned(),
                "at" | "millis" | "json" | "list" | "list_text" | "truth" | "run" | "job"
                | "selection" | "action" | "risk" => about.to_owned(),
                _ => unreachable!("`{token}` is no token"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_says_the_same_to_both_databases() {
        static STATEMENT: Statement = Statement::new(
            "SELECT {path:r.plan|inputs,owner} FROM r WHERE status = {run:$1} AND at <= {now} {lock:r}",
        );
        assert_eq!(
            STATEMENT.on(Dialect::Postgres),
            "SELECT (r.plan #>> '{inputs,owner}') FROM r WHERE status = CAST($1 AS \"BootstrapRunStatus\") AND at <= \
             CAST(clock_timestamp() AT TIME ZONE 'UTC' AS timestamp(3)) FOR UPDATE OF r"
        );
        assert_eq!(
            STATEMENT.on(Dialect::Sqlite),
            "SELECT json_extract(r.plan, '$.inputs.owner') FROM r WHERE status = $1 AND at <= \
             CAST(round(unixepoch('subsec') * 1000) AS INTEGER) "
        );
    }
}
