//! The handlers of the API, one file for each subject.

pub(super) mod api_tokens;
pub(super) mod catalogs;
pub(super) mod drafts;
pub(super) mod fleet;
pub(super) mod forge;
pub(super) mod ideas;
pub(super) mod jobs;
pub(super) mod previews;
pub(super) mod products;
pub(super) mod realtime;
pub(super) mod recovery;
pub(super) mod run_settings;
pub(super) mod runs;
pub(super) mod selection;
pub(super) mod version;
pub(super) mod workers;
