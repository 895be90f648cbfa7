//! Previews that are kept for their user, so that every server can show their files.

use crate::model::digest::GitId;
use crate::model::plan::Plan;
use serde_json::Value;

/// A preview to be kept.
#[derive(Clone, Copy, Debug)]
pub struct NewPreview<'p> {
    pub tree: &'p GitId,
    pub plan: &'p Plan,
    /// The report as JSON.
    pub report: &'p str,
}

/// A preview of the last day: plan and report as they were stored. The reader validates them against their schemas again.
#[derive(Clone, Debug)]
pub struct StoredPreview {
    pub plan: Value,
    pub report: Value,
}

impl StoredPreview {
    /// The time for which a preview is kept, in milliseconds: a day, and the time in which it is not written again.
    pub const LIFETIME: i64 = 24 * 60 * 60 * 1000 + Self::UNWRITTEN;
    /// The longest time in which a process does not write an equal preview again, in milliseconds.
    pub const UNWRITTEN: i64 = 5 * 60 * 1000;
}
