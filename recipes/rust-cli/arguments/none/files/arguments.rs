//! Command-line arguments.

use std::process;

/// Returns the name from the command line. Exits the program for `--help` and invalid arguments.
pub fn parse() -> String {
    let args: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|arg| arg.to_string_lossy().into_owned())
        .collect();
    match args.as_slice() {
        [] => "world".to_owned(),
        [flag] if flag == "--help" || flag == "-h" => {
            println!("{}", usage());
            process::exit(0)
        }
        [name] if !name.starts_with('-') => name.clone(),
        _ => {
            eprintln!("{}", usage());
            process::exit(2)
        }
    }
}

fn usage() -> &'static str {
    concat!("usage: ", env!("CARGO_PKG_NAME"), " [NAME]")
}
