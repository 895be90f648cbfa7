//! Forges over real HTTP: two fakes that remember and can fail, and a folder of real repositories.

mod accounts;
mod conformance;
mod contract;
pub(crate) mod disk;
pub(crate) mod fake;
mod faults;
pub(crate) mod support;
mod wire;
