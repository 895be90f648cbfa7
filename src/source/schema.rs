//! Validation of documents by the JSON Schema of their type, with the location of each violation.

use super::deserialize::NodeDeserializer;
use super::formats::FORMATS;
use super::node::{Document, MAX_FINDINGS, Node, NodeValue, escape};
use super::schema_help::TypeMismatch;
use super::yaml::more;
use crate::model::diagnostic::{self, Code, Diagnostic};
use crate::model::slug::Slug;
use crate::model::suggest;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ValidationError, Validator};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::marker::PhantomData;
use std::sync::OnceLock;

/// The JSON Schema of `T`, compiled when it is needed for the first time.
pub struct Schema<T> {
    compiled: OnceLock<CompiledSchema>,
    reads: PhantomData<fn() -> T>,
}

struct CompiledSchema {
    json: Value,
    validator: Validator,
}

/// A type whose deserialization refuses every document that its JSON Schema refuses. Its documents are deserialized at
/// once, and validated by the schema only to explain a refusal.
pub trait HoldsItsSchema: JsonSchema + DeserializeOwned {
    /// False for a document that serde reads although the schema refuses its form.
    fn may_be_read(_root: &Node) -> bool {
        true
    }
}

impl CompiledSchema {
    /// The schema that schemars derives from `T`.
    ///
    /// # Panics
    /// If the derived schema is not a JSON Schema, which a test of this crate rules out.
    fn of<T: JsonSchema>() -> Self {
        let json = schemars::schema_for!(T).to_value();
        let options = jsonschema::options()
            .with_pattern_options(jsonschema::PatternOptions::regex())
            .should_validate_formats(true)
            .offline();
        let options = FORMATS.iter().fold(options, |options, format| {
            options.with_format(format.name, |text: &str| (format.refuse)(text).is_none())
        });
        let validator = options
            .build(&json)
            .expect("schemars derives valid schemas");
        Self { json, validator }
    }
}

impl<T: JsonSchema + DeserializeOwned> Schema<T> {
    pub const fn new() -> Self {
        Self {
            compiled: OnceLock::new(),
            reads: PhantomData,
        }
    }

    fn compiled(&self) -> &CompiledSchema {
        self.compiled.get_or_init(CompiledSchema::of::<T>)
    }

    pub(super) fn validator(&self) -> &Validator {
        &self.compiled().validator
    }

    /// Parses a `T`.
    ///
    /// # Errors
    /// All violations of the schema.
    pub fn parse(&self, document: &Document) -> Result<T, Vec<Diagnostic>> {
        let value = document.root.to_value();
        let schema = self.compiled();
        let mut findings = SchemaFindings {
            document,
            schema: &schema.json,
            found: Vec::new(),
        };
        for error in schema.validator.iter_errors(&value) {
            if findings.is_full() {
                break;
            }
            findings.explain(&error);
        }
        if findings.is_full() {
            findings.found.extend(more(&findings.found));
        }
        if !findings.found.is_empty() {
            diagnostic::sort(&mut findings.found);
            return Err(findings.found);
        }
        serde_json::from_value(value).map_err(|error| {
            let location = document.location("");
            let finding = Diagnostic::error(Code::BadValue, error.to_string()).at("", location);
            vec![finding.help(COMPARE)]
        })
    }

    /// Parses a `T` as [`Self::parse`] does, without the schema for a valid document.
    ///
    /// # Errors
    /// All violations of the schema.
    pub fn parse_directly(&self, document: &Document) -> Result<T, Vec<Diagnostic>>
    where
        T: HoldsItsSchema,
    {
        if T::may_be_read(&document.root)
            && let Ok(read) = T::deserialize(NodeDeserializer(&document.root))
        {
            return Ok(read);
        }
        self.parse(document)
    }
}

impl<T: JsonSchema + DeserializeOwned> Default for Schema<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// The help for a violation without a specific message.
const COMPARE: &str = "compare it with the output of `groundplan schema`";

