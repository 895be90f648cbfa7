//! Groups of flags that several commands share, each with the values made from them.

pub(crate) mod author;
pub(crate) mod catalog;
pub(crate) mod data;
pub(crate) mod database;
pub(crate) mod forge;
pub(crate) mod generated_repo;
pub(crate) mod git;
pub(crate) mod key;
pub(crate) mod log;
pub(crate) mod policy;
pub(crate) mod push;
pub(crate) mod selection;
pub(crate) mod signing;
pub(crate) mod template;
pub(crate) mod worker;
