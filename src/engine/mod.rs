//! The use cases of the core: from a catalogue, a selection and a template to a plan, a report and a tree.

mod addition;
mod preview;

pub use crate::interpret::{LineOrigin, fill};
pub use addition::{Addition, add};
pub use preview::{
    Explanation, Preview, PreviewError, build, explain, first_commit, preview, remake,
};
