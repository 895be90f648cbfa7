//! Placeholders such as `__PRODUCT_NAME__`, replaced in one pass; the values themselves are not searched again.

use super::format::{Find, Format, Part, Unwritable};
use crate::model::content::BYTE_ORDER_MARK;
use crate::model::diagnostic::{Code, Diagnostic, Location};
use crate::model::plan::{Placeholder, Plan};
use aho_corasick::AhoCorasick;
use thiserror::Error;

/// The placeholders of a plan, each with its value.
pub(super) struct Substitution {
    tokens: AhoCorasick,
    placeholders: Vec<Placeholder>,
    values: Vec<String>,
}

/// A value that the place of its placeholder cannot contain.
#[derive(Debug, Error)]
#[error("`{path}`: {} on line {line} cannot be replaced by `{value}` in this {format}", .placeholder.token())]
pub(super) struct UnwritableValue {
    path: String,
    line: usize,
    placeholder: Placeholder,
    value: String,
    format: &'static str,
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

impl Substitution {
    pub(super) fn of(plan: &Plan) -> Self {
        let placeholders = plan.placeholders.clone();
        Self {
            tokens: AhoCorasick::new(placeholders.iter().map(|placeholder| placeholder.token()))
                .expect("a handful of short tokens"),
            values: placeholders
                .iter()
                .map(|placeholder| placeholder.value(&plan.inputs).to_owned())
                .collect(),
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

    /// The placeholders of the plan as they are written.
    pub(super) fn tokens(&self) -> impl Iterator<Item = &'static str> {
        self.placeholders
            .iter()
            .map(|placeholder| placeholder.token())
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
            return Ok(Some(self.tokens.replace_all(text, &self.values)));
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
                placeholder: self.placeholders[found[number].pattern()],
                value: finds[number].value.to_owned(),
                format: format.name(),
            })),
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

    /// The placeholders in a text, sorted, each once.
    pub(super) fn used_in(&self, text: &str) -> Vec<Placeholder> {
        let mut used: Vec<Placeholder> = self
            .tokens
            .find_iter(text)
            .map(|found| self.placeholders[found.pattern().as_usize()])
            .collect();
        used.sort_unstable();
        used.dedup();
        used
    }
}
