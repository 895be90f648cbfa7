//! DSSE envelopes: a statement with its signature.

use super::Namespace;
use super::key::SigningKey;
use super::statement::ProvenanceStatement;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A statement and its signature, as the text of a git note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    pub statement: ProvenanceStatement,
    /// The signature in the text form of `ssh-keygen -Y sign`.
    pub signature: String,
    /// The fingerprint of the key that the envelope names; the signature itself contains the key.
    pub key: String,
}

/// The fields of an envelope.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EnvelopeJson {
    payload_type: String,
    payload: String,
    signatures: Vec<SignatureJson>,
}

/// The fields of a signature.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignatureJson {
    keyid: String,
    sig: String,
}

/// A text that is no envelope of this program.
#[derive(Debug, Error)]
pub enum EnvelopeError {
    #[error("it is no envelope of a statement")]
    Json(#[from] serde_json::Error),
    #[error("its type is `{}`", found.escape_debug())]
    Type { found: String },
    #[error("it has {found} signatures instead of one")]
    Signatures { found: usize },
    #[error("its `{field}` is no base64 text")]
    Base64 { field: &'static str },
    #[error("it is not written as groundplan writes it")]
    Form,
}

impl Envelope {
    /// The type of the payload.
    pub const PAYLOAD_TYPE: &'static str = "application/vnd.in-toto+json";

    /// Signs a statement.
    pub fn sign(statement: ProvenanceStatement, key: &SigningKey) -> Result<Self, ssh_key::Error> {
        let message = signed_bytes(&statement.to_bytes());
        Ok(Self {
            statement,
            signature: key.sign(Namespace::Groundplan, &message)?,
            key: key.fingerprint(),
        })
    }

    /// The bytes that the signature covers: the pre-authentication encoding of DSSE.
    pub fn signed_bytes(&self) -> Vec<u8> {
        signed_bytes(&self.statement.to_bytes())
    }

    /// The text: one line of JSON.
    pub fn to_text(&self) -> String {
        let json = EnvelopeJson {
            payload_type: Self::PAYLOAD_TYPE.to_owned(),
            payload: STANDARD.encode(self.statement.to_bytes()),
            signatures: vec![SignatureJson {
                keyid: self.key.clone(),
                sig: STANDARD.encode(&self.signature),
            }],
        };
        let mut text = serde_json::to_string(&json).expect("an envelope has text fields only");
        text.push('\n');
        text
    }

    /// Parses the text. Only the exact text of [`Self::to_text`] is accepted, so that no byte can change unnoticed.
    pub fn parse(text: &[u8]) -> Result<Self, EnvelopeError> {
        let json: EnvelopeJson = serde_json::from_slice(text)?;
        if json.payload_type != Self::PAYLOAD_TYPE {
            return Err(EnvelopeError::Type {
                found: json.payload_type,
            });
        }
        let [signature] = <[SignatureJson; 1]>::try_from(json.signatures)
            .map_err(|all| EnvelopeError::Signatures { found: all.len() })?;
        let payload = decode("payload", &json.payload)?;
        let signed = decode("sig", &signature.sig)?;
        let envelope = Self {
            statement: serde_json::from_slice(&payload)?,
            signature: String::from_utf8(signed).map_err(|_| EnvelopeError::Form)?,
            key: signature.keyid,
        };
        if envelope.to_text().as_bytes() == text {
            Ok(envelope)
        } else {
            Err(EnvelopeError::Form)
        }
    }
}

fn decode(field: &'static str, text: &str) -> Result<Vec<u8>, EnvelopeError> {
    let decoded = STANDARD.decode(text);
    decoded.map_err(|_| EnvelopeError::Base64 { field })
}

fn signed_bytes(payload: &[u8]) -> Vec<u8> {
    let kind = Envelope::PAYLOAD_TYPE;
    let mut bytes = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}
