//! The program: reads the command line, greets, and says what went wrong.

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
    let name = arguments::read();
    let greeting = greeting::of(&name)?;
    writeln!(std::io::stdout(), "{greeting}")?;
    Ok(())
}
