//! The statement about a created commit: an in-toto statement with the sources of the plan that made it.

use crate::model::canonical;
use crate::model::digest::{Digest, GitId};
use crate::model::plan::{Plan, TemplatePin};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An in-toto statement, version 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProvenanceStatement {
    #[serde(rename = "_type")]
    #[schemars(extend("const" = ProvenanceStatement::TYPE))]
    pub statement_type: String,
    /// The one commit that the statement is about.
    #[schemars(length(equal = 1))]
    pub subject: Vec<StatementSubject>,
    #[serde(rename = "predicateType")]
    #[schemars(extend("const" = ProvenanceStatement::PREDICATE))]
    pub predicate_type: String,
    pub predicate: Predicate,
}

/// A commit in a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementSubject {
    /// `owner/name` of the repository in the plan.
    pub name: String,
    pub digest: StatementDigest,
}

/// The ids of the commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StatementDigest {
    pub git_commit: GitId,
    pub git_tree: GitId,
}

/// The origin of the commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Predicate {
    /// Name and version of the program.
    pub generator: String,
    pub template: TemplatePin,
    pub catalog: StatedCatalog,
    /// The hash of the recipe.
    pub recipe: Digest,
    /// The hash of the whole plan.
    pub plan: Digest,
    pub tree: GitId,
    pub commit: GitId,
    /// The author of the commit, or the user whose run created it.
    pub actor: String,
    /// The id of the run; none for a commit that a command created.
    pub run: Option<String>,
}

/// A version of a catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatedCatalog {
    pub name: String,
    pub version: Digest,
}

/// The person or run that creates a commit.
#[derive(Clone, Debug)]
pub struct Creator {
    pub actor: String,
    pub run: Option<String>,
}

impl ProvenanceStatement {
    /// The type of in-toto statements.
    pub const TYPE: &'static str = "https://in-toto.io/Statement/v1";
    /// The type of the predicate.
    pub const PREDICATE: &'static str = "urn:groundplan:provenance:v1";

    /// The statement about a commit of a plan.
    pub fn about(
        plan: &Plan,
        recipe: &Digest,
        creator: &Creator,
        tree: &GitId,
        commit: &GitId,
    ) -> Self {
        Self {
            statement_type: Self::TYPE.to_owned(),
            subject: vec![StatementSubject {
                name: format!("{}/{}", plan.inputs.owner, plan.inputs.repo),
                digest: StatementDigest {
                    git_commit: commit.clone(),
                    git_tree: tree.clone(),
                },
            }],
            predicate_type: Self::PREDICATE.to_owned(),
            predicate: Predicate {
                generator: plan.generator.clone(),
                template: plan.template.clone(),
                catalog: StatedCatalog {
                    name: plan.catalog.to_string(),
                    version: plan.catalog_version.clone(),
                },
                recipe: recipe.clone(),
                plan: plan.hash(recipe),
                tree: tree.clone(),
                commit: commit.clone(),
                actor: creator.actor.clone(),
                run: creator.run.clone(),
            },
        }
    }

    /// The canonical JSON (RFC 8785) that is signed.
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical::to_vec(self)
    }

    /// The creator that the statement names.
    pub fn creator(&self) -> Creator {
        Creator {
            actor: self.predicate.actor.clone(),
            run: self.predicate.run.clone(),
        }
    }
}
