//! Limits of requests per minute, by kind and actor. Each server counts its own requests.

use super::problem::Problem;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// A kind of requests with a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rated {
    Preview,
    TokenTest,
    SignIn,
    PlanDocument,
}

/// The requests of the current minute.
#[derive(Debug, Default)]
pub struct Rates(Mutex<Minute>);

#[derive(Debug, Default)]
struct Minute {
    number: i64,
    counts: BTreeMap<(Rated, String), u32>,
}

impl Rated {
    fn per_minute(self) -> u32 {
        match self {
            Self::Preview => 60_000,
            Self::TokenTest => 10,
            Self::SignIn => 20,
            Self::PlanDocument => 60,
        }
    }
}

impl Rates {
    /// Counts a request at a time in milliseconds since 1970.
    pub(super) fn count(&self, kind: Rated, actor: &str, now: i64) -> Result<(), Problem> {
        let mut minute = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = now / 60_000;
        if minute.number != number {
            *minute = Minute {
                number,
                ..Minute::default()
            };
        }
        let count = minute.counts.entry((kind, actor.to_owned())).or_default();
        *count += 1;
        if *count > kind.per_minute() {
            return Err(Problem::too_many());
        }
        Ok(())
    }
}
