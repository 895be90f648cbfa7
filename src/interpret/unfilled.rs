//! Warnings about contents of a template that no placeholder pass and no action changes.

use super::interpreter::Interpreter;
use super::lfs;
use crate::model::content::{File, Mode};
use crate::model::diagnostic::{Code, Diagnostic, Location};
use crate::model::placeholder::{BuiltInFact, CaseForm, PlaceholderName, tokens_in};
use crate::model::suggest;
use crate::tree::TreeError;
use std::collections::{BTreeMap, BTreeSet};

/// The paths that a warning names.
const MAX_NAMED: usize = 3;

/// The placeholders that warnings name.
const MAX_UNKNOWN: usize = 50;

/// Words between double underscores that languages and tools give a meaning: C, PHP, Perl, Ruby, bundlers.
const FOREIGN: [&str; 34] = [
    "__APPLE__",
    "__ANDROID__",
    "__CLASS__",
    "__COUNTER__",
    "__DATA__",
    "__DATE__",
    "__DEV__",
    "__DIR__",
    "__ELF__",
    "__EMSCRIPTEN__",
    "__ENCODING__",
    "__END__",
    "__FILE__",
    "__FUNCTION__",
    "__GNUC__",
    "__INLINE__",
    "__LINE__",
    "__LINUX__",
    "__METHOD__",
    "__MODULE__",
    "__NAMESPACE__",
    "__NEXT_DATA__",
    "__NO_SIDE_EFFECTS__",
    "__OPTIMIZE__",
    "__PACKAGE__",
    "__PROD__",
    "__PURE__",
    "__STDC__",
    "__SUB__",
    "__TEST__",
    "__TIME__",
    "__TRAIT__",
    "__VA_ARGS__",
    "__VERSION__",
];

/// A reason why a file is not filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unfilled {
    NotUtf8,
    LfsPointer,
}

/// The unfilled files by reason, in order.
pub(super) type UnfilledFiles = BTreeMap<Unfilled, BTreeSet<String>>;

/// Placeholders that nothing replaces, each with its first place and the files that contain it.
#[derive(Debug, Default)]
pub(super) struct UnknownPlaceholders(BTreeMap<String, (Location, BTreeSet<String>)>);

impl Unfilled {
    /// One warning about all files.
    fn warning(self, paths: &BTreeSet<String>) -> Diagnostic {
        let named = named_of(paths);
        let (code, message, help) = match self {
            Self::NotUtf8 => (
                Code::PlaceholderNotText,
                format!("placeholders in files that are not UTF-8 text are not replaced: {named}"),
                "save the file as UTF-8, or remove the placeholder",
            ),
            Self::LfsPointer => (
                Code::LfsPointer,
                format!("Git LFS pointers are copied without the content they stand for: {named}"),
                "commit the files themselves, or leave them out: a forge may refuse a push of pointers alone",
            ),
        };
        let place = paths.first().map(|path| Location::start_of(path.as_str()));
        Diagnostic::warning(code, message).at("", place).help(help)
    }
}

/// The first paths, in words.
fn named_of(paths: &BTreeSet<String>) -> String {
    let named = paths
        .iter()
        .take(MAX_NAMED)
        .map(|path| format!("`{path}`"))
        .collect::<Vec<_>>()
        .join(", ");
    match paths.len().checked_sub(MAX_NAMED).filter(|more| *more > 0) {
        Some(more) => format!("{named} and {more} more"),
        None => named,
    }
}

impl UnknownPlaceholders {
    /// Records the placeholders of a text that are not known.
    pub(super) fn see_text(&mut self, known: &[PlaceholderName], path: &str, text: &str) {
        for (range, token) in tokens_in(text) {
            let place = || {
                let before = &text[..range.start];
                let start = before.rfind('\n').map_or(0, |at| at + 1);
                let line = before.matches('\n').count() + 1;
                let column = before[start..].chars().count() + 1;
                Location {
                    end_column: column + token.len(),
                    ..Location::point(path, line, column)
                }
            };
            self.see(known, path, token, place);
        }
    }

    /// Records the placeholders of a path that are not known.
    pub(super) fn see_path(&mut self, known: &[PlaceholderName], path: &str) {
        for (_, token) in tokens_in(path) {
            self.see(known, path, token, || Location::start_of(path));
        }
    }

