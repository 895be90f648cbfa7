//! What `preview`, `new` and `hash` share: a catalogue, a selection and the names of a product.

use super::Format;
use super::ask;
use super::exit::{Exit, Failure};
use super::findings;
use super::input::{self, Chosen, Problem, Unusable};
use super::template::TemplateArgs;
use super::terminal::Terminal;
use crate::catalog::Catalog;
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

/// Which catalogue and what of it.
#[derive(clap::Args)]
pub(super) struct SelectionArgs {
    /// A built-in catalogue, or a folder with catalog/ and recipes/.
    #[arg(
        long,
        value_name = "NAME|DIR",
        default_value = "nextjs",
        env = "GROUNDPLAN_CATALOG"
    )]
    pub(super) catalog: String,
    /// Select an option; repeat it for each category.
    #[arg(long, value_name = "CATEGORY=OPTION", value_parser = parse_select)]
    pub(super) select: Vec<(Slug, Slug)>,
    /// Read the selection from a YAML or JSON file: category → option, or a list of options.
    #[arg(long, value_name = "FILE")]
    pub(super) selection: Option<PathBuf>,
    /// Answer what is not selected with the catalogue's defaults.
    #[arg(long)]
    pub(super) defaults: bool,
}

/// The product and its repository.
#[derive(clap::Args)]
pub(super) struct ProductArgs {
    /// The product's name, as people read it.
    #[arg(long, value_parser = ProductName::parse)]
    pub(super) name: ProductName,
    /// The product's name for programs; made from the name when left out.
    #[arg(long, value_parser = Slug::parse)]
    pub(super) slug: Option<Slug>,
    /// The user or organisation the repository belongs to.
    #[arg(long, value_parser = Owner::parse)]
    pub(super) owner: Owner,
    /// The repository's name.
    #[arg(long, value_parser = RepoName::parse)]
    pub(super) repo: RepoName,
    /// The day that decision records and the commit carry; today (UTC) when left out.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = Day::parse)]
    pub(super) date: Option<Day>,
    /// Who signs the commit.
    #[arg(long, value_name = "NAME <MAIL>", value_parser = Identity::parse, env = "GROUNDPLAN_AUTHOR")]
    pub(super) author: Option<Identity>,
    #[command(flatten)]
    pub(super) template: TemplateArgs,
}

/// A catalogue and what is selected of it.
pub(super) struct Choice {
    pub(super) chosen: Chosen,
    pub(super) selection: Selection,
    /// The file that the selection was read from.
    pub(super) asked: Option<Document>,
}

/// Everything that a preview needs.
pub(super) struct Prepared {
    pub(super) catalog: Catalog,
    pub(super) files: Files,
    pub(super) root: Option<PathBuf>,
    pub(super) template: Template,
    pub(super) request: Request,
    /// The file that the selection was read from.
    pub(super) asked: Option<Document>,
}

fn parse_select(text: &str) -> Result<(Slug, Slug), String> {
    let (category, option) = text
        .split_once('=')
        .ok_or("write it as CATEGORY=OPTION, as in `auth=iron-session`")?;
    let slug = |text: &str| Slug::parse(text).map_err(|error| error.to_string());
    Ok((slug(category)?, slug(option)?))
}

impl SelectionArgs {
    /// The catalogue. Nothing is returned when findings were printed instead.
    pub(super) fn catalog_only(
        &self,
        format: Format,
        terminal: &mut Terminal,
    ) -> Result<Option<Chosen>, Failure> {
        match input::catalog(&self.catalog) {
            Ok(chosen) => Ok(Some(chosen)),
            Err(unusable) => print_unusable(unusable, format, terminal).map(|_| None),
        }
    }

    /// The catalogue and what is selected of it, by flags, file, defaults and, on a terminal, questions. Nothing is
    /// returned when findings were printed instead.
    pub(super) fn choose(
        &self,
        format: Format,
        terminal: &mut Terminal,
    ) -> Result<Option<Choice>, Failure> {
        let Some(chosen) = self.catalog_only(format, terminal)? else {
            return Ok(None);
        };
        let mut selection = Selection::default();
        let mut asked = None;
        if let Some(path) = &self.selection {
            match read_selection(path)? {
                Ok((read, document)) => {
                    selection = read;
                    asked = Some(document);
                }
                Err((findings, files)) => {
                    print_findings(&findings, &files, None, format, terminal)?;
                    return Ok(None);
                }
            }
        }
        for (category, option) in &self.select {
            selection.insert(category.clone(), option.clone());
        }
        if self.defaults {
            resolve::fill_with_defaults(&chosen.catalog, &mut selection);
        } else if selection.is_empty() && Terminal::is_interactive() {
            selection = ask::selection(&chosen.catalog)?;
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
            return Err(Failure::Usage {
                message: format!("these categories need an answer:\n{}", flags.join("\n")),
                hint: "add these flags, or `--defaults` for the catalogue's own choice".to_owned(),
            });
        }
        Ok(Some(Choice {
            chosen,
            selection,
            asked,
        }))
    }
}

