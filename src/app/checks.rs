//! Checks of what authors write: a folder of catalogues, one catalogue file, or one recipe.

use super::catalogs::CatalogFiles;
use super::error::{AppError, Findings};
use crate::catalog::{self, Catalog, CatalogFile, Symlinks, TemplateSource};
use crate::model::content::{File, Files};
use crate::model::diagnostic::{self, Code, Diagnostic, Location};
use crate::model::path::SafeRelPath;
use crate::model::placeholder::PlaceholderName;
use crate::recipe::literal_folder;
use crate::source;
use crate::sweep::option_check;
use crate::sweep::trial::TrialInput;
use crate::template::Template;
use crate::tree::disk;
use crate::tree::validate::{Links, admit};
use rayon::prelude::*;
use std::path::Path;

/// The result of a check.
pub struct Checked {
    pub findings: Findings,
    /// The documents that were checked.
    pub subject: CheckedSubject,
}

/// The documents of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckedSubject {
    /// A folder with this number of catalogues.
    Catalogs(usize),
    CatalogFile,
    Recipe,
}

/// Checks all catalogues, recipes and templates of a folder.
pub fn folder(root: &Path) -> Result<Checked, AppError> {
    Ok(catalogs(CatalogFiles::of_folder(root)?))
}

/// Checks all catalogues, recipes and templates among files.
pub fn catalogs(source: CatalogFiles) -> Checked {
    let CatalogFiles {
        files,
        mut findings,
        root,
        origin: _,
    } = source;
    let names = catalog::names(&files);
    let of_each: Vec<Vec<Diagnostic>> = names
        .par_iter()
        .map(|name| one_catalog(&files, name, &mut None))
        .collect();
    findings.extend(of_each.into_iter().flatten());
    findings.extend(catalog::orphans(&files));
    diagnostic::sort(&mut findings);
    Checked {
        subject: CheckedSubject::Catalogs(names.len()),
        findings: Findings {
            findings,
            files,
            root,
        },
    }
}

/// The template of a checked catalogue and its findings, kept for the next check of the same catalogue.
#[derive(Debug)]
pub struct CheckedTemplate {
    /// The files, by path in the template.
    files: Files,
    rules: (Symlinks, TemplateSource, Vec<PlaceholderName>),
    findings: Vec<Diagnostic>,
    /// None before the first check of a catalogue without errors.
    template: Option<Template>,
}

impl CheckedTemplate {
    /// The template; none if it or its catalogue has errors.
    pub fn template(&self) -> Option<&Template> {
        self.template.as_ref()
    }
}

/// All findings of one catalogue, its recipes, its template and its trial plans, unsorted. A template that is the one of
/// `kept` is not checked again.
pub fn one_catalog(
    files: &Files,
    name: &str,
    kept: &mut Option<CheckedTemplate>,
) -> Vec<Diagnostic> {
    let loaded = catalog::load(files, name);
    let mut findings = loaded.findings;
    let Some(written) = &loaded.file else {
        return findings;
    };
    let Some(path) = &written.template.path else {
        return findings;
    };
    let folder = format!("catalog/{name}/{path}");
    let checked = check_template(files, &folder, written, kept.take());
    findings.extend(checked.findings.iter().cloned());
    let checked = kept.insert(checked);
    let is_admitted = !checked.findings.iter().any(Diagnostic::is_error);
    if let Some(catalog) = loaded.catalog.as_ref().filter(|_| is_admitted) {
        findings.extend(options(files, catalog, path, &mut checked.template));
    }
    findings
}

fn check_template(
    files: &Files,
    folder: &str,
    written: &CatalogFile,
    kept: Option<CheckedTemplate>,
) -> CheckedTemplate {
    let prefix = format!("{folder}/");
    let below = files
        .range(prefix.clone()..)
        .take_while(|(path, _)| path.starts_with(&prefix));
    let template: Files = below
        .map(|(path, file)| (path[prefix.len()..].to_owned(), file.clone()))
        .collect();
    let rules = (
        written.symlinks,
        written.template.clone(),
        written.placeholder_names(),
    );
    match kept {
        Some(kept) if kept.files == template && kept.rules == rules => kept,
        _ => CheckedTemplate {
            findings: template_findings(template.clone(), folder, written),
            files: template,
            rules,
            template: None,
        },
    }
}

fn template_findings(template: Files, folder: &str, written: &CatalogFile) -> Vec<Diagnostic> {
    let links = match written.symlinks {
        Symlinks::Refuse => Links::Refused,
        Symlinks::Allow => Links::Kept,
    };
    let admitted = admit(template, links, &written.template.exclude);
    let findings = match admitted {
        Ok(files) => {
            let all = files.iter().map(|(path, file)| (path.as_str(), file));
            catalog::template_warnings(all, &written.placeholder_names())
        }
        Err(findings) => findings,
    };
    findings
        .into_iter()
        .map(|finding| finding.below(folder))
        .collect()
}

/// The findings of trial plans: every action over the catalogue's own template, and paths of conditions that it lacks.
fn options(
    files: &Files,
    catalog: &Catalog,
    path: &SafeRelPath,
    kept: &mut Option<Template>,
) -> Vec<Diagnostic> {
    let template = match kept.take() {
        Some(template) => template,
        None => match Template::of_catalog(catalog, files, path) {
            Ok(template) => template,
            Err(findings) => return findings,
        },
    };
    let template = &*kept.insert(template);
    let input = TrialInput {
        catalog,
        template: template.tree(),
        pin: &template.pin,
    };
    option_check::check(input).unwrap_or_else(|error| {
        let message = format!("the options cannot be tried: {error}");
        let place = Location::start_of(format!("catalog/{}/catalog.yaml", catalog.slug()));
        let finding = Diagnostic::error(Code::MissingTemplate, message).at("", place);
        vec![finding.help("read the template's files again")]
    })
}

/// Checks one document. A recipe is checked with the files in its folder beside it, which is read from disk.
pub fn document(name: &str, bytes: &[u8]) -> Result<Checked, AppError> {
    let mut files = Files::from([(name.to_owned(), File::regular(bytes.to_vec()))]);
    if is_catalog(name, bytes) {
        return Ok(Checked {
            subject: CheckedSubject::CatalogFile,
            findings: Findings {
                findings: catalog::check_catalog_file(name, bytes),
                files,
                root: None,
            },
        });
    }
    let beside = literal_folder(name).to_owned();
    let path = Path::new(&beside);
    let mut findings = Vec::new();
    if path.is_dir() && !path.is_symlink() {
        let scan = disk::scan(path)?;
        let below = |(path, file)| (format!("{beside}/{path}"), file);
        files.extend(scan.files.into_iter().map(below));
        let unread = scan.findings.into_iter();
        findings.extend(unread.map(|finding| finding.below(&beside)));
    }
    findings.extend(catalog::check_recipe_file(name, bytes, &files));
    Ok(Checked {
        subject: CheckedSubject::Recipe,
        findings: Findings {
            findings,
            files,
            root: None,
        },
    })
}

/// True for a document with the keys of a catalogue. A document that cannot be read is judged by its name.
fn is_catalog(name: &str, bytes: &[u8]) -> bool {
    let is_called_so = Path::new(name)
        .file_stem()
        .is_some_and(|stem| stem == "catalog");
    source::read(name, bytes).map_or(is_called_so, |document| {
        let has = |key: &str| document.root.get(key).is_some();
        let keys = ["catalog", "categories", "template"];
        !has("actions") && (is_called_so || keys.into_iter().any(has))
    })
}
