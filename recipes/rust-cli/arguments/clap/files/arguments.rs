//! Command-line arguments.

use clap::{Arg, Command};

/// Returns the name from the command line. Exits the program for `--help`, `--version` and invalid arguments.
pub fn parse() -> String {
    let mut matches = command().get_matches();
    matches.remove_one(NAME).expect("NAME has a default")
}

const NAME: &str = "NAME";

fn command() -> Command {
    let name = Arg::new(NAME).help("Name to greet").default_value("world");
    Command::new(env!("CARGO_PKG_NAME"))
        .version(env!("CARGO_PKG_VERSION"))
        .about("Prints a greeting")
        .arg(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_definition_is_valid() {
        command().debug_assert();
    }
}
