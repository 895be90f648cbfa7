//! Use cases: everything that a person or a program can ask for, once for all shells.
//!
//! A shell parses its input into a request, calls one function here, and renders the answer or the [`error::AppError`].
//! Nothing here prints, knows a terminal, or reads the environment; authorisation happens here and in the store.

pub mod additions;
pub mod api_tokens;
pub mod approvals;
pub mod caller;
pub mod case_builds;
pub mod catalog_commits;
pub mod catalog_drafts;
pub mod catalog_versions;
pub mod catalogs;
pub mod checks;
pub mod choices;
pub mod code_documentation;
pub mod command_line;
pub mod database_catalogs;
pub mod deployment;
pub mod error;
pub mod evidence;
pub mod explanation;
pub mod facts;
pub mod fleet;
pub mod generated_repos;
pub mod generation_steps;
pub mod ideas;
pub mod insights;
pub mod job_batches;
pub mod jobs;
pub mod kept_previews;
pub mod mirrored_repository;
pub mod next_steps;
pub mod operations_repo;
pub mod option_effect;
pub mod option_questions;
pub mod owners;
pub mod planned_update;
pub mod playground;
pub mod previews;
pub mod products;
pub mod pull_requests;
pub mod recorded_sources;
pub mod report_difference;
pub mod run_view;
pub mod runs;
pub mod selection;
pub mod sessions;
pub mod templates;
pub mod tokens;
pub mod update_base;
pub mod update_report;
pub mod updates;
pub mod upgrade;
pub mod verification;
pub mod workers;
pub mod write_proof;
