//! The work tree of an existing repository: the state of each path, and a commit that adds files and changes no other.

mod commit;
mod error;
mod first_commit;
mod merge;
mod work_tree;

pub use commit::NewFiles;
pub use error::WorkTreeError;
pub use merge::MarkedFile;
pub use work_tree::{FileState, WorkTree};
