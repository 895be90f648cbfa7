//! Rows of a list, each read on its own: a damaged row is reported with its id and hides no other.

use super::error::StoreError;
use crate::error::chain;
use schemars::JsonSchema;
use serde::Serialize;

/// One row of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Listed<T> {
    Readable(T),
    Unreadable(UnreadableRow),
}

/// A row that no version of this program wrote, or that was damaged later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UnreadableRow {
    /// The key of the row, as far as it can be read.
    pub id: String,
    /// The reason, in one line.
    pub unreadable: String,
}

impl<T> Listed<T> {
    /// The row that was read from `id`.
    ///
    /// # Errors
    /// An error that concerns more than this row.
    pub(super) fn of(id: &str, row: Result<T, StoreError>) -> Result<Self, StoreError> {
        match row {
            Ok(value) => Ok(Self::Readable(value)),
            Err(error) if error.concerns_row() => {
                Ok(Self::Unreadable(UnreadableRow::new(id, &error)))
            }
            Err(error) => Err(error),
        }
    }

    /// The value; `None` for an unreadable row.
    pub fn readable(self) -> Option<T> {
        match self {
            Self::Readable(value) => Some(value),
            Self::Unreadable(_) => None,
        }
    }

    /// The value, for a caller that asked for this row alone.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    pub fn into_result(self, what: &str) -> Result<T, StoreError> {
        match self {
            Self::Readable(value) => Ok(value),
            Self::Unreadable(row) => Err(StoreError::damaged(
                format!("{what} {}", row.id),
                row.unreadable,
            )),
        }
    }
}

impl UnreadableRow {
    pub(super) fn new(id: &str, error: &StoreError) -> Self {
        Self {
            id: id.to_owned(),
            unreadable: chain(error),
        }
    }
}
