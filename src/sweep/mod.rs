//! Pairwise tests of a catalogue: few selections that cover all pairs of options, built and hashed, and the options
//! that cause failures.

mod assignment;
pub mod cover;
pub mod diagnose;
pub mod golden;
pub mod option_check;
mod rng;
pub mod rounds;
pub mod selections;
mod space;
pub mod trial;

pub use assignment::SearchLimit;
pub use space::{Answer, Space};
