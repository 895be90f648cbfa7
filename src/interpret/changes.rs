//! The difference between template and result, with unified diffs that `git apply` accepts.

use super::interpreter::{Interpreter, TouchedFile};
use crate::model::content::{File, Mode};
use crate::model::path::TreePath;
use crate::model::report::{Change, ChangeKind, ChangeOrigin};
use crate::tree::TreeError;
use similar::{ChangeTag, TextDiff};

/// Texts with more lines, both sides together, get no diff.
const MAX_LINES: usize = 10_000;
/// A longer diff is omitted, in bytes.
const MAX_BYTES: usize = 256 * 1024;
/// The bytes of all diffs of a report; later files get none.
pub const MAX_ALL_BYTES: usize = 8 * 1024 * 1024;

/// Every path whose content or mode differs from the template.
pub(super) fn describe(interpreter: &Interpreter<'_>) -> Result<Vec<Change>, TreeError> {
    let mut changes = Vec::new();
    let mut budget = MAX_ALL_BYTES;
    for (
        path,
        TouchedFile {
            before, origins, ..
        },
    ) in interpreter.touched()
    {
        let after = interpreter.tree().read(path)?;
        if *before != after {
            let change = describe_one(path, before.as_ref(), after.as_ref(), origins, &mut budget);
            changes.extend(change);
        }
    }
    Ok(changes)
}

/// The changes that add each file where none was, with the origins given.
pub fn describe_added<'f>(
    files: impl IntoIterator<Item = (&'f TreePath, &'f File, Vec<ChangeOrigin>)>,
) -> Vec<Change> {
    let mut budget = MAX_ALL_BYTES;
    files
        .into_iter()
        .filter_map(|(path, file, origins)| {
            describe_one(path, None, Some(file), &origins, &mut budget)
        })
        .collect()
}

/// The change from one version of a file to another; none if neither exists. The diff is omitted if it is longer than the
/// bytes left in `budget`.
pub fn describe_one(
    path: &TreePath,
    before: Option<&File>,
    after: Option<&File>,
    origins: &[ChangeOrigin],
    budget: &mut usize,
) -> Option<Change> {
    let shown = after.or(before)?;
    let lines = match (text(before), text(after)) {
        (Some(old), Some(new)) => compare(path, (before, old), (after, new)),
        _ => LineChanges::default(),
    };
    let diff = lines.diff.filter(|diff| diff.len() <= *budget);
    *budget -= diff.as_ref().map_or(0, String::len);
    Some(Change {
        path: path.clone(),
        change: match (before, after) {
            (None, _) => ChangeKind::Added,
            (Some(_), None) => ChangeKind::Removed,
            (Some(_), Some(_)) => ChangeKind::Modified,
        },
        mode: shown.mode,
        size: after.map_or(0, |file| file.bytes.len()),
        added_lines: lines.added,
        removed_lines: lines.removed,
        origin: origins.to_vec(),
        diff,
    })
}

/// The text of a file; empty for no file, `None` for bytes that are no text.
fn text(file: Option<&File>) -> Option<&str> {
    file.map_or(Some(""), File::text)
}

/// The lines by which two texts differ, and the diff where it is short enough.
#[derive(Default)]
struct LineChanges {
    added: usize,
    removed: usize,
    diff: Option<String>,
}

fn compare(
    path: &TreePath,
    (before, old): (Option<&File>, &str),
    (after, new): (Option<&File>, &str),
) -> LineChanges {
    let (removed, added) = (old.lines().count(), new.lines().count());
    if removed + added > MAX_LINES {
        return LineChanges {
            added,
            removed,
            diff: None,
        };
    }
    let header = |is_empty| header(path, before, after, is_empty);
    let (added, removed, diff) = if before.is_none() {
        let hunk = whole(new);
        (added, 0, format!("{}{hunk}", header(hunk.is_empty())))
    } else {
        let (added, removed, hunks) = hunks(old, new);
        (
            added,
            removed,
            format!("{}{hunks}", header(hunks.is_empty())),
        )
    };
    LineChanges {
        added,
        removed,
        diff: Some(diff).filter(|diff| diff.len() <= MAX_BYTES),
    }
}

/// The numbers of added and removed lines, and the hunks of a unified diff.
fn hunks(old: &str, new: &str) -> (usize, usize, String) {
    // Split at `\n` alone, as git counts lines.
    let old_lines: Vec<&str> = old.split_inclusive('\n').collect();
    let new_lines: Vec<&str> = new.split_inclusive('\n').collect();
    let diff = TextDiff::configure()
        .newline_terminated(true)
        .diff_slices(&old_lines, &new_lines);
    let (mut added, mut removed) = (0, 0);
    for change in diff.iter_all_changes() {
        match change.tag() {
            ChangeTag::Insert => added += 1,
            ChangeTag::Delete => removed += 1,
            ChangeTag::Equal => {}
        }
    }
    let hunks = diff.unified_diff().context_radius(3).to_string();
    (added, removed, hunks)
}

/// The one hunk of a new file.
fn whole(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let count = text.lines().count();
    let size = if count == 1 {
        String::new()
    } else {
        format!(",{count}")
    };
    let mut hunk = format!("@@ -0,0 +1{size} @@\n");
    for line in text.split_inclusive('\n') {
        hunk.push('+');
        hunk.push_str(line);
    }
    if !text.ends_with('\n') {
        hunk.push_str("\n\\ No newline at end of file\n");
    }
    hunk
}

/// The lines above the first hunk, as git writes them.
fn header(path: &TreePath, before: Option<&File>, after: Option<&File>, is_empty: bool) -> String {
    let modes = match (before.map(|file| file.mode), after.map(|file| file.mode)) {
        (None, Some(mode)) => format!("new file mode {}\n", mode.octal()),
        (Some(mode), None) => format!("deleted file mode {}\n", mode.octal()),
        (Some(old), Some(new)) if old != new => {
            format!("old mode {}\nnew mode {}\n", old.octal(), new.octal())
        }
        (Some(Mode::Regular | Mode::Executable | Mode::Symlink), Some(_)) | (None, None) => {
            String::new()
        }
    };
    let (old, new) = (quote("a", path), quote("b", path));
    let names = if is_empty {
        String::new()
    } else {
        let old = if before.is_none() {
            "/dev/null"
        } else {
            old.as_str()
        };
        let new = if after.is_none() {
            "/dev/null"
        } else {
            new.as_str()
        };
        format!("--- {old}\n+++ {new}\n")
    };
    format!("diff --git {old} {new}\n{modes}{names}")
}

/// A path as git writes it: quoted if it contains a quote.
fn quote(side: &str, path: &TreePath) -> String {
    if path.as_str().contains('"') {
        format!("\"{side}/{}\"", path.as_str().replace('"', "\\\""))
    } else {
        format!("{side}/{path}")
    }
}
