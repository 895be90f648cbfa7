//! The three-way merge of structured values by key. It gives edits of the repository's document and conflicts; the
//! document is edited by its format.

use super::outcome::Conflict;
use crate::model::dependency::{Ecosystem, Relation, VersionRange};
use crate::model::value_pointer;

/// A value of a document. Equal values mean the same, whatever their layout.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Keys in the order of the document, each once.
    Object(Vec<(String, Self)>),
    /// Python requirements, by the name of their package.
    Requirements(Vec<(String, Self)>),
    Array(Vec<Self>),
    /// The text of any other value, in one spelling.
    Scalar(String),
}

/// A change of the repository's document at a path of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum KeyEdit {
    /// Sets the value that the plan's document has there; a new key goes after `after`, or first.
    Set {
        path: Vec<String>,
        after: Option<String>,
    },
    Remove {
        path: Vec<String>,
    },
}

/// The result of a merge by key.
#[derive(Debug, Default)]
pub(super) struct KeyMerge {
    pub(super) edits: Vec<KeyEdit>,
    pub(super) conflicts: Vec<Conflict>,
    /// Pointers to values that the repository has removed and the plan changed.
    pub(super) declined: Vec<String>,
}

impl Value {
    /// The members of an object or of requirements; other values have none.
    fn members(&self) -> &[(String, Self)] {
        match self {
            Self::Object(members) | Self::Requirements(members) => members,
            Self::Array(_) | Self::Scalar(_) => &[],
        }
    }

    fn is_like(&self, other: &Self) -> bool {
        matches!(
            (self, other),
            (Self::Object(_), Self::Object(_)) | (Self::Requirements(_), Self::Requirements(_))
        )
    }

    fn member(&self, key: &str) -> Option<&Self> {
        let found = self.members().iter().find(|(name, _)| name == key)?;
        Some(&found.1)
    }

    /// The value on one line, for messages.
    fn shown(&self) -> String {
        match self {
            Self::Scalar(text) => text.clone(),
            Self::Array(items) => {
                let shown: Vec<String> = items.iter().map(Self::shown).collect();
                format!("[{}]", shown.join(", "))
            }
            Self::Requirements(members) => {
                let shown: Vec<String> = members.iter().map(|(_, value)| value.shown()).collect();
                format!("[{}]", shown.join(", "))
            }
            Self::Object(members) => {
                let shown: Vec<String> = members
                    .iter()
                    .map(|(key, value)| format!("{key}: {}", value.shown()))
                    .collect();
                format!("{{{}}}", shown.join(", "))
            }
        }
    }
}

/// The order of keys has no meaning.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Scalar(a), Self::Scalar(b)) => a == b,
            (Self::Array(a), Self::Array(b)) => a == b,
            (Self::Object(a), Self::Object(b)) | (Self::Requirements(a), Self::Requirements(b)) => {
                a.len() == b.len()
                    && a.iter()
                        .all(|(key, value)| other.member(key) == Some(value))
                    && b.is_empty() == a.is_empty()
            }
            _ => false,
        }
    }
}

/// Merges three documents of an ecosystem.
pub(super) fn merge(
    ecosystem: Option<Ecosystem>,
    base: &Value,
    ours: &Value,
    theirs: &Value,
) -> KeyMerge {
    let mut merger = Merger {
        ecosystem,
        path: Vec::new(),
        result: KeyMerge::default(),
    };
    merger.value(Some(base), Some(ours), Some(theirs), None);
    merger.result
}

struct Merger {
    ecosystem: Option<Ecosystem>,
    path: Vec<String>,
    result: KeyMerge,
}

impl Merger {
    fn value(
        &mut self,
        base: Option<&Value>,
        ours: Option<&Value>,
        theirs: Option<&Value>,
        after: Option<&str>,
    ) {
        if theirs == base || ours == theirs {
            return;
        }
        if ours == base {
            return self.set(theirs, after);
        }
        match (ours, theirs) {
            (Some(ours), Some(theirs))
                if ours.is_like(theirs) && base.is_none_or(|base| base.is_like(ours)) =>
            {
                self.members(base, ours, theirs);
            }
            (None, Some(_)) => {
                let pointer = self.pointer();
                self.result.declined.push(pointer);
            }
            (Some(ours_value), Some(theirs_value)) => match self.narrower(ours_value, theirs_value)
            {
                Some(true) => {}
                Some(false) => self.set(theirs, after),
                None => self.conflict(base, ours, theirs),
            },
            (_, None) => self.conflict(base, ours, theirs),
        }
    }

