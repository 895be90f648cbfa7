//! `groundplan new`

use super::choice::{ProductArgs, SelectionArgs};
use super::exit::{Exit, Failure};
use super::render::{self, Detail, quote};
use super::terminal::{BOLD, Terminal};
use super::{Format, preview, signals};
use crate::engine;
use crate::model::digest::GitId;
use crate::tree::Tree as _;
use crate::tree::repository::{Layout, Made, Target};
use serde_json::json;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    selection: SelectionArgs,
    /// An empty or absent folder, which becomes a git repository with one commit on `main`.
    #[arg(long, value_name = "DIR")]
    into: PathBuf,
    /// Refuse to make anything but this tree.
    #[arg(long, value_name = "TREE_ID", value_parser = GitId::parse)]
    expect: Option<GitId>,
    /// Make a bare repository, without files beside it.
    #[arg(long)]
    bare: bool,
    /// Leave the template's objects where they are, as `git clone --shared` does: for a repository that is pushed and
    /// thrown away.
    #[arg(long, requires = "bare")]
    shared: bool,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    product: ProductArgs,
}

impl Args {
    fn layout(&self) -> Layout {
        match (self.bare, self.shared) {
            (false, _) => Layout::WorkTree,
            (true, false) => Layout::Bare,
            (true, true) => Layout::BareShared,
        }
    }
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let target = Target::check(&args.into)?;
    let Some(prepared) = args
        .product
        .prepare(&args.selection, args.format, terminal)?
    else {
        return Ok(Exit::Findings);
    };
    let Some(preview) = preview::make(&prepared, args.format, terminal)? else {
        return Ok(Exit::Findings);
    };
    let report = &preview.report;
    let Some(tree_id) = report.tree_id.as_ref().filter(|_| report.can_proceed) else {
        match args.format {
            Format::Json => terminal.json(report)?,
            Format::Text => render::report(
                &preview,
                Detail::Summary,
                &prepared.files,
                prepared.root.as_deref(),
                terminal,
            )?,
        }
        return Ok(Exit::Findings);
    };
    if let Some(expected) = args.expect.as_ref().filter(|expected| *expected != tree_id) {
        return Err(Failure::Refused {
            message: format!("the result would be tree {tree_id}, expected {expected}; nothing was written"),
            hint: "catalogue, template, selection, names or date differ from the preview: run `groundplan preview` again".to_owned(),
        });
    }
    let work = Terminal::working("writing the repository");
    let commit = engine::first_commit(&preview.plan, &report.recipe_hash);
    let made = Made {
        tree: &preview.tree,
        template: prepared.template.repository(),
        commit: &commit,
        layout: args.layout(),
    };
    let ids = target.create(&made, signals::stop());
    drop(work);
    let ids = ids?;
    if args.format == Format::Json {
        let result = json!({
            "path": args.into,
            "branch": "main",
            "treeId": GitId::of(&ids.tree),
            "commitId": GitId::of(&ids.commit),
            "report": report,
        });
        terminal.json(&result)?;
        return Ok(Exit::Fine);
    }
    render::report(
        &preview,
        Detail::Summary,
        &prepared.files,
        prepared.root.as_deref(),
        terminal,
    )?;
    let inputs = &preview.plan.inputs;
    let folder = quote(&args.into.display().to_string());
    writeln!(
        terminal.out(),
        "\n{BOLD}Made {folder}{BOLD:#}, one commit on `main`. Next:\n  cd {folder}"
    )?;
    if preview.tree.list()?.get("package.json").is_some() {
        writeln!(terminal.out(), "  npm install")?;
    }
    let remote = format!("https://github.com/{}/{}.git", inputs.owner, inputs.repo);
    writeln!(
        terminal.out(),
        "  git remote add origin {remote}\n  git push -u origin main"
    )?;
    Ok(Exit::Fine)
}
