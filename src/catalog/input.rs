//! Inputs of a catalogue: questions with a typed answer, each a placeholder in files and paths.

use crate::model::action::SingleLine;
use crate::model::condition::{Condition, InputValue};
use crate::model::input_pattern::InputPattern;
use crate::model::limits;
use crate::model::placeholder::{CaseForm, PlaceholderName};
use crate::model::suggest;
use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use std::fmt;

/// An input. Its name between double underscores is a placeholder in texts and paths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CatalogInput {
    /// The name of the placeholder without its underscores, as in `PACKAGE`.
    pub name: PlaceholderName,
    /// The question.
    pub title: SingleLine,
    /// An explanation below the question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<SingleLine>,
    /// The type of its values.
    pub r#type: InputType,
    /// A regular expression that the whole text must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<InputPattern>,
    /// The smallest number, or the smallest number of characters of a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    /// The largest number, or the largest number of characters of a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
    /// The values of a choice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    #[serde(deserialize_with = "limits::length::<0, 100, _, _>")]
    pub options: Vec<SingleLine>,
    /// The value without an answer. An input without a default must be given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<InputDefault>,
    /// The input has a value only if this condition holds.
    #[serde(default, skip_serializing_if = "Condition::is_empty")]
    pub when: Condition,
    /// The input has no value if this condition holds.
    #[serde(default, skip_serializing_if = "Condition::is_empty")]
    pub unless: Condition,
}

/// The type of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum InputType {
    /// One line of printable text.
    Text,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// One of `options`.
    Choice,
}

/// The default of an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum InputDefault {
    Derived(DerivedDefault),
    Value(InputValue),
}

impl<'de> Deserialize<'de> for InputDefault {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(DefaultVisitor)
    }
}

/// Reads a mapping as derived. An untagged enum would also read a list so.
struct DefaultVisitor;

impl<'de> Visitor<'de> for DefaultVisitor {
    type Value = InputDefault;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value, or a mapping with `from`")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<InputDefault, A::Error> {
        DerivedDefault::deserialize(MapAccessDeserializer::new(map)).map(InputDefault::Derived)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<InputDefault, E> {
        Ok(InputDefault::Value(InputValue::Boolean(value)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<InputDefault, E> {
        Ok(InputDefault::Value(InputValue::Integer(value)))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<InputDefault, E> {
        let value = i64::try_from(value);
        let integer = value.map_err(|_| E::custom("the integer is too large"))?;
        self.visit_i64(integer)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<InputDefault, E> {
        Ok(InputDefault::Value(InputValue::Text(value.to_owned())))
    }
}

/// The value of another placeholder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DerivedDefault {
    /// The name of a fact or of another input.
    pub from: PlaceholderName,
    /// The case form of its value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseForm>,
}

/// A value that an input cannot have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueProblem {
    /// The expectation.
    pub expected: String,
    /// The next step.
    pub help: String,
}

impl CatalogInput {
    /// The longest text without a `max`, in characters.
    pub const MAX_TEXT: i64 = 1000;

    /// The value as the input has it. Texts are read as the type of the input.
    pub fn value(&self, given: &InputValue) -> Result<InputValue, ValueProblem> {
        let text = given.to_string();
        match self.r#type {
            InputType::Text => self.text(text),
            InputType::Boolean => match text.as_str() {
                "true" => Ok(InputValue::Boolean(true)),
                "false" => Ok(InputValue::Boolean(false)),
                _ => Err(problem("`true` or `false`", "write `true` or `false`")),
            },
            InputType::Integer => self.integer(&text),
            InputType::Choice => self.choice(text),
        }
    }

    /// The placeholders of the input: its name and, for texts, the case forms.
    pub fn placeholder_names(&self) -> Vec<PlaceholderName> {
        match self.r#type {
            InputType::Text | InputType::Choice => self.name.with_cases(),
            InputType::Boolean | InputType::Integer => vec![self.name.clone()],
        }
    }

    fn text(&self, text: String) -> Result<InputValue, ValueProblem> {
        let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
        let (min, max) = self.text_limits();
        if !(min..=max).contains(&length) {
            let expected = if length < min && min == 1 {
                "a text that is not empty".to_owned()
            } else {
                format!("{min} to {max} characters, not {length}")
            };
            return Err(problem(expected, "write a text of that length"));
        }
        if let Some(found) = text.chars().find(|c| crate::base::sanitize::is_unsafe(*c)) {
            let found = found.escape_debug();
            return Err(problem(
                format!("one line of printable text without `{found}`"),
                "remove the character",
            ));
        }
        match &self.pattern {
            Some(pattern) if !pattern.matches(&text) => Err(problem(
                format!("a text that matches `{pattern}`"),
                "write a value that the whole pattern matches",
            )),
            _ => Ok(InputValue::Text(text)),
        }
    }

    /// An empty text is allowed if it is the default.
    fn text_limits(&self) -> (i64, i64) {
        let is_empty = |default: &InputDefault| matches!(default, InputDefault::Value(InputValue::Text(text)) if text.is_empty());
        let least = i64::from(!self.default.as_ref().is_some_and(is_empty));
        (
            self.min.unwrap_or(least),
            self.max.unwrap_or(Self::MAX_TEXT),
        )
    }

    fn integer(&self, text: &str) -> Result<InputValue, ValueProblem> {
        let (min, max) = (self.min.unwrap_or(i64::MIN), self.max.unwrap_or(i64::MAX));
        match text.parse::<i64>() {
            Ok(number) if (min..=max).contains(&number) => Ok(InputValue::Integer(number)),
            Ok(_) => {
                let expected = match (self.min, self.max) {
                    (Some(min), Some(max)) => format!("a number from {min} to {max}"),
                    (Some(min), None) => format!("a number of at least {min}"),
                    (None, _) => format!("a number of at most {max}"),
                };
                Err(problem(expected, "choose another number"))
            }
            Err(_) => Err(problem("a whole number", "write digits, as in `8080`")),
        }
    }

    fn choice(&self, text: String) -> Result<InputValue, ValueProblem> {
        let options: Vec<&str> = self.options.iter().map(SingleLine::as_str).collect();
        if options.contains(&text.as_str()) {
            return Ok(InputValue::Text(text));
        }
        Err(problem(
            format!("one of {}", suggest::list(&options)),
            suggest::help(&text, options.iter().copied()),
        ))
    }
}

fn problem(expected: impl Into<String>, help: impl Into<String>) -> ValueProblem {
    ValueProblem {
        expected: expected.into(),
        help: help.into(),
    }
}
