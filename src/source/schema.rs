//! A document against the JSON Schema of its type: every fault at its exact key or value.

use super::node::{Document, MAX_FINDINGS, Node, NodeValue, escape};
use super::suggest;
use super::yaml::more;
use crate::model::action::Line;
use crate::model::date::Day;
use crate::model::diagnostic::{Code, Diagnostic};
use crate::model::digest::{Digest, GitId};
use crate::model::input::{Identity, Owner, ProductName, RepoName};
use crate::model::path::{SafeRelPath, TreePath};
use crate::model::slug::{OptionRef, Slug};
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ValidationError, Validator};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::marker::PhantomData;

/// The JSON Schema of `T`, ready to check documents.
pub struct Schema<T> {
    json: Value,
    validator: Validator,
    reads: PhantomData<fn() -> T>,
}

/// A format's name and why a text does not have it.
type Format = (&'static str, fn(&str) -> Option<String>);

/// The text newtypes, by the format their schema names.
const FORMATS: [Format; 11] = [
    ("groundplan-slug", |text| {
        Slug::parse(text).err().map(|error| error.to_string())
    }),
    ("groundplan-option", |text| {
        OptionRef::parse(text).err().map(|error| error.to_string())
    }),
    ("groundplan-path", |text| {
        SafeRelPath::parse(text)
            .err()
            .map(|error| error.to_string())
    }),
    ("groundplan-tree-path", |text| {
        TreePath::parse(text).err().map(|error| error.to_string())
    }),
    ("groundplan-line", |text| {
        Line::parse(text).err().map(|error| error.to_string())
    }),
    ("groundplan-day", |text| {
        Day::parse(text).err().map(|error| error.to_string())
    }),
    ("groundplan-sha256", |text| {
        Digest::parse(text).err().map(|error| error.to_string())
    }),
    ("groundplan-git-id", |text| {
        GitId::parse(text).err().map(|error| error.to_string())
    }),
    ("groundplan-product-name", |text| {
        ProductName::parse(text)
            .err()
            .map(|error| error.to_string())
    }),
    ("groundplan-owner", |text| {
        Owner::parse(text).err().map(|error| error.to_string())
    }),
    ("groundplan-repo", |text| {
        RepoName::parse(text).err().map(|error| error.to_string())
    }),
];

/// The identity is the one newtype with a second rule for its schema.
const IDENTITY: Format = ("groundplan-identity", |text| {
    Identity::parse(text).err().map(|error| error.to_string())
});

impl<T: JsonSchema + DeserializeOwned> Schema<T> {
    /// The schema that schemars derives from `T`.
    ///
    /// # Panics
    /// When the derived schema is not a JSON Schema, which a test of this crate rules out.
    pub fn new() -> Self {
        let json = schemars::schema_for!(T).to_value();
        let options = jsonschema::options()
            .with_pattern_options(jsonschema::PatternOptions::regex())
            .should_validate_formats(true)
            .offline();
        let options = FORMATS
            .iter()
            .chain([&IDENTITY])
            .fold(options, |options, (name, refuse)| {
                options.with_format(*name, |text: &str| refuse(text).is_none())
            });
        let validator = options
            .build(&json)
            .expect("schemars derives valid schemas");
        Self {
            json,
            validator,
            reads: PhantomData,
        }
    }

    /// Reads a `T`.
    ///
    /// # Errors
    /// Every place where the document is not a `T`.
    pub fn parse(&self, document: &Document) -> Result<T, Vec<Diagnostic>> {
        let value = document.root.to_value();
        let mut faults = Faults {
            document,
            schema: &self.json,
            found: Vec::new(),
        };
        for error in self.validator.iter_errors(&value) {
            if faults.is_full() {
                break;
            }
            faults.explain(&error);
        }
        if faults.is_full() {
            faults.found.extend(more(&faults.found));
        }
        if !faults.found.is_empty() {
            return Err(faults.found);
        }
        serde_json::from_value(value).map_err(|error| {
            let place = document.place("");
            vec![Diagnostic::error(Code::BadValue, error.to_string()).at("", place)]
        })
    }
}

impl<T: JsonSchema + DeserializeOwned> Default for Schema<T> {
    fn default() -> Self {
        Self::new()
    }
}

struct Faults<'d> {
    document: &'d Document,
    schema: &'d Value,
    found: Vec<Diagnostic>,
}

