//! Flags of the catalogue, the selection and the product.

use crate::catalog::Catalog;
use crate::cli::args::template::TemplateArgs;
use crate::cli::error::{Failure, FindingsInFiles};
use crate::cli::input::{self, Chosen};
use crate::cli::output::terminal::Terminal;
use crate::cli::prompt;
use crate::model::content::{File, Files};
use crate::model::date::Day;
use crate::model::diagnostic::{Code, Diagnostic};
use crate::model::input::{Identity, Inputs, Owner, ProductName, RepoName};
use crate::model::selection::Selection;
use crate::model::slug::{OptionRef, Slug};
use crate::resolve::{self, Request, selection_file};
use crate::source::{self, node::Document};
use crate::template::Template;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The catalogue and the selected options.
#[derive(clap::Args)]
pub(crate) struct SelectionArgs {
    /// A built-in catalogue, or a folder with catalog/ and recipes/.
    #[arg(
        long,
        value_name = "NAME|DIR",
        default_value = "nextjs",
        env = "GROUNDPLAN_CATALOG"
    )]
    pub(crate) catalog: String,
    /// Select an option; repeatable.
    #[arg(long, value_name = "CATEGORY=OPTION", value_parser = parse_select)]
    pub(crate) select: Vec<(Slug, Slug)>,
    /// Read the selection from a YAML or JSON file that maps each category to an option or a list of options.
    #[arg(long, value_name = "FILE")]
    pub(crate) selection: Option<PathBuf>,
    /// Use the catalogue's defaults for everything else.
    #[arg(long)]
    pub(crate) defaults: bool,
}

/// The product and its repository.
#[derive(clap::Args)]
pub(crate) struct ProductArgs {
    /// Display name of the product.
    #[arg(long, value_parser = ProductName::parse)]
    pub(crate) name: ProductName,
    /// Machine-readable name of the product [default: derived from --name].
    #[arg(long, value_parser = Slug::parse)]
    pub(crate) slug: Option<Slug>,
    /// User or organisation that owns the repository.
    #[arg(long, value_parser = Owner::parse)]
    pub(crate) owner: Owner,
    /// Name of the repository.
    #[arg(long, value_parser = RepoName::parse)]
    pub(crate) repo: RepoName,
    /// Date used in decision records and the commit [default: today, UTC].
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = Day::parse)]
    pub(crate) date: Option<Day>,
    /// Author of the commit.
    #[arg(long, value_name = "NAME <MAIL>", value_parser = Identity::parse, env = "GROUNDPLAN_AUTHOR")]
    pub(crate) author: Option<Identity>,
    #[command(flatten)]
    pub(crate) template: TemplateArgs,
}

/// A catalogue and the options selected from it.
pub(crate) struct Choice {
    pub(crate) chosen: Chosen,
    pub(crate) selection: Selection,
    /// The file that the selection was read from.
    pub(crate) asked: Option<Document>,
}

/// Everything that a preview needs.
pub(crate) struct Prepared {
    pub(crate) catalog: Catalog,
    pub(crate) files: Files,
    pub(crate) root: Option<PathBuf>,
    pub(crate) template: Template,
    pub(crate) request: Request,
    /// The file that the selection was read from.
    pub(crate) asked: Option<Document>,
}

fn parse_select(text: &str) -> Result<(Slug, Slug), String> {
    let (category, option) = text
        .split_once('=')
        .ok_or("expected CATEGORY=OPTION, such as `auth=iron-session`")?;
    let slug = |text: &str| Slug::parse(text).map_err(|error| error.to_string());
    Ok((slug(category)?, slug(option)?))
}

