//! Whether a run may still be worked on: its lease, a cancellation, and the end of the program.

use crate::publish::ledger::{LedgerEntry, LedgerError, PublishStep};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::lease::{Lease, Renewal};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

/// What is known of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldLease {
    Held,
    /// Held, and somebody cancelled the job.
    Cancelled,
    /// Nothing of the run may be touched any more.
    Lost,
}

/// Whether the program works, or is about to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    On,
    /// A step that was begun is finished; no other is begun.
    Closing,
    /// Everything ends where it stands.
    Over,
}

/// Holds a lease by renewing it, until it is dropped.
pub struct LeaseKeeper {
    grip: watch::Sender<HeldLease>,
    shift: watch::Receiver<Shutdown>,
    renewals: JoinHandle<()>,
}

/// After a renewal that did not arrive it is tried again this much later.
const AGAIN: Duration = Duration::from_secs(2);

impl LeaseKeeper {
    /// Renews a lease that was just taken every so often. `shift` says whether anything new is to be begun.
    pub fn start(
        store: Arc<dyn Store>,
        lease: Lease,
        every: Duration,
        shift: watch::Receiver<Shutdown>,
    ) -> Self {
        let (grip, _) = watch::channel(HeldLease::Held);
        let renewals = tokio::spawn(renew(store, lease, every, grip.clone()));
        Self {
            grip,
            shift,
            renewals,
        }
    }

    /// What is known now, without asking.
    pub fn grip(&self) -> HeldLease {
        *self.grip.borrow()
    }

    /// Ends when the lease is lost.
    pub async fn lost(&self) {
        let mut grip = self.grip.subscribe();
        // The sender lives as long as `self`, so that waiting cannot fail.
        drop(grip.wait_for(|grip| *grip == HeldLease::Lost).await);
    }

    /// Ends when everything is to end.
    pub async fn over(&self) {
        let mut shift = self.shift.clone();
        if shift
            .wait_for(|shift| *shift == Shutdown::Over)
            .await
            .is_err()
        {
            // Whoever could say so is gone, and will not.
            std::future::pending::<()>().await;
        }
    }

    /// Whether nothing new is to be begun because the program ends.
    pub fn is_closing(&self) -> bool {
        *self.shift.borrow() != Shutdown::On
    }

    /// Why an entry must not be written, when it begins something that is not to be begun any more.
    pub fn refuses(&self, entry: &LedgerEntry) -> Option<LedgerError> {
        let begins = match entry {
            LedgerEntry::Begun { .. } => true,
            LedgerEntry::Intended { step, .. } => *step != PublishStep::Delete,
            LedgerEntry::Ended { .. } => false,
        };
        match self.grip() {
            HeldLease::Lost => Some(LedgerError::Lost),
            HeldLease::Cancelled if begins => Some(LedgerError::Withdrawn),
            HeldLease::Held if begins && self.is_closing() => Some(LedgerError::Stopping),
            HeldLease::Held | HeldLease::Cancelled => None,
        }
    }
}

impl Drop for LeaseKeeper {
    fn drop(&mut self) {
        self.renewals.abort();
    }
}

/// Without an answer for as long as a lease lasts, it is taken for lost: somebody else may have it by then.
async fn renew(
    store: Arc<dyn Store>,
    lease: Lease,
    every: Duration,
    grip: watch::Sender<HeldLease>,
) {
    let mut held_since = Instant::now();
    let mut pause = every;
    loop {
        sleep(pause).await;
        let asked = Instant::now();
        let until_lost = Lease::LENGTH.saturating_sub(asked - held_since);
        let answer = tokio::time::timeout(until_lost, store.renew(&lease)).await;
        let now = match answer {
            Ok(Ok(standing)) => {
                held_since = asked;
                pause = every;
                match standing {
                    Renewal::Held => HeldLease::Held,
                    Renewal::Cancelled => HeldLease::Cancelled,
                }
            }
            Ok(Err(StoreError::LeaseLost { .. })) | Err(_) => HeldLease::Lost,
            Ok(Err(error)) => {
                tracing::warn!(run.id = %lease.run, "the lease was not renewed: {error}");
                pause = AGAIN.min(every);
                continue;
            }
        };
        if grip.send_replace(now) == HeldLease::Lost || now == HeldLease::Lost {
            grip.send_replace(HeldLease::Lost);
            return;
        }
    }
}
