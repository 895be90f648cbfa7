//! Accepted tree ids of `groundplan sweep`: read, compared and rewritten.

use super::{Args, SweepResult};
use crate::app::catalogs::OpenedCatalog;
use crate::cli::accepted_file;
use crate::cli::error::Failure;
use crate::sweep::golden::{Differences, Golden};
use crate::sweep::trial::TrialOutcome;
use std::path::PathBuf;

/// The comment above accepted tree ids.
const COMMENT: &str = "Git tree ids that these selections produce for a sample product, without the provenance file.\n`groundplan sweep` compares them, `groundplan sweep --accept` rewrites them.";

/// The comparison with the accepted tree ids.
pub(super) enum AcceptedIds {
    /// Not compared, because these selections have none.
    NotCompared,
    /// None accepted yet.
    None,
    Written(String),
    Compared(String, Differences),
}

impl Args {
    /// The folder of accepted tree ids, and the path of a catalogue's below it; none for a built-in catalogue.
    fn golden_file(&self, chosen: &OpenedCatalog) -> Option<(PathBuf, String)> {
        let file = format!("{}.txt", chosen.catalog.slug());
        match (&self.golden, &chosen.source.root) {
            (Some(folder), _) => Some((folder.clone(), file)),
            (None, Some(root)) => Some((root.clone(), format!("snapshots/sweep/{file}"))),
            (None, None) => None,
        }
    }

    pub(super) fn accepted(&self, chosen: &OpenedCatalog) -> Result<Option<Golden>, Failure> {
        let Some((folder, file)) = self.golden_file(chosen).filter(|_| self.is_pairwise()) else {
            return Ok(None);
        };
        let path = folder.join(file);
        let Some(text) = accepted_file::read(&path)? else {
            return Ok(None);
        };
        match Golden::parse(&text) {
            Ok(golden) => Ok(Some(golden)),
            Err(_) if self.accept => Ok(None),
            Err(error) => Err(Failure::refused(
                "accepted_ids_invalid",
                format!("`{}` is not a list of tree ids", path.display()),
            )
            .caused_by(error)
            .hinted("restore it from version control, or rewrite it with `--accept`")),
        }
    }

    pub(super) fn compare(
        &self,
        result: &SweepResult<'_>,
        accepted: Option<Golden>,
    ) -> Result<AcceptedIds, Failure> {
        let Some((folder, file)) = self.golden_file(result.chosen) else {
            if self.accept {
                return Err(Failure::usage(
                    "golden_folder_missing",
                    "a built-in catalogue has no folder for tree ids",
                )
                .hinted("name a folder by `--golden`"));
            }
            return Ok(AcceptedIds::NotCompared);
        };
        let shown = folder.join(&file).display().to_string();
        let made = result
            .trials
            .iter()
            .filter_map(|trial| match &trial.outcome {
                TrialOutcome::Built(id) => Some((trial.selection.clone(), id.clone())),
                TrialOutcome::Failed(_) | TrialOutcome::Unstable { .. } => None,
            });
        let now = Golden::of(made);
        if self.accept {
            accepted_file::write(&folder, &file, &now.text(COMMENT))?;
            return Ok(AcceptedIds::Written(shown));
        }
        Ok(match accepted {
            Some(accepted) => AcceptedIds::Compared(shown, accepted.differences(&now)),
            None => AcceptedIds::None,
        })
    }
}
