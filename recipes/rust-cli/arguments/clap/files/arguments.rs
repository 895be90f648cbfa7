//! Command-line arguments.

use clap::Parser;

/// Prints a greeting.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// Name to greet
    #[arg(default_value = "world")]
    name: String,
}

/// Returns the name from the command line. Exits the program for `--help`, `--version` and invalid arguments.
pub fn parse() -> String {
    Arguments::parse().name
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_definition_is_valid() {
        Arguments::command().debug_assert();
    }
}
