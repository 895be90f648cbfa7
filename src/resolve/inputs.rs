//! The values of a catalogue's inputs: given ones are checked, others get their defaults.

use crate::catalog::{Catalog, CatalogInput, InputDefault, in_order};
use crate::model::condition::{InputValue, InputValues, applies};
use crate::model::diagnostic::{Code, Diagnostic};
use crate::model::input::{Identity, Inputs};
use crate::model::placeholder::{BuiltInFact, PlaceholderName};
use crate::model::selection::Selection;
use crate::model::suggest;

/// The facts of a product, with the values that were given for inputs.
#[derive(Clone, Copy)]
pub(super) struct Given<'g> {
    pub(super) inputs: &'g Inputs,
    pub(super) author: &'g Identity,
}

/// The values of all inputs that apply to a selection.
///
/// # Errors
/// Unknown inputs, values that break a rule, and inputs without a value.
pub(super) fn values(
    catalog: &Catalog,
    selection: &Selection,
    given: Given<'_>,
) -> Result<InputValues, Vec<Diagnostic>> {
    let file = catalog.file();
    let mut findings = unknown(catalog, &given.inputs.values);
    let mut values = InputValues::new();
    let mut without_value: Vec<&PlaceholderName> = Vec::new();
    for input in in_order(file).expect("a valid catalogue has no cycle of inputs") {
        let given_value = given.inputs.values.get(&input.name);
        if !applies(&input.when, &input.unless, selection, &values) {
            findings.extend(given_value.map(|_| unused(input)));
            continue;
        }
        match value(input, given_value, given, &values) {
            Ok(value) => {
                values.insert(input.name.clone(), value);
            }
            // Without the other value its own default is not known: one finding is enough.
            Err(_) if input.is_derived_from(&without_value) && given_value.is_none() => {
                without_value.push(&input.name);
            }
            Err(finding) => {
                without_value.push(&input.name);
                findings.push(*finding);
            }
        }
    }
    if findings.is_empty() {
        Ok(values)
    } else {
        Err(findings)
    }
}

/// The value of one input.
fn value(
    input: &CatalogInput,
    given_value: Option<&InputValue>,
    given: Given<'_>,
    earlier: &InputValues,
) -> Result<InputValue, Box<Diagnostic>> {
    let name = &input.name;
    if let Some(value) = given_value {
        return input.value(value).map_err(|problem| {
            let message = format!(
                "input {name} is `{}`, expected {}",
                value.to_string().escape_debug(),
                problem.expected
            );
            Box::new(error(Code::InvalidInput, name, message).help(problem.help))
        });
    }
    let Some(derived) = default_of(input, given, earlier) else {
        let message = format!("input {name} ({}) has no value", input.title);
        let help = format!("give one with `--input {name}=…`, or as `{name}` in `inputs`");
        return Err(Box::new(
            error(Code::MissingInput, name, message).help(help),
        ));
    };
    input.value(&derived).map_err(|problem| {
        let message = format!(
            "the default of input {name} is `{}`, expected {}",
            derived.to_string().escape_debug(),
            problem.expected
        );
        let help =
            format!("give another value with `--input {name}=…`, or as `{name}` in `inputs`");
        Box::new(error(Code::InvalidInput, name, message).help(help))
    })
}

/// The default of an input, computed from the facts and the inputs before it.
fn default_of(input: &CatalogInput, given: Given<'_>, earlier: &InputValues) -> Option<InputValue> {
    let derived = match input.default.as_ref()? {
        InputDefault::Value(value) => return Some(value.clone()),
        InputDefault::Derived(derived) => derived,
    };
    let fact = BuiltInFact::ALL
        .into_iter()
        .find(|fact| fact.name() == derived.from)
        .map(|fact| InputValue::Text(fact.value(given.inputs, given.author)));
    let source = fact.or_else(|| earlier.get(&derived.from).cloned())?;
    Some(match derived.case {
        Some(case) => InputValue::Text(case.apply(&source.to_string())),
        None => source,
    })
}

