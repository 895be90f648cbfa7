//! Proof that options go together: few selections that cover all pairs of options, made and hashed, and who is to blame.

pub mod blame;
pub mod cover;
mod dice;
pub mod golden;
mod partial;
pub mod pick;
pub mod prove;
pub mod rounds;
mod space;

pub use partial::Tangled;
pub use space::{Answer, Space};
