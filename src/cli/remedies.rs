//! Errors that only wrap others, as failures of a command.

use crate::cli::error::Failure;
use crate::impact::ImpactError;
use crate::sweep::rounds::SweepError;

impl From<SweepError> for Failure {
    fn from(error: SweepError) -> Self {
        match error {
            SweepError::Cover(error) => error.into(),
            SweepError::Preview(error) => error.into(),
        }
    }
}

impl From<ImpactError> for Failure {
    fn from(error: ImpactError) -> Self {
        match error {
            ImpactError::Preview(error) => error.into(),
            ImpactError::SearchLimit(error) => error.into(),
        }
    }
}
