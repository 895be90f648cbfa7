//! Conditions: which options are selected, and which values inputs have.

use super::placeholder::PlaceholderName;
use super::selection::Selection;
use super::slug::{OptionRef, Slug};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// The value of an input.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(untagged)]
pub enum InputValue {
    Boolean(bool),
    Integer(i64),
    Text(String),
}

/// The values of inputs, by name.
pub type InputValues = BTreeMap<PlaceholderName, InputValue>;

/// One value, or a list of values. One value alone is written without a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneOrMany<T>(pub Vec<T>);

/// True if, of each category, one of the named options is selected, and each named input has one of the values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// Input → value, or a list of values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<PlaceholderName, OneOrMany<InputValue>>,
    /// Category → option, or a list of options.
    #[serde(flatten)]
    pub categories: BTreeMap<Slug, OneOrMany<Slug>>,
}

impl Condition {
    /// True for a condition that always holds.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of categories and inputs that it names.
    pub fn len(&self) -> usize {
        self.inputs.len() + self.categories.len()
    }

    /// True if the condition holds for a selection and the values of inputs.
    pub fn holds(&self, selection: &Selection, values: &InputValues) -> bool {
        let is_selected = |(category, options): (&Slug, &OneOrMany<Slug>)| {
            let mut wanted = options.0.iter();
            wanted.any(|option| selection.has(category.as_str(), option.as_str()))
        };
        let has_value = |(name, wanted): (&PlaceholderName, &OneOrMany<InputValue>)| {
            values
                .get(name)
                .is_some_and(|value| wanted.0.contains(value))
        };
        self.categories.iter().all(is_selected) && self.inputs.iter().all(has_value)
    }

    /// The options that the condition names.
    pub fn options(&self) -> impl Iterator<Item = OptionRef> + '_ {
        self.categories.iter().flat_map(|(category, options)| {
            let named = options.0.iter();
            named.map(move |option| OptionRef::new(category, option))
        })
    }
}

/// True if `when` holds and `unless`, where it is given, does not.
pub fn applies(
    when: &Condition,
    unless: &Condition,
    selection: &Selection,
    values: &InputValues,
) -> bool {
    when.holds(selection, values) && (unless.is_empty() || !unless.holds(selection, values))
}

impl fmt::Display for InputValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => value.fmt(formatter),
            Self::Integer(value) => value.fmt(formatter),
            Self::Text(value) => value.fmt(formatter),
        }
    }
}

impl<T> OneOrMany<T> {
    /// The maximum number of values.
    const MAX: usize = 100;
}

impl<T: Serialize> Serialize for OneOrMany<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => one.serialize(serializer),
            many => many.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written<T> {
            One(T),
            Many(Vec<T>),
        }
        match Written::deserialize(deserializer)? {
            Written::One(one) => Ok(Self(vec![one])),
            Written::Many(many) if many.len() <= Self::MAX => Ok(Self(many)),
            Written::Many(_) => Err(serde::de::Error::custom(format_args!(
                "more than {} values",
                Self::MAX
            ))),
        }
    }
}

impl<T: JsonSchema> JsonSchema for OneOrMany<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("OneOrMany_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let one = generator.subschema_for::<T>();
        schemars::json_schema!({
            "description": "One value, or a list of values.",
            "anyOf": [one, { "type": "array", "items": one, "maxItems": Self::MAX }],
        })
    }
}

/// The schema of a mapping by slug that may also have the key `inputs`.
pub fn by_category_schema(
    generator: &mut schemars::SchemaGenerator,
    description: &str,
    mut inputs: schemars::Schema,
) -> schemars::Schema {
    inputs.insert("description".to_owned(), "Inputs by name.".into());
    let slug = generator.subschema_for::<Slug>();
    let options = generator.subschema_for::<OneOrMany<Slug>>();
    schemars::json_schema!({
        "description": description,
        "type": "object",
        "properties": { "inputs": inputs },
        "propertyNames": slug,
        "additionalProperties": options,
    })
}

impl JsonSchema for Condition {
    fn schema_name() -> Cow<'static, str> {
        "Condition".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let inputs = generator.subschema_for::<BTreeMap<PlaceholderName, OneOrMany<InputValue>>>();
        by_category_schema(
            generator,
            "Each category with an option or a list of options, and `inputs` with a value or a list of values of each. A list means any of them; all categories and inputs must match.",
            inputs,
        )
    }
}
