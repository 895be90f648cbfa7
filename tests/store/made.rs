//! Ledgers of runs that came so far.

use crate::support::jobs::accepted;
use groundplan::forge::account::OwnerKind;
use groundplan::forge::ownership::Marker;
use groundplan::forge::repository::{Place, RepositoryId};
use groundplan::model::input::{Owner, RepoName};
use groundplan::publish::ledger::{Entry, Made, Order, Outcome, Step};

pub(crate) fn begun() -> Entry {
    let (_, report) = accepted();
    Entry::Begun {
        order: Order {
            place: Place {
                owner: Owner::parse("acme").unwrap(),
                name: RepoName::parse("acme-web").unwrap(),
            },
            kind: OwnerKind::Organisation,
            marker: Marker::parse(crate::forge::support::MARKER).unwrap(),
            commit: report.commit_id.unwrap(),
            tree: report.tree_id.unwrap(),
            description: "Acme Web".to_owned(),
            asked_at: 1_795_000_000,
        },
    }
}

pub(crate) fn intended(step: Step, nonce: u64) -> Entry {
    Entry::Intended {
        step,
        nonce,
        at: 1_795_000_000,
    }
}

pub(crate) fn ended(nonce: u64, outcome: Outcome) -> Entry {
    Entry::Ended {
        nonce,
        at: 1_795_000_001,
        outcome,
    }
}

pub(crate) fn made() -> Outcome {
    Outcome::Made {
        made: Made {
            id: RepositoryId(42),
            full_name: "Acme/acme-web".to_owned(),
            created_at: 1_795_000_000,
        },
    }
}

/// A repository was asked for, and nobody knows whether it is there. The nonce is the largest that there is.
pub(crate) fn unknown_creation() -> [Entry; 3] {
    let message = "the line went dead".to_owned();
    [
        begun(),
        intended(Step::Create, u64::MAX),
        ended(u64::MAX, Outcome::Unknown { message }),
    ]
}
