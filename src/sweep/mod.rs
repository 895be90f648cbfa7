//! Proof that options go together: few selections that cover all pairs of options, made and hashed, and who is to blame.

pub mod cover;
pub mod diagnose;
pub mod golden;
mod partial;
pub mod pick;
mod rng;
pub mod rounds;
mod space;
pub mod trial;

pub use partial::SearchLimit;
pub use space::{Answer, Space};
