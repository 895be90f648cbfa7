//! Evidence: a dated result of a test, committed to an operations repository in the way of writing that its plan chose.

use super::operations_repo::{MAIN, OperationsError, OperationsRepo};
use crate::error::{Class, Explain, Hint};
use crate::forge::error::ForgeError;
use crate::forge::pull_request::{NewPullRequest, PullRequestText, PullRequests};
use crate::forge::settings::NewFile;
use crate::hint;
use crate::model::date::Day;
use crate::model::path::TreePath;
use crate::source::document_schema;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use thiserror::Error;

/// The schema of evidence in an operations repository.
const SCHEMA: &str = "schemas/evidence.schema.json";

/// A valid document and its path.
#[derive(Clone, Debug)]
pub struct Evidence {
    path: TreePath,
    bytes: Vec<u8>,
}

/// The place of evidence in its repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceCommit {
    pub path: TreePath,
    pub outcome: EvidenceOutcome,
    pub branch: String,
    /// The address of the pull request, for a protected branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<String>,
}

/// The outcome of a request to commit evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EvidenceOutcome {
    /// `main` has the same file.
    Present,
    /// It was committed to `main`.
    Committed,
    /// A pull request proposes it, now or since an earlier attempt.
    Proposed,
}

/// Evidence that is not committed.
#[derive(Debug, Error)]
pub enum EvidenceError {
    #[error("the file is no JSON: {0}")]
    NotJson(serde_json::Error),
    #[error("the plan of the repository has no `{SCHEMA}`")]
    NoSchema,
    #[error("`{SCHEMA}` is no JSON Schema")]
    BadSchema,
    #[error("the file is no evidence: {}", problems.join("; "))]
    Invalid { problems: Vec<String> },
    #[error("`{path}` has another content on `main`")]
    Different { path: TreePath },
    #[error("cannot commit `{path}`: {error}")]
    Commit { path: TreePath, error: ForgeError },
    #[error(transparent)]
    Repository(Box<OperationsError>),
}

/// The path of the schema of evidence in an operations repository.
pub fn schema_path() -> TreePath {
    TreePath::parse(SCHEMA).expect("a constant path is valid")
}

impl Evidence {
    /// Checks a document against the schema of the repository's plan.
    pub fn parse(bytes: Vec<u8>, schema: Option<&[u8]>) -> Result<Self, EvidenceError> {
        let text = schema.ok_or(EvidenceError::NoSchema)?;
        let rules: Value = serde_json::from_slice(text).map_err(|_| EvidenceError::BadSchema)?;
        let document: Value = serde_json::from_slice(&bytes).map_err(EvidenceError::NotJson)?;
        let violations = document_schema::violations(&rules, &document);
        let problems = violations.ok_or(EvidenceError::BadSchema)?;
        if !problems.is_empty() {
            return Err(EvidenceError::Invalid { problems });
        }
        let invalid = |problem: String| EvidenceError::Invalid {
            problems: vec![problem],
        };
        // The schema of another catalogue may require neither.
        let text = |field: &str| {
            let text = document[field].as_str();
            text.ok_or_else(|| invalid(format!("`{field}` is no text")))
        };
        let (kind, date) = (text("kind")?, text("date")?);
        if Day::parse(date).is_err() {
            return Err(invalid(format!("`{date}` is no date")));
        }
        match TreePath::parse(&format!("evidence/{kind}/{date}.json")) {
            Ok(path) => Ok(Self { path, bytes }),
            Err(_) => Err(invalid(format!("`{kind}` is no name of a folder"))),
        }
    }
}

