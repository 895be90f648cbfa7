//! SET_VALUE: one value of a JSON or TOML file, at a JSON pointer.

use crate::interpret::format::Format;
use crate::interpret::line_ends::Lines;
use crate::interpret::step::{ActionError, ActionKind, Done, Step, Violation};
use crate::interpret::value::{self, SetValueError, ValueFormat};
use crate::model::action::SetValue;
use crate::model::diagnostic::Code;
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
            let message = format!("`{}` is neither a JSON nor a TOML file", self.path);
            let help = "use REPLACE_STRING for other formats";
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
        let mut texts = Vec::new();
        collect_texts(&self.value, &mut texts);
        texts
    }

    fn edits(&self, path: &TreePath) -> bool {
        self.path.as_tree() == path
    }

    fn run(&self, step: &mut Step<'_, '_>) -> Result<Done, ActionError> {
        let path = self.path.as_tree();
        let value = filled(step, &self.value);
        if let Some(other) = step.other_value(path, &self.pointer, &value) {
            let message = format!(
                "`{path}`: another action sets `{}` to another value",
                self.pointer
            );
            return Err(step
                .finding(Code::ValueConflict, message)
                .also(Some(other), "set here")
                .help("let one option set the value, or add a conflict between the options")
                .into());
        }
        let file = step.text(path)?;
        let Some(format) = format_of(path.as_str()) else {
            let message = format!("`{path}` is neither a JSON nor a TOML file");
            let finding = step.finding(Code::UnsettableValue, message);
            return Err(finding.help("use REPLACE_STRING for other formats").into());
        };
        let lines = Lines::of(&file.text);
        let changed = value::set(format, lines.text(), &self.pointer, &value)
            .map_err(|error| refused(step, path, &error))?;
        step.record_value(path, &self.pointer, value);
        let Some(text) = changed else {
            return Ok(Done::unchanged("the value is already set"));
        };
        step.write_text(path, &file, &lines.replaced_by(&text))?;
        Ok(Done::Changed(format!("`{}` set", self.pointer)))
    }
}

fn format_of(path: &str) -> Option<ValueFormat> {
    match Format::of(path, "") {
        Some(Format::Json) => Some(ValueFormat::Json),
        Some(Format::Toml) => Some(ValueFormat::Toml),
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
        Value::Object(entries) => entries.values().for_each(|item| collect_texts(item, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The value with the placeholders of its texts replaced. The value is written as the format needs it, so nothing is
/// escaped here.
fn filled(step: &Step<'_, '_>, value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(step.fill_plainly(text)),
        Value::Array(items) => items.iter().map(|item| filled(step, item)).collect(),
        Value::Object(entries) => {
            let filled = entries
                .iter()
                .map(|(key, item)| (key.clone(), filled(step, item)));
            Value::Object(filled.collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
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
