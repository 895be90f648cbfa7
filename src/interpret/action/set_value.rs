//! SET_VALUE: one value of a JSON, TOML or YAML file, at a JSON pointer.

use crate::interpret::format::Format;
use crate::interpret::line_ends::Lines;
use crate::interpret::step::{ActionError, ActionKind, Done, Step, Violation};
use crate::interpret::value::{self, SetValueError, ValueFormat};
use crate::model::action::SetValue;
use crate::model::diagnostic::Code;
use crate::model::ordered_value::OrderedValue;
use crate::model::path::TreePath;
use serde_json::Value;
use std::borrow::Cow;

impl ActionKind for SetValue {
    fn target(&self) -> Cow<'_, str> {
        self.path.as_str().into()
    }

    fn violations(&self) -> Vec<Violation> {
        let violation = |field, message: String, help| Violation {
            code: Code::BadValue,
            field: Some(field),
            message,
            help,
        };
        let mut violations = Vec::new();
        if format_of(self.path.as_str()).is_none() {
            let message = format!("`{}` is no JSON, TOML or YAML file", self.path);
            let help = "edit other formats by REPLACE_STRING, or by APPEND_TO_FILE with `after`";
            violations.push(violation("path", message, help));
        }
        let tokens = self.pointer.tokens();
        let inner = tokens.split_last().map_or(&[][..], |(_, inner)| inner);
        if inner.iter().any(|token| token == "-") {
            let message = "`-` is a new entry, which has nothing below it".to_owned();
            let help = "write the whole entry as the value";
            violations.push(violation("pointer", message, help));
        }
        if format_of(self.path.as_str()) == Some(ValueFormat::Toml) && has_null(&self.value) {
            let message = "TOML has no value for null".to_owned();
            violations.push(violation("value", message, "write another value"));
        }
        violations
    }

    fn texts(&self) -> Vec<(&'static str, &str)> {
        let mut texts = vec![("pointer", self.pointer.as_str())];
        collect_texts(&self.value, &mut texts);
        texts
    }

    fn edits(&self, path: &TreePath) -> bool {
        self.path.as_tree() == path
    }

    fn run(&self, step: &mut Step<'_, '_>) -> Result<Done, ActionError> {
        let path = self.path.as_tree();
        let pointer = self.pointer.with_tokens(|token| step.fill_plainly(token));
        let ordered = self.filled(step)?;
        let value = ordered.plain();
        if let Some(other) = step.other_value(path, &pointer, &value) {
            let message = format!("`{path}`: another action sets `{pointer}` to another value");
            return Err(step
                .finding(Code::ValueConflict, message)
                .also(Some(other), "set here")
                .help("let one option set the value, or add a conflict between the options")
                .into());
        }
        let file = step.text(path)?;
        let Some(format) = format_of(path.as_str()) else {
            let message = format!("`{path}` is no JSON, TOML or YAML file");
            let finding = step.finding(Code::UnsettableValue, message);
            return Err(finding
                .help("edit other formats by REPLACE_STRING, or by APPEND_TO_FILE with `after`")
                .into());
        };
        let lines = Lines::of(&file.text);
        let changed = value::set(format, lines.text(), &pointer, &ordered)
            .map_err(|error| refused(step, path, &error))?;
        step.record_value(path, &pointer, value);
        let Some(text) = changed else {
            return Ok(Done::unchanged("the value is already set"));
        };
        step.write_text(path, &file, &lines.replaced_by(&text))?;
        Ok(Done::Changed(format!("`{pointer}` set")))
    }
}

fn format_of(path: &str) -> Option<ValueFormat> {
    match Format::of(path, "") {
        Some(Format::Json) => Some(ValueFormat::Json),
        Some(Format::Toml) => Some(ValueFormat::Toml),
        Some(Format::Yaml) => Some(ValueFormat::Yaml),
        _ => None,
    }
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(entries) => entries.values().any(has_null),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn collect_texts<'v>(value: &'v Value, texts: &mut Vec<(&'static str, &'v str)>) {
    match value {
        Value::String(text) => texts.push(("value", text)),
        Value::Array(items) => items.iter().for_each(|item| collect_texts(item, texts)),
        Value::Object(entries) => entries.iter().for_each(|(key, item)| {
            texts.push(("value", key));
            collect_texts(item, texts);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl SetValue {
    /// The value with the placeholders of its texts and keys replaced. It is written as the format needs it, so nothing
    /// is escaped here.
    fn filled(&self, step: &Step<'_, '_>) -> Result<OrderedValue, ActionError> {
        let value = OrderedValue::of(&self.value, &self.key_order);
        value
            .with_texts(&|text| step.fill_plainly(text))
            .map_err(|key| {
                let message = format!("two keys of one object in the value become `{key}`");
                let finding = step.finding(Code::UnsettableValue, message);
                finding
                    .help("write other keys, or choose another value of the placeholder")
                    .into()
            })
    }
}

fn refused(step: &Step<'_, '_>, path: &TreePath, error: &SetValueError) -> ActionError {
    let help = match error {
        SetValueError::Syntax { .. } => "correct the file in the template",
        SetValueError::NoContainer { .. } | SetValueError::NoEntry { .. } => {
            "compare the pointer with the file; each token is a key or the number of an entry"
        }
        SetValueError::NoToml { .. } => "write another value",
        SetValueError::Layout { .. } => "use REPLACE_STRING here",
    };
    let message = format!("`{path}`: {error}");
    step.finding(Code::UnsettableValue, message)
        .help(help)
        .into()
}
