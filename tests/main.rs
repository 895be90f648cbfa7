//! The integration tests: one binary, one harness.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests start programs, lay out files and stop at the first surprise"
)]

mod support;

mod add;
mod add_recorded;
mod agreement;
mod app;
mod authoring;
mod browser;
mod builtin;
mod case_files;
mod case_updates;
mod cases;
mod catalog;
mod check;
mod compose;
mod conformance;
mod diagnostics;
mod differential;
mod doctor;
mod documents;
mod edits;
mod explain;
mod forge;
mod forge_cli;
mod fuzz_inputs;
mod git_catalogs;
mod health;
mod hostile;
mod impact;
mod init;
mod inputs;
mod kinds;
mod left_out;
mod licences;
mod listing;
mod lsp;
mod machine_output;
mod mirror;
mod new;
mod npm;
mod ops_repo;
mod option_questions;
mod output;
mod packaging;
mod packs;
mod pat;
mod plan_documents;
mod preflight;
mod preview;
mod properties;
mod provenance;
mod prune;
mod publish;
mod python_package;
mod questions;
mod readme;
mod recorded;
mod reference;
mod release;
mod remembered;
mod runs;
mod rust_cli;
mod rust_service;
mod schemas;
mod server;
mod settings_rules;
mod signing;
mod snapshots;
mod store;
mod sweep;
mod templates;
mod texts;
mod tidy;
mod typed_documents;
mod update;
mod upgrade;
mod verify;
mod worker;
