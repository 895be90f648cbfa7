//! groundplan: catalogue + selection → plan → exact repository.
pub mod catalog;
pub mod cli;
pub mod engine;
pub mod forge;
pub mod git;
pub mod interpret;
pub mod model;
pub mod pat;
pub mod preflight;
pub mod publish;
pub mod recipe;
pub mod resolve;
pub mod schemas;
pub mod scrub;
pub mod secret;
pub mod source;
pub mod tree;
