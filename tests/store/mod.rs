//! The store's promises, each kept by both databases.

mod catalogs;
mod changes;
mod database;
mod events;
mod faults;
mod joined;
mod leases;
mod ledger;
mod made;
mod notify;
mod people;
mod queue;
mod sweep;
