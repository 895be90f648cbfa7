//! groundplan turns a catalogue, a selection of its options and a few inputs into a git repository, and shows the exact
//! result, down to the git tree id, before anything is created.
//!
//! # One preview
//!
//! ```
//! use groundplan::catalog::{self, builtin};
//! use groundplan::engine;
//! use groundplan::model::condition::InputValues;
//! use groundplan::model::date::Day;
//! use groundplan::model::input::{Identity, Inputs, Owner, ProductName, RepoName};
//! use groundplan::model::path::SafeRelPath;
//! use groundplan::model::selection::Selection;
//! use groundplan::model::slug::Slug;
//! use groundplan::resolve::{self, Request};
//! use groundplan::template::Template;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // A catalogue is a set of files. `load` checks all of them and returns the catalogue or its findings.
//! let files = builtin::files();
//! let catalog = catalog::load(&files, "rust-cli").catalog.expect("a built-in catalogue is valid");
//!
//! // The template that the catalogue starts from, and its pin: the exact version that the plan names.
//! let folder = SafeRelPath::parse("template")?;
//! let template = Template::of_catalog(&catalog, &files, &folder).expect("a built-in template is valid");
//!
//! // The selection: here the catalogue's defaults.
//! let mut selection = Selection::default();
//! resolve::fill_with_defaults(&catalog, &mut selection);
//!
//! let request = Request {
//!     selection,
//!     inputs: Inputs {
//!         product_name: ProductName::parse("Acme Tool")?,
//!         product_slug: Slug::parse("acme-tool")?,
//!         owner: Owner::parse("acme")?,
//!         repo: RepoName::parse("acme-tool")?,
//!         date: Day::parse("2026-11-21")?,
//!         repo_url: None,
//!         values: InputValues::new(),
//!     },
//!     author: Identity::default(),
//!     catalog_source: None,
//!     template: template.pin.clone(),
//! };
//! let preview = engine::preview(&catalog, request, template.tree())?;
//!
//! // Git computes the same id for the same files.
//! let tree = preview.report.tree_id.expect("the plan has no conflicts");
//! assert_eq!(tree.as_str().len(), 40);
//! # Ok(())
//! # }
//! ```
//!
//! # Reading order
//!
//! 1. [`model`]: the values that all layers share, each checked when it is parsed.
//! 2. [`source`], [`recipe`], [`catalog`]: documents become checked values, or findings with locations.
//! 3. [`resolve`]: a selection becomes a [`model::plan::Plan`].
//! 4. [`tree`], [`interpret`], [`engine`]: a plan applied to a template becomes a report and a new tree.
//! 5. [`template`], [`git`]: templates from git repositories, read without a checkout.
//! 6. [`signing`]: signatures of commits, and signed statements about them.
//! 7. [`forge`], [`preflight`], [`publish`]: a tree becomes a repository on a forge; a failure leaves nothing or an exact account.
//! 8. [`store`], [`policy`], [`worker`]: the same as queued runs, with leases and recovery.
//! 9. [`app`], [`cli`], [`lsp`], [`server`]: use cases with authorisation, and the command line, the language server and the
//!    HTTP API over them.
//!
//! `ARCHITECTURE.md` has the layers, the invariants, a glossary and the decisions with their reasons.

pub mod base;
pub mod error;

pub mod model;

pub mod catalog;
pub mod plan_document;
pub mod recipe;
pub mod resolve;
pub mod schemas;
pub mod source;

pub mod engine;
pub mod interpret;
pub mod tree;

pub mod impact;
pub mod sweep;

pub mod git;
pub mod template;

pub mod pat;
pub mod scrub;
pub mod secret;
pub mod signing;

pub mod forge;
pub mod preflight;
pub mod publish;

pub mod policy;
pub mod store;
pub mod worker;

pub mod app;
pub mod cli;
pub mod lsp;
pub mod server;
