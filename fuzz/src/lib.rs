//! Properties of the readers of foreign input, one function per fuzz target. A violation panics.
//!
//! The tests of the program include this file and run every seed and every input that was found. It names nothing but the
//! program and serde_json.

use groundplan::engine::update::{Conflict, Rules, Sides, update};
use groundplan::model::canonical;
use groundplan::model::content::{File, Files, Mode};
use groundplan::model::dependency::{Ecosystem, Relation, VersionRange};
use groundplan::model::path::{SafeRelPath, TreePath};
use groundplan::model::placeholder::{PlaceholderName, tokens_in};
use groundplan::model::provenance::Provenance;
use groundplan::pat::key::Key;
use groundplan::pat::sealed::{Binding, Opener};
use groundplan::plan_document::PlanDocument;
use groundplan::recipe::RecipeReader;
use groundplan::resolve::{CaseFile, SelectionFile};
use groundplan::source;
use groundplan::source::schema::Schema;
use groundplan::tree::Tree as _;
use groundplan::tree::memory::MemoryTree;
use groundplan::tree::snapshot::Snapshot;
use groundplan::tree::validate::{Links, admit};
use std::sync::LazyLock;

/// The line between two parts of an input.
const SEPARATOR: &str = "\n=====\n";

/// A path that is accepted is relative, stays inside, and is read again as the same path.
pub fn path(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(path) = TreePath::parse(text) {
        assert_eq!(path.as_str(), text);
        let is_inside = |part: &str| !matches!(part, "" | "." | ".." | ".git");
        assert!(text.split('/').all(is_inside), "{text:?}");
        assert!(!text.contains('\0'), "{text:?}");
    }
    if let Ok(path) = SafeRelPath::parse(text) {
        assert!(TreePath::parse(path.as_str()).is_ok(), "{text:?}");
    }
}

/// Strict JSON has one canonical form, which is read as itself; the reader of documents accepts nothing more.
pub fn json(data: &[u8]) {
    let document = source::read("document.json", data);
    let Ok(value) = canonical::parse(data) else {
        return;
    };
    let once = canonical::to_vec(&value);
    // A float beyond 2^53 is written as an integer, which no text may contain.
    if let Ok(again) = canonical::parse(&once) {
        assert_eq!(canonical::to_vec(&again), once);
    }
    drop(document);
}

/// A YAML document is read or refused with findings; its value is JSON, and findings have locations inside the text.
pub fn yaml(data: &[u8]) {
    match source::read_yaml("document.yaml", data) {
        Ok(document) => {
            let value = document.root.to_value();
            assert_eq!(value, document.root.to_value());
        }
        Err(findings) => assert!(!findings.is_empty()),
    }
    if let Ok(text) = std::str::from_utf8(data) {
        drop(source::read_partial("document.yaml", text));
    }
}

/// A recipe is read or refused with findings.
pub fn recipe(data: &[u8]) {
    static READER: LazyLock<RecipeReader> = LazyLock::new(RecipeReader::new);
    let Ok(document) = source::read("recipes/demo/addons/docs.yaml", data) else {
        return;
    };
    let (recipe, findings) = READER.read(&document, None, &Files::new(), None);
    assert!(recipe.is_some() || !findings.is_empty());
}

/// A version range equals itself, and its relation to another one is the same from both sides.
pub fn range(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (one, other) = text.split_once('\n').unwrap_or((text, "1.2.3"));
    for ecosystem in [Ecosystem::Npm, Ecosystem::Cargo, Ecosystem::Python] {
        let Ok(one) = VersionRange::parse(ecosystem, one) else {
            continue;
        };
        assert_eq!(one.relation(&one), Relation::Equal, "{text:?}");
        let Ok(other) = VersionRange::parse(ecosystem, other) else {
            continue;
        };
        let turned = match other.relation(&one) {
            Relation::Narrower => Relation::Wider,
            Relation::Wider => Relation::Narrower,
            same => same,
        };
        assert_eq!(one.relation(&other), turned, "{text:?}");
    }
}

/// The files of an input: parts of a path in the first line and the content after it. `*` before a path marks a link.
fn files(text: &str) -> Files {
    let file = |part: &str| {
        let (path, content) = part.split_once('\n').unwrap_or((part, ""));
        let (mode, path) = match path.strip_prefix('*') {
            Some(path) => (Mode::Symlink, path),
            None => (Mode::Regular, path),
        };
        let bytes = content.to_owned().into();
        (path.to_owned(), File { mode, bytes })
    };
    text.split(SEPARATOR).map(file).collect()
}

