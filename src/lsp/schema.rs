//! The JSON Schemas of catalogues and recipes, followed along the steps of a document.

use super::cursor::PathStep;
use super::roots::DocumentKind;
use crate::catalog::CatalogFile;
use crate::recipe::RecipeFile;
use crate::resolve::CaseFile;
use crate::source::node::{Node, NodeValue};
use serde_json::Value;
use std::sync::LazyLock;

static CATALOG: LazyLock<Value> = LazyLock::new(|| schemars::schema_for!(CatalogFile).to_value());
static RECIPE: LazyLock<Value> = LazyLock::new(|| schemars::schema_for!(RecipeFile).to_value());
static CASE: LazyLock<Value> = LazyLock::new(|| schemars::schema_for!(CaseFile).to_value());

/// The schema of a value, with the schemas that it may be instead.
#[derive(Clone, Debug)]
pub(super) struct ValueSchema {
    root: &'static Value,
    /// The schema as written, whose description comes first.
    written: &'static Value,
    /// The schemas of its possible forms, without references.
    forms: Vec<&'static Value>,
}

/// A field of a mapping.
#[derive(Debug)]
pub(super) struct SchemaField {
    pub(super) name: &'static str,
    pub(super) is_required: bool,
    pub(super) schema: ValueSchema,
}

/// A word that a value may be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) description: Option<&'static str>,
}

impl ValueSchema {
    /// The schema of a document; none for content.
    pub(super) fn of(kind: DocumentKind) -> Option<Self> {
        let root: &'static Value = match kind {
            DocumentKind::CatalogFile => &CATALOG,
            DocumentKind::Recipe => &RECIPE,
            DocumentKind::Case => &CASE,
            DocumentKind::Content => return None,
        };
        Some(Self::new(root, root))
    }

    fn new(root: &'static Value, written: &'static Value) -> Self {
        let mut forms = Vec::new();
        collect_forms(root, written, 0, &mut forms);
        Self {
            root,
            written,
            forms,
        }
    }

    /// The schema of the value that some steps lead to. `root` is the document, whose `kind` chooses the form of an action.
    pub(super) fn at(&self, root: &Node, steps: &[PathStep]) -> Option<Self> {
        let mut schema = self.clone();
        let mut node = Some(root);
        for step in steps {
            schema = schema.chosen(node).step(step)?;
            node = node.and_then(|node| super::cursor::node_at(node, std::slice::from_ref(step)));
        }
        Some(schema.chosen(node))
    }

    /// The forms that the `kind` of a value allows; all of them without one.
    fn chosen(mut self, node: Option<&Node>) -> Self {
        let kind = node.and_then(|node| node.get("kind"));
        if let Some(NodeValue::Text(kind)) = kind.map(|kind| &kind.value) {
            let is_of_kind =
                |form: &&'static Value| kind_of(form).is_none_or(|known| known == kind);
            if self.forms.iter().any(is_of_kind) {
                self.forms.retain(is_of_kind);
            }
        }
        self
    }

    fn step(&self, step: &PathStep) -> Option<Self> {
        let next = |form: &'static Value| match step {
            PathStep::Index(_) => form.get("items"),
            PathStep::Key(key) => {
                let properties = form.get("properties");
                let known = properties.and_then(|properties| properties.get(key));
                let others = form.get("additionalProperties");
                known.or_else(|| others.filter(|others| others.is_object()))
            }
        };
        let found = self.forms.iter().find_map(|form| next(form))?;
        Some(Self::new(self.root, found))
    }

    /// The fields of a mapping. Of an action without a known kind only `kind`.
    pub(super) fn fields(&self) -> Vec<SchemaField> {
        let has_kinds = self
            .forms
            .iter()
            .filter(|form| kind_of(form).is_some())
            .count()
            > 1;
        let mut fields: Vec<SchemaField> = Vec::new();
        for form in &self.forms {
            let required = form.get("required").and_then(Value::as_array);
            let properties = form.get("properties").and_then(Value::as_object);
            for (name, schema) in properties.into_iter().flatten() {
                let is_new = fields.iter().all(|field| field.name != name);
                if is_new && (!has_kinds || name == "kind") {
                    let is_required =
                        required.is_some_and(|names| names.contains(&name.as_str().into()));
                    fields.push(SchemaField {
                        name,
                        is_required,
                        schema: Self::new(self.root, schema),
                    });
                }
            }
        }
        fields
    }

    /// The words that a value may be.
    pub(super) fn words(&self) -> Vec<Word> {
        let mut words = Vec::new();
        for form in &self.forms {
            let description = form.get("description").and_then(Value::as_str);
            let listed = form.get("enum").and_then(Value::as_array);
            let constant = form.get("const");
            for text in listed.into_iter().flatten().chain(constant) {
                words.extend(text.as_str().map(|text| Word {
                    text: text.to_owned(),
                    description,
                }));
            }
            if is_of_type(form, "boolean") {
                words.extend(["true", "false"].map(|text| Word {
                    text: text.to_owned(),
                    description: None,
                }));
            }
        }
        words
    }

    /// The kinds of actions with their descriptions.
    pub(super) fn kinds(&self) -> Vec<Word> {
        let word = |form: &&'static Value| {
            Some(Word {
                text: kind_of(form)?.to_owned(),
                description: form.get("description").and_then(Value::as_str),
            })
        };
        self.forms.iter().filter_map(word).collect()
    }

    /// The description of the place, or of its type.
    pub(super) fn description(&self) -> Option<&'static str> {
        let of = |schema: &'static Value| schema.get("description").and_then(Value::as_str);
        of(self.written).or_else(|| {
            let reference = self.written.get("$ref").and_then(Value::as_str)?;
            of(self.root.pointer(reference.strip_prefix('#')?)?)
        })
    }

    pub(super) fn is_list(&self) -> bool {
        self.forms.iter().any(|form| is_of_type(form, "array"))
            && !self.forms.iter().any(|form| is_of_type(form, "string"))
    }

    pub(super) fn is_mapping(&self) -> bool {
        self.forms.iter().any(|form| is_of_type(form, "object"))
    }

    /// The entries of a list.
    pub(super) fn entries(&self) -> Option<Self> {
        self.step(&PathStep::Index(0))
    }
}

/// The `kind` of the actions that a schema is for.
fn kind_of(form: &'static Value) -> Option<&'static str> {
    form.get("properties")?.get("kind")?.get("const")?.as_str()
}

fn is_of_type(form: &Value, name: &str) -> bool {
    match form.get("type") {
        Some(Value::String(one)) => one == name,
        Some(Value::Array(several)) => several.iter().any(|one| one == name),
        _ => false,
    }
}

/// Follows references and alternatives.
fn collect_forms(
    root: &'static Value,
    schema: &'static Value,
    depth: usize,
    forms: &mut Vec<&'static Value>,
) {
    const MAX_DEPTH: usize = 16;
    if depth > MAX_DEPTH {
        return;
    }
    let reference = schema.get("$ref").and_then(Value::as_str);
    if let Some(target) = reference.and_then(|text| root.pointer(text.strip_prefix('#')?)) {
        collect_forms(root, target, depth + 1, forms);
        return;
    }
    let alternatives = ["anyOf", "oneOf"]
        .iter()
        .find_map(|keyword| schema.get(keyword)?.as_array());
    match alternatives {
        Some(alternatives) => {
            for alternative in alternatives {
                collect_forms(root, alternative, depth + 1, forms);
            }
        }
        None => forms.push(schema),
    }
}
