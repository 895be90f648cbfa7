//! Protection of this process's memory while it contains a secret.

use rustix::io;
use rustix::process::{Resource, Rlimit, setrlimit};

/// Switches core files off, for this process and the programs it starts, and denies its memory to other processes of the
/// user. Called before the first secret is read; a second call has no further effect.
pub fn protect() -> io::Result<()> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none)?;
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}
