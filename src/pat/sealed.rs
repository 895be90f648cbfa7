//! Encrypted tokens: `v1:` and base64 of nonce, ciphertext and tag. AES-256-GCM, bound to the owner of the token.

use super::key::Key;
use crate::error::{Class, Explain, Hint};
use crate::secret::Secret;
use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{Aes256Gcm, KeyInit as _, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;
use zeroize::Zeroizing;

const VERSION: &str = "v1";
const NONCE: usize = 12;
const TAG: usize = 16;
/// The length of the longest sealed token.
const LONGEST: usize = VERSION.len() + 1 + (NONCE + Secret::MAX + TAG).div_ceil(3) * 4;

/// The owner of a token. A sealed token opens only with the same binding, so that rows cannot be swapped.
#[derive(Clone, Copy, Debug)]
pub struct Binding<'b> {
    /// The id of the user who owns the token.
    pub owner: &'b str,
    /// The host of the token's forge.
    pub host: &'b str,
}

/// Encryption without decryption.
#[derive(Debug)]
pub struct Sealer(Key);

/// Decryption with the current or the previous key.
#[derive(Debug)]
pub struct Opener {
    current: Key,
    previous: Option<Key>,
}

/// A decrypted token.
#[derive(Debug)]
pub struct Opened {
    pub secret: Secret,
    /// True if it was sealed with the previous key and should be sealed again.
    pub is_of_previous_key: bool,
}

/// The error for every sealed text that does not open. The reason would help an attacker.
#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "stored token cannot be decrypted: it was changed, belongs to another user, or was encrypted with another key"
)]
pub struct OpenError;

/// The system provides no random bytes. Nothing was sealed.
#[derive(Debug, Error)]
#[error("system provides no random bytes")]
pub struct SealError(#[from] getrandom::Error);

impl Explain for OpenError {
    fn class(&self) -> Class {
        Class::Credential
    }

    fn code(&self) -> &'static str {
        "token_sealed_unreadable"
    }

    fn hint(&self) -> Option<Hint> {
        Some("save the token again".into())
    }
}

impl Explain for SealError {
    fn class(&self) -> Class {
        Class::Environment
    }

    fn code(&self) -> &'static str {
        "random_unavailable"
    }
}

impl Sealer {
    /// A sealer with this key.
    pub fn new(key: Key) -> Self {
        Self(key)
    }

    /// Encrypts a token for its owner. Every call returns another text.
    pub fn seal(&self, secret: &Secret, binding: Binding<'_>) -> Result<String, SealError> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce)?;
        let payload = Payload {
            msg: secret.expose().as_bytes(),
            aad: &binding.bytes(),
        };
        let ciphertext = cipher(&self.0)
            .encrypt(&Nonce::from(nonce), payload)
            .expect("a secret is far shorter than AES-GCM's limit");
        let text = STANDARD.encode([nonce.as_slice(), &ciphertext].concat());
        Ok(format!("{VERSION}:{text}"))
    }
}

impl Opener {
    /// An opener with the current key and, during a rotation, the previous one.
    pub fn new(current: Key, previous: Option<Key>) -> Self {
        Self { current, previous }
    }

    /// Decrypts a token for its owner.
    pub fn open(&self, sealed: &str, binding: Binding<'_>) -> Result<Opened, OpenError> {
        let (version, text) = sealed.split_once(':').ok_or(OpenError)?;
        if version != VERSION || sealed.len() > LONGEST {
            return Err(OpenError);
        }
        let bytes = STANDARD.decode(text).map_err(|_| OpenError)?;
        let (nonce, ciphertext) = bytes.split_first_chunk::<NONCE>().ok_or(OpenError)?;
        let aad = binding.bytes();
        let open = |key: &Key| {
            let payload = Payload {
                msg: ciphertext,
                aad: &aad,
            };
            let decrypted = cipher(key).decrypt(&Nonce::from(*nonce), payload);
            let plain = Zeroizing::new(decrypted.ok()?);
            Secret::parse(std::str::from_utf8(&plain).ok()?.to_owned()).ok()
        };
        let keys = [(Some(&self.current), false), (self.previous.as_ref(), true)];
        keys.into_iter()
            .find_map(|(key, is_of_previous_key)| {
                let secret = open(key?)?;
                Some(Opened {
                    secret,
                    is_of_previous_key,
                })
            })
            .ok_or(OpenError)
    }
}

impl Binding<'_> {
    /// Each part with its length, so that two bindings never have the same bytes.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for part in [VERSION, self.owner, self.host] {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    }
}

fn cipher(key: &Key) -> Aes256Gcm {
    cipher_of(key.bytes())
}

