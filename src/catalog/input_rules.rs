//! The rules of the inputs in catalog.yaml, and the order in which inputs get their values.

use super::input::{CatalogInput, DerivedDefault, InputDefault, InputType};
use super::{CatalogFile, rules};
use crate::model::condition::{Condition, InputValue};
use crate::model::diagnostic::{Code, Diagnostic};
use crate::model::placeholder::{BuiltInFact, CaseForm, PlaceholderName, tokens_in};
use crate::model::suggest;
use crate::source::node::Document;
use std::collections::BTreeMap;

/// All findings about the inputs, and about conditions of the template's files.
pub(super) fn check(document: &Document, catalog: &CatalogFile) -> Vec<Diagnostic> {
    let mut rules = InputRules {
        document,
        catalog,
        findings: Vec::new(),
    };
    rules.names();
    for (index, input) in catalog.inputs.iter().enumerate() {
        let pointer = format!("/inputs/{index}");
        rules.fields(&pointer, input);
        rules.default(&pointer, input);
        rules.conditions(&pointer, &input.when, &input.unless);
    }
    rules.cycles();
    rules.template_files();
    rules.findings
}

/// The inputs in an order in which each comes after those that its default and its conditions name; else the inputs of a
/// cycle.
pub fn in_order(catalog: &CatalogFile) -> Result<Vec<&CatalogInput>, Vec<&CatalogInput>> {
    let mut ordered = Vec::new();
    let mut trail = Vec::new();
    for input in &catalog.inputs {
        visit(catalog, input, &mut trail, &mut ordered)?;
    }
    Ok(ordered)
}

fn visit<'c>(
    catalog: &'c CatalogFile,
    input: &'c CatalogInput,
    trail: &mut Vec<&'c CatalogInput>,
    ordered: &mut Vec<&'c CatalogInput>,
) -> Result<(), Vec<&'c CatalogInput>> {
    if ordered.iter().any(|done| done.name == input.name) {
        return Ok(());
    }
    if let Some(start) = trail.iter().position(|open| open.name == input.name) {
        return Err(trail[start..].to_vec());
    }
    trail.push(input);
    for name in input.needs() {
        if let Some(needed) = catalog.input(name) {
            visit(catalog, needed, trail, ordered)?;
        }
    }
    trail.pop();
    ordered.push(input);
    Ok(())
}

impl CatalogInput {
    /// The placeholder from which the default is derived.
    pub(super) fn derived(&self) -> Option<&DerivedDefault> {
        match &self.default {
            Some(InputDefault::Derived(derived)) => Some(derived),
            Some(InputDefault::Value(_)) | None => None,
        }
    }

    /// True if the default is derived from one of these inputs.
    pub fn is_derived_from(&self, names: &[&PlaceholderName]) -> bool {
        self.derived()
            .is_some_and(|derived| names.contains(&&derived.from))
    }

    /// The names that the default and the conditions contain.
    fn needs(&self) -> impl Iterator<Item = &PlaceholderName> {
        let conditions = self.when.inputs.keys().chain(self.unless.inputs.keys());
        self.derived()
            .map(|derived| &derived.from)
            .into_iter()
            .chain(conditions)
    }
}

struct InputRules<'d> {
    document: &'d Document,
    catalog: &'d CatalogFile,
    findings: Vec<Diagnostic>,
}

