//! Differences of the settings on a forge, each with its next step.

use crate::base::sanitize;
use crate::cli::error::Failure;
use crate::cli::output::terminal::{DIM, RED, YELLOW};
use crate::forge::settings::SettingDifference;
use std::io::Write;

/// Prints differences, each with its next step.
pub(crate) fn print<'d>(
    differences: impl IntoIterator<Item = &'d SettingDifference>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    for difference in differences {
        let style = if difference.is_pending { YELLOW } else { RED };
        writeln!(
            out,
            "  {style}{}{style:#}\n    {DIM}{}{DIM:#}",
            sanitize::line(&difference.to_string()),
            sanitize::line(&difference.help)
        )?;
    }
    Ok(())
}