/// The files of an accepted template fit into one tree, and links are in it only where they are kept.
pub fn template_tree(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    for links in [Links::Refused, Links::Kept] {
        match admit(files(text), links, &[]) {
            Ok(admitted) => {
                let has_link = admitted.iter().any(|(_, file)| file.mode == Mode::Symlink);
                assert!(!has_link || links == Links::Kept);
                let count = admitted.len();
                let tree = MemoryTree::of(admitted).expect("no file is a folder of another");
                assert_eq!(tree.list().expect("a tree in memory").iter().count(), count);
                Snapshot::of_tree(&tree).expect("every accepted file has an id");
            }
            Err(findings) => assert!(!findings.is_empty()),
        }
    }
}

/// The placeholders of a text are in order, apart, and named as the rules say.
pub fn placeholder(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut end = 0;
    for (range, token) in tokens_in(&text) {
        assert!(range.start >= end && &text[range.clone()] == token);
        end = range.end;
        let name = token.trim_matches('_');
        if let Ok(name) = PlaceholderName::parse(name) {
            assert_eq!(name.token(), token);
        }
    }
}

/// A token that was not sealed with the key is never opened.
pub fn sealed_token(data: &[u8]) {
    static OPENER: LazyLock<Opener> = LazyLock::new(|| {
        let key = |text: &str| Key::parse(text).expect("a key");
        let current = key("a key of the fuzzer, long enough for the rules");
        let previous = key("another key of the fuzzer, as long as the first");
        Opener::new(current, Some(previous))
    });
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let binding = Binding {
        owner: "ada",
        host: "github.com",
    };
    assert!(OPENER.open(text, binding).is_err());
    drop(Key::parse(text));
}

/// A provenance file is written and read again as itself.
pub fn provenance(data: &[u8]) {
    if let Ok(found) = serde_json::from_slice::<Provenance>(data) {
        let text = found.to_text();
        let again: Provenance = serde_json::from_str(&text).expect("its own text is valid");
        assert_eq!(again, found);
    }
}

/// The body of a request is read as its documents are, or refused with findings.
pub fn http_body(data: &[u8]) {
    static SELECTION: LazyLock<Schema<SelectionFile>> = LazyLock::new(Schema::new);
    static CASE: LazyLock<Schema<CaseFile>> = LazyLock::new(Schema::new);
    static VALUE: LazyLock<Schema<serde_json::Value>> = LazyLock::new(Schema::new);
    match source::read("request.json", data) {
        Ok(document) => {
            for refused in [
                SELECTION.parse(&document).err(),
                CASE.parse(&document).err(),
                VALUE.parse(&document).err(),
            ] {
                assert!(refused.is_none_or(|findings| !findings.is_empty()));
            }
        }
        Err(findings) => assert!(!findings.is_empty()),
    }
    if let Err(findings) = PlanDocument::read("plan.md", data) {
        assert!(!findings.is_empty());
    }
}

/// An update of one file: the path in the first line, then base, ours and theirs.
///
/// Without changes of the repository the plan's version arrives, without changes of the plan nothing does.
pub fn merge(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Some((name, rest)) = text.split_once('\n') else {
        return;
    };
    let mut parts = rest.split(SEPARATOR);
    let (Ok(path), Some(base), Some(ours), Some(theirs)) = (
        TreePath::parse(name),
        parts.next(),
        parts.next(),
        parts.next(),
    ) else {
        return;
    };
    let updated = |base: &str, ours: &str, theirs: &str| {
        let trees = [base, ours, theirs].map(|text| {
            let file = File::regular(text.to_owned());
            MemoryTree::of([(path.clone(), file)]).expect("one file")
        });
        let snapshot = |index: usize| Snapshot::of_tree(&trees[index]).expect("a tree in memory");
        let (base, ours, theirs) = (snapshot(0), snapshot(1), snapshot(2));
        let sides = Sides {
            base: &base,
            ours: &ours,
            theirs: &theirs,
        };
        update(sides, &Rules::default()).expect("no decision is needed")
    };
    let result = updated(base, ours, theirs);
    let mut conflicts = result.files.iter().flat_map(|file| &file.conflicts);
    let is_of_values = conflicts.all(|conflict| matches!(conflict, Conflict::Key { .. }));
    assert!(
        !result.has_conflicts() || is_of_values || result.changes.is_empty(),
        "conflicting lines leave the file whole"
    );
    assert!(updated(base, ours, base).changes.is_empty());
    let taken = updated(base, base, theirs);
    if base != theirs {
        let arrived = taken.changes.get(&path).and_then(Option::as_ref);
        assert_eq!(arrived.map(|file| &file.bytes[..]), Some(theirs.as_bytes()));
    }
}
