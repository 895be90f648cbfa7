//! The documents that are open in the editor, with their unsaved text.

use super::positions::{Encoding, LineIndex};
use lsp_types::{TextDocumentContentChangeEvent, Uri};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The largest text that is kept, in bytes. Findings only need to know that a larger one is too large.
const MAX_TEXT: usize = 8 * 1024 * 1024;

/// An open document.
#[derive(Debug)]
pub(super) struct OpenDocument {
    /// The address as the client writes it.
    pub(super) uri: Uri,
    pub(super) version: i32,
    /// None for a text beyond the limit; the file on disk counts then.
    pub(super) text: Option<String>,
}

/// All open documents by path.
#[derive(Debug, Default)]
pub(super) struct Documents(BTreeMap<PathBuf, OpenDocument>);

impl Documents {
    pub(super) fn open(&mut self, path: PathBuf, uri: Uri, version: i32, text: String) {
        let text = (text.len() <= MAX_TEXT).then_some(text);
        self.0.insert(path, OpenDocument { uri, version, text });
    }

    /// Applies changes in order. Those of a document that is not open are ignored.
    pub(super) fn change(
        &mut self,
        path: &Path,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
        encoding: Encoding,
    ) {
        let Some(document) = self.0.get_mut(path) else {
            return;
        };
        document.version = version;
        for change in changes {
            let text = match (change.range, document.text.take()) {
                (None, _) => Some(change.text),
                (Some(range), Some(mut text)) => {
                    let lines = LineIndex::of(&text, encoding);
                    let start = lines.offset(range.start);
                    let end = lines.offset(range.end).max(start);
                    text.replace_range(start..end, &change.text);
                    Some(text)
                }
                (Some(_), None) => None,
            };
            document.text = text.filter(|text| text.len() <= MAX_TEXT);
        }
    }

    pub(super) fn close(&mut self, path: &Path) {
        self.0.remove(path);
    }

    pub(super) fn get(&self, path: &Path) -> Option<&OpenDocument> {
        self.0.get(path)
    }

    /// The documents below a folder, by path from it.
    pub(super) fn below<'d>(
        &'d self,
        folder: &'d Path,
    ) -> impl Iterator<Item = (&'d Path, &'d OpenDocument)> {
        let after = self.0.range(folder.to_owned()..);
        after
            .take_while(move |(path, _)| path.starts_with(folder))
            .filter_map(move |(path, document)| Some((path.strip_prefix(folder).ok()?, document)))
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.0.keys().map(PathBuf::as_path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lsp_types::{Position, Range};

    fn edited(text: &str, start: (u32, u32), end: (u32, u32), new: &str) -> String {
        let path = Path::new("/a");
        let mut documents = Documents::default();
        documents.open(
            path.into(),
            "file:///a".parse().unwrap(),
            1,
            text.to_owned(),
        );
        let position = |(line, column)| Position::new(line, column);
        let change = TextDocumentContentChangeEvent {
            range: Some(Range::new(position(start), position(end))),
            range_length: None,
            text: new.to_owned(),
        };
        documents.change(path, 2, vec![change], Encoding::Utf16);
        documents.get(path).unwrap().text.clone().unwrap()
    }

    #[test]
    fn a_change_replaces_its_range() {
        assert_eq!(edited("a𝒳b\nc\n", (0, 3), (1, 0), "-"), "a𝒳-c\n");
        assert_eq!(edited("a", (7, 7), (7, 7), "b"), "ab");
        assert_eq!(
            edited("abc", (0, 2), (0, 1), "-"),
            "ab-c",
            "an end before its start"
        );
    }
}
