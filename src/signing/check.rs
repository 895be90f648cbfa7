//! Checks of signatures against the allowed signers.

use super::Namespace;
use super::allowed_signers::AllowedSigners;
use super::envelope::{Envelope, EnvelopeError};
use super::statement::ProvenanceStatement;
use schemars::JsonSchema;
use serde::Serialize;
use ssh_key::{HashAlg, LineEnding, PublicKey, SshSig};
use thiserror::Error;

/// The signer of a valid signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Signer {
    /// The principals of the key in the file of allowed signers.
    pub principals: String,
    /// The type of the key, such as `ssh-ed25519`.
    pub algorithm: String,
    /// The fingerprint of the public key, `SHA256:…`.
    pub fingerprint: String,
}

/// The reasons that a signature does not count.
#[derive(Debug, Error)]
pub enum SignatureProblem {
    #[error("it is no SSH signature")]
    Format(#[source] ssh_key::Error),
    #[error("it is a signature for `{}` instead of `{expected}`", found.escape_debug())]
    Namespace {
        found: String,
        expected: &'static str,
    },
    #[error("the key {fingerprint} is not an allowed signer for `{namespace}`")]
    NotAllowed {
        fingerprint: String,
        namespace: &'static str,
    },
    #[error("keys of type `{algorithm}` cannot be checked here")]
    Algorithm { algorithm: String },
    #[error("the signature does not match: something was changed after it was signed")]
    Wrong,
}

/// The reasons that a note does not attest a commit.
#[derive(Debug, Error)]
pub enum StatementProblem {
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    #[error(transparent)]
    Signature(#[from] SignatureProblem),
    #[error("the envelope names the key {named}, and {signed} signed it")]
    AnotherKey { named: String, signed: String },
    #[error("the statement differs from the repository in {}", fields.join(", "))]
    Differs { fields: Vec<&'static str> },
}

/// Checks a signature over a message, in the text form of `ssh-keygen -Y sign`.
pub fn signature(
    text: &str,
    namespace: Namespace,
    message: &[u8],
    allowed: &AllowedSigners,
) -> Result<Signer, SignatureProblem> {
    let signature = SshSig::from_pem(text).map_err(SignatureProblem::Format)?;
    let expected = namespace.as_str();
    if signature.namespace() != expected {
        return Err(SignatureProblem::Namespace {
            found: signature.namespace().to_owned(),
            expected,
        });
    }
    let key = PublicKey::from(signature.public_key().clone());
    let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
    let Some(principals) = allowed.principals(key.key_data(), namespace) else {
        return Err(SignatureProblem::NotAllowed {
            fingerprint,
            namespace: expected,
        });
    };
    let algorithm = key.algorithm().as_str().to_owned();
    if !super::is_supported(&key.algorithm()) {
        return Err(SignatureProblem::Algorithm { algorithm });
    }
    match key.verify(expected, message, &signature) {
        Ok(()) => Ok(Signer {
            principals: principals.to_owned(),
            algorithm,
            fingerprint,
        }),
        Err(_) => Err(SignatureProblem::Wrong),
    }
}

/// Checks the note of a commit: its signature, and that it states what `expected` gives for the creator that it names.
pub fn note(
    text: &[u8],
    expected: impl FnOnce(&ProvenanceStatement) -> ProvenanceStatement,
    allowed: &AllowedSigners,
) -> Result<(Signer, ProvenanceStatement), StatementProblem> {
    let envelope = Envelope::parse(text)?;
    let signer = signature(
        &envelope.signature,
        Namespace::Groundplan,
        &envelope.signed_bytes(),
        allowed,
    )?;
    // The same signature has more than one spelling, and a changed byte of a note must not pass.
    let canonical =
        SshSig::from_pem(&envelope.signature).and_then(|one| one.to_pem(LineEnding::LF));
    if canonical.ok().as_ref() != Some(&envelope.signature) {
        return Err(EnvelopeError::Form.into());
    }
    if envelope.key != signer.fingerprint {
        return Err(StatementProblem::AnotherKey {
            named: envelope.key,
            signed: signer.fingerprint,
        });
    }
    let statement = envelope.statement;
    let fields = differences(&statement, &expected(&statement));
    if fields.is_empty() {
        Ok((signer, statement))
    } else {
        Err(StatementProblem::Differs { fields })
    }
}

/// The fields that two statements do not have alike.
fn differences(found: &ProvenanceStatement, expected: &ProvenanceStatement) -> Vec<&'static str> {
    let (one, other) = (&found.predicate, &expected.predicate);
    let fields = [
        ("type", found.statement_type == expected.statement_type),
        (
            "predicate type",
            found.predicate_type == expected.predicate_type,
        ),
        ("subject", found.subject == expected.subject),
        ("generator", one.generator == other.generator),
        ("template", one.template == other.template),
        ("catalogue", one.catalog == other.catalog),
        ("recipe", one.recipe == other.recipe),
        ("plan", one.plan == other.plan),
        ("tree", one.tree == other.tree),
        ("commit", one.commit == other.commit),
    ];
    let differ = fields.into_iter().filter(|(_, is_same)| !is_same);
    differ.map(|(name, _)| name).collect()
}
