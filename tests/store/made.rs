//! Ledgers of runs that came so far.

use crate::support::jobs::accepted;
use groundplan::forge::marker::Marker;
use groundplan::forge::repository::{RepoPath, RepositoryId};
use groundplan::model::input::{Owner, RepoName};
use groundplan::model::preflight::OwnerKind;
use groundplan::publish::ledger::{
    CreatedRepo, LedgerEntry, PublishRequest, PublishStep, StepOutcome,
};

pub(crate) fn begun() -> LedgerEntry {
    let (_, report) = accepted();
    LedgerEntry::Started {
        request: PublishRequest {
            repo: RepoPath {
                owner: Owner::parse("acme").unwrap(),
                name: RepoName::parse("acme-web").unwrap(),
            },
            owner_kind: OwnerKind::Organisation,
            marker: Marker::parse(crate::forge::support::MARKER).unwrap(),
            commit: report.commit_id.unwrap(),
            tree: report.tree_id.unwrap(),
            description: "Acme Web".to_owned(),
            settings: Box::default(),
            requested_at: 1_795_000_000,
        },
    }
}

pub(crate) fn intended(step: PublishStep, nonce: u64) -> LedgerEntry {
    LedgerEntry::Intended {
        step,
        nonce,
        at: 1_795_000_000,
    }
}

pub(crate) fn ended(nonce: u64, outcome: StepOutcome) -> LedgerEntry {
    LedgerEntry::Finished {
        nonce,
        at: 1_795_000_001,
        outcome,
    }
}

pub(crate) fn made() -> StepOutcome {
    StepOutcome::Created {
        repo: CreatedRepo {
            id: RepositoryId(42),
            full_name: "Acme/acme-web".to_owned(),
            created_at: 1_795_000_000,
        },
    }
}

/// A repository was asked for, and nobody knows whether it is there. The nonce is the largest that there is.
pub(crate) fn unknown_creation() -> [LedgerEntry; 3] {
    let message = "the line went dead".to_owned();
    [
        begun(),
        intended(PublishStep::Create, u64::MAX),
        ended(u64::MAX, StepOutcome::Unknown { message }),
    ]
}