impl ProductArgs {
    /// Reads everything a preview needs. Nothing is returned when findings were printed instead.
    pub(super) fn prepare(
        &self,
        selection: &SelectionArgs,
        format: Format,
        terminal: &mut Terminal,
    ) -> Result<Option<Prepared>, Failure> {
        let inputs = self.inputs()?;
        let Some(choice) = selection.choose(format, terminal)? else {
            return Ok(None);
        };
        let Choice {
            chosen,
            selection,
            asked,
        } = choice;
        let (chosen, template) = match self.template.open(chosen) {
            Ok(both) => both,
            Err(unusable) => return print_unusable(unusable, format, terminal).map(|_| None),
        };
        let request = Request {
            selection,
            inputs,
            author: self.author.clone().unwrap_or_default(),
            template: template.pin.clone(),
        };
        Ok(Some(Prepared {
            catalog: chosen.catalog,
            files: chosen.source.files,
            root: chosen.source.root,
            template,
            request,
            asked,
        }))
    }

    fn inputs(&self) -> Result<Inputs, Failure> {
        let product_slug = self
            .slug
            .clone()
            .or_else(|| Slug::from_title(self.name.as_str()))
            .ok_or_else(|| Failure::Usage {
                message: format!("no slug can be made from the name `{}`", self.name),
                hint: "give one with `--slug`, in lower-case letters and digits".to_owned(),
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
        Failure::Environment {
            message: "the system's clock shows no day of this age".to_owned(),
            hint: Some("give the day with `--date`".to_owned()),
        }
    })
}

type Unread = (Vec<Diagnostic>, Files);

fn read_selection(path: &Path) -> Result<Result<(Selection, Document), Unread>, Failure> {
    let bytes = input::document(path)?;
    let name = path.display().to_string();
    let read = source::read(&name, &bytes).and_then(|document| {
        selection_file::read(&document).map(|selection| (selection, document))
    });
    let files = || Files::from([(name.clone(), File::regular(bytes.clone()))]);
    Ok(read.map_err(|findings| (findings, files())))
}

/// Prints why there is nothing to work with, when that is findings.
pub(super) fn print_unusable(
    unusable: Unusable,
    format: Format,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let problem = match unusable {
        Unusable::Failure(failure) => return Err(failure),
        Unusable::Problem(problem) => problem,
    };
    let Problem { source, findings } = *problem;
    let root = source.root.as_deref();
    print_findings(&findings, &source.files, root, format, terminal)
}

/// Prints why a selection does not fit its catalogue, with the places of what stands in the selection's file.
pub(super) fn print_unfit(
    findings: Vec<Diagnostic>,
    asked: Option<&Document>,
    format: Format,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let Some(document) = asked else {
        return print_findings(&findings, &Files::new(), None, format, terminal);
    };
    let place = |finding: Diagnostic| {
        let stands_there = document.root.at(&finding.pointer).is_some();
        let is_missing = finding.code == Code::NothingSelected;
        let place = (stands_there || is_missing).then(|| document.location(&finding.pointer));
        Diagnostic {
            location: place,
            ..finding
        }
    };
    let findings: Vec<Diagnostic> = findings.into_iter().map(place).collect();
    let text = &document.text;
    let file = File::regular(text.content().to_owned());
    let files = Files::from([(text.name().to_owned(), file)]);
    print_findings(&findings, &files, None, format, terminal)
}

/// Prints why something cannot be previewed or made: as the result in JSON, as talk otherwise.
pub(super) fn print_findings(
    findings: &[Diagnostic],
    files: &Files,
    root: Option<&Path>,
    format: Format,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let relabel = |file: &str| findings::relabel(root, file);
    match format {
        Format::Json => findings::json(terminal, findings, &relabel)?,
        Format::Text => {
            findings::text(terminal.talk(), findings, files, &relabel)?;
            writeln!(
                terminal.talk(),
                "{}; nothing was made",
                findings::count(findings)
            )?;
        }
    }
    Ok(Exit::Findings)
}
