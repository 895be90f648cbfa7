//! A file of a preview: its content with the cause of each line, or its difference from the template.

use super::fields::QueryFields;
use super::file_tree::ChangeLabel;
use super::frame::{Frame, Html};
use super::preview::encoded;
use crate::app::explanation::{ExplainedLine, ExplainedOrigin};
use crate::app::kept_previews::{self, PreviewFile};
use crate::model::path::TreePath;
use crate::model::report::ChangeOrigin;
use crate::server::api::previews::{kept, on_a_core};
use crate::server::guard::Signed;
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use askama::Template;
use axum::extract::{Path, State};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The largest number of lines on the page; a download has all.
const MOST_LINES: usize = 5_000;

#[derive(Template)]
#[template(path = "file.html")]
struct FilePage {
    frame: Frame,
    product: String,
    back: String,
    file: PreviewFile,
    change: Option<ChangeLabel>,
    view: View,
    has_difference: bool,
    causes: Vec<String>,
    lines: Vec<Line>,
    is_cut: bool,
    /// The address of this page without its view.
    address: String,
}

/// The two views of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum View {
    Content,
    Difference,
}

/// A line of a view.
struct Line {
    class: &'static str,
    /// The sign of a difference, and the word that a screen reader says for it.
    sign: &'static str,
    word: &'static str,
    number: Option<usize>,
    text: String,
    cause: String,
}

/// `GET /previews/{treeId}/files/{path}`
pub(super) async fn show(
    State(state): State<Arc<ServerState>>,
    Path((tree, path)): Path<(String, String)>,
    QueryFields(query): QueryFields,
    signed: Signed,
    frame: Frame,
) -> Result<Html<impl Template>, Problem> {
    let path = TreePath::parse(&path).map_err(|_| Problem::not_found())?;
    let accepted = kept(&state, &signed, &tree).await?;
    let address = format!(
        "{}/previews/{tree}/files/{}",
        frame.base,
        encoded(path.as_str())
    );
    let file = on_a_core(&state, move |state| {
        let templates = &state.context.templates;
        Ok(kept_previews::file(templates, &accepted, &path)?)
    })
    .await?;
    let diff = file
        .change
        .as_ref()
        .and_then(|change| change.diff.as_deref())
        // A change of the mode alone has no hunks.
        .filter(|diff| diff.contains("\n@@"));
    let view = match (query.get("view"), diff) {
        (Some("content"), _) | (_, None) => View::Content,
        _ => View::Difference,
    };
    let mut lines = match (view, diff) {
        (View::Difference, Some(diff)) => difference(diff, &file.lines),
        _ => content(&file),
    };
    let has_difference = diff.is_some();
    let is_cut = lines.len() > MOST_LINES;
    lines.truncate(MOST_LINES);
    let origins = file.change.iter().flat_map(|change| &change.origin);
    let causes: BTreeSet<String> = origins.map(cause).collect();
    Ok(Html(FilePage {
        frame,
        product: query.text("product").to_owned(),
        back: query.text("back").to_owned(),
        change: file.change.as_ref().map(ChangeLabel::of),
        causes: causes.into_iter().collect(),
        view,
        has_difference,
        lines,
        is_cut,
        file,
        address: format!("{address}?{}", query.without(&["view"]).query()),
    }))
}

/// The lines of the text, each with its cause where that differs from the line before.
fn content(file: &PreviewFile) -> Vec<Line> {
    let mut before = String::new();
    let line = |line: &ExplainedLine| {
        let cause = cause_of_line(line);
        let shown = if cause == before {
            String::new()
        } else {
            cause.clone()
        };
        before = cause;
        Line {
            class: "",
            sign: "",
            word: "",
            number: Some(line.line),
            text: line.text.clone(),
            cause: shown,
        }
    };
    file.lines.iter().map(line).collect()
}

/// The lines of a unified diff, each added one with its cause.
fn difference(diff: &str, explained: &[ExplainedLine]) -> Vec<Line> {
    let mut number = 0;
    diff.lines()
        .skip_while(|line| !line.starts_with("@@"))
        .map(|line| {
            let (class, sign, word) = match line.as_bytes().first() {
                Some(b'+') => ("added", "+", "added"),
                Some(b'-') => ("removed", "−", "removed"),
                Some(b'@') => ("fold", "", ""),
                _ => ("", "", ""),
            };
            if class == "fold" {
                number = first_line(line).saturating_sub(1);
            } else if class != "removed" && !line.starts_with('\\') {
                number += 1;
            }
            let shows_number = class != "fold" && class != "removed";
            let cause = match class {
                "added" => explained.get(number.wrapping_sub(1)).map(cause_of_line),
                _ => None,
            };
            Line {
                class,
                sign,
                word,
                number: shows_number.then_some(number),
                text: match class {
                    "fold" => line.to_owned(),
                    _ => line.get(1..).unwrap_or_default().to_owned(),
                },
                cause: cause.unwrap_or_default(),
            }
        })
        .collect()
}

/// The cause of a line; empty for a line of the template.
fn cause_of_line(line: &ExplainedLine) -> String {
    match &line.origin {
        ExplainedOrigin::Template(_) => String::new(),
        ExplainedOrigin::Change(origin) => cause(origin),
    }
}

/// The first line of the new file in the head of a hunk, such as `@@ -1,2 +3,4 @@`.
fn first_line(head: &str) -> usize {
    head.split('+')
        .nth(1)
        .and_then(|rest| rest.split([',', ' ']).next())
        .and_then(|text| text.parse().ok())
        .unwrap_or(1)
}

/// A cause in words.
fn cause(origin: &ChangeOrigin) -> String {
    match origin {
        ChangeOrigin::Action(action) => format!("{}: {}", action.origin.option, action.kind),
        ChangeOrigin::Placeholders { placeholders } => {
            let names: Vec<String> = placeholders
                .iter()
                .map(crate::model::placeholder::PlaceholderName::token)
                .collect();
            format!("template, replaced {}", names.join(", "))
        }
        ChangeOrigin::Condition {} => "condition of the template".to_owned(),
        ChangeOrigin::Provenance {} => "record of the choice".to_owned(),
        ChangeOrigin::Template {} => "template".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_counts_the_lines_of_the_new_file() {
        let lines = difference(
            "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1,2 +3,3 @@\n one\n-two\n+three\n+four\n",
            &[],
        );
        let shown: Vec<_> = lines
            .iter()
            .map(|line| (line.class, line.number, line.text.as_str()))
            .collect();
        assert_eq!(
            shown,
            [
                ("fold", None, "@@ -1,2 +3,3 @@"),
                ("", Some(3), "one"),
                ("removed", None, "two"),
                ("added", Some(4), "three"),
                ("added", Some(5), "four"),
            ]
        );
    }
}
