//! The form under which file systems that ignore letter case or Unicode form know a path.

use unicode_normalization::UnicodeNormalization as _;

/// The folded form of a path. Two paths with one form are one name on many file systems.
pub fn fold(path: &str) -> String {
    let mut folded = String::new();
    fold_into(path, &mut folded);
    folded
}

/// Appends the form of [`fold`] to a text.
pub fn fold_into(path: &str, folded: &mut String) {
    if path.is_ascii() {
        let start = folded.len();
        folded.push_str(path);
        folded[start..].make_ascii_lowercase();
        return;
    }
    // Upper, then lower case: `ß` and `ss`, `ſ` and `s` become one.
    let upper = path.nfc().flat_map(char::to_uppercase);
    folded.extend(upper.flat_map(char::to_lowercase).nfc());
}
