//! The store's promises, each kept by both databases.

mod queue;
