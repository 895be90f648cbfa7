//! Previews that are kept for their user, so that every server can show their files.

use serde_json::Value;

/// A preview of the last day: plan and report as they were stored. The reader validates them against their schemas again.
#[derive(Clone, Debug)]
pub struct StoredPreview {
    pub plan: Value,
    pub report: Value,
}

impl StoredPreview {
    /// The time for which a preview is kept, in milliseconds.
    pub const LIFETIME: i64 = 24 * 60 * 60 * 1000;
}
