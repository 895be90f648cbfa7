//! The names of the product and the place of its repository.

use super::{asking, interrupted, theme};
use crate::cli::error::Failure;
use crate::model::input::{Owner, ProductName, RepoName};
use crate::model::slug::Slug;
use dialoguer::Input;
use std::fmt::Display;
use std::path::PathBuf;

/// The hint for a terminal on which no name can be asked.
const NAMES: &str = "answer with `--name`, `--owner` and `--repo`";

/// The names of a product, owner and repository.
pub(crate) struct Names {
    pub(crate) name: ProductName,
    pub(crate) owner: Owner,
    pub(crate) repo: RepoName,
}

/// The names that are known, and the slug that the repository is named after by default.
#[derive(Clone, Default)]
pub(crate) struct GivenNames {
    pub(crate) name: Option<ProductName>,
    pub(crate) slug: Option<Slug>,
    pub(crate) owner: Option<Owner>,
    pub(crate) repo: Option<RepoName>,
}

impl GivenNames {
    /// All names, if none is missing.
    pub(crate) fn complete(&self) -> Option<Names> {
        Some(Names {
            name: self.name.clone()?,
            owner: self.owner.clone()?,
            repo: self.repo.clone()?,
        })
    }

    /// The flags of the names that are missing.
    pub(crate) fn missing(&self) -> Vec<&'static str> {
        let flags = [
            (self.name.is_none(), "`--name NAME`"),
            (self.owner.is_none(), "`--owner OWNER`"),
            (self.repo.is_none(), "`--repo REPO`"),
        ];
        let missing = flags.into_iter().filter(|(is_missing, _)| *is_missing);
        missing.map(|(_, flag)| flag).collect()
    }
}

/// The answers that the enter key takes.
pub(crate) struct Suggestions {
    pub(crate) name: Option<ProductName>,
    pub(crate) owner: Option<Owner>,
}

/// Asks for the names that are not given.
pub(crate) fn names(given: GivenNames, usual: &Suggestions) -> Result<Names, Failure> {
    asking(|| {
        let name = match given.name {
            Some(name) => name,
            None => text(
                "Name of the product",
                usual.name.as_ref(),
                ProductName::parse,
            )?,
        };
        let owner = match given.owner {
            Some(owner) => owner,
            None => text(
                "User or organisation that owns it",
                usual.owner.as_ref(),
                Owner::parse,
            )?,
        };
        let slug = given.slug.or_else(|| Slug::from_title(name.as_str()));
        let repo = if let Some(repo) = given.repo {
            repo
        } else {
            let usual = slug.and_then(|slug| RepoName::parse(slug.as_str()).ok());
            text("Name of the repository", usual.as_ref(), RepoName::parse)?
        };
        Ok(Names { name, owner, repo })
    })
}

/// Asks for the folder of a new repository.
pub(crate) fn folder(repo: &RepoName) -> Result<PathBuf, Failure> {
    let parse = |text: &str| match text.trim() {
        "" => Err("expected the path of a folder"),
        path => Ok(path.to_owned()),
    };
    asking(|| text("Folder", Some(&repo.to_string()), parse)).map(PathBuf::from)
}

/// One line that can be parsed.
fn text<T: Display, E: Display>(
    question: &str,
    usual: Option<&T>,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<T, Failure> {
    let style = theme();
    loop {
        let field = Input::<String>::with_theme(style.as_ref())
            .with_prompt(question)
            .validate_with(|text: &String| match parse(text) {
                Ok(_) => Ok(()),
                Err(error) => Err(error.to_string()),
            });
        let field = match usual {
            Some(usual) => field.default(usual.to_string()),
            None => field,
        };
        let answer = field
            .interact_text()
            .map_err(|error| interrupted(error, NAMES))?;
        if let Ok(value) = parse(&answer) {
            return Ok(value);
        }
    }
}