impl<'d> Faults<'d> {
    fn explain(&mut self, error: &ValidationError<'_>) {
        let pointer = error.instance_path().as_str();
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                self.unknown_fields(error, unexpected);
            }
            ValidationErrorKind::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                let finding =
                    Diagnostic::error(Code::MissingField, format!("the field `{name}` is missing"))
                        .at(pointer, self.document.place_of_mapping(pointer));
                self.found.push(finding.help(format!("add `{name}: …`")));
            }
            ValidationErrorKind::Type { kind } => self.wrong_type(pointer, kind),
            ValidationErrorKind::Enum { options } => {
                let words: Vec<&str> = options
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .collect();
                self.unknown_word(pointer, &words);
            }
            ValidationErrorKind::Constant { expected_value } => {
                self.unknown_word(
                    pointer,
                    &expected_value.as_str().into_iter().collect::<Vec<_>>(),
                );
            }
            ValidationErrorKind::OneOfNotValid { context } => self.one_of(pointer, context),
            ValidationErrorKind::AnyOf { context } => self.any_of(error, context),
            ValidationErrorKind::Format { format } => self.bad_format(pointer, format),
            ValidationErrorKind::MaxLength { .. } | ValidationErrorKind::Pattern { .. }
                if self.neighbour(error, "format").is_some() => {}
            ValidationErrorKind::MaxItems { limit }
            | ValidationErrorKind::MaxProperties { limit } => {
                self.limit(
                    pointer,
                    &format!("at most {limit} entries are allowed here"),
                );
            }
            ValidationErrorKind::MinItems { limit }
            | ValidationErrorKind::MinProperties { limit } => {
                self.limit(
                    pointer,
                    &format!("at least {limit} entries are needed here"),
                );
            }
            ValidationErrorKind::MinLength { limit } if *limit == 1 => {
                self.limit(pointer, "this text must not be empty");
            }
            ValidationErrorKind::MinLength { limit } => {
                self.limit(
                    pointer,
                    &format!("this text needs at least {limit} characters"),
                );
            }
            ValidationErrorKind::MaxLength { limit } => {
                self.limit(
                    pointer,
                    &format!("this text has at most {limit} characters"),
                );
            }
            ValidationErrorKind::Minimum { limit } => {
                self.limit(pointer, &format!("the least value here is {limit}"));
            }
            ValidationErrorKind::Maximum { limit } => {
                self.limit(pointer, &format!("the greatest value here is {limit}"));
            }
            _ => self.limit(pointer, &error.masked().to_string()),
        }
    }

    fn is_full(&self) -> bool {
        self.found.len() >= MAX_FINDINGS
    }

    fn unknown_fields(&mut self, error: &ValidationError<'_>, unexpected: &[String]) {
        let pointer = error.instance_path().as_str();
        let known: Vec<&str> = self
            .neighbour(error, "properties")
            .and_then(Value::as_object)
            .map(|properties| properties.keys().map(String::as_str).collect())
            .unwrap_or_default();
        for field in unexpected {
            if self.is_full() {
                break;
            }
            let pointer = format!("{pointer}/{}", escape(field));
            let place = self.document.place_of_key(&pointer);
            let shown = field.escape_debug();
            let finding = if known.is_empty() {
                Diagnostic::error(Code::BadValue, format!("`{shown}` cannot be a key here"))
                    .at(pointer, place)
                    .help("write a slug: lower-case letters and digits, joined by single dashes")
            } else {
                Diagnostic::error(
                    Code::UnknownField,
                    format!("the field `{shown}` is not known here"),
                )
                .at(pointer, place)
                .help(suggest::help(field, known.iter().copied()))
            };
            self.found.push(finding);
        }
    }

    fn wrong_type(&mut self, pointer: &str, wanted: &TypeKind) {
        let types: Vec<String> = match wanted {
            TypeKind::Single(one) => vec![one.to_string()],
            TypeKind::Multiple(many) => many.iter().map(|one| one.to_string()).collect(),
        };
        let wants_text = types.iter().any(|name| name == "string");
        let expected = types
            .iter()
            .filter(|name| *name != "null")
            .map(|name| plain_name(name))
            .collect::<Vec<_>>();
        let node = self
            .document
            .root
            .at(pointer)
            .unwrap_or(&self.document.root);
        let message = format!(
            "expected {}, found {}",
            expected.join(" or "),
            node.describe()
        );
        let finding =
            Diagnostic::error(Code::WrongType, message).at(pointer, self.document.place(pointer));
        let is_plain = matches!(node.value, NodeValue::Number(_) | NodeValue::Bool(_));
        self.found.push(if wants_text && is_plain {
            finding.help(format!("quote it: \"{}\"", self.document.source_of(node)))
        } else {
            finding.help(format!("write {} here", expected.join(" or ")))
        });
    }

    fn unknown_word(&mut self, pointer: &str, words: &[&str]) {
        let node = self
            .document
            .root
            .at(pointer)
            .unwrap_or(&self.document.root);
        let place = self.document.place(pointer);
        self.found.push(match &node.value {
            NodeValue::Text(found) => {
                let message = format!(
                    "`{}` is not one of the words allowed here",
                    found.escape_debug()
                );
                Diagnostic::error(Code::UnknownWord, message)
                    .at(pointer, place)
                    .help(suggest::help(found, words.iter().copied()))
            }
            NodeValue::Null
            | NodeValue::Bool(_)
            | NodeValue::Number(_)
            | NodeValue::List(_)
            | NodeValue::Map(_) => {
                let message = format!(
                    "expected one of {}, found {}",
                    suggest::list(words),
                    node.describe()
                );
                Diagnostic::error(Code::WrongType, message).at(pointer, place)
            }
        });
    }

    /// A `oneOf` is a tagged enum, whose branch its `kind` chooses, or a set of words with a description each.
    fn one_of(&mut self, pointer: &str, branches: &[Vec<ValidationError<'static>>]) {
        let tag = format!("{pointer}/kind");
        let of_tag = |error: &&ValidationError<'static>| {
            error.instance_path().as_str() == tag
                && matches!(error.kind(), ValidationErrorKind::Constant { .. })
        };
        let expected = |error: &ValidationError<'static>| match error.kind() {
            ValidationErrorKind::Constant { expected_value } => {
                expected_value.as_str().map(str::to_owned)
            }
            _ => None,
        };
        let tags: Vec<String> = branches
            .iter()
            .flatten()
            .filter(of_tag)
            .filter_map(expected)
            .collect();
        let node = self
            .document
            .root
            .at(pointer)
            .unwrap_or(&self.document.root);
        if tags.is_empty() && node.get("kind").is_none() && matches!(node.value, NodeValue::Map(_))
        {
            let finding = Diagnostic::error(Code::MissingField, "the field `kind` is missing")
                .at(pointer, self.document.place_of_mapping(pointer));
            self.found
                .push(finding.help("say what the action does, as in `kind: COPY_FILE`"));
        } else if tags.is_empty() {
            let words: Vec<String> = branches.iter().flatten().filter_map(expected).collect();
            match branches.first().and_then(|branch| branch.first()) {
                Some(error) if words.is_empty() => self.explain(error),
                _ => self.unknown_word(
                    pointer,
                    &words.iter().map(String::as_str).collect::<Vec<_>>(),
                ),
            }
        } else if node.get("kind").is_some_and(is_code) {
            let finding = Diagnostic::error(
                Code::CodeRefused,
                "RUN_BASH_TEMPLATE is known and refused: recipes run no code",
            )
            .at(&tag, self.document.place(&tag));
            self.found
                .push(finding.help(
                    "write the result into files and copy them with COPY_FILE or WRITE_FILE",
                ));
        } else if let Some(chosen) = branches
            .iter()
            .find(|branch| !branch.iter().any(|error| of_tag(&error)))
        {
            for error in chosen {
                self.explain(error);
            }
        } else {
            self.unknown_word(&tag, &tags.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }

    fn any_of(&mut self, error: &ValidationError<'_>, branches: &[Vec<ValidationError<'static>>]) {
        let pointer = error.instance_path().as_str();
        let is_null = |branch: &&Vec<ValidationError<'static>>| {
            branch.iter().all(|error| matches!(error.kind(), ValidationErrorKind::Type { kind: TypeKind::Single(kind) } if kind.to_string() == "null"))
        };
        let others: Vec<&Vec<ValidationError<'static>>> =
            branches.iter().filter(|branch| !is_null(branch)).collect();
        if let [only] = others.as_slice() {
            for error in *only {
                self.explain(error);
            }
            return;
        }
        let wanted = self
            .neighbour(error, "description")
            .and_then(Value::as_str)
            .unwrap_or("another value");
        let node = self
            .document
            .root
            .at(pointer)
            .unwrap_or(&self.document.root);
        let message = format!(
            "expected {wanted}, found `{}`",
            self.document.source_of(node).escape_debug()
        );
        self.found.push(
            Diagnostic::error(Code::BadValue, message).at(pointer, self.document.place(pointer)),
        );
    }

    fn bad_format(&mut self, pointer: &str, format: &str) {
        let text = match self.document.root.at(pointer).map(|node| &node.value) {
            Some(NodeValue::Text(text)) => text.as_str(),
            _ => "",
        };
        let reason = FORMATS
            .iter()
            .chain([&IDENTITY])
            .find(|(name, _)| *name == format)
            .and_then(|(_, refuse)| refuse(text));
        let code = if format.ends_with("path") {
            Code::BadPath
        } else {
            Code::BadValue
        };
        let message = reason.unwrap_or_else(|| format!("this is not a {format}"));
        self.found
            .push(Diagnostic::error(code, message).at(pointer, self.document.place(pointer)));
    }

    fn limit(&mut self, pointer: &str, message: &str) {
        self.found.push(
            Diagnostic::error(Code::BadValue, message).at(pointer, self.document.place(pointer)),
        );
    }

    /// The keyword `name` beside the one that failed.
    fn neighbour(&self, error: &ValidationError<'_>, name: &str) -> Option<&'d Value> {
        let path = error.schema_path().as_str();
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        self.schema.pointer(parent)?.get(name)
    }
}

fn is_code(kind: &Node) -> bool {
    matches!(&kind.value, NodeValue::Text(kind) if kind == "RUN_BASH_TEMPLATE")
}

fn plain_name(json_type: &str) -> &'static str {
    match json_type {
        "string" => "text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "a mapping",
        _ => "nothing",
    }
}
