//! Placeholders such as `__PRODUCT_NAME__`, replaced in one pass; the values themselves are not searched again.

use super::format::{Find, Format, Part, Unwritable};
use crate::model::condition::InputValue;
use crate::model::content::BYTE_ORDER_MARK;
use crate::model::diagnostic::{Code, Diagnostic, Location};
use crate::model::placeholder::{BuiltInFact, CaseForm, PlaceholderName};
use crate::model::plan::Plan;
use aho_corasick::{AhoCorasick, AhoCorasickKind};
use thiserror::Error;

/// The placeholders of a plan, each with its value.
pub(super) struct Substitution {
    tokens: AhoCorasick,
    placeholders: Vec<PlaceholderName>,
    values: Vec<String>,
}

/// A value that the place of its placeholder cannot contain.
#[derive(Debug, Error)]
#[error("`{path}`: {} on line {line} cannot be replaced by `{value}` in this {format}", .placeholder.token())]
pub(super) struct UnwritableValue {
    path: String,
    line: usize,
    placeholder: PlaceholderName,
    value: String,
    format: &'static str,
}

/// A path that is not valid with its placeholders replaced.
#[derive(Debug, Error)]
pub(super) enum UnusablePath {
    #[error("`{path}` has a segment without a name: `{segment}` is empty")]
    EmptySegment { path: String, segment: String },
    #[error("`{path}` is replaced by `{}`, which is not valid: {reason}", filled.escape_debug())]
    Invalid {
        path: String,
        filled: String,
        reason: String,
    },
}

impl UnwritableValue {
    /// The finding about a file of the template.
    pub(super) fn in_template(self) -> Diagnostic {
        let place = Location::point(self.path.clone(), self.line, 1);
        Diagnostic::from(self).at("", place)
    }
}

impl From<UnwritableValue> for Diagnostic {
    fn from(error: UnwritableValue) -> Self {
        Self::error(Code::UnwritableValue, error.to_string())
            .help("put the placeholder between double quotes, or choose a value without special characters")
    }
}

impl From<UnusablePath> for Diagnostic {
    fn from(error: UnusablePath) -> Self {
        Self::error(Code::PlaceholderInPath, error.to_string())
            .help("choose another value, or use a case form such as `__NAME_KEBAB__` in the path")
    }
}

/// The placeholders of a plan with their values: the listed facts, the case forms of all facts, and the inputs with
/// theirs.
fn named_values(plan: &Plan) -> Vec<(PlaceholderName, String)> {
    let mut named = Vec::new();
    let add_cases = |named: &mut Vec<_>, name: &PlaceholderName, value: &str| {
        let cases = CaseForm::ALL.into_iter();
        named.extend(cases.map(|case| (name.in_case(case), case.apply(value))));
    };
    for fact in BuiltInFact::ALL {
        let value = fact.value(&plan.inputs, &plan.author);
        if fact.is_text() {
            add_cases(&mut named, &fact.name(), &value);
        }
        if plan.placeholders.contains(&fact) {
            named.push((fact.name(), value));
        }
    }
    for (name, value) in &plan.inputs.values {
        if let InputValue::Text(value) = value {
            add_cases(&mut named, name, value);
        }
        named.push((name.clone(), value.to_string()));
    }
    named
}

impl Substitution {
    pub(super) fn of(plan: &Plan) -> Self {
        let (placeholders, values): (Vec<PlaceholderName>, Vec<String>) =
            named_values(plan).into_iter().unzip();
        // A DFA, the default for few patterns, takes longer to build than the texts of one plan take to search.
        let tokens = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(placeholders.iter().map(PlaceholderName::token));
        Self {
            tokens: tokens.expect("some hundred short tokens"),
            values,
            placeholders,
        }
    }

    /// True if the bytes contain a placeholder, as UTF-8 or as UTF-16.
    pub(super) fn is_in(&self, bytes: &[u8]) -> bool {
        if self.tokens.is_match(bytes) {
            return true;
        }
        let is_wide = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
        let narrow = || bytes.iter().copied().filter(|byte| *byte != 0);
        is_wide && self.tokens.is_match(&narrow().collect::<Vec<u8>>())
    }

    /// The placeholders of the plan.
    pub(super) fn names(&self) -> &[PlaceholderName] {
        &self.placeholders
    }

    /// The text with its placeholders replaced, each value as the format of the file needs it there; `None` if the text
    /// contains none.
    pub(super) fn apply(
        &self,
        text: &str,
        path: &str,
        part: Part,
    ) -> Result<Option<String>, Box<UnwritableValue>> {
        if !self.tokens.is_match(text) {
            return Ok(None);
        }
        let Some(format) = Format::of(path, text) else {
            return Ok(Some(self.plain(text)));
        };
        let (mark, body) = match text.strip_prefix(BYTE_ORDER_MARK) {
            Some(body) => (BYTE_ORDER_MARK, body),
            None => ("", text),
        };
        let found: Vec<_> = self.tokens.find_iter(body).collect();
        let finds: Vec<Find<'_>> = found
            .iter()
            .map(|found| Find {
                range: found.range(),
                value: &self.values[found.pattern()],
            })
            .collect();
        match format.fill(body, &finds, part) {
            Ok(filled) => Ok(Some(format!("{mark}{filled}"))),
            Err(Unwritable(number)) => Err(Box::new(UnwritableValue {
                path: path.to_owned(),
                line: body[..found[number].start()].matches('\n').count() + 1,
                placeholder: self.placeholders[found[number].pattern().as_usize()].clone(),
                value: finds[number].value.to_owned(),
                format: format.name(),
            })),
        }
    }

    /// The text with its placeholders replaced by their values as they are.
    pub(super) fn plain(&self, text: &str) -> String {
        self.tokens.replace_all(text, &self.values)
    }

    /// A path with its placeholders replaced, as `parse` reads it; `None` if it contains none. A value may contain `/`.
    pub(super) fn path<P, E: ToString>(
        &self,
        path: &str,
        parse: impl Fn(&str) -> Result<P, E>,
    ) -> Result<Option<P>, UnusablePath> {
        if !self.tokens.is_match(path) {
            return Ok(None);
        }
        let mut filled = Vec::new();
        for segment in path.split('/') {
            let segment_filled = self.plain(segment);
            if segment_filled.is_empty() {
                let (path, segment) = (path.to_owned(), segment.to_owned());
                return Err(UnusablePath::EmptySegment { path, segment });
            }
            filled.push(segment_filled);
        }
        let whole = filled.join("/");
        match parse(&whole) {
            Ok(parsed) => Ok(Some(parsed)),
            Err(error) => Err(UnusablePath::Invalid {
                path: path.to_owned(),
                reason: error.to_string(),
                filled: whole,
            }),
        }
    }

    /// The length in bytes of the text with its placeholders replaced, without the escapes that a format needs.
    pub(super) fn length(&self, text: &str) -> u64 {
        self.tokens
            .find_iter(text)
            .fold(text.len() as u64, |length, found| {
                length + self.values[found.pattern()].len() as u64 - found.len() as u64
            })
    }

    /// The placeholders in a text, sorted by their order in the plan, each once.
    pub(super) fn used_in(&self, text: &str) -> Vec<PlaceholderName> {
        let mut used: Vec<usize> = self
            .tokens
            .find_iter(text)
            .map(|found| found.pattern().as_usize())
            .collect();
        used.sort_unstable();
        used.dedup();
        used.into_iter()
            .map(|number| self.placeholders[number].clone())
            .collect()
    }
}
