//! Times as people read them: the distance from now, with the exact time beside it.

use crate::model::timestamp::Timestamp;

/// A point in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// In words, such as `3 min ago`.
    pub(super) relative: String,
    /// In ISO 8601, UTC.
    pub(super) exact: String,
}

impl Moment {
    /// The time `at`, seen from `now`, both in milliseconds since 1970.
    pub(super) fn new(at: i64, now: i64) -> Self {
        let seconds = (now - at) / 1000;
        let relative = if seconds < -5 {
            format!("in {}", distance(-seconds))
        } else if seconds < 5 {
            "just now".to_owned()
        } else {
            format!("{} ago", distance(seconds))
        };
        let exact = Timestamp::of_unix_millis(at);
        Self {
            relative,
            exact: exact.map(|exact| exact.to_string()).unwrap_or_default(),
        }
    }

    pub(super) fn optional(at: Option<i64>, now: i64) -> Option<Self> {
        at.map(|at| Self::new(at, now))
    }
}

/// A distance in the largest unit that fits.
fn distance(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        86_400..172_800 => "1 day".to_owned(),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// The time that something took, from milliseconds.
pub(super) fn duration(millis: i64) -> String {
    match millis {
        ..1_000 => format!("{} ms", millis.max(0)),
        1_000..60_000 => format!("{}.{} s", millis / 1_000, millis % 1_000 / 100),
        _ => format!("{} min {} s", millis / 60_000, millis / 1_000 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_by_its_distance() {
        let now = 1_700_000_000_000;
        let told = |seconds: i64| Moment::new(now - seconds * 1000, now).relative;
        assert_eq!(told(0), "just now");
        assert_eq!(told(59), "59 s ago");
        assert_eq!(told(61), "1 min ago");
        assert_eq!(told(7_200), "2 h ago");
        assert_eq!(told(90_000), "1 day ago");
        assert_eq!(told(900_000), "10 days ago");
        assert_eq!(told(-60), "in 1 min");
        assert_eq!(Moment::new(now, now).exact, "2023-11-14T22:13:20Z");
        assert_eq!(duration(12), "12 ms");
        assert_eq!(duration(1_250), "1.2 s");
        assert_eq!(duration(61_000), "1 min 1 s");
    }
}
