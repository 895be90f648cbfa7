//! Names of catalogues, categories and options, and the reference `category/option`.

use crate::base::pattern::pattern;
use deunicode::deunicode_char;
use gix::bstr::BStr;
use gix::validate::path::component_is_windows_device;
use thiserror::Error;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// The pattern of a slug.
macro_rules! words {
    () => {
        "[a-z0-9]+(-[a-z0-9]+)*"
    };
}

/// Lower-case ASCII letters and digits in words joined by single dashes, at most 64 bytes: `iron-session`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slug(String);

/// The reasons to refuse a slug.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SlugError {
    #[error("slug is empty")]
    Empty,
    #[error("slug has {length} characters, the maximum is {max}", max = Slug::MAX)]
    TooLong { length: usize },
    #[error(
        "invalid slug `{}`: write lower-case letters and digits, joined by single dashes, as in `iron-session`",
        text.escape_debug()
    )]
    Malformed { text: String },
    #[error("`{text}` is a device name on Windows, and slugs are file names: choose another slug")]
    Device { text: String },
}

impl Slug {
    /// The longest slug, in bytes.
    pub const MAX: usize = 64;

    const PATTERN: &'static str = concat!("^", words!(), "$");

    /// Parses a slug.
    pub fn parse(text: &str) -> Result<Self, SlugError> {
        if text.is_empty() {
            return Err(SlugError::Empty);
        }
        if text.len() > Self::MAX {
            return Err(SlugError::TooLong { length: text.len() });
        }
        if !pattern!(Slug::PATTERN).is_match(text) {
            return Err(SlugError::Malformed {
                text: text.to_owned(),
            });
        }
        if component_is_windows_device(BStr::new(text)) {
            return Err(SlugError::Device {
                text: text.to_owned(),
            });
        }
        Ok(Self(text.to_owned()))
    }

    /// The nearest slug of a title, if it contains a letter or digit: `Acme Web!` gives `acme-web`, `Łódź` `lodz`.
    pub fn from_title(title: &str) -> Option<Self> {
        let ascii = transliterated(title);
        let words = pattern!("[^A-Za-z0-9]+").replace_all(&ascii, "-");
        let mut slug = words.trim_matches('-').to_ascii_lowercase();
        slug.truncate(Self::MAX);
        Self::parse(slug.trim_end_matches('-')).ok()
    }

    /// The slug's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text with the letters and digits of other scripts in ASCII; other characters separate words.
pub(super) fn transliterated(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len());
    for c in text.nfc() {
        if c.is_ascii() {
            ascii.push(c);
        } else if c.is_alphanumeric() || is_combining_mark(c) {
            // The signs for hard and soft letters are quotes there.
            let letters = deunicode_char(c).unwrap_or("");
            ascii.extend(
                letters
                    .chars()
                    .filter(|c| c.is_ascii_alphanumeric() || *c == ' '),
            );
        } else {
            ascii.push(' ');
        }
    }
    ascii
}

text_value!(Slug, error: SlugError, format: "groundplan-slug", max: Slug::MAX, pattern: Slug::PATTERN,
    doc: "Lower-case letters and digits in words joined by single dashes.");

/// One option of one category, written `category/option`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OptionRef {
    text: String,
    slash: usize,
}

/// The reasons to refuse the name of an option.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum OptionRefError {
    #[error("invalid option `{}`: write `category/option`, as in `auth/iron-session`", text.escape_debug())]
    NoSlash { text: String },
    #[error(transparent)]
    Slug(#[from] SlugError),
}

impl OptionRef {
    const PATTERN: &'static str = concat!("^", words!(), "/", words!(), "$");

    /// The option `option` of the category `category`.
    pub fn new(category: &Slug, option: &Slug) -> Self {
        Self {
            text: format!("{category}/{option}"),
            slash: category.as_str().len(),
        }
    }

