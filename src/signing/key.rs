//! Private keys of OpenSSH that sign.

use super::Namespace;
use ssh_key::{HashAlg, LineEnding, PrivateKey};
use std::fmt;
use thiserror::Error;
use zeroize::Zeroizing;

/// An unencrypted private key, wiped on drop. Its `Debug` contains no part of it.
pub struct SigningKey(PrivateKey);

/// The reasons to refuse a key. None contains the key.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SigningKeyError {
    #[error("it is a public key")]
    Public,
    #[error("it is no private key of OpenSSH")]
    Format,
    #[error("it is encrypted with a passphrase")]
    Encrypted,
    #[error("keys of type `{algorithm}` cannot sign here")]
    Algorithm { algorithm: String },
}

impl SigningKey {
    /// The variable with the key itself.
    pub const VARIABLE: &'static str = "GROUNDPLAN_SIGNING_KEY";
    /// The largest key file, in bytes.
    pub const MAX: usize = 16 * 1024;

    /// Parses a private key as `ssh-keygen` writes it.
    pub fn parse(bytes: &[u8]) -> Result<Self, SigningKeyError> {
        let text = std::str::from_utf8(bytes).map_err(|_| SigningKeyError::Format)?;
        // A key in a variable often lost the line end behind its last line, and may have got others in front.
        let text = Zeroizing::new(format!("{}\n", text.trim().replace("\r\n", "\n")));
        if text.len() > Self::MAX {
            return Err(SigningKeyError::Format);
        }
        if ssh_key::PublicKey::from_openssh(&text).is_ok() {
            return Err(SigningKeyError::Public);
        }
        let key = PrivateKey::from_openssh(&*text).map_err(|_| SigningKeyError::Format)?;
        if key.is_encrypted() {
            return Err(SigningKeyError::Encrypted);
        }
        let key = Self(key);
        if !super::is_supported(&key.0.algorithm()) {
            return Err(SigningKeyError::Algorithm {
                algorithm: key.algorithm(),
            });
        }
        // A damaged key, whose private and public parts differ, cannot sign.
        match key.sign(Namespace::Groundplan, b"") {
            Ok(_) => Ok(key),
            Err(_) => Err(SigningKeyError::Format),
        }
    }

    /// The type of the key, such as `ssh-ed25519`.
    pub fn algorithm(&self) -> String {
        self.0.algorithm().as_str().to_owned()
    }

    /// The fingerprint of the public key, `SHA256:…`.
    pub fn fingerprint(&self) -> String {
        self.0.fingerprint(HashAlg::Sha256).to_string()
    }

    /// The signature of a message in the text form of `ssh-keygen -Y sign`. The same key and message give the same
    /// signature.
    pub(super) fn sign(
        &self,
        namespace: Namespace,
        message: &[u8],
    ) -> Result<String, ssh_key::Error> {
        self.0
            .sign(namespace.as_str(), HashAlg::Sha512, message)?
            .to_pem(LineEnding::LF)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SigningKey(…)")
    }
}

impl SigningKeyError {
    /// The next step for a person.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Public => "name the private key: the file without `.pub`",
            Self::Format => {
                "create a key with `ssh-keygen -t ed25519 -N '' -f FILE`, or convert another format with `ssh-keygen -p -f FILE`"
            }
            Self::Encrypted => {
                "use a separate key for signing, without a passphrase, in a file that only this user can read: `ssh-keygen -t ed25519 -N '' -f FILE`"
            }
            Self::Algorithm { .. } => {
                "use Ed25519 or ECDSA with the curve P-256: `ssh-keygen -t ed25519 -N '' -f FILE`"
            }
        }
    }
}
