//! Parses the command line, prints a greeting and reports errors.

mod arguments;
mod greeting;

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let name = arguments::parse();
    let greeting = greeting::greet(&name)?;
    writeln!(std::io::stdout(), "{greeting}")?;
    Ok(())
}
