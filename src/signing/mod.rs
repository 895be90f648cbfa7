//! Signatures by OpenSSH keys: of commits in git's format, and of statements about them in DSSE envelopes.
//!
//! ```text
//! commit    gpgsig: SSH signature, namespace `git`, over the commit without this header
//! envelope  SSH signature, namespace `groundplan`, over `DSSEv1 <length> <type> <length> <statement>`
//! ```
//!
//! Formats: <https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig>,
//! <https://github.com/secure-systems-lab/dsse/blob/master/envelope.md>,
//! <https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md>

pub mod allowed_signers;
pub mod attestation;
pub mod check;
pub mod envelope;
pub mod key;
pub mod statement;

use ssh_key::{Algorithm, EcdsaCurve};

/// True for the types of keys that sign here, and whose signatures are checked. All of them sign deterministically.
fn is_supported(algorithm: &Algorithm) -> bool {
    let p256 = Algorithm::Ecdsa {
        curve: EcdsaCurve::NistP256,
    };
    *algorithm == Algorithm::Ed25519 || *algorithm == p256
}

/// The namespace of a signature: it keeps a signature for one purpose from counting for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Namespace {
    /// A commit.
    Git,
    /// A statement.
    Groundplan,
}

impl Namespace {
    /// The name in the signature.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Git => "git",
            Self::Groundplan => "groundplan",
        }
    }
}