impl OperationsRepo<'_> {
    /// Commits evidence to `main`, or proposes it by a pull request where the plan protects `main`. Repeating it finds what
    /// an earlier attempt has done.
    pub async fn add_evidence(&self, evidence: &Evidence) -> Result<EvidenceCommit, EvidenceError> {
        let Evidence { path, bytes } = evidence;
        let failed = |error| EvidenceError::Commit {
            path: path.clone(),
            error,
        };
        let client = self.client().await?;
        let committed = |outcome| EvidenceCommit {
            path: path.clone(),
            outcome,
            branch: MAIN.to_owned(),
            pull_request: None,
        };
        match client.file(self.name(), MAIN, path).await.map_err(failed)? {
            Some(found) if found == *bytes => return Ok(committed(EvidenceOutcome::Present)),
            Some(_) => return Err(EvidenceError::Different { path: path.clone() }),
            None => {}
        }
        let message = format!("Add {path}");
        let file = NewFile {
            path,
            bytes,
            message: &message,
        };
        let is_protected = self.settings().protection.as_ref();
        let pulls = self.forge.pull_requests();
        let Some(pulls) = pulls.filter(|_| is_protected.is_some_and(|one| one.enabled)) else {
            let done = client.commit_file(self.name(), file).await;
            done.map_err(failed)?;
            return Ok(committed(EvidenceOutcome::Committed));
        };
        let branch = path.as_str().trim_end_matches(".json").to_owned();
        let earlier = client.file(self.name(), &branch, path).await;
        match earlier.map_err(failed)? {
            Some(found) if found == *bytes => {}
            Some(_) => return Err(EvidenceError::Different { path: path.clone() }),
            None => client
                .commit_file_to_new_branch(self.name(), &branch, file)
                .await
                .map_err(failed)?,
        }
        let url = self.proposed(pulls, &branch, &message).await;
        Ok(EvidenceCommit {
            path: path.clone(),
            outcome: EvidenceOutcome::Proposed,
            pull_request: Some(url.map_err(failed)?),
            branch,
        })
    }

    /// The address of the open pull request of a branch, which is opened if there is none.
    async fn proposed(
        &self,
        pulls: &dyn PullRequests,
        branch: &str,
        title: &str,
    ) -> Result<String, ForgeError> {
        let open = pulls.open_pull_requests(self.name()).await?;
        if let Some(pull) = open.into_iter().find(|pull| pull.branch == branch) {
            return Ok(pull.url);
        }
        let new = NewPullRequest {
            branch: branch.to_owned(),
            base: MAIN.to_owned(),
            text: PullRequestText {
                title: title.to_owned(),
                body: String::new(),
                is_draft: false,
            },
        };
        Ok(pulls.open_pull_request(self.name(), &new).await?.url)
    }
}

impl From<OperationsError> for EvidenceError {
    fn from(error: OperationsError) -> Self {
        Self::Repository(Box::new(error))
    }
}

impl Explain for EvidenceError {
    fn class(&self) -> Class {
        match self {
            Self::NotJson(_) | Self::NoSchema | Self::BadSchema | Self::Invalid { .. } => {
                Class::Refused
            }
            Self::Different { .. } => Class::Conflict,
            Self::Commit { error, .. } => error.class(),
            Self::Repository(error) => error.class(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotJson(_) | Self::Invalid { .. } => "evidence_invalid",
            Self::NoSchema | Self::BadSchema => "evidence_schema",
            Self::Different { .. } => "evidence_exists",
            Self::Commit { error, .. } => error.code(),
            Self::Repository(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<Hint> {
        match self {
            Self::NotJson(_) | Self::Invalid { .. } => Some(hint!(
                "correct the file, as docs/evidence.md of the repository describes"
            )),
            Self::NoSchema | Self::BadSchema => {
                Some(hint!("name a repository that was created from `ops-repo`"))
            }
            Self::Different { .. } => Some(hint!(
                "correct an earlier result in the file of a later day"
            )),
            Self::Commit { .. } | Self::Repository(_) => None,
        }
    }

    fn inner(&self) -> Option<&dyn Explain> {
        match self {
            Self::Commit { error, .. } => Some(error),
            Self::Repository(error) => Some(error.as_ref()),
            _ => None,
        }
    }
}
