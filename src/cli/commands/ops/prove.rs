//! `groundplan ops prove`

use super::OpsArgs;
use crate::app::write_proof::{PushResult, WriteProof};
use crate::base::sanitize;
use crate::cli::args::forge::no_forge;
use crate::cli::args::push::PushArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::forge_session::ForgeSession;
use crate::cli::output::Format;
use crate::cli::output::terminal::{DIM, GREEN, RED, Terminal};

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    repo: OpsArgs,
    #[command(flatten)]
    push: PushArgs,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let (repository, recorded, _) = args.repo.open()?;
    let opened = ForgeSession::open(args.repo.forge.clone(), &args.push, terminal)?;
    let session = opened.ok_or_else(no_forge)?;
    let proof = session.prove(&repository, &recorded.plan)?;
    match args.repo.format {
        Format::Json => terminal.json(&proof)?,
        Format::Text => print(&proof, terminal)?,
    }
    Ok(if proof.ok {
        Exit::Success
    } else {
        Exit::Findings
    })
}

fn print(proof: &WriteProof, terminal: &mut Terminal) -> Result<(), Failure> {
    let word = |result| match result {
        PushResult::Accepted => "accepted",
        PushResult::Refused => "refused",
    };
    let role = if proof.writes {
        "which the plan lets write"
    } else {
        "which the plan does not name"
    };
    writeln!(
        terminal.out(),
        "{}, pushed by `{}`, {role}:",
        proof.repository,
        sanitize::line(&proof.account)
    )?;
    for push in &proof.pushes {
        let (mark, style) = if push.expected == push.found {
            ("ok", GREEN)
        } else {
            ("wrong", RED)
        };
        writeln!(
            terminal.out(),
            "  {style}{mark:<5}{style:#}  {} {}, expected {}",
            push.reference,
            word(push.found),
            word(push.expected)
        )?;
        if let Some(message) = &push.message {
            writeln!(
                terminal.out(),
                "         {DIM}{}{DIM:#}",
                sanitize::line(message)
            )?;
        }
    }
    Ok(())
}
