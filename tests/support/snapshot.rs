//! Snapshots of text with `insta`: the parts of an output that differ from run to run are replaced by a name.
//!
//! `cargo insta review` shows changed snapshots. Without cargo-insta, `INSTA_UPDATE=always cargo test` accepts all of them:
//! review the difference with `git diff`.

use super::{Ran, Sandbox};
use insta::Settings;
use insta::internals::SettingsBindDropGuard;

/// Pattern → replacement, applied in this order.
const FILTERS: [(&str, &str); 9] = [
    (r"\b[0-9a-f]{64}\b", "[SHA256]"),
    (r"\b[0-9a-f]{40}\b", "[ID]"),
    (r"\b[0-9a-f]{12}\b", "[SHORT_ID]"),
    (r"\bc[0-9a-z]{24}\b", "[CUID]"),
    (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "[UUID]"),
    (r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z", "[TIME]"),
    (r"\b\d{2}:\d{2}:\d{2}(\.\d+)?\b", "[TIME]"),
    (r"\b\d+(\.\d+)? ?(ms|µs)\b|\b\d+\.\d+ ?s\b", "[DURATION]"),
    (r"/tmp/\.tmp\w+", "[TEMP]"),
];

impl Sandbox {
    /// Applies [`FILTERS`] to the snapshots of this scope, and replaces the sandbox's folder by `[DIR]`.
    pub(crate) fn snapshot_scope(&self) -> SettingsBindDropGuard {
        let mut settings = Settings::clone_current();
        settings.set_omit_expression(true);
        let folder = self.path().canonicalize().unwrap();
        for path in [&*folder, self.path()] {
            settings.add_filter(&regex::escape(path.to_str().unwrap()), "[DIR]");
        }
        for (pattern, replacement) in FILTERS {
            settings.add_filter(pattern, replacement);
        }
        settings.bind_to_scope()
    }
}

impl Ran {
    /// The exit code and both streams, for a snapshot.
    pub(crate) fn transcript(&self) -> String {
        let mut text = format!("exit code: {}\n", self.code);
        for (name, stream) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !stream.is_empty() {
                text.extend(["----- ", name, "\n", stream.as_str()]);
            }
        }
        text
    }
}
