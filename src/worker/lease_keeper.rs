//! Renews the lease of a run, and refuses new steps once the lease, the run or the program no longer allows them.

use crate::publish::ledger::{LedgerEntry, LedgerError, PublishStep};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::lease::{Lease, Renewal};
use std::future::pending;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

/// The state of a lease as of its last renewal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldLease {
    Held,
    /// Held, and the job was cancelled.
    Cancelled,
    /// Another worker may have the job: nothing of the run may be changed.
    Lost,
}

/// The phase of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    Running,
    /// Steps that have begun are finished; no new step begins.
    Draining,
    /// Everything stops at once.
    Aborted,
}

/// A lease that is renewed until this guard is dropped.
pub struct LeaseKeeper {
    lease: Lease,
    state: watch::Sender<HeldLease>,
    shutdown: watch::Receiver<Shutdown>,
    renewals: JoinHandle<()>,
}

/// The delay after a renewal that was not answered.
const RETRY_DELAY: Duration = Duration::from_secs(2);

impl LeaseKeeper {
    /// Takes over a lease that was just claimed and renews it at this interval.
    pub fn start(
        store: Arc<dyn Store>,
        lease: Lease,
        interval: Duration,
        shutdown: watch::Receiver<Shutdown>,
    ) -> Self {
        let (state, _) = watch::channel(HeldLease::Held);
        let renewals = tokio::spawn(renew(store, lease.clone(), interval, state.clone()));
        Self {
            lease,
            state,
            shutdown,
            renewals,
        }
    }

    /// The state as of the last renewal.
    pub fn state(&self) -> HeldLease {
        *self.state.borrow()
    }

    /// Completes once the lease is lost.
    pub async fn until_lost(&self) {
        let mut state = self.state.subscribe();
        let lost = state.wait_for(|state| *state == HeldLease::Lost).await;
        // The sender lives as long as `self`, so that the wait cannot fail.
        debug_assert!(lost.is_ok());
    }

    /// Completes once the program aborts. Never completes if the sender of the phase is gone.
    pub async fn until_aborted(&self) {
        let mut shutdown = self.shutdown.clone();
        let aborted = shutdown
            .wait_for(|phase| *phase == Shutdown::Aborted)
            .await
            .is_ok();
        if !aborted {
            pending::<()>().await;
        }
    }

    /// Fails if no new step may begin.
    pub fn check(&self) -> Result<(), LedgerError> {
        match self.state() {
            HeldLease::Lost => Err(LedgerError::LeaseLost),
            HeldLease::Cancelled => Err(LedgerError::Cancelled),
            HeldLease::Held if *self.shutdown.borrow() != Shutdown::Running => {
                Err(LedgerError::Stopping)
            }
            HeldLease::Held => Ok(()),
        }
    }

    /// Fails if an entry must not be written. Outcomes and removals are refused only when the lease is lost.
    pub fn check_entry(&self, entry: &LedgerEntry) -> Result<(), LedgerError> {
        let begins_step = match entry {
            LedgerEntry::Started { .. } | LedgerEntry::UpdateStarted { .. } => true,
            LedgerEntry::Intended { step, .. } => *step != PublishStep::Delete,
            LedgerEntry::Finished { .. } => false,
        };
        match self.check() {
            Err(LedgerError::LeaseLost) => Err(LedgerError::LeaseLost),
            Err(error) if begins_step => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

impl Deref for LeaseKeeper {
    type Target = Lease;

    fn deref(&self) -> &Lease {
        &self.lease
    }
}

impl Drop for LeaseKeeper {
    fn drop(&mut self) {
        self.renewals.abort();
    }
}

/// Renews a lease until it is lost. Without an answer for [`Lease::LENGTH`] it counts as lost, because another worker
/// may have claimed the job by then.
async fn renew(
    store: Arc<dyn Store>,
    lease: Lease,
    interval: Duration,
    state: watch::Sender<HeldLease>,
) {
    let mut held_since = Instant::now();
    let mut delay = interval;
    loop {
        sleep(delay).await;
        let sent_at = Instant::now();
        let until_lost = Lease::LENGTH.saturating_sub(sent_at - held_since);
        let renewed = match timeout(until_lost, store.renew(&lease)).await {
            Ok(Ok(Renewal::Held)) => HeldLease::Held,
            Ok(Ok(Renewal::Cancelled)) => HeldLease::Cancelled,
            Ok(Err(StoreError::LeaseLost { .. })) | Err(_) => HeldLease::Lost,
            Ok(Err(error)) => {
                tracing::warn!(run.id = %lease.run, "the lease was not renewed: {error}");
                delay = RETRY_DELAY.min(interval);
                continue;
            }
        };
        held_since = sent_at;
        delay = interval;
        state.send_replace(renewed);
        if renewed == HeldLease::Lost {
            return;
        }
    }
}
