//! `groundplan test`

use crate::app::case_builds::{BuiltCase, CaseCatalog};
use crate::app::catalogs::{self, OpenedCatalog};
use crate::app::error::AppError;
use crate::app::templates::TemplateRequest;
use crate::base::sanitize;
use crate::cli::accepted_file;
use crate::cli::args::template::TemplateArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::findings;
use crate::cli::output::render::sign;
use crate::cli::output::terminal::{BOLD, DIM, GREEN, RED, Terminal, YELLOW};
use crate::model::content::{File, Mode};
use crate::model::diagnostic::{Code, Diagnostic, Location};
use crate::model::report::{Change, ChangeKind, ChangeOrigin};
use crate::template::Template;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// A folder with catalog/ and recipes/, or one catalogue of it.
    #[arg(default_value = ".", value_name = "DIR|NAME")]
    catalog: String,
    /// Write the current results instead of comparing them.
    #[arg(long)]
    accept: bool,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    template: TemplateArgs,
}

/// The comment above the files of a case.
const COMMENT: &str = "# Expected files of this case: mode, git blob id and path, without the provenance file.\n# `groundplan test` compares them; `groundplan test --accept` updates them.\n";

/// Path → mode and blob id.
type Holding = BTreeMap<String, String>;

/// The results of all cases as a JSON document.
#[derive(Serialize)]
struct TestJson {
    cases: Vec<TestedCase>,
    fine: bool,
}

/// A case and its result.
#[derive(Serialize)]
struct TestedCase {
    /// `<catalogue>/<case>`.
    #[serde(rename = "case")]
    name: String,
    #[serde(flatten)]
    outcome: CaseOutcome,
}

#[derive(Serialize)]
#[serde(tag = "result", rename_all = "lowercase")]
enum CaseOutcome {
    Ok {
        files: usize,
    },
    Accepted {
        files: usize,
    },
    /// Nothing was accepted yet.
    New,
    Changed {
        changes: Vec<FileDifference>,
    },
    Failed {
        findings: Vec<Diagnostic>,
    },
}

/// A file that differs from the accepted one, and the options that affect it.
#[derive(Serialize)]
struct FileDifference {
    path: String,
    change: ChangeKind,
    origin: Vec<String>,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let chosen = catalogs::open_all(&args.catalog, &|| args.template.git.cache())?;
    let mut all = Vec::new();
    let mut names = Vec::new();
    for chosen in chosen {
        names.push(chosen.catalog.slug().to_string());
        let (chosen, template) = args.template.open(chosen)?;
        let tested = Terminal::busy("building every case", || args.test(&chosen, &template))?;
        if args.format == Format::Text {
            for tested in &tested {
                tested.print(&chosen, terminal)?;
            }
        }
        all.extend(tested);
    }
    if all.is_empty() {
        let name = names.first().map_or("NAME", String::as_str);
        return Err(Failure::refused("case_missing", "no cases to test").hinted(format!(
                "create `catalog/{name}/cases/default.yaml` with `defaults: true`, then run `groundplan test --accept`"
            )));
    }
    let good = all.iter().filter(|tested| tested.is_fine()).count();
    let exit = if good == all.len() {
        Exit::Success
    } else {
        Exit::Findings
    };
    match args.format {
        Format::Json => {
            terminal.json(&TestJson {
                fine: good == all.len(),
                cases: all,
            })?;
            return Ok(exit);
        }
        Format::Text => {
            let (cases, bad) = (all.len(), all.len() - good);
            let word = if cases == 1 { "case" } else { "cases" };
            writeln!(
                terminal.out(),
                "{BOLD}{cases} {word}, {bad} changed or new{BOLD:#}"
            )?;
            if all
                .iter()
                .any(|tested| matches!(tested.outcome, CaseOutcome::Changed { .. }))
            {
                writeln!(
                    terminal.stderr(),
                    "show the changes with `groundplan catalog diff HEAD .`, and accept them with `groundplan test --accept`"
                )?;
            }
        }
    }
    Ok(exit)
}

