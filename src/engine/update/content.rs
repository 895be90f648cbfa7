//! The merge of a file that both the plan and the repository changed.

use super::outcome::Conflict;
use super::text::{self, NormalTexts, Texts};
use super::value::{self, KeyEdit, KeyMerge, Value};
use super::{json, toml};
use crate::interpret;
use crate::model::content::{File, Mode};
use crate::model::dependency::Ecosystem;

/// Larger files are not merged, in bytes.
pub(super) const MAX_BYTES: u64 = 1024 * 1024;
/// Longer files are not merged, in lines.
const MAX_LINES: usize = 20_000;

/// The three versions of a file.
#[derive(Clone, Copy)]
pub(super) struct Versions<'f> {
    pub(super) base: &'f File,
    pub(super) ours: &'f File,
    pub(super) theirs: &'f File,
}

/// A merged text.
#[derive(Debug)]
pub(super) struct MergedText {
    pub(super) text: String,
    /// The method, as a phrase.
    pub(super) reason: String,
    /// Values of a manifest that both changed; the text has the repository's.
    pub(super) conflicts: Vec<Conflict>,
}

/// Merges the texts of three versions.
///
/// # Errors
/// The conflicts, when the repository's file has to stay as it is.
pub(super) fn merge(path: &str, versions: Versions<'_>) -> Result<MergedText, Vec<Conflict>> {
    let texts = read(versions).map_err(|message| vec![Conflict::File { message }])?;
    let normal = NormalTexts::of(texts);
    let merged = merge_texts(path, normal.texts())?;
    if !text::has_every_added_line(normal.texts(), &merged.text) {
        let message = "a merge would lose a line of the repository".to_owned();
        return Err(vec![Conflict::File { message }]);
    }
    Ok(MergedText {
        text: normal.with_ends(merged.text),
        ..merged
    })
}

fn merge_texts(path: &str, texts: Texts<'_>) -> Result<MergedText, Vec<Conflict>> {
    let by_lines = text::merge(texts).and_then(|merged| match broken(path, texts, &merged) {
        None => Ok(merged),
        Some(message) => Err(vec![Conflict::File { message }]),
    });
    let Some(by_key) = merge_by_key(path, texts) else {
        return by_lines.map(MergedText::by_lines);
    };
    match (by_lines, by_key) {
        (Ok(text), by_key) if by_key.agrees_with(&text) || !by_key.conflicts.is_empty() => {
            Ok(MergedText::by_lines(text))
        }
        (_, by_key) if by_key.conflicts.is_empty() => Ok(by_key.merged()),
        // The conflicts of a manifest are few values of a file whose other changes are independent.
        (Err(_), by_key) if Ecosystem::of(path).is_some() => Ok(by_key.merged()),
        (by_lines, _) => by_lines.map(MergedText::by_lines),
    }
}

impl MergedText {
    fn by_lines(text: String) -> Self {
        Self {
            text,
            reason: "merged by lines".to_owned(),
            conflicts: Vec::new(),
        }
    }
}

/// A document merged by key.
struct KeyedText {
    format: KeyFormat,
    text: String,
    value: Value,
    edits: usize,
    conflicts: Vec<Conflict>,
    declined: Vec<String>,
}

impl KeyedText {
    /// True if another text means the same: then its layout, which has the plan's comments too, is the better one.
    fn agrees_with(&self, text: &str) -> bool {
        self.conflicts.is_empty() && self.format.value(text).as_ref() == Some(&self.value)
    }

    fn merged(self) -> MergedText {
        let values = if self.edits == 1 { "value" } else { "values" };
        let mut reason = format!("merged by key, {} {values} of the plan", self.edits);
        if !self.declined.is_empty() {
            reason.push_str(", without the removed ");
            reason.push_str(&self.declined.join(", "));
        }
        MergedText {
            text: self.text,
            reason,
            conflicts: self.conflicts,
        }
    }
}

/// A format whose documents are merged by key.
#[derive(Clone, Copy)]
enum KeyFormat {
    Json,
    Toml,
}

impl KeyFormat {
    fn of(path: &str) -> Option<Self> {
        let (_, ending) = path.rsplit_once('.')?;
        match ending {
            "json" | "jsonc" => Some(Self::Json),
            "toml" => Some(Self::Toml),
            _ => None,
        }
    }

    fn value(self, text: &str) -> Option<Value> {
        match self {
            Self::Json => json::value(text),
            Self::Toml => toml::value(text),
        }
    }

    fn edited(self, ours: &str, theirs: &str, edits: &[KeyEdit]) -> Option<String> {
        match self {
            Self::Json => json::edited(ours, theirs, edits),
            Self::Toml => toml::edited(ours, theirs, edits),
        }
    }
}

/// Merges by key; none if a version cannot be read, or the edited text would not mean what it should.
fn merge_by_key(path: &str, texts: Texts<'_>) -> Option<KeyedText> {
    let format = KeyFormat::of(path)?;
    let [base, ours, theirs] =
        [texts.base, texts.ours, texts.theirs].map(|text| format.value(text));
    let (base, ours, theirs) = (base?, ours?, theirs?);
    let ecosystem = Ecosystem::of(path);
    let KeyMerge {
        edits,
        conflicts,
        declined,
    } = value::merge(ecosystem, &base, &ours, &theirs);
    let text = format.edited(texts.ours, texts.theirs, &edits)?;
    let value = format.value(&text)?;
    // What the plan still wants of the edited text is exactly what was not taken.
    let rest = value::merge(ecosystem, &base, &value, &theirs);
    let is_complete = rest.edits.is_empty()
        && rest.conflicts == conflicts
        && rest.declined == declined
        && (!edits.is_empty() || value == ours);
    is_complete.then_some(KeyedText {
        format,
        text,
        value,
        edits: edits.len(),
        conflicts,
        declined,
    })
}

/// The damage that a merge by lines does to a file that is valid on both sides.
fn broken(path: &str, texts: Texts<'_>, merged: &str) -> Option<String> {
    let problem = interpret::damage(path, texts.ours, merged)?;
    interpret::damage(path, texts.theirs, merged)?;
    Some(format!(
        "a merge by lines would not be valid: line {}: {}",
        problem.line, problem.reason
    ))
}

/// The texts of the versions; a reason if one of them is not merged.
fn read(versions: Versions<'_>) -> Result<Texts<'_>, String> {
    let Versions { base, ours, theirs } = versions;
    let files = [base, ours, theirs];
    if files.iter().any(|file| file.mode == Mode::Symlink) {
        return Err("symbolic links are not merged".to_owned());
    }
    if files.iter().any(|file| interpret::is_lfs_pointer(file)) {
        return Err("pointers of Git LFS are not merged".to_owned());
    }
    let [Some(base), Some(ours), Some(theirs)] = files.map(File::text) else {
        return Err("binary files are not merged".to_owned());
    };
    for text in [base, ours, theirs] {
        if text.len() as u64 > MAX_BYTES || text.lines().count() > MAX_LINES {
            return Err(format!(
                "files over 1 MiB or {MAX_LINES} lines are not merged"
            ));
        }
    }
    Ok(Texts { base, ours, theirs })
}
