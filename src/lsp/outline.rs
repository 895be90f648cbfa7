//! The names that a catalogue defines, read from its syntax tree, which may have errors.

use crate::model::placeholder::{BuiltInFact, CaseForm, PlaceholderName};
use crate::source::node::{Node, NodeValue};

/// The categories, options, inputs and facts of catalog.yaml.
#[derive(Debug, Default)]
pub(super) struct Outline {
    pub(super) categories: Vec<CategoryOutline>,
    pub(super) inputs: Vec<InputOutline>,
    /// The facts that the catalogue lists.
    facts: Vec<String>,
    /// The template's folder beside catalog.yaml.
    pub(super) template: Option<String>,
}

#[derive(Debug)]
pub(super) struct CategoryOutline {
    pub(super) slug: String,
    pub(super) title: String,
    pub(super) options: Vec<OptionOutline>,
}

#[derive(Debug)]
pub(super) struct OptionOutline {
    pub(super) slug: String,
    pub(super) title: String,
    pub(super) description: Option<String>,
    pub(super) requires: Vec<String>,
    pub(super) conflicts: Vec<String>,
}

#[derive(Debug)]
pub(super) struct InputOutline {
    pub(super) name: String,
    pub(super) title: String,
    kind: String,
    /// The values of a choice.
    options: Vec<String>,
}

/// A placeholder with its description.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct KnownPlaceholder {
    /// `__NAME__`.
    pub(super) token: String,
    pub(super) description: String,
}

impl Outline {
    /// The outline of a catalogue's document.
    pub(super) fn of(root: &Node) -> Self {
        let template = root.get("template").and_then(|node| node.get("path"));
        Self {
            categories: items(root.get("categories")).filter_map(category).collect(),
            inputs: items(root.get("inputs")).filter_map(input).collect(),
            facts: texts(root.get("placeholders")),
            template: template.and_then(text).map(str::to_owned),
        }
    }

    pub(super) fn category(&self, slug: &str) -> Option<&CategoryOutline> {
        self.categories.iter().find(|known| known.slug == slug)
    }

    pub(super) fn option(&self, category: &str, option: &str) -> Option<&OptionOutline> {
        let options = &self.category(category)?.options;
        options.iter().find(|known| known.slug == option)
    }

    /// The placeholders that are replaced in the files of the catalogue.
    pub(super) fn placeholders(&self) -> Vec<KnownPlaceholder> {
        let facts = BuiltInFact::ALL.into_iter().flat_map(|fact| {
            let name = fact.name();
            let is_listed = self.facts.iter().any(|listed| listed == name.as_str());
            let forms = if fact.is_text() {
                CaseForm::ALL.to_vec()
            } else {
                Vec::new()
            };
            let description = format!("The fact {name}");
            let own = is_listed.then(|| known(&name, description.clone()));
            let cases = forms.into_iter().map({
                let name = name.clone();
                move |form| in_case(&name, form, &description)
            });
            own.into_iter().chain(cases).collect::<Vec<_>>()
        });
        let inputs = self.inputs.iter().flat_map(|input| {
            let Ok(name) = PlaceholderName::parse(&input.name) else {
                return Vec::new();
            };
            let description = format!("The input “{}”", input.title);
            let is_text = matches!(input.kind.as_str(), "text" | "choice");
            let forms = if is_text {
                CaseForm::ALL.to_vec()
            } else {
                Vec::new()
            };
            let cases = forms
                .into_iter()
                .map(|form| in_case(&name, form, &description));
            std::iter::once(known(&name, description.clone()))
                .chain(cases)
                .collect()
        });
        facts.chain(inputs).collect()
    }
}

impl InputOutline {
    /// The values that the input can have, if they are few.
    pub(super) fn values(&self) -> Vec<String> {
        match self.kind.as_str() {
            "boolean" => vec!["true".to_owned(), "false".to_owned()],
            _ => self.options.clone(),
        }
    }
}

fn known(name: &PlaceholderName, description: String) -> KnownPlaceholder {
    KnownPlaceholder {
        token: name.token(),
        description,
    }
}

fn in_case(name: &PlaceholderName, form: CaseForm, description: &str) -> KnownPlaceholder {
    let example = form.apply("acme web");
    known(
        &name.in_case(form),
        format!("{description}, written as in `{example}`"),
    )
}

/// The text of a field; empty while the document is being written.
fn field_or_empty(node: &Node, name: &str) -> String {
    field(node, name).unwrap_or_default()
}

fn category(node: &Node) -> Option<CategoryOutline> {
    Some(CategoryOutline {
        slug: field(node, "slug")?,
        title: field_or_empty(node, "title"),
        options: items(node.get("options")).filter_map(option).collect(),
    })
}

fn option(node: &Node) -> Option<OptionOutline> {
    Some(OptionOutline {
        slug: field(node, "slug")?,
        title: field_or_empty(node, "title"),
        description: field(node, "description"),
        requires: texts(node.get("requires")),
        conflicts: texts(node.get("conflicts")),
    })
}

fn input(node: &Node) -> Option<InputOutline> {
    Some(InputOutline {
        name: field(node, "name")?,
        title: field_or_empty(node, "title"),
        kind: field_or_empty(node, "type"),
        options: texts(node.get("options")),
    })
}

fn field(node: &Node, name: &str) -> Option<String> {
    node.get(name).and_then(text).map(str::to_owned)
}

/// The text of a node.
pub(super) fn text(node: &Node) -> Option<&str> {
    match &node.value {
        NodeValue::Text(text) => Some(text),
        _ => None,
    }
}

/// The entries of a list; none for another value.
pub(super) fn items(node: Option<&Node>) -> impl Iterator<Item = &Node> {
    let items = match node.map(|node| &node.value) {
        Some(NodeValue::List(items)) => items.as_slice(),
        _ => &[],
    };
    items.iter()
}

fn texts(node: Option<&Node>) -> Vec<String> {
    items(node).filter_map(text).map(str::to_owned).collect()
}