/// The findings about given inputs that the catalogue does not have.
fn unknown(catalog: &Catalog, given: &InputValues) -> Vec<Diagnostic> {
    let known = || {
        let inputs = catalog.file().inputs.iter();
        inputs.map(|input| input.name.as_str())
    };
    let is_unknown = |name: &&PlaceholderName| catalog.file().input(name).is_none();
    let finding = |name: &PlaceholderName| {
        let message = format!("catalogue `{}` has no input `{name}`", catalog.slug());
        let known: Vec<&str> = known().collect();
        let help = if known.is_empty() {
            "remove it: the catalogue has no inputs".to_owned()
        } else {
            suggest::help(name.as_str(), known.iter().copied())
        };
        error(Code::UnusedInput, name, message).help(help)
    };
    given.keys().filter(is_unknown).map(finding).collect()
}

fn unused(input: &CatalogInput) -> Diagnostic {
    let name = &input.name;
    let message = format!("input {name} does not apply to this selection");
    error(Code::UnusedInput, name, message)
        .help("remove it, or select the options that its `when` names")
}

fn error(code: Code, name: &PlaceholderName, message: String) -> Diagnostic {
    Diagnostic::error(code, message).at(format!("/inputs/{name}"), None)
}

/// The inputs of a recorded plan for a selection of another version of its catalogue: the values that the catalogue still
/// has a question for, and the values in `asked`. One of `asked` that does not apply stays, so that it is reported.
///
/// # Errors
/// Recorded values that the catalogue no longer accepts and nobody replaced.
pub fn carry_over(
    catalog: &Catalog,
    selection: &Selection,
    mut recorded: Inputs,
    asked: &InputValues,
    author: &Identity,
) -> Result<Inputs, Vec<Diagnostic>> {
    recorded.values.extend(asked.clone());
    let mut values = asked.clone();
    let mut findings = Vec::new();
    for question in questions(catalog, selection, &recorded, author) {
        let name = &question.input.name;
        let Some(given) = question.given.filter(|_| !asked.contains_key(name)) else {
            continue;
        };
        if let Err(problem) = question.input.value(&given) {
            let value = given.to_string();
            let message = format!(
                "the repository was created with `{}` for input {name}, but the catalogue now expects {}",
                value.escape_debug(),
                problem.expected
            );
            let help = format!("give another value with `--input {name}=…`");
            findings.push(error(Code::InvalidInput, name, message).help(help));
        }
        values.insert(name.clone(), given);
    }
    if !findings.is_empty() {
        return Err(findings);
    }
    recorded.values = values;
    Ok(recorded)
}

/// An input that applies to a selection.
#[derive(Clone, Debug)]
pub struct Question<'c> {
    pub input: &'c CatalogInput,
    /// The value that was given.
    pub given: Option<InputValue>,
    /// The value without an answer.
    pub default: Option<InputValue>,
}

impl Question<'_> {
    /// True for a default that the input accepts: one that is derived from another value may not be.
    pub fn has_possible_default(&self) -> bool {
        let default = self.default.as_ref();
        default.is_some_and(|default| self.input.value(default).is_ok())
    }
}

/// The inputs that apply to a selection, each after those that it depends on, with the values that are known so far.
pub fn questions<'c>(
    catalog: &'c Catalog,
    selection: &Selection,
    inputs: &Inputs,
    author: &Identity,
) -> Vec<Question<'c>> {
    let file = catalog.file();
    let order = in_order(file).expect("a valid catalogue has no cycle of inputs");
    let mut values = InputValues::new();
    let mut questions = Vec::new();
    for input in order {
        if !applies(&input.when, &input.unless, selection, &values) {
            continue;
        }
        let given = inputs.values.get(&input.name).cloned();
        let default = default_of(input, Given { inputs, author }, &values);
        let value = given.as_ref().or(default.as_ref());
        if let Some(Ok(value)) = value.map(|value| input.value(value)) {
            values.insert(input.name.clone(), value);
        }
        questions.push(Question {
            input,
            given,
            default,
        });
    }
    questions
}
