//! Events of runs: read once for each process, and followed by any number of streams.

use crate::store::Store as _;
use crate::store::event::Event;
use crate::store::sql::Database;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{broadcast, watch};

/// The number of events that a slow stream may be behind before it reads from the database again.
const BEHIND: usize = 1024;
/// The number of events of one read.
const PAGE: u32 = 500;
/// The pause between two reads without a notification: a step of a run notifies nobody.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The new events of all runs.
#[derive(Clone, Debug)]
pub struct Events(broadcast::Sender<Arc<Event>>);

impl Default for Events {
    fn default() -> Self {
        Self(broadcast::Sender::new(BEHIND))
    }
}

impl Events {
    /// The events from now on.
    pub(super) fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        self.0.subscribe()
    }

    /// Reads new events and passes them on until `stopped` is true. One connection listens, however many streams follow.
    /// Events are read without a stream too, so that one that begins misses none between its own read and the first event.
    pub async fn pass_on(self, database: Arc<Database>, mut stopped: watch::Receiver<bool>) {
        let mut wakeups = database.changes().await;
        let mut after = None;
        while !*stopped.borrow_and_update() {
            after = self.read(&database, after).await;
            tokio::select! {
                _ = wakeups.next() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
                _ = stopped.changed() => {}
            }
        }
    }

    /// Passes on the events after a sequence number, and returns the last number. `None` begins with the newest events.
    async fn read(&self, database: &Database, after: Option<i64>) -> Option<i64> {
        let Some(mut after) = after else {
            let last = database.last_event().await;
            return last
                .inspect_err(|error| tracing::debug!(%error, "cannot read the last event"))
                .ok();
        };
        loop {
            match database.events(after, None, PAGE).await {
                Ok(page) => {
                    let Some(last) = page.last() else {
                        return Some(after);
                    };
                    after = last.sequence;
                    for event in page {
                        if self.0.send(Arc::new(event)).is_err() {
                            // No stream follows.
                            break;
                        }
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "cannot read events");
                    return Some(after);
                }
            }
        }
    }
}
