//! The tables, one file each: every statement that reads or writes the table, with the function that binds its values.

pub(super) mod administrators;
pub(super) mod answers;
pub(super) mod api_tokens;
pub(super) mod catalog_drafts;
pub(super) mod catalog_rows;
pub(super) mod catalog_versions;
pub(super) mod catalogs;
pub(super) mod claims;
pub(super) mod effects;
pub(super) mod events;
pub(super) mod ideas;
pub(super) mod job_list;
pub(super) mod jobs;
pub(super) mod products;
pub(super) mod run_row;
pub(super) mod runs;
pub(super) mod sessions;
pub(super) mod stored_previews;
pub(super) mod tiers;
pub(super) mod updates;
pub(super) mod users;
pub(super) mod workers;

use super::dialect::Statement;
use crate::store::error::StoreError;
use serde::Serialize;

/// Every statement of the tables.
pub(super) fn statements() -> impl Iterator<Item = &'static Statement> {
    [
        administrators::STATEMENTS,
        answers::STATEMENTS,
        api_tokens::STATEMENTS,
        catalog_drafts::STATEMENTS,
        catalog_rows::STATEMENTS,
        catalog_versions::STATEMENTS,
        catalogs::STATEMENTS,
        claims::STATEMENTS,
        effects::STATEMENTS,
        events::STATEMENTS,
        job_list::STATEMENTS,
        jobs::STATEMENTS,
        products::STATEMENTS,
        runs::STATEMENTS,
        sessions::STATEMENTS,
        stored_previews::STATEMENTS,
        tiers::STATEMENTS,
        updates::STATEMENTS,
        users::STATEMENTS,
        workers::STATEMENTS,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// A document as JSON text. Not in canonical form, which changes integers above 2^53; nonces are such integers.
///
/// # Errors
/// [`StoreError::Unstorable`] for a document that contains the character NUL, which Postgres does not store.
fn json_text<T: Serialize>(what: &'static str, document: &T) -> Result<String, StoreError> {
    let text = serde_json::to_string(document).map_err(|error| StoreError::Unstorable {
        what,
        source: error.into(),
    })?;
    check_storable(what, &text)?;
    Ok(text)
}

/// Fails for a JSON text that contains the character NUL.
fn check_storable(what: &'static str, text: &str) -> Result<(), StoreError> {
    // The escape of a NUL, unless its backslash is itself escaped.
    let contains_nul = text.match_indices("\\u0000").any(|(at, _)| {
        let backslashes = text[..at]
            .bytes()
            .rev()
            .take_while(|byte| *byte == b'\\')
            .count();
        backslashes % 2 == 0
    });
    if contains_nul {
        let source = "it contains the character NUL; add such a file with COPY_FILE".into();
        return Err(StoreError::Unstorable { what, source });
    }
    Ok(())
}
