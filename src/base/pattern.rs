//! Regular expressions that are compiled once.

/// The regular expression of a constant pattern, compiled at its first use.
///
/// # Panics
/// At its first use, when the pattern is no regular expression.
macro_rules! pattern {
    ($pattern:expr) => {{
        static PATTERN: std::sync::LazyLock<regex::Regex> =
            std::sync::LazyLock::new(|| regex::Regex::new($pattern).expect("a valid pattern"));
        &*PATTERN
    }};
}

pub(crate) use pattern;
