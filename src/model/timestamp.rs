//! A moment, to the second: when something outside was looked at, ends or begins again.

use thiserror::Error;

/// A moment in UTC, written as RFC 3339 has it: `2026-11-21T12:00:00Z`. No plan holds one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(String);

/// Why a text is not a moment.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("`{}` is not a moment: write it as `2026-11-21T12:00:00Z`", text.escape_debug())]
pub struct TimestampError {
    text: String,
}

impl Timestamp {
    /// Parses a moment in UTC without fractions of a second.
    pub fn parse(text: &str) -> Result<Self, TimestampError> {
        let moment: Option<jiff::Timestamp> = text.parse().ok();
        match moment.filter(|moment| moment.to_string() == text && text.len() == 20) {
            Some(_) => Ok(Self(text.to_owned())),
            None => Err(TimestampError {
                text: text.chars().take(40).collect(),
            }),
        }
    }

    /// The moment so many seconds after 1970 began; nothing beyond the calendar.
    pub fn of_unix_seconds(seconds: i64) -> Option<Self> {
        let moment = jiff::Timestamp::from_second(seconds).ok()?;
        Self::parse(&moment.to_string()).ok()
    }

    /// The moment so many milliseconds after 1970 began, to the second; nothing beyond the calendar.
    pub fn of_unix_millis(millis: i64) -> Option<Self> {
        Self::of_unix_seconds(millis.div_euclid(1000))
    }

    /// `2026-11-21T12:00:00Z`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_value!(Timestamp, error: TimestampError, format: "groundplan-moment", max: 20,
    pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$",
    doc: "A moment in UTC (RFC 3339), to the second.");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_one_spelling() {
        let noon = Timestamp::of_unix_seconds(1_795_262_400).expect("in the calendar");
        assert_eq!(noon.as_str(), "2026-11-21T12:00:00Z");
        assert_eq!(Timestamp::parse("2026-11-21T12:00:00Z"), Ok(noon));
        for bad in [
            "",
            "2026-11-21",
            "2026-11-21T12:00:00+00:00",
            "2026-11-21T12:00:00.5Z",
            "2026-11-21 12:00:00Z",
            "2026-02-30T12:00:00Z",
        ] {
            assert!(Timestamp::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(Timestamp::of_unix_seconds(i64::MAX), None);
        assert_eq!(Timestamp::of_unix_seconds(-100_000_000_000), None);
    }
}
