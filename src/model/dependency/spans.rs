//! Sets of ordered values as half-open intervals, for any kind of version.

/// The values from `from` inclusive to `until` exclusive; unbounded if `until` is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span<V> {
    pub(super) from: V,
    pub(super) until: Option<V>,
}

impl<V: Ord> Span<V> {
    pub(super) fn is_empty(&self) -> bool {
        self.until.as_ref().is_some_and(|until| *until <= self.from)
    }

    /// The values of both spans.
    pub(super) fn intersect(self, other: Self) -> Self {
        let until = match (self.until, other.until) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let from = self.from.max(other.from);
        Self { from, until }
    }
}

/// Non-empty, sorted spans with gaps between them: equal sets have equal spans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spans<V>(Vec<Span<V>>);

impl<V: Ord + Clone> Spans<V> {
    pub(super) fn union(spans: impl IntoIterator<Item = Span<V>>) -> Self {
        let mut sorted: Vec<_> = spans.into_iter().filter(|span| !span.is_empty()).collect();
        sorted.sort_by(|a, b| a.from.cmp(&b.from));
        let mut merged: Vec<Span<V>> = Vec::with_capacity(sorted.len());
        for span in sorted {
            match merged.last_mut() {
                Some(last) if last.until.as_ref().is_none_or(|until| span.from <= *until) => {
                    last.until = match (last.until.take(), span.until) {
                        (Some(a), Some(b)) => Some(a.max(b)),
                        (_, None) | (None, _) => None,
                    };
                }
                Some(_) | None => merged.push(span),
            }
        }
        Self(merged)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn is_subset_of(&self, other: &Self) -> bool {
        self.0.iter().all(|span| {
            other
                .0
                .iter()
                .any(|wide| span.clone().intersect(wide.clone()) == *span)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(spans: &[(u8, Option<u8>)]) -> Spans<u8> {
        Spans::union(spans.iter().map(|&(from, until)| Span { from, until }))
    }

    #[test]
    fn touching_overlapping_and_empty_spans_are_normalised() {
        assert_eq!(
            set(&[(5, Some(7)), (1, Some(3)), (3, Some(4))]),
            set(&[(1, Some(4)), (5, Some(7)), (9, Some(9))])
        );
        assert_eq!(
            set(&[(1, None), (2, Some(9))]),
            set(&[(4, None), (1, Some(4))])
        );
        assert!(set(&[(3, Some(3)), (4, Some(2))]).is_empty());
    }

    #[test]
    fn a_subset_contains_no_other_value() {
        let wide = set(&[(1, Some(4)), (6, None)]);
        assert!(set(&[(2, Some(4)), (7, Some(9)), (9, None)]).is_subset_of(&wide));
        assert!(!set(&[(3, Some(7))]).is_subset_of(&wide));
        assert!(!set(&[(1, None)]).is_subset_of(&wide));
    }
}
