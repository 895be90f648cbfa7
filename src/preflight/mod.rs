//! What can be known of a forge before anything is made there: questions that only read, and what their answers mean.

pub mod ask;
pub mod judge;
mod obstacle;
pub mod place;
