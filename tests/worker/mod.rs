//! The worker: execution of jobs, faults and crashes, logs and folders.

mod crowd;
mod faults;
mod kills;
mod logs;
mod preflight;
mod process;
mod runs;
mod service;
mod signed;
mod stored;
mod support;
mod updates;
mod workspaces;
