//! Signals that ask the program to stop: at once while it asks a person or a forge, between two files while it writes.

use std::sync::atomic::{AtomicBool, Ordering};

static ASKING: AtomicBool = AtomicBool::new(false);
static STOP: AtomicBool = AtomicBool::new(false);

/// Raised when a signal asked the program to stop while it writes.
pub(crate) fn stop() -> &'static AtomicBool {
    ASKING.store(false, Ordering::Relaxed);
    listen();
    &STOP
}

/// From here on a signal ends the program and gives the terminal its cursor back, which a question hides.
pub(crate) fn end_while_asking() {
    ASKING.store(true, Ordering::Relaxed);
    listen();
}

/// Where listening is not possible, or has begun already, signals stay as they are.
fn listen() {
    drop(ctrlc::set_handler(|| {
        if ASKING.load(Ordering::Relaxed) {
            leave();
        }
        STOP.store(true, Ordering::Relaxed);
    }));
}

#[expect(
    clippy::exit,
    clippy::disallowed_methods,
    reason = "the main thread waits for a key or a forge, and nothing is half done"
)]
fn leave() {
    drop(dialoguer::console::Term::stderr().show_cursor());
    std::process::exit(130);
}
