//! The runtime that waits for networks and databases.

use crate::cli::error::Failure;
use tokio::runtime::{Builder, Runtime};

/// Waits for a future on this thread.
pub(crate) fn wait_for<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    Ok(current_thread()?.block_on(future))
}

/// A runtime that works while a thread waits for it.
pub(crate) fn current_thread() -> Result<Runtime, Failure> {
    let built = Builder::new_current_thread().enable_all().build();
    built.map_err(|error| Failure::environment("runtime_failed", "cannot start").caused_by(error))
}
