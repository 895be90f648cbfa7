//! `groundplan runs submit`

use crate::cli::args::database::DatabaseArgs;
use crate::cli::args::policy::{PersonArgs, PolicyArgs};
use crate::cli::args::selection::{ProductArgs, SelectionArgs};
use crate::cli::commands::preview;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::render;
use crate::cli::output::render::Detail;
use crate::cli::output::terminal::{BOLD, Terminal};
use crate::model::action::RiskLevel;
use crate::model::digest::GitId;
use crate::model::plan::TemplateOrigin;
use crate::store::Store as _;
use crate::store::id::ProductId;
use crate::store::submission::Submission;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    selection: SelectionArgs,
    /// Submit only this tree, and fail otherwise.
    #[arg(long, value_name = "TREE_ID", value_parser = GitId::parse)]
    expect: Option<GitId>,
    /// Product of the repository [default: the product's slug].
    #[arg(long, value_name = "ID", value_parser = ProductId::parse)]
    product: Option<ProductId>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    person: PersonArgs,
    #[command(flatten)]
    policy: PolicyArgs,
    #[command(flatten)]
    named: ProductArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let policy = args.policy.read()?;
    let prepared = args.named.prepare(&args.selection)?;
    let preview = preview::make(&prepared)?;
    let report = &preview.report;
    let tree = preview::accept(
        &prepared,
        &preview,
        args.expect.as_ref(),
        "nothing was submitted",
    )?;
    let plan = &preview.plan;
    if plan.template.repo == TemplateOrigin::Folder {
        return Err(Failure::refused(
            "template_is_a_folder",
            "workers cannot read a template folder of this machine; nothing was submitted",
        )
        .hinted("name the template by the URL of its repository, or include it in the catalogue"));
    }
    let product = match &args.product {
        Some(product) => product.clone(),
        None => {
            ProductId::parse(plan.inputs.product_slug.as_str()).expect("a slug is a key as well")
        }
    };
    let submission = Submission {
        user: args.person.user.clone(),
        product,
        plan: plan.clone(),
        report: report.clone(),
        risk: policy.assess(plan, &report.risk, &tree),
    };
    let run = args.database.ask(async |database| {
        let (user, product) = (&submission.user, &submission.product);
        database.ensure_local(user, product).await?;
        Ok(database.submit(&submission).await?)
    })?;
    if args.format == Format::Json {
        terminal.json(&run)?;
        return Ok(Exit::Success);
    }
    let root = prepared.root.as_deref();
    render::report(&preview, Detail::Summary, &prepared.files, root, terminal)?;
    let id = &run.id;
    let next = match submission.risk.tier {
        RiskLevel::High => format!(
            "An administrator can approve it with:\n  groundplan runs approve {id} --tree {tree} --as NAME"
        ),
        RiskLevel::Medium => {
            format!("No approval needed. Watch it with:\n  groundplan runs watch {id}")
        }
        RiskLevel::Low => format!("Watch it with:\n  groundplan runs watch {id}"),
    };
    writeln!(
        terminal.out(),
        "\n{BOLD}Submitted run {id}{BOLD:#} for {}. {next}",
        run.repo
    )?;
    Ok(Exit::Success)
}
