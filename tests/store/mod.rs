//! Conformance of the store: each promise is a test of its own on each of the two databases.

mod catalogs;
mod changes;
mod damaged;
mod database;
mod events;
mod faults;
mod job_list;
mod joined;
mod leases;
mod ledger;
mod made;
mod notify;
mod queue;
mod recovery;
mod updates;
mod users;
