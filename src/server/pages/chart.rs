//! The chart of the jobs that ended by day, as an SVG drawing with its numbers.

use crate::model::date::Day;
use crate::store::sql::insights::DayCount;

/// The width of a day, the height of the longest bar, and its distance from the top, in units of the drawing.
const DAY_WIDTH: i64 = 20;
const HEIGHT: i64 = 90;
const TOP: i64 = 12;

/// A bar for each day.
pub(super) struct Chart {
    pub(super) bars: Vec<DayBar>,
    /// The number of jobs of the longest bar.
    pub(super) most: i64,
    pub(super) succeeded: i64,
    pub(super) failed: i64,
    /// The numbers by day and kind.
    pub(super) rows: Vec<DayCount>,
}

/// The jobs of a day: the failed ones above those that succeeded.
pub(super) struct DayBar {
    pub(super) day: String,
    pub(super) succeeded: i64,
    pub(super) failed: i64,
    pub(super) x: i64,
    pub(super) succeeded_y: i64,
    pub(super) succeeded_height: i64,
    pub(super) failed_y: i64,
    pub(super) failed_height: i64,
}

impl Chart {
    /// The chart of the last days until `now`, in milliseconds since 1970.
    pub(super) fn new(rows: Vec<DayCount>, days: u32, now: i64) -> Self {
        let days = i64::from(days);
        let today = now / 86_400_000;
        let names =
            (today - days + 1..=today).filter_map(|day| Day::of_unix_seconds(day * 86_400).ok());
        let counts: Vec<(String, i64, i64)> = names
            .map(|day| {
                let name = day.to_string();
                let of_day = rows.iter().filter(|row| row.day == name);
                let (succeeded, failed) = of_day.fold((0, 0), |(succeeded, failed), row| {
                    (succeeded + row.succeeded, failed + row.failed)
                });
                (name, succeeded, failed)
            })
            .collect();
        let most = counts
            .iter()
            .map(|(_, succeeded, failed)| succeeded + failed)
            .max()
            .unwrap_or(0);
        let bars = (0..).zip(&counts).map(|(index, (day, succeeded, failed))| {
            DayBar::new(index, day, *succeeded, *failed, most.max(1))
        });
        Self {
            bars: bars.collect(),
            most,
            succeeded: counts.iter().map(|(_, succeeded, _)| succeeded).sum(),
            failed: counts.iter().map(|(.., failed)| failed).sum(),
            rows,
        }
    }

    /// The width of the drawing.
    pub(super) fn width(&self) -> i64 {
        DAY_WIDTH * i64::try_from(self.bars.len()).unwrap_or(0)
    }

    /// The line below the bars.
    pub(super) fn ground() -> i64 {
        TOP + HEIGHT
    }

    /// The place of the words below the line.
    pub(super) fn words() -> i64 {
        TOP + HEIGHT + 12
    }
}

impl DayBar {
    fn new(index: i64, day: &str, succeeded: i64, failed: i64, most: i64) -> Self {
        // A single job among thousands is still seen.
        let height = |count: i64| match count {
            0 => 0,
            count => (count * HEIGHT / most).max(1),
        };
        let (succeeded_height, failed_height) = (height(succeeded), height(failed));
        let succeeded_y = TOP + HEIGHT - succeeded_height;
        Self {
            day: day.to_owned(),
            succeeded,
            failed,
            x: index * DAY_WIDTH + 2,
            succeeded_y,
            succeeded_height,
            failed_y: succeeded_y - failed_height,
            failed_height,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_day_has_a_bar_and_kinds_are_added() {
        let row = |day: &str, succeeded, failed| DayCount {
            day: day.to_owned(),
            kind: "BOOTSTRAP_REPO".to_owned(),
            label: "Bootstrap repo".to_owned(),
            succeeded,
            failed,
            cost: None,
        };
        let rows = vec![
            row("2023-11-13", 1, 2),
            row("2023-11-14", 5, 0),
            row("2023-11-14", 1, 0),
        ];
        let chart = Chart::new(rows, 3, 1_700_000_000_000);
        let counts: Vec<_> = chart
            .bars
            .iter()
            .map(|bar| (bar.day.as_str(), bar.succeeded, bar.failed))
            .collect();
        assert_eq!(
            counts,
            [
                ("2023-11-12", 0, 0),
                ("2023-11-13", 1, 2),
                ("2023-11-14", 6, 0)
            ]
        );
        assert_eq!((chart.most, chart.succeeded, chart.failed), (6, 7, 2));
        let highest = &chart.bars[2];
        assert_eq!(
            (highest.succeeded_y, highest.succeeded_height),
            (TOP, HEIGHT)
        );
        assert_eq!(chart.bars[1].failed_y, TOP + 45);
    }
}
