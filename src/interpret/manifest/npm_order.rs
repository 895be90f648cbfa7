//! The order in which npm writes the names of a dependency section.

use std::cmp::Ordering;

/// The ASCII characters that ICU's root collation does not ignore, in its order, without letters.
/// Source: <https://unicode.org/reports/tr10/>
const BEFORE_LETTERS: &str = "\t\n\u{b}\u{c}\r _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789";

/// Compares two names as npm does: whole numbers come first, as in every JavaScript object; the others follow
/// `localeCompare(…, 'en')`, which compares the case of letters only when nothing else differs.
///
/// Characters outside ASCII, which no new name contains, come last, by code point.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    match (array_index(a), array_index(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => primary(a)
            .cmp(primary(b))
            .then_with(|| upper_cases(a).cmp(upper_cases(b))),
    }
}

/// The number of a name that JavaScript lists first: 0 to 2^32 - 2, without leading zeros.
fn array_index(name: &str) -> Option<u32> {
    let index = name.parse::<u32>().ok().filter(|index| *index < u32::MAX)?;
    (index.to_string() == name).then_some(index)
}

fn primary(name: &str) -> impl Iterator<Item = u32> {
    name.chars().filter_map(|c| match BEFORE_LETTERS.find(c) {
        Some(weight) => u32::try_from(weight).ok(),
        None if c.is_ascii_control() => None,
        None => Some(0x100 + u32::from(c.to_ascii_lowercase())),
    })
}

fn upper_cases(name: &str) -> impl Iterator<Item = bool> {
    name.chars()
        .filter(|c| !c.is_ascii_control() || BEFORE_LETTERS.contains(*c))
        .map(|c| c.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_in_the_order_npm_writes() {
        let sorted = [
            "2",
            "10",
            "@ab_c/d",
            "@ab-c/d",
            "@ab/c",
            "@z/x",
            "01",
            "0x",
            "A",
            "a_b",
            "a-b",
            "a.b",
            "ab",
            "Ab",
            "abc",
            "jsonfile",
            "JSONStream",
            "zz",
        ];
        let mut names = sorted;
        names.reverse();
        names.sort_by(|a, b| compare(a, b));
        assert_eq!(names, sorted);
    }
}