fn cipher_of(key: &[u8; 32]) -> Aes256Gcm {
    Aes256Gcm::new(key.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINE: Binding<'_> = Binding {
        owner: "user-1",
        host: "github.com",
    };

    fn key(first: u8) -> Key {
        Key::parse(&STANDARD.encode((first..first + 32).collect::<Vec<u8>>())).expect("a key")
    }

    fn token() -> Secret {
        Secret::parse("ghp_canary01234567890".to_owned()).expect("a token")
    }

    fn sealed() -> String {
        Sealer::new(key(1))
            .seal(&token(), MINE)
            .expect("random bytes")
    }

    #[track_caller]
    fn refused(text: &str, binding: Binding<'_>) {
        let opener = Opener::new(key(1), None);
        assert_eq!(opener.open(text, binding).err(), Some(OpenError), "{text}");
    }

    #[test]
    fn a_sealed_token_opens_for_its_owner() {
        let opened = Opener::new(key(1), None)
            .open(&sealed(), MINE)
            .expect("it opens");
        assert_eq!(opened.secret.expose(), token().expose());
        assert!(!opened.is_of_previous_key);
    }

    /// AES-256-GCM with 96-bit nonces: test cases 13 to 16 of McGrew and Viega, "The Galois/Counter Mode of Operation
    /// (GCM)", submitted to NIST, appendix B.
    #[test]
    fn the_cipher_gives_the_published_vectors() {
        let zeros = "0".repeat(64);
        let key = "feffe9928665731c6d6a8f9467308308".repeat(2);
        let plain = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
                     1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255";
        let cipher_text = "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa\
                           8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad";
        let (zero_nonce, nonce) = ("0".repeat(24), "cafebabefacedbaddecaf888");
        let block = "0".repeat(32);
        let vectors = [
            (
                &*zeros,
                &*zero_nonce,
                "",
                "",
                "",
                "530f8afbc74536b9a963b4f1c4cb738b",
            ),
            (
                &zeros,
                &zero_nonce,
                "",
                &block,
                "cea7403d4d606b6e074ec5d3baf39d18",
                "d0d1c8a799996bf0265b98b5d48ab919",
            ),
            (
                &key,
                nonce,
                "",
                plain,
                cipher_text,
                "b094dac5d93471bdec1a502270e3cc6c",
            ),
            (
                &key,
                nonce,
                "feedfacedeadbeeffeedfacedeadbeefabaddad2",
                &plain[..120],
                &cipher_text[..120],
                "76fc6ece0f4e1768cddf8853bb2d551b",
            ),
        ];
        let bytes = |text: &str| hex::decode(text).expect("hexadecimal digits");
        for (key, nonce, aad, msg, encrypted, tag) in vectors {
            // A key of zeros is none of ours.
            let cipher = cipher_of(&bytes(key).try_into().expect("32 bytes"));
            let nonce = <[u8; NONCE]>::try_from(bytes(nonce))
                .expect("a nonce")
                .into();
            let (aad, msg) = (bytes(aad), bytes(msg));
            let sealed = cipher
                .encrypt(
                    &nonce,
                    Payload {
                        msg: &msg,
                        aad: &aad,
                    },
                )
                .expect("it encrypts");
            assert_eq!(hex::encode(&sealed), format!("{encrypted}{tag}"));
            let opened = cipher.decrypt(
                &nonce,
                Payload {
                    msg: &sealed,
                    aad: &aad,
                },
            );
            assert_eq!(opened.expect("it decrypts"), msg);
            let other = [aad.as_slice(), b"x"].concat();
            let refused = cipher.decrypt(
                &nonce,
                Payload {
                    msg: &sealed,
                    aad: &other,
                },
            );
            assert!(refused.is_err());
        }
    }

    #[test]
    fn the_same_token_is_never_sealed_to_the_same_text() {
        assert_ne!(sealed(), sealed());
    }

    #[test]
    fn a_sealed_token_does_not_open_for_another_binding() {
        refused(
            &sealed(),
            Binding {
                owner: "user-2",
                ..MINE
            },
        );
        refused(
            &sealed(),
            Binding {
                host: "example.org",
                ..MINE
            },
        );
        refused(
            &sealed(),
            Binding {
                owner: "user-1g",
                host: "ithub.com",
            },
        );
    }

    #[test]
    fn after_a_rotation_the_previous_key_still_opens() {
        let opener = Opener::new(key(9), Some(key(1)));
        let opened = opener.open(&sealed(), MINE).expect("it opens");
        assert!(opened.is_of_previous_key);
        let without = Opener::new(key(9), None);
        assert_eq!(without.open(&sealed(), MINE).err(), Some(OpenError));
    }

    #[test]
    fn a_change_of_any_byte_has_the_same_error() {
        let good = sealed();
        for at in 0..good.len() {
            for other in [b'A', b'B', b'=', b'-'] {
                let mut bytes = good.clone().into_bytes();
                if bytes[at] != other {
                    bytes[at] = other;
                    refused(std::str::from_utf8(&bytes).expect("ASCII"), MINE);
                }
            }
        }
    }

    #[test]
    fn other_texts_have_the_same_error() {
        let good = sealed();
        let body = good.strip_prefix("v1:").expect("the prefix");
        for text in [
            "",
            "v1",
            "v1:",
            "v1:AAAA",
            body,
            &format!("v2:{body}"),
            &format!("v1: {body}"),
            &format!("v1:{body}\n"),
            good.trim_end_matches('='),
            &good[..good.len() - 4],
            &format!("v1:{}", "A".repeat(100_000)),
        ] {
            refused(text, MINE);
        }
    }
}
