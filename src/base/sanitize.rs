//! Text from outside, made safe to show: one list of characters that steer a terminal or reorder a line.

use std::fmt::Write as _;

/// Control characters (line breaks and tabs included), the marks that change the direction of writing, and the line and
/// paragraph separators: with them a text can read as another one. Source: Unicode Standard Annex #9, section 2.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text with an escape such as `\u{1b}` for each unsafe character. Line breaks and tabs are kept.
pub fn text(text: &str) -> String {
    escaped(text, |c| is_unsafe(c) && c != '\n' && c != '\t')
}

/// The text as one line: line breaks read `\n`, other unsafe characters as their escape.
pub fn line(text: &str) -> String {
    escaped(text, is_unsafe).replace("\\u{a}", "\\n")
}

/// The first `limit` characters of the text as one line, unsafe characters replaced by spaces, `…` where it was cut.
pub fn excerpt(text: &str, limit: usize) -> String {
    let mut shown: String = text
        .chars()
        .map(|c| if is_unsafe(c) { ' ' } else { c })
        .take(limit)
        .collect();
    if text.chars().nth(limit).is_some() {
        shown.pop();
        shown.push('…');
    }
    shown
}

fn escaped(text: &str, is_escaped: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_escaped(c) {
            write!(shown, "{}", c.escape_unicode()).expect("a string takes every text");
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_that_steers_is_escaped() {
        for c in ('\0'..='\u{9f}').filter(|c| c.is_control()).chain(
            "\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\u{2066}\u{2069}".chars(),
        ) {
            assert!(is_unsafe(c), "{c:?}");
            assert!(!line(&c.to_string()).contains(c), "{c:?}");
            assert!(!excerpt(&c.to_string(), 9).contains(c), "{c:?}");
        }
    }

    #[test]
    fn text_keeps_its_lines_and_a_line_does_not() {
        assert_eq!(text("a\n\tb\u{1b}[0m"), "a\n\tb\\u{1b}[0m");
        assert_eq!(line("a\nb"), "a\\nb");
    }

    #[test]
    fn an_excerpt_shows_that_it_was_cut() {
        assert_eq!(excerpt("abcdef", 6), "abcdef");
        assert_eq!(excerpt("abcdefg", 6), "abcde…");
    }
}
