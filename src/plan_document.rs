//! Plan documents: Markdown with a plan as YAML front matter. A plan has one product backlog item with stories, and
//! stories have tasks.

use crate::model::action::SingleLine;
use crate::model::diagnostic::{self, Code, Diagnostic};
use crate::model::path::TreePath;
use crate::source;
use crate::source::node::Document;
use crate::source::schema::Schema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The maximum length of a document, in characters.
pub const MAX_CHARACTERS: usize = 100_000;

/// The line before and after the front matter.
const FENCE: &str = "---";
/// The headings of the list of files in an implementation plan.
const FILES: [&str; 2] = ["Bestanden:", "Files:"];

/// The front matter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanDocument {
    pub pbi: BacklogItem,
    #[schemars(length(min = 1))]
    pub stories: Vec<Story>,
}

/// The product backlog item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BacklogItem {
    pub title: SingleLine,
    #[serde(default)]
    pub description: Option<String>,
    pub priority: Priority,
}

/// A story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Story {
    pub title: SingleLine,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub acceptance_criteria: Option<Criteria>,
    pub priority: Priority,
    #[schemars(length(min = 1))]
    pub tasks: Vec<Task>,
}

/// A task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Task {
    pub title: SingleLine,
    #[serde(default)]
    pub description: Option<String>,
    /// The steps, with a list of files in backticks after a line `Files:` or `Bestanden:`.
    pub implementation_plan: String,
    pub priority: Priority,
    pub verify_required: Verification,
    #[serde(default)]
    pub verify_only: bool,
}

/// Acceptance criteria as one text or as a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Criteria {
    Text(String),
    List(Vec<String>),
}

/// A priority: a number from 1, the most urgent, or a word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Priority {
    Number(#[schemars(range(min = 1, max = 100))] u8),
    Word(SingleLine),
}

/// The result that the verification of a task must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verification {
    Aligned,
    Partial,
    AlignedOrPartial,
}

impl PlanDocument {
    /// Parses a document.
    ///
    /// # Errors
    /// All findings, each at its line and column of the document.
    pub fn read(name: &str, bytes: &[u8]) -> Result<Self, Vec<Diagnostic>> {
        let front = front_matter(name, bytes).map_err(|finding| vec![*finding])?;
        // YAML whatever the extension of the document.
        let document = source::read_yaml(name, front.as_bytes())?;
        let plan: Self = Schema::new().parse(&document)?;
        let mut findings = plan.check(&document);
        if findings.is_empty() {
            return Ok(plan);
        }
        diagnostic::sort(&mut findings);
        Err(findings)
    }

    /// The number of all tasks.
    pub fn tasks(&self) -> usize {
        self.stories.iter().map(|story| story.tasks.len()).sum()
    }

    fn check(&self, document: &Document) -> Vec<Diagnostic> {
        let mut findings = Vec::new();
        for (story_number, story) in self.stories.iter().enumerate() {
            for (number, task) in story.tasks.iter().enumerate() {
                let pointer = format!("/stories/{story_number}/tasks/{number}/implementation_plan");
                let wrong = wrong_files(&task.implementation_plan);
                findings.extend(wrong.into_iter().map(|message| {
                    Diagnostic::error(Code::BadPath, message)
                        .at(&pointer, document.location(&pointer))
                        .help("write each file as a list item in backticks, such as ``- `src/main.rs` ``")
                }));
            }
        }
        findings
    }
}

/// The front matter, with an empty line in place of each line before it, so that its locations are those of the document.
fn front_matter(name: &str, bytes: &[u8]) -> Result<String, Box<Diagnostic>> {
    let finding = |code, message: &str| {
        Box::new(
            Diagnostic::error(code, message)
                .at("", diagnostic::Location::start_of(name))
                .help("begin with a line `---`, the plan as YAML, and a second line `---`"),
        )
    };
    let text = std::str::from_utf8(bytes)
        .map_err(|_| finding(Code::NotPlainText, "the document is not UTF-8"))?;
    if text.trim().is_empty() {
        return Err(finding(Code::Syntax, "the document is empty"));
    }
    if text.chars().count() > MAX_CHARACTERS {
        return Err(finding(
            Code::DocumentTooLarge,
            "the document has more than 100,000 characters",
        ));
    }
    let mut lines = text.split_inclusive('\n');
    if lines.next().is_none_or(|line| line.trim_end() != FENCE) {
        return Err(finding(Code::Syntax, "the document has no front matter"));
    }
    let mut front = String::from("\n");
    for line in lines {
        if line.trim_end() == FENCE {
            return Ok(front);
        }
        front.push_str(line);
    }
    Err(finding(Code::Syntax, "the front matter has no end"))
}

/// The faults of the lists of files in an implementation plan.
fn wrong_files(plan: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut is_list = false;
    for line in plan.lines().map(str::trim) {
        if FILES.contains(&line) {
            is_list = true;
            continue;
        }
        if !is_list || line.is_empty() {
            continue;
        }
        let Some(item) = line.strip_prefix(['-', '*']) else {
            is_list = false;
            continue;
        };
        let path = item
            .trim_start()
            .strip_prefix('`')
            .and_then(|rest| rest.split_once('`'));
        match path {
            None => wrong.push(format!("the file `{}` is not in backticks", item.trim())),
            Some((path, _)) => {
                if let Err(error) = TreePath::parse(path) {
                    wrong.push(format!("`{}` is not a path: {error}", path.escape_debug()));
                }
            }
        }
    }
    wrong
}
