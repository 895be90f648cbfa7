//! Personal access tokens at rest: encrypted for their owner, decrypted with the current or the previous key.

pub mod classic;
pub mod key;
pub mod sealed;
