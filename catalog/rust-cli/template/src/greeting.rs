//! What the program does, apart from where it comes from and goes to.

use std::error::Error;
use std::fmt;

/// Nobody is called like this.
#[derive(Debug, PartialEq, Eq)]
pub struct NoName;

impl fmt::Display for NoName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name must not be empty")
    }
}

impl Error for NoName {}

/// Greets somebody by name.
pub fn of(name: &str) -> Result<String, NoName> {
    let name = name.trim();
    if name.is_empty() {
        return Err(NoName);
    }
    Ok(format!("Hello, {name}!"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_is_greeted_by_name() {
        assert_eq!(of(" Ada "), Ok("Hello, Ada!".to_owned()));
    }

    #[test]
    fn nobody_is_not_greeted() {
        assert_eq!(of(" "), Err(NoName));
    }
}
