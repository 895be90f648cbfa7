//! The worker: what it reads, what it leaves on the disk, and that nothing is lost whatever dies.

mod logs;
mod runs;
mod stored;
mod support;
mod workshops;
