//! Impact of a catalogue change: selections with other files, and stored runs that can no longer be built.

mod compare;
mod condition;
mod report;

pub use compare::{ImpactError, compare};
pub use report::{
    Affected, BreakingChange, ComparedVersion, DependencyChange, FileChange, Impact, ImpactLevel,
    OptionChange, SelectionChange,
};
