//! The runtime that waits for networks and databases.

use crate::cli::error::Failure;

/// Waits for a future on this thread.
pub(crate) fn wait_for<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::environment("runtime_failed", "cannot start").caused_by(error))?;
    Ok(runtime.block_on(future))
}
