//! The versions that a semver range allows, as comparable sets.

use js_semver::{PreRelease, Range, Version};

use super::spans::{Span, Spans};

type Triple = [u64; 3];

/// A point between pre-releases: before the given one, or before all of that major.minor.patch.
type Cut = (Triple, Option<PreRelease>);

/// The largest number in a version of npm, 2^53 - 1.
const MAX: u64 = 9_007_199_254_740_991;
const LEAST: Triple = [0; 3];
/// A point after every version.
const END: Triple = [MAX + 1, 0, 0];

/// Releases and pre-releases separately: a pre-release is allowed only if a comparator names its major.minor.patch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SemverSet {
    releases: Spans<Triple>,
    pre_releases: Spans<Cut>,
}

impl SemverSet {
    /// Parses an npm range; none if npm refuses it.
    pub(super) fn npm(text: &str) -> Option<Self> {
        let canonical = Range::parse(text).ok()?.to_string();
        let mut releases = Vec::new();
        let mut pre_releases = Vec::new();
        for alternative in canonical.split("||") {
            let mut all = (span(LEAST, END), span((LEAST, None), (END, None)));
            let mut opened = Vec::new();
            // npm drops `>=0.0.0` before it checks pre-releases: `>=0.0.0 <=0.0.0-b` allows 0.0.0-a.
            let comparators = alternative.split_ascii_whitespace();
            for comparator in comparators.filter(|c| !matches!(*c, "*" | ">=0.0.0")) {
                let comparator = Comparator::parse(comparator)?;
                all.0 = all.0.intersect(comparator.releases);
                all.1 = all.1.intersect(comparator.pre_releases);
                opened.extend(comparator.opens);
            }
            let (stretch, window) = all;
            releases.push(stretch);
            pre_releases.extend(opened.into_iter().map(|own| {
                let of_own = span((own, None), (following(own), None));
                window.clone().intersect(of_own)
            }));
        }
        Some(Self {
            releases: Spans::union(releases),
            pre_releases: Spans::union(pre_releases),
        })
    }

    /// Parses a Cargo requirement; none if Cargo refuses it.
    ///
    /// Cargo and npm agree on every comparator if a bare version is written with a caret, as `VersionReq` prints it.
    /// Cargo joins comparators with commas.
    pub(super) fn cargo(text: &str) -> Option<Self> {
        let comparators = semver::VersionReq::parse(text).ok()?.comparators;
        let npm: Vec<_> = comparators.iter().map(ToString::to_string).collect();
        Self::npm(&npm.join(" "))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.releases.is_empty() && self.pre_releases.is_empty()
    }

    pub(super) fn is_subset_of(&self, other: &Self) -> bool {
        self.releases.is_subset_of(&other.releases)
            && self.pre_releases.is_subset_of(&other.pre_releases)
    }

    /// True if every release is allowed, regardless of pre-releases.
    pub(super) fn contains_every_release(&self) -> bool {
        Spans::union([span(LEAST, END)]).is_subset_of(&self.releases)
    }
}

/// A comparator such as `<1.2.3`, as the versions it allows.
struct Comparator {
    releases: Span<Triple>,
    pre_releases: Span<Cut>,
    /// The major.minor.patch whose pre-releases it allows.
    opens: Option<Triple>,
}

impl Comparator {
    fn parse(text: &str) -> Option<Self> {
        let number = text.trim_start_matches(['<', '>', '=']);
        let operator = text.strip_suffix(number)?;
        let version = Version::parse(number).ok()?;
        let triple = [version.major, version.minor, version.patch];
        let is_release = version.pre_release.is_empty();
        let (past, from_cut, past_cut) = if is_release {
            let next = following(triple);
            (next, (next, None), (next, None))
        } else {
            // No version is between 1.0.0-a and 1.0.0-a.0, or before 1.0.0-0.
            let next = PreRelease::new(&format!("{}.0", version.pre_release)).ok()?;
            let is_first = version.pre_release.to_string() == "0";
            let here = (!is_first).then_some(version.pre_release);
            (triple, (triple, here), (triple, Some(next)))
        };
        let (least_cut, end_cut) = ((LEAST, None), (END, None));
        let (releases, pre_releases) = match operator {
            "<" => (span(LEAST, triple), span(least_cut, from_cut)),
            "<=" => (span(LEAST, past), span(least_cut, past_cut)),
            ">" => (span(past, END), span(past_cut, end_cut)),
            ">=" => (span(triple, END), span(from_cut, end_cut)),
            "" | "=" => (span(triple, past), span(from_cut, past_cut)),
            _ => return None,
        };
        Some(Self {
            releases,
            pre_releases,
            opens: (!is_release).then_some(triple),
        })
    }
}

fn span<V>(from: V, until: V) -> Span<V> {
    let until = Some(until);
    Span { from, until }
}

fn following([major, minor, patch]: Triple) -> Triple {
    if patch < MAX {
        [major, minor, patch + 1]
    } else if minor < MAX {
        [major, minor + 1, 0]
    } else {
        [major + 1, 0, 0]
    }
}