struct SchemaFindings<'d> {
    document: &'d Document,
    schema: &'d Value,
    found: Vec<Diagnostic>,
}

impl<'d> SchemaFindings<'d> {
    fn explain(&mut self, error: &ValidationError<'_>) {
        let pointer = error.instance_path().as_str();
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                self.unknown_fields(error, unexpected);
            }
            ValidationErrorKind::PropertyNames { error } => {
                self.bad_key(pointer, error.instance().as_str().unwrap_or_default());
            }
            ValidationErrorKind::Required { property } => {
                let name = property.as_str().unwrap_or("");
                let finding =
                    Diagnostic::error(Code::MissingField, format!("field `{name}` is missing"))
                        .at(pointer, self.document.mapping_location(pointer));
                self.found.push(finding.help(format!("add `{name}: …`")));
            }
            ValidationErrorKind::Type { kind } => self.wrong_type(error, kind),
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
            ValidationErrorKind::Pattern { .. } => self.pattern(error),
            kind => {
                let (message, help) =
                    limit(kind).unwrap_or_else(|| (error.masked().to_string(), COMPARE.to_owned()));
                self.bad_value(pointer, &message, &help);
            }
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
            .map_or_else(Vec::new, |properties| {
                properties.keys().map(String::as_str).collect()
            });
        // A field that is there already is no suggestion.
        let node = self.node(pointer);
        let free = known
            .iter()
            .copied()
            .filter(|name| node.get(name).is_none());
        for field in unexpected {
            if self.is_full() {
                break;
            }
            if known.is_empty() {
                self.bad_key(pointer, field);
                continue;
            }
            let pointer = format!("{pointer}/{}", escape(field));
            let message = format!("unknown field `{}`", field.escape_debug());
            let location = self.document.key_location(&pointer);
            let finding = Diagnostic::error(Code::UnknownField, message).at(pointer, location);
            self.found
                .push(finding.help(suggest::help(field, free.clone())));
        }
    }

    /// A key that is not a name: those of inputs have capital letters, all others are slugs.
    fn bad_key(&mut self, pointer: &str, key: &str) {
        let is_of_inputs = pointer == "/inputs" || pointer.ends_with("/inputs");
        let help = if is_of_inputs {
            "write the name of an input: capital letters and digits, joined by single underscores"
        } else {
            "write a slug: lower-case letters and digits, joined by single dashes"
        };
        let pointer = format!("{pointer}/{}", escape(key));
        let location = self.document.key_location(&pointer);
        let message = format!("invalid key `{}`", key.escape_debug());
        let finding = Diagnostic::error(Code::BadValue, message).at(pointer, location);
        self.found.push(finding.help(help));
    }

    fn wrong_type(&mut self, error: &ValidationError<'_>, wanted: &TypeKind) {
        let pointer = error.instance_path().as_str();
        let types = type_names(wanted);
        let expected = types
            .iter()
            .filter(|name| *name != "null")
            .map(|name| plain_name(name))
            .collect::<Vec<_>>()
            .join(" or ");
        let node = self.node(pointer);
        let message = format!("expected {expected}, found {}", node.describe());
        let location = if node.range.is_empty() {
            self.document.key_location(pointer)
        } else {
            self.document.location(pointer)
        };
        let finding = Diagnostic::error(Code::WrongType, message).at(pointer, location);
        let mismatch = TypeMismatch {
            node,
            source: self.document.source_of(node),
            wanted: &types,
            schema: self.siblings(error),
        };
        self.found.push(finding.help(mismatch.help(&expected)));
    }

    fn unknown_word(&mut self, pointer: &str, words: &[&str]) {
        let node = self.node(pointer);
        let location = self.document.location(pointer);
        self.found.push(match &node.value {
            NodeValue::Text(found) => {
                let message = format!("unknown value `{}`", found.escape_debug());
                Diagnostic::error(Code::UnknownWord, message)
                    .at(pointer, location)
                    .help(suggest::help(
                        found.trim_matches('_'),
                        words.iter().copied(),
                    ))
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
                Diagnostic::error(Code::WrongType, message)
                    .at(pointer, location)
                    .help("write one of these values")
            }
        });
    }

    /// Explains a `oneOf`: either a tagged enum, whose `kind` selects the branch, or a set of words with descriptions.
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
        let node = self.node(pointer);
        if tags.is_empty() && node.get("kind").is_none() && matches!(node.value, NodeValue::Map(_))
        {
            let finding = Diagnostic::error(Code::MissingField, "field `kind` is missing")
                .at(pointer, self.document.mapping_location(pointer));
            self.found
                .push(finding.help("add the kind of the action, as in `kind: COPY_FILE`"));
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
                "RUN_BASH_TEMPLATE is not supported: recipes run no code",
            )
            .at(&tag, self.document.location(&tag));
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
        let of_this_type: Vec<_> = others
            .iter()
            .filter(|branch| !branch.iter().any(|error| is_of_other_type(error, pointer)))
            .collect();
        let is_word = |error: &ValidationError<'static>| {
            error.instance_path().as_str() == pointer
                && matches!(error.kind(), ValidationErrorKind::Enum { .. })
        };
        if let [only] = of_this_type.as_slice()
            && !only.iter().any(is_word)
        {
            for error in **only {
                self.explain(error);
            }
            return;
        }
        let wanted = self.description(error);
        let message = format!("expected {wanted}, found `{}`", self.found_at(pointer));
        let help = self.quoted(pointer, branches);
        self.bad_value(
            pointer,
            &message,
            &help.unwrap_or_else(|| format!("write {wanted}")),
        );
    }

    /// The help about a number or a boolean where a text is accepted; none for other values.
    fn quoted(&self, pointer: &str, branches: &[Vec<ValidationError<'static>>]) -> Option<String> {
        let node = self.node(pointer);
        let is_plain = matches!(node.value, NodeValue::Number(_) | NodeValue::Bool(_));
        let text = branches
            .iter()
            .flatten()
            .find_map(text_wanted)
            .filter(|_| is_plain)?;
        let format = self.siblings(text).and_then(|schema| schema.get("format"));
        let known = FORMATS
            .iter()
            .find(|known| format.is_some_and(|format| format == known.name));
        Some(known.map_or_else(
            || format!("quote it: \"{}\"", self.document.source_of(node)),
            |known| known.help.to_owned(),
        ))
    }

    fn pattern(&mut self, error: &ValidationError<'_>) {
        let pointer = error.instance_path().as_str();
        let message = format!(
            "`{}` does not have the expected form",
            self.found_at(pointer)
        );
        self.bad_value(
            pointer,
            &message,
            &format!("write {}", self.description(error)),
        );
    }

    /// The text of a value, for a message.
    fn found_at(&self, pointer: &str) -> String {
        let node = self.node(pointer);
        let text = match &node.value {
            NodeValue::Text(text) => text,
            NodeValue::Null
            | NodeValue::Bool(_)
            | NodeValue::Number(_)
            | NodeValue::List(_)
            | NodeValue::Map(_) => self.document.source_of(node),
        };
        text.escape_debug().to_string()
    }

    fn bad_format(&mut self, pointer: &str, name: &str) {
        let text = match &self.node(pointer).value {
            NodeValue::Text(text) => text.as_str(),
            NodeValue::Null
            | NodeValue::Bool(_)
            | NodeValue::Number(_)
            | NodeValue::List(_)
            | NodeValue::Map(_) => "",
        };
        let format = FORMATS.iter().find(|format| format.name == name);
        let reason = format.and_then(|format| (format.refuse)(text));
        let code = if name.ends_with("path") {
            Code::BadPath
        } else {
            Code::BadValue
        };
        let is_when = pointer.contains("/when/");
        let help = match Slug::from_title(text) {
            Some(slug) if text.starts_with('!') && is_when => {
                format!("write `{slug}` under `unless`, without `!`")
            }
            Some(slug) if name == "groundplan-slug" => format!("did you mean `{slug}`?"),
            Some(_) | None => format
                .map_or("write another value", |format| format.help)
                .to_owned(),
        };
        let message = reason.unwrap_or_else(|| format!("invalid {name}"));
        let finding = Diagnostic::error(code, message).at(pointer, self.document.location(pointer));
        self.found.push(finding.help(help));
    }

    fn bad_value(&mut self, pointer: &str, message: &str, help: &str) {
        let finding =
            Diagnostic::error(Code::BadValue, message).at(pointer, self.document.location(pointer));
        self.found.push(finding.help(help));
    }

    fn node(&self, pointer: &str) -> &'d Node {
        self.document
            .root
            .at(pointer)
            .unwrap_or(&self.document.root)
    }

    /// The description of the value in the schema, for a message.
    fn description(&self, error: &ValidationError<'_>) -> String {
        let text = self
            .neighbour(error, "description")
            .and_then(Value::as_str)
            .unwrap_or("another value")
            .trim_end_matches('.');
        let mut chars = text.chars();
        chars.next().map_or_else(String::new, |first| {
            first.to_lowercase().chain(chars).collect()
        })
    }

    /// The keyword `name` beside the violated one.
    fn neighbour(&self, error: &ValidationError<'_>, name: &str) -> Option<&'d Value> {
        self.siblings(error)?.get(name)
    }

    /// The part of the schema with the violated keyword.
    fn siblings(&self, error: &ValidationError<'_>) -> Option<&'d Value> {
        let path = error.schema_path().as_str();
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        self.schema.pointer(parent)
    }
}

/// Message and help for a value, a text or a collection outside its limits; none for other violations.
fn limit(kind: &ValidationErrorKind) -> Option<(String, String)> {
    use ValidationErrorKind as Kind;
    Some(match kind {
        Kind::MaxItems { limit } | Kind::MaxProperties { limit } => (
            format!("too many entries, the maximum is {limit}"),
            "remove some".to_owned(),
        ),
        Kind::MinItems { limit } | Kind::MinProperties { limit } => (
            "too few entries".to_owned(),
            format!("write at least {limit}"),
        ),
        Kind::MinLength { limit: 1 } => (
            "text is empty".to_owned(),
            "write 1 or more characters".to_owned(),
        ),
        Kind::MinLength { limit } => (
            "text is too short".to_owned(),
            format!("write {limit} or more characters"),
        ),
        Kind::MaxLength { limit } => (
            format!("text is longer than {limit} characters"),
            "shorten it".to_owned(),
        ),
        Kind::Minimum { limit } => (
            format!("value is less than {limit}"),
            format!("write {limit} or more"),
        ),
        Kind::Maximum { limit } => (
            format!("value is greater than {limit}"),
            format!("write {limit} or less"),
        ),
        _ => return None,
    })
}

fn is_of_other_type(error: &ValidationError<'_>, pointer: &str) -> bool {
    let is_other = match error.kind() {
        ValidationErrorKind::Type { .. } => true,
        // A choice of other types only.
        ValidationErrorKind::AnyOf { context } => {
            let mut branches = context.iter();
            branches.all(|branch| branch.iter().any(|error| is_of_other_type(error, pointer)))
        }
        _ => false,
    };
    is_other && error.instance_path().as_str() == pointer
}

/// The violation of a branch, or of one inside it, that accepts texts.
fn text_wanted<'e>(error: &'e ValidationError<'static>) -> Option<&'e ValidationError<'static>> {
    match error.kind() {
        ValidationErrorKind::Type { kind } if type_names(kind).contains(&"string".to_owned()) => {
            Some(error)
        }
        ValidationErrorKind::AnyOf { context } => context.iter().flatten().find_map(text_wanted),
        _ => None,
    }
}

fn type_names(wanted: &TypeKind) -> Vec<String> {
    match wanted {
        TypeKind::Single(one) => vec![one.to_string()],
        TypeKind::Multiple(many) => many.iter().map(|one| one.to_string()).collect(),
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
