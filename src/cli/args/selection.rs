//! Flags of the catalogue, the selection and the product.

use crate::app::catalogs::OpenedCatalog;
use crate::app::previews::{self, Prepared, ProductRequest};
use crate::app::selection::SelectionRequest;
use crate::base::clock::SystemClock;
use crate::catalog::Catalog;
use crate::cli::args::catalog;
use crate::cli::args::forge::ForgeArgs;
use crate::cli::args::git::GitArgs;
use crate::cli::args::template::TemplateArgs;
use crate::cli::completion;
use crate::cli::error::Failure;
use crate::cli::git_settings;
use crate::cli::input;
use crate::cli::output::terminal::Terminal;
use crate::cli::prompt::{self, GivenNames, Names, Suggestions};
use crate::model::condition::{InputValue, InputValues};
use crate::model::date::Day;
use crate::model::input::{Identity, Owner, ProductName, RepoName, RepoUrl};
use crate::model::placeholder::{CaseForm, PlaceholderName};
use crate::model::slug::{OptionRef, Slug};
use std::path::{Path, PathBuf};

/// The catalogue and the selected options.
#[derive(clap::Args)]
pub(crate) struct SelectionArgs {
    /// A built-in catalogue, a folder with catalog/ and recipes/, a commit as `REPO@REF` or `REPO@REF:FOLDER`, or `db:NAME`
    /// in the database of DATABASE_URL [default: nextjs].
    #[arg(
        long,
        value_name = "NAME|DIR|REPO@REF",
        env = "GROUNDPLAN_CATALOG",
        add = completion::catalogs()
    )]
    pub(crate) catalog: Option<String>,
    /// Select options of a category, several separated by commas; repeatable. Replaces what `--selection` has for it.
    #[arg(long, value_name = "CATEGORY=OPTION[,OPTION]", value_parser = parse_select, add = completion::selections())]
    pub(crate) select: Vec<Selected>,
    /// Read the selection from a YAML or JSON file that maps each category to an option or a list of options.
    #[arg(long, value_name = "FILE")]
    pub(crate) selection: Option<PathBuf>,
    /// Use the catalogue's defaults for everything else.
    #[arg(long)]
    pub(crate) defaults: bool,
    /// Set an input of the catalogue; repeatable. Replaces what `--selection` has for it.
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_input)]
    pub(crate) input: Vec<GivenInput>,
}

/// The value of one input.
#[derive(Clone, Debug)]
pub(crate) struct GivenInput {
    name: PlaceholderName,
    value: String,
}

impl GivenInput {
    /// The values by name; the last one of each counts.
    pub(crate) fn values(given: &[Self]) -> InputValues {
        let value = |one: &Self| (one.name.clone(), InputValue::Text(one.value.clone()));
        given.iter().map(value).collect()
    }
}

/// Options of one category.
#[derive(Clone, Debug)]
pub(crate) struct Selected {
    category: Slug,
    options: Vec<Slug>,
}

/// The product and its repository.
#[derive(clap::Args)]
pub(crate) struct ProductArgs {
    /// Display name of the product. A terminal asks for it, and for owner and repository, where they are not given.
    #[arg(long, value_parser = ProductName::parse)]
    pub(crate) name: Option<ProductName>,
    /// Machine-readable name of the product [default: derived from --name].
    #[arg(long, value_parser = Slug::parse)]
    pub(crate) slug: Option<Slug>,
    /// User or organisation that owns the repository.
    #[arg(long, value_parser = Owner::parse)]
    pub(crate) owner: Option<Owner>,
    /// Name of the repository.
    #[arg(long, value_parser = RepoName::parse)]
    pub(crate) repo: Option<RepoName>,
    /// Web address of the repository, for files that contain it [default: the one on the forge, or on github.com].
    #[arg(long, value_name = "URL", value_parser = RepoUrl::parse)]
    pub(crate) repo_url: Option<RepoUrl>,
    /// Date used in decision records and the commit [default: today, UTC].
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = Day::parse)]
    pub(crate) date: Option<Day>,
    /// Author of the commit [default: `user.name` and `user.email` of git].
    #[arg(long, value_name = "NAME <MAIL>", value_parser = Identity::parse, env = "GROUNDPLAN_AUTHOR")]
    pub(crate) author: Option<Identity>,
    #[command(flatten)]
    pub(crate) template: TemplateArgs,
}

pub(crate) fn parse_select(text: &str) -> Result<Selected, String> {
    let (category, options) = text
        .split_once('=')
        .ok_or("expected CATEGORY=OPTION, such as `auth=iron-session`")?;
    let slug = |text: &str| Slug::parse(text.trim()).map_err(|error| error.to_string());
    Ok(Selected {
        category: slug(category)?,
        options: options.split(',').map(slug).collect::<Result<_, _>>()?,
    })
}

/// Parses `NAME=VALUE`. The value may be empty.
pub(crate) fn parse_input(text: &str) -> Result<GivenInput, String> {
    let (name, value) = text
        .split_once('=')
        .ok_or("expected NAME=VALUE, such as `PACKAGE=acme_web`")?;
    Ok(GivenInput {
        name: PlaceholderName::parse(name).map_err(|error| error.to_string())?,
        value: value.to_owned(),
    })
}

impl Selected {
    /// The options with their category.
    pub(crate) fn references(&self) -> impl Iterator<Item = OptionRef> {
        let reference = |option| OptionRef::new(&self.category, option);
        self.options.iter().map(reference)
    }
}

