//! The marker by which a run recognises the repository it created.

use crate::base::pattern::pattern;
use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

/// A random value that one run writes into the description of the repository it creates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Marker(String);

/// A text that is not a marker.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("a run's marker has 32 lower-case hexadecimal digits")]
pub struct MarkerError;

const BYTES: usize = 16;

impl Marker {
    /// Generates a marker from 16 random bytes.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(hex::encode(bytes)))
    }

    /// Parses a marker from a ledger.
    pub fn parse(text: &str) -> Result<Self, MarkerError> {
        if pattern!("^[0-9a-f]{32}$").is_match(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(MarkerError)
        }
    }

    /// The description of a repository until it is published.
    pub fn description(&self) -> String {
        format!("groundplan is making this repository (run {})", self.0)
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for Marker {
    type Error = MarkerError;

    fn try_from(text: String) -> Result<Self, MarkerError> {
        Self::parse(&text)
    }
}

impl From<Marker> for String {
    fn from(marker: Marker) -> Self {
        marker.0
    }
}
