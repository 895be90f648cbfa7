//! Verification: the commits of a generated repository compared with the plan that it records.

use super::error::AppError;
use super::generated_repos::{GeneratedRepo, RecordedPlan};
use super::generation_steps::{self, GenerationStep};
use crate::engine;
use crate::error;
use crate::model::digest::GitId;
use crate::model::provenance::Provenance;
use crate::model::report::{ChangeKind, Report};
use crate::signing::Namespace;
use crate::signing::allowed_signers::AllowedSigners;
use crate::signing::check::{self, Signer};
use crate::signing::statement::ProvenanceStatement;
use crate::tree::commits::FileIndex;
use crate::tree::ids;
use crate::tree::signed::{NOTES_REF, SignedPayload};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// The comparison of a repository with its plan.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// True if the first commit contains exactly the tree of the plan.
    pub exact: bool,
    /// True if author, date and message are those of the plan, too. A signature makes no difference.
    pub same_commit: bool,
    pub provenance: Provenance,
    /// The ids by the plan. None if the plan has findings with this program.
    pub expected: CommitIds,
    /// The ids of the first commit.
    pub found: CommitIds,
    /// The changes from the plan's result to the first commit.
    pub differences: Vec<PathChange>,
    /// The number of commits after the first.
    pub commits_since: usize,
    /// The changes from the first commit to the current one.
    pub changed_since: Vec<PathChange>,
    /// The first commit and each update.
    pub steps: Vec<GenerationStep>,
    /// The checks of signatures; none if no allowed signers are named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signatures: Option<SignatureChecks>,
}

/// The checks of the first commit's signature and of the signed statement about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignatureChecks {
    pub commit: SignatureCheck,
    /// The statement in the commit's note.
    pub statement: SignatureCheck,
    /// The statement itself, if its signature is valid.
    pub stated: Option<ProvenanceStatement>,
}

/// The check of one signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignatureCheck {
    /// The signer; none if the signature is missing or does not count.
    pub signer: Option<Signer>,
    /// The reason that it does not count.
    pub problem: Option<String>,
}

impl Verification {
    /// True if the first commit is that of the plan, and signed as required.
    pub fn is_valid(&self) -> bool {
        let signatures = self.signatures.as_ref();
        self.exact && signatures.is_none_or(SignatureChecks::are_valid)
    }
}

impl SignatureChecks {
    /// True if both signatures count.
    pub fn are_valid(&self) -> bool {
        self.commit.signer.is_some() && self.statement.signer.is_some()
    }
}

impl SignatureCheck {
    fn of(checked: Result<Signer, String>) -> Self {
        match checked {
            Ok(signer) => Self {
                signer: Some(signer),
                problem: None,
            },
            Err(problem) => Self {
                signer: None,
                problem: Some(problem),
            },
        }
    }
}

/// The ids of a commit and its tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommitIds {
    pub tree_id: Option<GitId>,
    pub commit_id: Option<GitId>,
}

/// A path that two trees do not have alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PathChange {
    pub path: String,
    pub change: ChangeKind,
}

/// Compares a repository with its recorded plan, and checks its signatures if there are allowed signers. Also returns the
/// report on the plan.
pub fn verify(
    repository: GeneratedRepo,
    recorded: &RecordedPlan,
    allowed: Option<&AllowedSigners>,
) -> Result<(Verification, Report), AppError> {
    let (report, tree) = engine::build(&recorded.plan, recorded.template.tree())?;
    let expected_files = ids::files(&tree)?;
    let steps = generation_steps::steps(&repository, recorded.plan.provenance_path.as_tree())?;
    let GeneratedRepo {
        commits,
        history,
        first,
        provenance,
        ..
    } = repository;
    let payload = commits.signed_payload(&history.first)?;
    let unsigned = Some(payload.id()?);
    let signatures = allowed.map(|allowed| {
        let expected = |statement: &ProvenanceStatement| {
            let creator = statement.creator();
            let (plan, recipe) = (&recorded.plan, &report.recipe_hash);
            ProvenanceStatement::about(plan, recipe, &creator, &first.tree, &history.first)
        };
        let note = commits.note(&history.first)?;
        Ok::<_, AppError>(check_signatures(
            &payload,
            note.as_deref(),
            expected,
            allowed,
        ))
    });
    let signatures = signatures.transpose()?;
    let first_files = commits.files(&history.first)?;
    let expected = CommitIds {
        tree_id: report.tree_id.clone(),
        commit_id: report.commit_id.clone(),
    };
    let found = CommitIds {
        tree_id: Some(first.tree),
        commit_id: Some(history.first),
    };
    let verification = Verification {
        exact: expected.tree_id == found.tree_id,
        same_commit: expected.commit_id == unsigned,
        provenance,
        expected,
        found,
        differences: changes(&expected_files, &first_files),
        commits_since: history.since,
        changed_since: changes(&first_files, &commits.files(&history.last)?),
        steps,
        signatures,
    };
    Ok((verification, report))
}

/// Checks the signature of a commit and the note about it.
fn check_signatures(
    payload: &SignedPayload,
    note: Option<&[u8]>,
    expected: impl FnOnce(&ProvenanceStatement) -> ProvenanceStatement,
    allowed: &AllowedSigners,
) -> SignatureChecks {
    let commit = match &payload.signature {
        Some(text) => check::signature(text, Namespace::Git, &payload.bytes, allowed)
            .map_err(|problem| error::chain(&problem)),
        None => Err("it has no signature".to_owned()),
    };
    let statement = match note {
        Some(text) => {
            check::note(text, expected, allowed).map_err(|problem| error::chain(&problem))
        }
        None => Err(format!("`{NOTES_REF}` has no note about it")),
    };
    let (statement, stated) = match statement {
        Ok((signer, stated)) => (Ok(signer), Some(stated)),
        Err(problem) => (Err(problem), None),
    };
    SignatureChecks {
        commit: SignatureCheck::of(commit),
        statement: SignatureCheck::of(statement),
        stated,
    }
}

/// The changes between two trees, by path.
pub(super) fn changes(from: &FileIndex, to: &FileIndex) -> Vec<PathChange> {
    let paths: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    let change = |path: &String| {
        Some(PathChange {
            path: path.clone(),
            change: ChangeKind::between(from.get(path), to.get(path))?,
        })
    };
    paths.into_iter().filter_map(change).collect()
}
