//! The signature of a commit of a plan, and the signed statement about it.

use super::Namespace;
use super::envelope::Envelope;
use super::key::SigningKey;
use super::statement::{Creator, ProvenanceStatement};
use crate::model::digest::{Digest, GitId};
use crate::model::plan::Plan;
use crate::tree::signed::{CommitAttester, CommitSigner, SignError};

/// Signs a commit of a plan, and the statement about it.
pub struct Attestation<'a> {
    pub key: &'a SigningKey,
    pub plan: &'a Plan,
    pub recipe_hash: &'a Digest,
    pub creator: Creator,
}

impl CommitSigner for SigningKey {
    fn sign_commit(&self, commit: &[u8]) -> Result<String, SignError> {
        let signature = self.sign(Namespace::Git, commit);
        signature.map_err(|error| SignError(error.into()))
    }
}

impl CommitSigner for Attestation<'_> {
    fn sign_commit(&self, commit: &[u8]) -> Result<String, SignError> {
        self.key.sign_commit(commit)
    }
}

impl CommitAttester for Attestation<'_> {
    fn note(&self, tree: &GitId, commit: &GitId) -> Result<String, SignError> {
        let statement =
            ProvenanceStatement::about(self.plan, self.recipe_hash, &self.creator, tree, commit);
        let envelope = Envelope::sign(statement, self.key);
        Ok(envelope.map_err(|error| SignError(error.into()))?.to_text())
    }
}
