//! Stop signals: they end the program at once during questions and requests, and between two files during writes.

use std::sync::atomic::{AtomicBool, Ordering};

static ASKING: AtomicBool = AtomicBool::new(false);
static STOP: AtomicBool = AtomicBool::new(false);

/// The flag that a stop signal raises during writes.
pub(crate) fn stop() -> &'static AtomicBool {
    ASKING.store(false, Ordering::Relaxed);
    listen();
    &STOP
}

/// From here on a signal ends the program and shows the cursor, which a question hides.
pub(crate) fn end_while_asking() {
    ASKING.store(true, Ordering::Relaxed);
    listen();
}

/// Installs the handler. A second call keeps the first one, and where none can be installed the system's stays.
fn listen() {
    let installed = ctrlc::set_handler(|| {
        if ASKING.load(Ordering::Relaxed) {
            leave();
        }
        STOP.store(true, Ordering::Relaxed);
    });
    if installed.is_err() {
        // The first handler stays, or the system's.
    }
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
