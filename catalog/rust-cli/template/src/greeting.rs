//! The logic of the program, without input and output.

use std::error::Error;
use std::fmt;

/// The name is empty.
#[derive(Debug, PartialEq, Eq)]
pub struct EmptyName;

impl fmt::Display for EmptyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name is empty")
    }
}

impl Error for EmptyName {}

/// Returns a greeting. Fails if the name is empty or contains only spaces.
pub fn greet(name: &str) -> Result<String, EmptyName> {
    let name = name.trim();
    if name.is_empty() {
        return Err(EmptyName);
    }
    Ok(format!("Hello, {name}!"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_greeted() {
        assert_eq!(greet(" Ada "), Ok("Hello, Ada!".to_owned()));
    }

    #[test]
    fn an_empty_name_is_an_error() {
        assert_eq!(greet(" "), Err(EmptyName));
    }
}