    fn see(
        &mut self,
        known: &[PlaceholderName],
        path: &str,
        token: &str,
        place: impl FnOnce() -> Location,
    ) {
        let name = &token[2..token.len() - 2];
        let is_foreign = FOREIGN.contains(&token);
        if is_foreign || known.iter().any(|known| known.as_str() == name) {
            return;
        }
        if let Some((_, files)) = self.0.get_mut(token) {
            files.insert(path.to_owned());
        } else if self.0.len() < MAX_UNKNOWN {
            let files = BTreeSet::from([path.to_owned()]);
            self.0.insert(token.to_owned(), (place(), files));
        }
    }

    /// One warning for each placeholder.
    pub(super) fn warnings(&self, known: &[PlaceholderName]) -> Vec<Diagnostic> {
        let warning = |(token, (place, files)): (&String, &(Location, BTreeSet<String>))| {
            let message = format!(
                "nothing replaces the placeholder `{token}` in {}",
                named_of(files)
            );
            Diagnostic::warning(Code::UnknownPlaceholder, message)
                .at("", place.clone())
                .help(unknown_help(known, token))
        };
        self.0.iter().map(warning).collect()
    }
}

/// The help about a placeholder that is not known.
pub fn unknown_help(known: &[PlaceholderName], token: &str) -> String {
    let name = &token[2..token.len() - 2];
    if BuiltInFact::ALL
        .iter()
        .any(|fact| fact.name().as_str() == name)
    {
        return format!("add `{name}` to `placeholders` in catalog.yaml");
    }
    let names = known.iter().map(PlaceholderName::as_str);
    if let Some(near) = suggest::nearest(name, names) {
        return format!("did you mean `__{near}__`?");
    }
    // `__PRODUCT_SLUG_UPPER__`: a form that does not exist.
    let has_forms = |other: &&PlaceholderName| known.contains(&other.in_case(CaseForm::Kebab));
    let begins = |other: &&PlaceholderName| name.starts_with(&format!("{other}_"));
    match known.iter().filter(has_forms).find(begins) {
        Some(other) => {
            let suffixes = CaseForm::ALL.map(|case| format!("_{}", case.suffix()));
            let listed: Vec<&str> = suffixes.iter().map(String::as_str).collect();
            format!(
                "write `__{other}__` with one of the suffixes {}",
                suggest::list(&listed)
            )
        }
        None => format!("add an input `{name}` to catalog.yaml, or write the text in another way"),
    }
}

/// The warnings about a template's files, by their path in it, and about the placeholders that are not known.
pub fn template_warnings<'f>(
    files: impl Iterator<Item = (&'f str, &'f File)>,
    known: &[PlaceholderName],
) -> Vec<Diagnostic> {
    let mut unfilled = UnfilledFiles::new();
    let mut unknown = UnknownPlaceholders::default();
    for (path, file) in files {
        let mut note = |reason| {
            unfilled.entry(reason).or_default().insert(path.to_owned());
        };
        unknown.see_path(known, path);
        if lfs::is_pointer(file) {
            note(Unfilled::LfsPointer);
        } else if file.mode != Mode::Symlink {
            match file.text() {
                Some(text) => unknown.see_text(known, path, text),
                None if contains(file, known) => note(Unfilled::NotUtf8),
                None => {}
            }
        }
    }
    let mut warnings = warnings(&unfilled);
    warnings.extend(unknown.warnings(known));
    warnings
}

fn contains(file: &File, known: &[PlaceholderName]) -> bool {
    let narrow: Vec<u8> = file
        .bytes
        .iter()
        .copied()
        .filter(|byte| *byte != 0)
        .collect();
    let text = String::from_utf8_lossy(&narrow);
    tokens_in(&text).any(|(_, token)| known.iter().any(|known| known.token() == token))
}

/// One warning for each reason.
fn warnings(unfilled: &UnfilledFiles) -> Vec<Diagnostic> {
    unfilled
        .iter()
        .map(|(reason, paths)| reason.warning(paths))
        .collect()
}

/// Warns about the files that were not filled in, and about placeholders in texts and paths that nothing replaces.
pub(super) fn warn(interpreter: &mut Interpreter<'_>) -> Result<(), TreeError> {
    let unfilled = interpreter.take_unfilled();
    let mut unknown = interpreter.take_unknown();
    let known = interpreter.substitution().names().to_vec();
    for path in interpreter.tree().list()?.with_text_in_path(&["__"]) {
        unknown.see_path(&known, &path);
    }
    for warning in warnings(&unfilled)
        .into_iter()
        .chain(unknown.warnings(&known))
    {
        interpreter.warn(warning);
    }
    Ok(())
}