impl CaseOutcome {
    fn failed(finding: Diagnostic) -> Self {
        Self::Failed {
            findings: vec![finding],
        }
    }
}

impl Args {
    /// Every case of a catalogue, and every accepted result that belongs to none.
    fn test(
        &self,
        chosen: &OpenedCatalog,
        template: &Template,
    ) -> Result<Vec<TestedCase>, Failure> {
        let name = chosen.catalog.slug();
        let folder = format!("catalog/{name}/cases/");
        let cache = || self.template.git.cache();
        let source = CaseCatalog {
            opened: chosen,
            template,
            earlier_template: TemplateRequest {
                replacement: self.template.request().replacement,
                ..TemplateRequest::default()
            },
            cache: &cache,
        };
        let below = chosen
            .source
            .files
            .range(folder.clone()..)
            .take_while(|(path, _)| path.starts_with(&folder));
        let mut all = Vec::new();
        for (path, file) in below {
            let inside = &path[folder.len()..];
            let case = inside.split_once('.').map_or(inside, |(case, _)| case);
            let outcome = if file.mode == Mode::Symlink {
                let message = "this file is a symbolic link";
                let finding = Diagnostic::error(Code::TemplateEntry, message)
                    .at("", Location::start_of(path));
                CaseOutcome::failed(finding.help("replace the link by the file"))
            } else if inside == format!("{case}.yaml") && !case.contains('/') {
                self.case(&source, path, file)?
            } else if inside == format!("{case}.files")
                && chosen
                    .source
                    .files
                    .contains_key(&format!("{folder}{case}.yaml"))
            {
                continue;
            } else {
                let message = "this file belongs to no case";
                let finding =
                    Diagnostic::error(Code::Misplaced, message).at("", Location::start_of(path));
                CaseOutcome::failed(finding.help(format!(
                    "cases are `{folder}<case>.yaml` and their results `<case>.files`: remove or rename it"
                )))
            };
            all.push(TestedCase {
                name: format!("{name}/{inside}")
                    .trim_end_matches(".yaml")
                    .to_owned(),
                outcome,
            });
        }
        Ok(all)
    }

    fn case(
        &self,
        source: &CaseCatalog<'_>,
        path: &str,
        file: &File,
    ) -> Result<CaseOutcome, Failure> {
        let BuiltCase {
            files: now,
            changes,
        } = match source.build(path, file) {
            Ok(built) => built,
            Err(AppError::Findings(found)) => {
                return Ok(CaseOutcome::Failed {
                    findings: found.findings,
                });
            }
            Err(error) => return Err(error.into()),
        };
        let chosen = source.opened;
        let expected = format!("{}.files", path.trim_end_matches(".yaml"));
        if self.accept {
            let Some(root) = &chosen.source.root else {
                return Err(Failure::usage(
                    "case_folder_missing",
                    "a built-in catalogue has no folder for accepted results",
                )
                .hinted("name the folder of the catalogue"));
            };
            accepted_file::write(root, &expected, &text(&now))?;
            return Ok(CaseOutcome::Accepted { files: now.len() });
        }
        let Some(accepted) = chosen.source.files.get(&expected) else {
            return Ok(CaseOutcome::New);
        };
        let accepted = match accepted.text().map(parse) {
            Some(Ok(accepted)) => accepted,
            Some(Err(line)) => return Ok(CaseOutcome::failed(damaged(&expected, line))),
            None => return Ok(CaseOutcome::failed(damaged(&expected, 1))),
        };
        let differences = compare_files(&accepted, &now, &changes);
        Ok(if differences.is_empty() {
            CaseOutcome::Ok { files: now.len() }
        } else {
            CaseOutcome::Changed {
                changes: differences,
            }
        })
    }
}

fn text(holding: &Holding) -> String {
    let mut text = COMMENT.to_owned();
    for (path, held) in holding {
        writeln!(text, "{held} {path}").expect("a string grows");
    }
    text
}

