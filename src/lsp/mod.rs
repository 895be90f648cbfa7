//! The language server: the findings of `check` while someone types, completion, hover, definitions and renaming.
//!
//! `server` reads messages and owns the state: open documents, and a `workspace` for each root of catalogues. Answers are
//! functions of a `subject`, a document of a workspace, and a position.

mod client;
mod code_action;
mod completion;
mod cursor;
mod definition;
mod diagnostics;
mod documents;
mod edits;
mod frames;
mod hover;
mod meaning;
mod outgoing;
mod outline;
mod positions;
mod references;
mod rename;
mod requests;
mod roots;
mod schema;
mod server;
mod subject;
mod uris;
mod workspace;

pub use server::{Ended, serve};
