//! The preflight of a forge: requested for a preview, printed as one line per fact.

use crate::app::facts::{FactLine, Tone};
use crate::base::sanitize;
use crate::cli::error::Failure;
use crate::cli::output::terminal::{GREEN, RED, YELLOW};
use crate::model::preflight::Preflight;
use anstyle::Style;
use std::io::Write;

/// Prints the facts.
pub(crate) fn print(preflight: &Preflight, out: &mut dyn Write) -> Result<(), Failure> {
    writeln!(
        out,
        "Forge: {} at {}, asked {}",
        preflight.kind.as_str(),
        sanitize::line(&preflight.host),
        preflight.checked_at
    )?;
    for fact in &preflight.facts {
        let FactLine { label, text, tone } = FactLine::of(fact);
        let style = colour(tone);
        writeln!(
            out,
            "  {label:<9} {style}{}{style:#}",
            sanitize::line(&text)
        )?;
    }
    Ok(())
}

/// The colour of a meaning.
pub(crate) fn colour(tone: Tone) -> Style {
    match tone {
        Tone::Neutral => Style::new(),
        Tone::Good => GREEN,
        Tone::Doubtful => YELLOW,
        Tone::Bad => RED,
    }
}