    fn members(&mut self, base: Option<&Value>, ours: &Value, theirs: &Value) {
        let mut after: Option<&str> = None;
        for (key, value) in theirs.members() {
            self.path.push(key.clone());
            let before = base.and_then(|base| base.member(key));
            self.value(before, ours.member(key), Some(value), after);
            self.path.pop();
            after = Some(key);
        }
        let removed = base.map_or(&[][..], Value::members);
        for (key, value) in removed {
            if theirs.member(key).is_none() {
                self.path.push(key.clone());
                self.value(Some(value), ours.member(key), None, None);
                self.path.pop();
            }
        }
    }

    fn set(&mut self, theirs: Option<&Value>, after: Option<&str>) {
        let path = self.path.clone();
        self.result.edits.push(match theirs {
            Some(_) => KeyEdit::Set {
                path,
                after: after.map(str::to_owned),
            },
            None => KeyEdit::Remove { path },
        });
    }

    fn conflict(&mut self, base: Option<&Value>, ours: Option<&Value>, theirs: Option<&Value>) {
        let pointer = self.pointer();
        self.result.conflicts.push(Conflict::Key {
            pointer,
            base: base.map(Value::shown),
            ours: ours.map(Value::shown),
            theirs: theirs.map(Value::shown),
        });
    }

    /// For two version ranges of a dependency: true if the repository's is contained in the plan's, false if the plan's
    /// is contained in the repository's; none if neither is, or these are no versions.
    fn narrower(&self, ours: &Value, theirs: &Value) -> Option<bool> {
        let ecosystem = self.ecosystem?;
        let (Value::Scalar(ours), Value::Scalar(theirs)) = (ours, theirs) else {
            return None;
        };
        if !self.is_version(ecosystem) {
            return None;
        }
        let range = |text: &str| VersionRange::parse(ecosystem, version_of(ecosystem, text)).ok();
        match range(ours)?.relation(&range(theirs)?) {
            Relation::Equal | Relation::Narrower => Some(true),
            Relation::Wider => Some(false),
            Relation::Apart => None,
        }
    }

    /// True if the path is that of a dependency's version.
    fn is_version(&self, ecosystem: Ecosystem) -> bool {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let is_table = |name: &str| name.to_ascii_lowercase().ends_with("dependencies");
        match (ecosystem, path.as_slice()) {
            (Ecosystem::Cargo, [.., table, _]) if is_table(table) => true,
            (Ecosystem::Npm, [table, _]) | (Ecosystem::Cargo, [.., table, _, "version"]) => {
                is_table(table)
            }
            (Ecosystem::Python, [.., list, _]) => {
                is_requirement_list(&path[..path.len() - 1]) || is_table(list)
            }
            _ => false,
        }
    }

    fn pointer(&self) -> String {
        value_pointer::of_tokens(&self.path)
    }
}

/// True for the arrays of pyproject.toml that contain requirements (PEP 621, PEP 735, PEP 518).
pub(super) fn is_requirement_list(path: &[&str]) -> bool {
    matches!(
        path,
        ["project", "dependencies"]
            | ["project", "optional-dependencies", _]
            | ["dependency-groups", _]
            | ["build-system", "requires"]
    )
}

/// The package name at the start of a Python requirement, in its normal form (PEP 503).
pub(super) fn requirement_name(text: &str) -> Option<String> {
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
        .unwrap_or(text.len());
    let name = text[..end].to_ascii_lowercase().replace(['_', '.'], "-");
    (!name.is_empty()).then_some(name)
}

/// The version range in the text of a scalar.
fn version_of(ecosystem: Ecosystem, text: &str) -> &str {
    let text = text.trim_matches('"');
    match ecosystem {
        Ecosystem::Python => text.trim_start_matches(|c: char| {
            c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
        }),
        Ecosystem::Npm | Ecosystem::Cargo => text,
    }
}
