//! Personal access tokens at rest: sealed for their owner, opened with the key that sealed them or the one before.

pub mod classic;
pub mod key;
pub mod sealed;
