//! Scalars of YAML, as its parser finds them.

use super::json::in_double_quotes;
use super::parsed::{self, yaml_events};
use super::regions::{Attempt, Find, Regions, fill_plainly, verbatim};
use super::{Part, Unwritable};
use saphyr_parser::{Event, Parser, ScalarStyle};

/// The text with a value at each find: as they are where the text then reads as intended, else in double quotes.
///
/// A text that is no YAML, such as a template of another program, gets the values as they are.
pub(super) fn fill(text: &str, finds: &[Find<'_>], part: Part) -> Result<String, Unwritable> {
    let mut regions = Regions::of(finds);
    let is_one_scalar = match scan(text, &mut regions) {
        Some(scalars) => scalars == 1,
        None if part == Part::Whole => return Ok(fill_plainly(text, finds)),
        None => true,
    };
    if part == Part::Fragment && is_one_scalar {
        // The fragment may be part of a scalar of any style.
        return Regions::of(finds).fill(text, finds, Attempt::Fragment);
    }
    let mut error = None;
    for attempt in [Attempt::InPlace, Attempt::Rewritten] {
        let filled = regions.fill(text, finds, attempt)?;
        match parsed::compare(yaml_events, text, &filled, finds) {
            Ok(()) => return Ok(filled),
            Err(unwritable) => error = Some(unwritable),
        }
    }
    Err(error.unwrap_or(Unwritable(0)))
}

/// Adds the regions of a text and returns the number of its scalars; `None` if it cannot be parsed.
fn scan(text: &str, regions: &mut Regions<'_>) -> Option<usize> {
    let offsets: Option<Vec<usize>> =
        (!text.is_ascii()).then(|| text.char_indices().map(|(at, _)| at).collect());
    let byte = |character: usize| match &offsets {
        None => character.min(text.len()),
        Some(offsets) => offsets.get(character).copied().unwrap_or(text.len()),
    };
    let mut scalars = 0;
    for event in Parser::new_from_str(text) {
        let (Event::Scalar(value, style, ..), span) = event.ok()? else {
            continue;
        };
        scalars += 1;
        let start = byte(span.start.index());
        let range = start..byte(span.end.index()).max(start);
        match style {
            ScalarStyle::Plain if text[start..].starts_with(value.as_ref()) => {
                let range = start..start + value.len();
                regions.push_rewritable(range, verbatim, quoted, true);
            }
            ScalarStyle::SingleQuoted => regions.push_quoted(range, in_single_quotes),
            ScalarStyle::DoubleQuoted => regions.push_quoted(range, in_double_quotes),
            ScalarStyle::Plain | ScalarStyle::Literal | ScalarStyle::Folded => {
                regions.push_quoted(range, verbatim);
            }
        }
    }
    Some(scalars)
}

fn quoted(content: &str) -> Option<String> {
    Some(format!("\"{}\"", in_double_quotes(content)?))
}

#[expect(clippy::unnecessary_wraps, reason = "a `Writer`")]
fn in_single_quotes(value: &str) -> Option<String> {
    Some(value.replace('\'', "''"))
}
