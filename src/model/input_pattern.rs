//! Regular expressions for the values of inputs.

use regex::{Regex, RegexBuilder};
use regex_syntax::hir::{Class, ClassUnicodeRange, Hir, HirKind};
use thiserror::Error;

/// A regular expression that a whole text must match. Its size is bounded, and matching takes linear time.
#[derive(Clone, Debug)]
pub struct InputPattern {
    text: String,
    regex: Regex,
}

/// The reasons to refuse a pattern.
#[derive(Debug, Error)]
pub enum InputPatternError {
    #[error("pattern is empty")]
    Empty,
    #[error("pattern has {length} characters, the maximum is {max}", max = InputPattern::MAX)]
    TooLong { length: usize },
    #[error("invalid pattern: {}", last_line(.0))]
    Syntax(#[from] regex::Error),
}

/// The reason alone: the lines before it point into the pattern.
fn last_line(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text
        .trim_end()
        .rsplit_once('\n')
        .map_or(text.as_str(), |(_, last)| last);
    last.trim_start_matches("error: ").to_owned()
}

impl InputPattern {
    /// The longest pattern, in characters.
    pub const MAX: usize = 500;

    /// The largest compiled pattern, in bytes.
    const MAX_COMPILED: usize = 1 << 20;

    /// The longest text that is looked for as an example, in bytes.
    const LONGEST_EXAMPLE: usize = 1000;

    /// Parses a regular expression.
    pub fn parse(text: &str) -> Result<Self, InputPatternError> {
        let length = text.chars().count();
        if length == 0 {
            return Err(InputPatternError::Empty);
        }
        if length > Self::MAX {
            return Err(InputPatternError::TooLong { length });
        }
        let bounded = |text: &str| {
            RegexBuilder::new(text)
                .size_limit(Self::MAX_COMPILED)
                .build()
        };
        // Alone first: parentheses that do not match could close the ones around it.
        bounded(text)?;
        let regex = bounded(&format!("^(?:{text})$"))?;
        Ok(Self {
            text: text.to_owned(),
            regex,
        })
    }

    /// True if the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// A text that matches, with `repeats` repetitions where the pattern leaves the number open; `None` if none is found.
    pub fn example(&self, repeats: u32) -> Option<String> {
        let parsed = regex_syntax::parse(&self.text).ok()?;
        let mut example = String::new();
        append_example(&parsed, repeats, &mut example)?;
        self.matches(&example).then_some(example)
    }

    /// The expression as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Appends a text that matches one part of a pattern, or returns `None` if it is too long or not found.
fn append_example(part: &Hir, repeats: u32, example: &mut String) -> Option<()> {
    match part.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => example.push_str(str::from_utf8(&literal.0).ok()?),
        HirKind::Class(class) => {
            let Class::Unicode(class) = class else {
                return None;
            };
            let contains = |character: &char| {
                let mut ranges = class.iter();
                ranges.any(|range| (range.start()..=range.end()).contains(character))
            };
            let first = || class.iter().next().map(ClassUnicodeRange::start);
            example.push(['a', 'A', '1'].into_iter().find(contains).or_else(first)?);
        }
        HirKind::Repetition(repetition) => {
            let most = repetition.max.unwrap_or(u32::MAX);
            for _ in 0..repeats.clamp(repetition.min, most) {
                append_example(&repetition.sub, repeats, example)?;
                if example.len() > InputPattern::LONGEST_EXAMPLE {
                    return None;
                }
            }
        }
        HirKind::Capture(capture) => append_example(&capture.sub, repeats, example)?,
        HirKind::Concat(parts) => {
            for part in parts {
                append_example(part, repeats, example)?;
            }
        }
        HirKind::Alternation(parts) => append_example(parts.first()?, repeats, example)?,
    }
    Some(())
}

impl PartialEq for InputPattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for InputPattern {}

text_value!(InputPattern, error: InputPatternError, format: "groundplan-pattern", max: InputPattern::MAX, pattern: ".",
    doc: "A regular expression that the whole value must match.");