/// Parses the output of [`text`]. Fails with the number of the first line that is not.
fn parse(text: &str) -> Result<Holding, usize> {
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let held = |(index, line): (usize, &str)| {
        let parts: Vec<&str> = line.splitn(3, ' ').collect();
        match parts.as_slice() {
            [mode, id, path] if mode.len() == 6 && id.len() == 40 => {
                Ok(((*path).to_owned(), format!("{mode} {id}")))
            }
            _ => Err(index + 1),
        }
    };
    lines.map(held).collect()
}

fn damaged(path: &str, line: usize) -> Diagnostic {
    let message = "expected a mode, a blob id and a path, as `git ls-tree` prints them";
    Diagnostic::error(Code::Syntax, message)
        .at("", Location::point(path, line, 1))
        .help("restore the file from version control, or rewrite it with `--accept`")
}

fn compare_files(accepted: &Holding, now: &Holding, changes: &[Change]) -> Vec<FileDifference> {
    let paths = accepted
        .keys()
        .chain(now.keys().filter(|path| !accepted.contains_key(*path)));
    let difference = |path: &String| {
        let change = ChangeKind::between(accepted.get(path), now.get(path))?;
        let of_path = changes.iter().filter(|change| change.path.as_str() == path);
        let option = |origin: &ChangeOrigin| match origin {
            ChangeOrigin::Action(action) => Some(action.origin.option.to_string()),
            ChangeOrigin::Placeholders { .. }
            | ChangeOrigin::Condition {}
            | ChangeOrigin::Provenance {}
            | ChangeOrigin::Template {} => None,
        };
        let mut origin: Vec<String> = of_path
            .flat_map(|change| change.origin.iter().filter_map(option))
            .collect();
        origin.dedup();
        Some(FileDifference {
            path: path.clone(),
            change,
            origin,
        })
    };
    paths.filter_map(difference).collect()
}

impl TestedCase {
    fn is_fine(&self) -> bool {
        matches!(
            self.outcome,
            CaseOutcome::Ok { .. } | CaseOutcome::Accepted { .. }
        )
    }

    fn print(&self, chosen: &OpenedCatalog, terminal: &mut Terminal) -> Result<(), Failure> {
        let out = terminal.out();
        let name = sanitize::line(&self.name);
        match &self.outcome {
            CaseOutcome::Ok { files } => {
                writeln!(out, "{GREEN}ok{GREEN:#}        {name}  {files} files")?;
            }
            CaseOutcome::Accepted { files } => {
                writeln!(out, "{GREEN}accepted{GREEN:#}  {name}  {files} files")?;
            }
            CaseOutcome::New => writeln!(
                out,
                "{YELLOW}new{YELLOW:#}       {name}  nothing accepted yet: check it with `groundplan preview`, then run `groundplan test --accept`"
            )?,
            CaseOutcome::Changed { changes } => {
                writeln!(out, "{RED}changed{RED:#}   {name}")?;
                let paths = changes
                    .iter()
                    .map(|difference| difference.path.chars().count());
                let width = paths.max().unwrap_or(0).min(60);
                for difference in changes {
                    let (sign, style) = sign(difference.change);
                    let path = sanitize::line(&difference.path);
                    let sign = format!("{style}{sign}{style:#}");
                    if difference.origin.is_empty() {
                        writeln!(out, "  {sign} {path}")?;
                    } else {
                        let origin = difference.origin.join(", ");
                        writeln!(out, "  {sign} {path:width$}  {DIM}{origin}{DIM:#}")?;
                    }
                }
            }
            CaseOutcome::Failed { findings: found } => {
                writeln!(out, "{RED}failed{RED:#}    {name}")?;
                let root = chosen.source.root.as_deref();
                let relabel = |file: &str| findings::relabel(root, file);
                findings::text(out, found, &chosen.source.files, &relabel)?;
            }
        }
        Ok(())
    }
}
