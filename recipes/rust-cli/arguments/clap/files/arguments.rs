//! The command line.

use clap::{Arg, Command};

/// The name that was given; help, version and everything that is wrong end the program.
pub fn read() -> String {
    let mut matches = command().get_matches();
    matches.remove_one(NAME).expect("it has a default")
}

const NAME: &str = "NAME";

fn command() -> Command {
    let name = Arg::new(NAME).help("Whom to greet").default_value("world");
    Command::new(env!("CARGO_PKG_NAME"))
        .version(env!("CARGO_PKG_VERSION"))
        .about("Greets somebody")
        .arg(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent_in_itself() {
        command().debug_assert();
    }
}
