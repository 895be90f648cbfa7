//! Forges over real HTTP: two stateful fakes with faults, and a folder of real repositories.

mod accounts;
mod conformance;
mod contract;
pub(crate) mod disk;
mod documents;
pub(crate) mod fake;
mod faults;
mod lists;
mod pulls;
pub(crate) mod settings;
mod settings_fake;
pub(crate) mod support;
mod wire;
