//! The worker: what it reads, what it leaves on the disk, and that nothing is lost whatever dies.

mod crowd;
mod kills;
mod logs;
mod process;
mod runs;
mod service;
mod stored;
mod support;
mod sweep;
mod workshops;
