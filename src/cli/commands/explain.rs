//! `groundplan explain`, and `preview --explain`

use crate::cli::args::generated_repo::GeneratedRepoArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::terminal::{BOLD, DIM, Terminal};
use crate::engine::{self, Explanation, LineOrigin};
use crate::model::path::TreePath;
use crate::model::plan::Plan;
use crate::model::report::ChangeOrigin;
use crate::tree::Tree;
use serde_json::{Value, json};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Path of the file from the repository's root.
    #[arg(value_name = "PATH", value_parser = TreePath::parse)]
    path: TreePath,
    /// The repository: a folder, bare or not, or a URL.
    #[arg(long = "in", value_name = "REPO", default_value = ".")]
    repository: String,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    made: GeneratedRepoArgs,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let made = args.made.read(&args.repository)?;
    let remade = args.made.remake(&made)?;
    let explanation = explained(&remade.plan, remade.template.tree(), &args.path)?;
    show(&args.path, &explanation, args.format, terminal)?;
    let path = args.path.as_str();
    let head = made.commits.holding(&made.line.last)?;
    let first = match made.holding.get(path) {
        Some((_, blob)) => made.commits.read(*blob)?,
        None => Vec::new(),
    };
    let planned: String = explanation.text();
    if planned.as_bytes() != first {
        let note = "this is the file of the plan; the first commit contains another one, see `groundplan verify`";
        writeln!(terminal.stderr(), "{DIM}{note}{DIM:#}")?;
    } else if head.get(path) != made.holding.get(path) {
        let note = "this is the file as it was created; it has changed since";
        writeln!(terminal.stderr(), "{DIM}{note}{DIM:#}")?;
    }
    Ok(Exit::Success)
}

/// Prints the origin of each line of a file.
pub(crate) fn print(
    plan: &Plan,
    template: &dyn Tree,
    path: &TreePath,
    format: Format,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    show(path, &explained(plan, template, path)?, format, terminal)?;
    Ok(Exit::Success)
}

fn explained(plan: &Plan, template: &dyn Tree, path: &TreePath) -> Result<Explanation, Failure> {
    engine::explain(plan, template, path)?.ok_or_else(|| {
        Failure::refused(
            "text_file_not_found",
            format!("the repository has no text file `{path}`"),
        )
        .hinted("check the path from the repository's root, and that the file is not binary")
    })
}

fn show(
    path: &TreePath,
    explanation: &Explanation,
    format: Format,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    match format {
        Format::Json => terminal.json(&as_json(path, explanation)),
        Format::Text => as_text(path, explanation, terminal),
    }
}

fn as_json(path: &TreePath, explanation: &Explanation) -> Value {
    let line = |(number, (text, origin)): (usize, &(String, LineOrigin))| {
        let origin = match origin {
            LineOrigin::Template { line } => json!({ "by": "template", "line": line }),
            LineOrigin::Change(change) => json!(change),
        };
        json!({ "line": number, "text": text.trim_end_matches('\n'), "origin": origin })
    };
    let lines: Vec<Value> = (1..).zip(&explanation.lines).map(line).collect();
    json!({ "path": path, "lines": lines })
}

/// Prints the lines of one origin below its name.
fn as_text(
    path: &TreePath,
    explanation: &Explanation,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    writeln!(terminal.out(), "{BOLD}{path}{BOLD:#}")?;
    let width = explanation.lines.len().to_string().len();
    let mut number = 0;
    for lines in explanation
        .lines
        .chunk_by(|(_, one), (_, next)| name(one) == name(next))
    {
        if let Some((_, origin)) = lines.first() {
            writeln!(terminal.out(), "{DIM}{}{DIM:#}", name(origin))?;
        }
        for (text, _) in lines {
            number += 1;
            write!(terminal.out(), "  {DIM}{number:width$}{DIM:#}  ")?;
            terminal.content(text.trim_end_matches('\n'))?;
            writeln!(terminal.out())?;
        }
    }
    Ok(())
}

fn name(origin: &LineOrigin) -> String {
    match origin {
        LineOrigin::Template { .. } | LineOrigin::Change(ChangeOrigin::Template {}) => {
            "template".to_owned()
        }
        LineOrigin::Change(ChangeOrigin::Provenance {}) => "provenance".to_owned(),
        LineOrigin::Change(ChangeOrigin::Placeholders { placeholders }) => {
            let names: Vec<&str> = placeholders
                .iter()
                .map(|placeholder| placeholder.token())
                .collect();
            format!("template, {} replaced", names.join(" and "))
        }
        LineOrigin::Change(ChangeOrigin::Action(action)) => {
            let origin = &action.origin;
            format!(
                "{} · {} · {}:{}:{}",
                origin.option, action.kind, origin.file, origin.line, origin.column
            )
        }
    }
}
