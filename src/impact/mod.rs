//! What a change of a catalogue changes: which selections give other files, and which stored runs can no longer be made.

mod compare;
mod condition;
mod report;

pub use compare::{ImpactError, compare};
pub use report::{
    Affected, BreakingChange, CatalogVersion, DependencyChange, FileChange, Impact, ImpactLevel,
    OptionChange, SelectionChange,
};
