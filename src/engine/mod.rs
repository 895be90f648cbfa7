//! The use cases of the core: from a catalogue, a selection and a template to a plan, a report and a tree.

mod addition;
mod carry_over;
mod preview;
pub mod update;

pub use crate::interpret::{ActionOutcomes, LineOrigin, fill};
pub use addition::{Addition, add};
pub use carry_over::{ChangedChoice, ChoiceReason, SelectionChanges, carry_over};
pub use preview::{
    Explanation, Preview, PreviewError, build, explain, first_commit, preview, remake, settings,
    try_actions,
};
pub use update::update;