impl InputRules<'_> {
    /// No placeholder may have two meanings.
    fn names(&mut self) {
        let mut known: BTreeMap<PlaceholderName, Option<String>> = BTreeMap::new();
        for name in BuiltInFact::ALL
            .iter()
            .flat_map(|fact| fact.name().with_cases())
        {
            known.insert(name, None);
        }
        for (index, input) in self.catalog.inputs.iter().enumerate() {
            let pointer = format!("/inputs/{index}/name");
            let own = input.placeholder_names();
            let is_long = |name: &&PlaceholderName| name.as_str().len() > PlaceholderName::MAX;
            if let Some(long) = own.iter().find(is_long) {
                let message = format!(
                    "its case form `{long}` has more than {} characters",
                    PlaceholderName::MAX
                );
                let finding = Diagnostic::error(Code::InputName, message)
                    .at(&pointer, self.document.location(&pointer));
                self.findings.push(finding.help("choose a shorter name"));
            }
            if let Some((name, first)) = own.iter().find_map(|name| known.get_key_value(name)) {
                let message = match first {
                    None => format!("`{name}` is a built-in placeholder"),
                    Some(_) => format!("two inputs have the placeholder `{name}`"),
                };
                let earlier = first.as_ref().map(|first| self.document.location(first));
                let finding = Diagnostic::error(Code::InputName, message)
                    .at(&pointer, self.document.location(&pointer))
                    .also(earlier, "first used here");
                self.findings.push(finding.help("choose another name"));
            }
            for name in own {
                known.entry(name).or_insert_with(|| Some(pointer.clone()));
            }
        }
    }

    /// Each type has its own fields.
    fn fields(&mut self, pointer: &str, input: &CatalogInput) {
        let (is_text, is_choice) = (
            input.r#type == InputType::Text,
            input.r#type == InputType::Choice,
        );
        let has_limits = is_text || input.r#type == InputType::Integer;
        for (field, is_given, is_allowed) in [
            ("pattern", input.pattern.is_some(), is_text),
            ("reserved", !input.reserved.is_empty(), is_text),
            ("min", input.min.is_some(), has_limits),
            ("max", input.max.is_some(), has_limits),
            ("options", !input.options.is_empty(), is_choice),
        ] {
            if is_given && !is_allowed {
                let message = format!("an input of this type has no `{field}`");
                let help = "remove it, or change the `type`";
                self.error(
                    Code::InputFields,
                    &format!("{pointer}/{field}"),
                    message,
                    help,
                );
            }
        }
        if is_choice && input.options.is_empty() {
            let message = "a choice has no `options`".to_owned();
            let help = "add `options: [first, second]`";
            self.error(Code::InputFields, &format!("{pointer}/type"), message, help);
        }
        if let (Some(min), Some(max)) = (input.min, input.max)
            && min > max
        {
            let message = format!("`min` {min} is greater than `max` {max}");
            let help = "exchange them";
            self.error(Code::InputFields, &format!("{pointer}/min"), message, help);
        }
    }

    fn default(&mut self, pointer: &str, input: &CatalogInput) {
        match &input.default {
            None => {}
            Some(InputDefault::Value(value)) => {
                self.placeholder_in(&format!("{pointer}/default"), value);
                if let Err(problem) = input.value(value) {
                    let message = format!(
                        "default `{}` is not {}",
                        value.to_string().escape_debug(),
                        problem.expected
                    );
                    let at = format!("{pointer}/default");
                    self.error(Code::InputFields, &at, message, problem.help);
                }
            }
            Some(InputDefault::Derived(derived)) => {
                let is_fact = BuiltInFact::ALL
                    .iter()
                    .any(|fact| fact.name() == derived.from);
                if is_fact {
                    self.sample_default(pointer, input, derived);
                } else {
                    self.known_source(&format!("{pointer}/default/from"), &derived.from);
                }
            }
        }
    }

    /// Warns about a placeholder in a default: values are inserted as they are.
    fn placeholder_in(&mut self, pointer: &str, value: &InputValue) {
        let InputValue::Text(text) = value else {
            return;
        };
        let own = self.catalog.placeholder_names();
        let facts = BuiltInFact::ALL
            .iter()
            .flat_map(|fact| fact.name().with_cases());
        let known: Vec<PlaceholderName> = own.into_iter().chain(facts).collect();
        let is_known = |token: &str| known.iter().any(|name| name.token() == token);
        if let Some((_, token)) = tokens_in(text).find(|(_, token)| is_known(token)) {
            let message = format!("nothing replaces the placeholder `{token}` in a default");
            let help = "derive the default with `from`, or write the placeholder into the files";
            self.warning(Code::UnknownPlaceholder, pointer, message, help);
        }
    }

    /// Warns about a derived default that an ordinary product cannot have.
    fn sample_default(&mut self, pointer: &str, input: &CatalogInput, derived: &DerivedDefault) {
        let Some(sample) = sample_of(&derived.from) else {
            return;
        };
        let value = |case: Option<CaseForm>| {
            let text = case.map_or_else(|| sample.to_owned(), |case| case.apply(sample));
            input.value(&InputValue::Text(text))
        };
        let Err(problem) = value(derived.case) else {
            return;
        };
        let default = derived
            .case
            .map_or_else(|| sample.to_owned(), |case| case.apply(sample));
        let message = format!(
            "the default of a product is a text such as `{default}`, expected {}",
            problem.expected
        );
        let fitting = CaseForm::ALL
            .into_iter()
            .find(|case| value(Some(*case)).is_ok());
        let help = match fitting {
            Some(case) => format!("add `case: {}`", case.suffix().to_lowercase()),
            None => {
                "correct the `pattern`, or derive the default from another placeholder".to_owned()
            }
        };
        self.warning(
            Code::InputFields,
            &format!("{pointer}/default"),
            message,
            help,
        );
    }

    fn conditions(&mut self, pointer: &str, when: &Condition, unless: &Condition) {
        for (field, condition) in [("when", when), ("unless", unless)] {
            let pointer = format!("{pointer}/{field}");
            let found = rules::condition(self.catalog, self.document, &pointer, condition);
            self.findings.extend(found);
        }
    }

    /// The name that a default is derived from, which is no fact.
    fn known_source(&mut self, pointer: &str, name: &PlaceholderName) {
        if let Some((message, help)) = unknown(self.catalog, name) {
            let facts = BuiltInFact::ALL.map(BuiltInFact::name);
            let near = suggest::nearest(name.as_str(), facts.iter().map(PlaceholderName::as_str));
            let help = near.map_or(help, |near| format!("did you mean `{near}`?"));
            self.error(Code::UnknownInput, pointer, message, help);
        }
    }

    fn cycles(&mut self) {
        let Err(cycle) = in_order(self.catalog) else {
            return;
        };
        let first = cycle[0];
        let names: Vec<String> = cycle
            .iter()
            .copied()
            .chain([first])
            .map(|input| format!("`{}`", input.name))
            .collect();
        let is_first = |input: &CatalogInput| input.name == first.name;
        let index = self.catalog.inputs.iter().position(is_first).unwrap_or(0);
        let message = format!("inputs need each other: {}", names.join(" → "));
        let help = "give one of them a fixed default, or remove a condition";
        self.error(
            Code::InputCycle,
            &format!("/inputs/{index}/name"),
            message,
            help,
        );
    }

    fn template_files(&mut self) {
        let mut first: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, file) in self.catalog.template.files.iter().enumerate() {
            let pointer = format!("/template/files/{index}");
            self.conditions(&pointer, &file.when, &file.unless);
            if file.when.is_empty() && file.unless.is_empty() {
                let message = format!("`{}` has no condition", file.path);
                let help = "add `when` or `unless`, or remove the entry";
                self.error(Code::MissingField, &pointer, message, help);
            }
            if let Some(earlier) = first.insert(file.path.as_str(), index) {
                let earlier = format!("/template/files/{earlier}/path");
                let message = format!("`{}` is listed twice", file.path);
                let at = format!("{pointer}/path");
                let finding = Diagnostic::error(Code::TwoOnOnePath, message)
                    .at(&at, self.document.location(&at))
                    .also(Some(self.document.location(&earlier)), "first listed here");
                self.findings
                    .push(finding.help("write one entry with all conditions"));
            }
        }
    }

    fn error(&mut self, code: Code, pointer: &str, message: String, help: impl Into<String>) {
        let location = self.document.location(pointer);
        let finding = Diagnostic::error(code, message).at(pointer, location);
        self.findings.push(finding.help(help));
    }

    fn warning(&mut self, code: Code, pointer: &str, message: String, help: impl Into<String>) {
        let location = self.document.location(pointer);
        let finding = Diagnostic::warning(code, message).at(pointer, location);
        self.findings.push(finding.help(help));
    }
}

/// The value of a fact for an ordinary product; none for a fact whose values differ too much.
fn sample_of(fact: &PlaceholderName) -> Option<&'static str> {
    match fact.as_str() {
        "PRODUCT_NAME" => Some("Acme Web"),
        "PRODUCT_SLUG" | "REPO_NAME" => Some("acme-web"),
        "GITHUB_OWNER" => Some("acme"),
        "REPO_URL" => Some("https://github.com/acme/acme-web"),
        _ => None,
    }
}

/// Message and help for the name of an unknown input; none if the input exists.
pub(super) fn unknown(catalog: &CatalogFile, name: &PlaceholderName) -> Option<(String, String)> {
    if catalog.input(name).is_some() {
        return None;
    }
    let is_case = |case: &CaseForm| name.as_str().ends_with(&format!("_{}", case.suffix()));
    let help = if CaseForm::ALL.iter().any(is_case) {
        "name the input itself, and its form with `case`".to_owned()
    } else {
        let known = catalog.inputs.iter().map(|input| input.name.as_str());
        suggest::help(name.as_str(), known)
    };
    Some((
        format!("catalogue `{}` has no input `{name}`", catalog.catalog),
        help,
    ))
}
