//! The store's promises, each kept by both databases.

mod changes;
mod leases;
mod ledger;
mod made;
mod queue;
mod sweep;
