//! `groundplan preview`

use crate::app::command_line;
use crate::app::previews::{self, AskedForge, Prepared, Prevented};
use crate::base::clock::SystemClock;
use crate::cli::args::forge::ForgeArgs;
use crate::cli::args::selection::{ProductArgs, SelectionArgs};
use crate::cli::args::signing::SigningArgs;
use crate::cli::commands::explain;
use crate::cli::error::{Exit, Failure, RefusedPlan};
use crate::cli::output::Format;
use crate::cli::output::render;
use crate::cli::output::render::DetailArgs;
use crate::cli::output::terminal::Terminal;
use crate::cli::runtime::wait_for;
use crate::cli::signals;
use crate::engine::{self, Preview};
use crate::forge::Forge;
use crate::model::digest::GitId;
use crate::model::path::TreePath;
use crate::model::preflight::ForgeKind;
use crate::signing::key::SigningKey;
use crate::tree::signed;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    #[command(flatten)]
    detail: DetailArgs,
    /// Show only the origin of each line of this file.
    #[arg(long, value_name = "PATH", conflicts_with_all = ["summary", "full"], value_parser = TreePath::parse)]
    explain: Option<TreePath>,
    #[command(flatten)]
    pub(crate) product: ProductArgs,
    #[command(flatten)]
    signing: SigningArgs,
    #[command(flatten)]
    forge: ForgeArgs,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    // The origin of lines needs no forge.
    let forge = match args.explain {
        Some(_) => None,
        None => args.forge.open()?,
    };
    let product = args.product.named(None, Some(&args.forge))?.request;
    let prepared = args.product.prepare(&product, &args.selection)?;
    let mut preview = make(&prepared)?;
    sign(&mut preview, args.signing.key()?.as_ref())?;
    if let Some(path) = args.explain.as_ref().filter(|_| preview.report.can_proceed) {
        let template = prepared.template.tree();
        return explain::print(&preview.plan, template, path, args.format, terminal);
    }
    if let Some((forge, kind)) = forge.zip(args.forge.forge) {
        ask_forge(forge.as_ref(), kind, &args.forge, &mut preview)?;
    }
    match args.format {
        Format::Json => terminal.json(&preview.report)?,
        Format::Text => {
            let detail = args.detail.wanted();
            let root = prepared.opened.source.root.as_deref();
            render::report(
                &preview,
                detail,
                &prepared.opened.source.files,
                root,
                terminal,
            )?;
            if preview.report.can_proceed {
                let mut flags = args.product.template.flags(&preview.plan);
                let place = args.forge.flags();
                if place.is_empty() {
                    flags.push(("--into", preview.plan.inputs.repo.to_string()));
                }
                flags.extend(place);
                flags.extend(args.signing.flags());
                let command = command_line::command(
                    "new",
                    &preview.plan,
                    Some(args.selection.catalog()),
                    flags,
                    &preview.report,
                );
                writeln!(terminal.out(), "\nCreate exactly this with:\n{command}")?;
            }
        }
    }
    Ok(if preview.report.can_proceed {
        Exit::Success
    } else {
        Exit::Findings
    })
}

/// Fails with the report when the plan cannot be carried out, and when its tree is not the expected one.
pub(crate) fn accept(
    prepared: &Prepared,
    preview: &Preview<'_>,
    expected: Option<&GitId>,
    prevented: Prevented,
) -> Result<GitId, Failure> {
    let report = &preview.report;
    let Some(tree) = previews::accepted_tree(report) else {
        return Err(Failure::Report(Box::new(RefusedPlan {
            plan: preview.plan.clone(),
            report: report.clone(),
            files: prepared.opened.source.files.clone(),
            root: prepared.opened.source.root.clone(),
        })));
    };
    previews::check_expected(expected, tree, prevented)?;
    Ok(tree.clone())
}

/// Builds the preview.
pub(crate) fn make(prepared: &Prepared) -> Result<Preview<'_>, Failure> {
    Ok(Terminal::busy("building the preview", || {
        prepared.preview()
    })?)
}

/// Promises the commit with its signature instead of the one without.
pub(crate) fn sign(preview: &mut Preview<'_>, key: Option<&SigningKey>) -> Result<(), Failure> {
    if let (Some(key), Some(tree)) = (key, &preview.report.tree_id) {
        let commit = engine::first_commit(&preview.plan, &preview.report.recipe_hash);
        preview.report.commit_id = Some(signed::commit_id(tree, &commit, key)?);
    }
    Ok(())
}

/// Asks the forge that the flags name, and adds its answers to the report.
fn ask_forge(
    forge: &dyn Forge,
    kind: ForgeKind,
    args: &ForgeArgs,
    preview: &mut Preview<'_>,
) -> Result<(), Failure> {
    let asked = AskedForge {
        forge,
        kind,
        host: args.host(kind)?,
        timeout: args.patience(),
        clock: &SystemClock,
    };
    // No step is half done while the forge is asked, so a signal may end the program at once.
    signals::end_while_asking();
    Terminal::busy("asking the forge", || {
        wait_for(previews::ask_forge(asked, preview))
    })??;
    Ok(())
}
