//! Proof that options go together: few selections that cover all pairs of options, made and hashed, and who is to diagnose.

mod assignment;
pub mod cover;
pub mod diagnose;
pub mod golden;
mod rng;
pub mod rounds;
pub mod selections;
mod space;
pub mod trial;

pub use assignment::SearchLimit;
pub use space::{Answer, Space};
