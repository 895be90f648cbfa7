//! How the tree differs from the template, with unified diffs that `git apply` takes.

use super::interpreter::{Interpreter, TouchedFile};
use crate::model::content::{File, Mode};
use crate::model::path::TreePath;
use crate::model::report::{Change, ChangeKind, ChangeOrigin};
use crate::tree::TreeError;
use similar::{ChangeTag, TextDiff};

/// Longer texts get no diff: in lines of both sides, and in bytes of the diff.
const MAX_LINES: usize = 10_000;
const MAX_BYTES: usize = 256 * 1024;
/// All diffs together; the files after them get none.
const MAX_ALL_BYTES: usize = 8 * 1024 * 1024;

/// Every path that is now another than before.
pub(super) fn describe(work: &Interpreter<'_>) -> Result<Vec<Change>, TreeError> {
    let mut changes = Vec::new();
    let mut room = MAX_ALL_BYTES;
    for (path, touched) in work.touched() {
        let after = work.tree().read(path)?;
        if touched.before != after {
            let TouchedFile { before, origins } = touched;
            let change = describe_one(path, before.as_ref(), after.as_ref(), origins, &mut room);
            changes.extend(change);
        }
    }
    Ok(changes)
}

/// Files as they are described where nothing stood before, with who brought them.
pub fn describe_added<'f>(
    files: impl IntoIterator<Item = (&'f TreePath, &'f File, Vec<ChangeOrigin>)>,
) -> Vec<Change> {
    let mut room = MAX_ALL_BYTES;
    let files = files.into_iter();
    files
        .filter_map(|(path, file, origins)| {
            describe_one(path, None, Some(file), &origins, &mut room)
        })
        .collect()
}

/// A diff that is longer than what is left of the room is left out.
fn describe_one(
    path: &TreePath,
    before: Option<&File>,
    after: Option<&File>,
    origins: &[ChangeOrigin],
    room: &mut usize,
) -> Option<Change> {
    let shown = after.or(before)?;
    let change = match (before, after) {
        (None, _) => ChangeKind::Added,
        (Some(_), None) => ChangeKind::Removed,
        (Some(_), Some(_)) => ChangeKind::Modified,
    };
    let mut description = Change {
        path: path.clone(),
        change,
        mode: shown.mode,
        size: after.map_or(0, |file| file.bytes.len()),
        added_lines: 0,
        removed_lines: 0,
        origin: origins.to_vec(),
        diff: None,
    };
    let text = |file: Option<&File>| {
        file.map_or(Some(String::new()), |file| file.text().map(str::to_owned))
    };
    if let (Some(old), Some(new)) = (text(before), text(after)) {
        let lines = old.lines().count() + new.lines().count();
        if lines > MAX_LINES {
            description.added_lines = new.lines().count();
            description.removed_lines = old.lines().count();
        } else if before.is_none() {
            description.added_lines = new.lines().count();
            let whole = format!(
                "{}{}",
                header(path, before, after, new.is_empty()),
                whole(&new)
            );
            description.diff = Some(whole).filter(|diff| diff.len() <= MAX_BYTES);
        } else {
            // By `\n` alone, as git counts lines.
            let (old, new): (Vec<&str>, Vec<&str>) = (
                old.split_inclusive('\n').collect(),
                new.split_inclusive('\n').collect(),
            );
            let diff = TextDiff::configure()
                .newline_terminated(true)
                .diff_slices(&old, &new);
            for change in diff.iter_all_changes() {
                match change.tag() {
                    ChangeTag::Insert => description.added_lines += 1,
                    ChangeTag::Delete => description.removed_lines += 1,
                    ChangeTag::Equal => {}
                }
            }
            let body = diff.unified_diff().context_radius(3).to_string();
            let whole = format!("{}{}", header(path, before, after, body.is_empty()), body);
            description.diff = Some(whole).filter(|diff| diff.len() <= MAX_BYTES);
        }
    }
    description.diff.take_if(|diff| diff.len() > *room);
    *room -= description.diff.as_ref().map_or(0, String::len);
    Some(description)
}

/// The one hunk of a new file, without looking for what two texts have in common.
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

/// The lines above the first hunk, in git's own form.
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

/// A name as git writes it: in quotes when it holds a quote.
fn quote(side: &str, path: &TreePath) -> String {
    if path.as_str().contains('"') {
        format!("\"{side}/{}\"", path.as_str().replace('"', "\\\""))
    } else {
        format!("{side}/{path}")
    }
}