impl SelectionArgs {
    /// The catalogue without another word.
    const DEFAULT_CATALOG: &str = "nextjs";

    /// True if the options are asked on the terminal.
    pub(crate) fn is_asked(&self) -> bool {
        self.select.is_empty()
            && self.selection.is_none()
            && !self.defaults
            && Terminal::is_interactive()
    }

    /// The catalogue as it was named.
    pub(crate) fn catalog(&self) -> &str {
        self.catalog.as_deref().unwrap_or(Self::DEFAULT_CATALOG)
    }

    /// Opens the catalogue and reads the selection from flags, file, defaults and, on a terminal, questions.
    pub(crate) fn choose(
        &self,
        git: &GitArgs,
    ) -> Result<(OpenedCatalog, SelectionRequest), Failure> {
        let opened = catalog::open(self.catalog(), git)?;
        let request = self.choose_from(&opened.catalog, SelectionRequest::default())?;
        Ok((opened, request))
    }

    /// Changes a selection by flags, file, defaults and, where nothing is selected on a terminal, questions.
    pub(crate) fn choose_from(
        &self,
        catalog: &Catalog,
        recorded: SelectionRequest,
    ) -> Result<SelectionRequest, Failure> {
        let mut request = match &self.selection {
            Some(path) => {
                let bytes = input::document(path)?;
                SelectionRequest::read(&path.display().to_string(), &bytes)?
            }
            None => recorded,
        };
        for Selected { category, .. } in &self.select {
            request.selection.remove(category);
        }
        for Selected { category, options } in &self.select {
            for option in options {
                request.selection.insert(category.clone(), option.clone());
            }
        }
        request.inputs.extend(GivenInput::values(&self.input));
        if self.defaults {
            request.fill_with_defaults(catalog);
        } else if request.selection.is_empty() && Terminal::is_interactive() {
            request.selection = prompt::selection(catalog)?;
        }
        request.check_complete(catalog)?;
        Ok(request)
    }
}

/// A product whose names are complete.
pub(crate) struct NamedProduct {
    pub(crate) request: ProductRequest,
    /// True if the terminal asked for a name.
    pub(crate) is_asked: bool,
}

impl ProductArgs {
    /// The product of the flags and, on a terminal, of answers. The place of the repository suggests a name.
    pub(crate) fn named(
        &self,
        place: Option<&Path>,
        forge: Option<&ForgeArgs>,
    ) -> Result<NamedProduct, Failure> {
        let given = GivenNames {
            name: self.name.clone(),
            slug: self.slug.clone(),
            owner: self.owner.clone(),
            repo: self.repo.clone(),
        };
        let complete = given.complete();
        let is_asked = complete.is_none();
        let Names { name, owner, repo } = match complete {
            Some(names) => names,
            None if Terminal::is_interactive() => prompt::names(given, &suggestions(place))?,
            None => return Err(missing_names(&given)),
        };
        let repo_url = match (&self.repo_url, forge) {
            (Some(url), _) => Some(url.clone()),
            (None, Some(forge)) => forge.repo_url(&owner, &repo)?,
            (None, None) => None,
        };
        Ok(NamedProduct {
            request: ProductRequest {
                name,
                slug: self.slug.clone(),
                owner,
                repo,
                date: self.date.clone(),
                author: self.author.clone().or_else(git_settings::identity),
                repo_url,
            },
            is_asked,
        })
    }

    /// A recorded product, with what the flags say instead.
    pub(crate) fn over(&self, recorded: ProductRequest) -> ProductRequest {
        ProductRequest {
            name: self.name.clone().unwrap_or(recorded.name),
            slug: self.slug.clone().or(recorded.slug),
            owner: self.owner.clone().unwrap_or(recorded.owner),
            repo: self.repo.clone().unwrap_or(recorded.repo),
            date: self.date.clone().or(recorded.date),
            // Files may name the recorded author; the one of the flag is that of the new commit.
            author: recorded.author.or_else(|| self.author.clone()),
            repo_url: self.repo_url.clone().or(recorded.repo_url),
        }
    }

    /// Reads everything that a preview of a product needs.
    pub(crate) fn prepare(
        &self,
        product: &ProductRequest,
        selection: &SelectionArgs,
    ) -> Result<Prepared, Failure> {
        let is_asked = selection.is_asked();
        let (opened, mut selection) = selection.choose(&self.template.git)?;
        if is_asked {
            prompt::inputs(&opened.catalog, &mut selection, product)?;
        }
        let template = self.template.request();
        let cache = || self.template.git.cache();
        Ok(Terminal::busy("opening the template", || {
            previews::prepare(opened, selection, product, &template, &cache, &SystemClock)
        })?)
    }
}

/// The answers that the enter key takes: a name after the folder, and the owner of git's setting `github.user`.
fn suggestions(place: Option<&Path>) -> Suggestions {
    let absolute = place.and_then(|place| std::path::absolute(place).ok());
    let folder = absolute.as_deref().and_then(Path::file_name);
    let title = folder.map(|name| CaseForm::Title.apply(&name.to_string_lossy()));
    Suggestions {
        name: title.and_then(|title| ProductName::parse(&title).ok()),
        owner: git_settings::values("github.user")
            .pop()
            .and_then(|login| Owner::parse(&login).ok()),
    }
}

fn missing_names(given: &GivenNames) -> Failure {
    let missing = given.missing().join(", ");
    Failure::usage(
        "names_missing",
        format!("the names of product and repository are incomplete: {missing}"),
    )
    .hinted("add the flags; on a terminal they are asked")
}
