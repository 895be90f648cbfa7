//! The spread of measured numbers.

/// Sorted numbers.
pub(crate) struct Spread(Vec<f64>);

impl Spread {
    pub(crate) fn of(mut numbers: Vec<f64>) -> Self {
        numbers.sort_by(f64::total_cmp);
        Self(numbers)
    }

    pub(crate) fn at(&self, hundredths: usize) -> f64 {
        self.0[(self.0.len() * hundredths).div_ceil(100).max(1) - 1]
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() {
            return formatter.write_str("-");
        }
        let [least, middle, late, most] = [0, 50, 99, 100].map(|part| self.at(part));
        write!(formatter, "median {middle:.2} (least {least:.2}, ")?;
        if self.0.len() > 10 {
            write!(formatter, "p99 {late:.2}, ")?;
        }
        write!(formatter, "most {most:.2})")
    }
}