impl SelectionArgs {
    /// Opens the catalogue and selects options by file, flags, defaults and, on a terminal, questions.
    pub(crate) fn choose(&self) -> Result<Choice, Failure> {
        let chosen = input::catalog(&self.catalog)?;
        let mut selection = Selection::default();
        let mut asked = None;
        if let Some(path) = &self.selection {
            let (read, document) = read_selection(path)?;
            selection = read;
            asked = Some(document);
        }
        for (category, option) in &self.select {
            selection.insert(category.clone(), option.clone());
        }
        if self.defaults {
            resolve::fill_with_defaults(&chosen.catalog, &mut selection);
        } else if selection.is_empty() && Terminal::is_interactive() {
            selection = prompt::selection(&chosen.catalog)?;
        }
        let open = resolve::unanswered(&chosen.catalog, &selection);
        let is_known = |option: OptionRef| {
            let category = chosen.catalog.category(option.category());
            category.is_some_and(|category| category.option(option.option()).is_some())
        };
        if !open.is_empty() && asked.is_none() && selection.options().all(is_known) {
            let flags = open.iter().map(|category| {
                let options: Vec<&str> = category
                    .options
                    .iter()
                    .map(|option| option.slug.as_str())
                    .collect();
                format!("  --select {}={}", category.slug, options.join("|"))
            });
            let flags: Vec<String> = flags.collect();
            return Err(Failure::usage(
                "selection_incomplete",
                format!(
                    "no option selected for these categories:\n{}",
                    flags.join("\n")
                ),
            )
            .hinted("add these flags, or use `--defaults`"));
        }
        Ok(Choice {
            chosen,
            selection,
            asked,
        })
    }
}

impl ProductArgs {
    /// Reads everything that a preview needs.
    pub(crate) fn prepare(&self, selection: &SelectionArgs) -> Result<Prepared, Failure> {
        let inputs = self.inputs()?;
        let Choice {
            chosen,
            selection,
            asked,
        } = selection.choose()?;
        let (chosen, template) = self.template.open(chosen)?;
        let request = Request {
            selection,
            inputs,
            author: self.author.clone().unwrap_or_default(),
            template: template.pin.clone(),
        };
        Ok(Prepared {
            catalog: chosen.catalog,
            files: chosen.source.files,
            root: chosen.source.root,
            template,
            request,
            asked,
        })
    }

    fn inputs(&self) -> Result<Inputs, Failure> {
        let product_slug = self
            .slug
            .clone()
            .or_else(|| Slug::from_title(self.name.as_str()))
            .ok_or_else(|| {
                Failure::usage(
                    "slug_missing",
                    format!("cannot derive a slug from name `{}`", self.name),
                )
                .hinted("set one with `--slug`, in lower-case letters and digits")
            })?;
        Ok(Inputs {
            product_name: self.name.clone(),
            product_slug,
            owner: self.owner.clone(),
            repo: self.repo.clone(),
            date: self.date.clone().map_or_else(today, Ok)?,
        })
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the shell reads the clock, so that nothing below it has to"
)]
fn today() -> Result<Day, Failure> {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    Day::of_unix_seconds(i64::try_from(seconds).unwrap_or(i64::MAX)).map_err(|_| {
        Failure::environment("clock_invalid", "the clock of this machine is wrong")
            .hinted("set the date with `--date`")
    })
}

fn read_selection(path: &Path) -> Result<(Selection, Document), Failure> {
    let bytes = input::document(path)?;
    let name = path.display().to_string();
    let read = source::read(&name, &bytes).and_then(|document| {
        selection_file::read(&document).map(|selection| (selection, document))
    });
    read.map_err(|findings| {
        FindingsInFiles {
            findings,
            files: Files::from([(name, File::regular(bytes))]),
            root: None,
        }
        .into()
    })
}

/// The findings about a selection, with the places of what its file contains.
pub(crate) fn located(findings: Vec<Diagnostic>, asked: Option<&Document>) -> FindingsInFiles {
    let Some(document) = asked else {
        return FindingsInFiles {
            findings,
            ..FindingsInFiles::default()
        };
    };
    let place = |finding: Diagnostic| {
        let is_in_file = document.root.at(&finding.pointer).is_some();
        let is_missing = finding.code == Code::NothingSelected;
        let location = (is_in_file || is_missing).then(|| document.location(&finding.pointer));
        Diagnostic {
            location,
            ..finding
        }
    };
    let text = &document.text;
    let file = File::regular(text.content().to_owned());
    FindingsInFiles {
        findings: findings.into_iter().map(place).collect(),
        files: Files::from([(text.name().to_owned(), file)]),
        root: None,
    }
}
