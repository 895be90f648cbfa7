//! The groundplan command.

use std::process::ExitCode;

fn main() -> ExitCode {
    groundplan::cli::run(std::env::args_os())
}