    /// Parses `category/option`.
    pub fn parse(text: &str) -> Result<Self, OptionRefError> {
        let (category, option) = text
            .split_once('/')
            .ok_or_else(|| OptionRefError::NoSlash {
                text: text.to_owned(),
            })?;
        Ok(Self::new(&Slug::parse(category)?, &Slug::parse(option)?))
    }

    /// The slugs of category and option.
    pub fn slugs(&self) -> (Slug, Slug) {
        let slug = |text: &str| Slug(text.to_owned());
        (slug(self.category()), slug(self.option()))
    }

    /// `category/option`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The category's slug.
    pub fn category(&self) -> &str {
        &self.text[..self.slash]
    }

    /// The option's slug.
    pub fn option(&self) -> &str {
        &self.text[self.slash + 1..]
    }
}

text_value!(OptionRef, error: OptionRefError, format: "groundplan-option", max: 2 * Slug::MAX + 1,
    pattern: OptionRef::PATTERN,
    doc: "One option of one category, written `category/option`.");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_lower_case_words_joined_by_single_dashes() {
        for good in ["a", "iron-session", "md3", "0x", "a-b-c"] {
            assert_eq!(
                Slug::parse(good).map(|slug| slug.to_string()),
                Ok(good.to_owned())
            );
        }
        for bad in ["", "-a", "a-", "a--b", "A", "a_b", "a b", "ä", "a/b", "a\n"] {
            assert_ne!(
                Slug::parse(bad).map(|slug| slug.to_string()),
                Ok(bad.to_owned()),
                "{bad:?}"
            );
        }
        for device in ["con", "nul", "com1"] {
            let text = device.to_owned();
            assert_eq!(Slug::parse(device), Err(SlugError::Device { text }));
        }
        assert_eq!(
            Slug::parse(&"a".repeat(65)),
            Err(SlugError::TooLong { length: 65 })
        );
    }

    #[test]
    fn letters_of_every_script_are_transliterated() {
        for (title, expected) in [
            ("Zoë Café", "zoe-cafe"),
            ("Zoe\u{308} Cafe\u{301}", "zoe-cafe"),
            ("Ünïcödé Näme", "unicode-name"),
            ("Łódź", "lodz"),
            ("Straße", "strasse"),
            ("Ærø", "aero"),
            ("İzmir", "izmir"),
            ("Þórshöfn", "thorshofn"),
            ("Đà Nẵng", "da-nang"),
            ("Ольга", "olga"),
            ("Объект 5", "obekt-5"),
            ("Αθήνα", "athena"),
            ("北京", "bei-jing"),
            ("東京 App", "dong-jing-app"),
            ("서울", "seoul"),
            ("Acme 🚀 Web™", "acme-web"),
            ("٣ Apps", "3-apps"),
            ("Ｆｕｌｌ", "full"),
        ] {
            let slug = Slug::from_title(title).map(|slug| slug.to_string());
            assert_eq!(slug.as_deref(), Some(expected), "{title}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_slug_of_any_title_is_valid_and_its_own_slug(title in "\\PC{0,80}") {
            if let Some(slug) = Slug::from_title(&title) {
                proptest::prop_assert_eq!(Slug::parse(slug.as_str()), Ok(slug.clone()));
                proptest::prop_assert_eq!(Slug::from_title(slug.as_str()), Some(slug));
            }
        }
    }

    #[test]
    fn a_title_is_turned_into_the_nearest_slug() {
        let slug = |title| Slug::from_title(title).map(|slug| slug.to_string());
        assert_eq!(slug("Acme Web!"), Some("acme-web".to_owned()));
        assert_eq!(slug("  2nd — Größe "), Some("2nd-grosse".to_owned()));
        assert_eq!(slug("🚀 — !"), None);
        assert_eq!(slug("Con!"), None);
        assert_eq!(
            slug(&"ab ".repeat(60)).map(|slug| slug.len() <= Slug::MAX),
            Some(true)
        );
    }
}
