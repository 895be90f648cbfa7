//! `groundplan ops apply`

use super::{OpsArgs, without_settings};
use crate::app::operations_repo::OperationsRepo;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::terminal::Terminal;
use crate::cli::output::{Format, settings};
use crate::cli::runtime::wait_for;
use crate::forge::settings::SettingDifference;
use crate::model::repository_settings::RepositorySettings;
use serde::Serialize;

/// The settings of a repository after a change as a JSON document.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AppliedJson<'a> {
    repository: String,
    settings: &'a RepositorySettings,
    /// The settings that another person has to confirm.
    pending: &'a [SettingDifference],
}

pub(super) fn run(args: &OpsArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let (_, recorded, forge) = args.open()?;
    let repo = OperationsRepo::of(&recorded.plan, &*forge)?;
    let pending = Terminal::busy("setting", || wait_for(repo.apply()))??;
    terminal.done(
        without_settings(&repo).unwrap_or_else(|| {
            format!("set the settings of `{}`, and read them back", repo.name())
        }),
    );
    match args.format {
        Format::Json => terminal.json(&AppliedJson {
            repository: repo.name().to_string(),
            settings: repo.settings(),
            pending: &pending,
        })?,
        Format::Text => settings::print(&pending, terminal.out())?,
    }
    Ok(Exit::Success)
}
