//! Writes the values of placeholders as the format of a file needs them.

use super::parsed::{Event, compare, json_events, toml_events};
use super::regions::{Attempt, Find, Regions, fill_plainly};
use super::{Format, Part, Unwritable, json, lines, markup, shell, toml, yaml};

impl Format {
    /// The text with a value at each find, written as its place needs it.
    ///
    /// For JSON, TOML and YAML the result is read again: each text in it contains the value itself.
    pub(in crate::interpret) fn fill(
        self,
        text: &str,
        finds: &[Find<'_>],
        part: Part,
    ) -> Result<String, Unwritable> {
        if finds.iter().all(|find| self.is_plain(find.value)) {
            return Ok(fill_plainly(text, finds));
        }
        if part == Part::Fragment && self != Self::Yaml {
            return self.fill_fragment(text, finds);
        }
        let mut regions = Regions::of(finds);
        match self {
            Self::Json | Self::JsonLines => {
                json::scan(text, &mut regions);
            }
            Self::Toml => toml::scan(text, &mut regions),
            Self::Yaml => return yaml::fill(text, finds, part),
            Self::Xml | Self::Html => markup::scan(text, self == Self::Html, &mut regions),
            Self::Shell => shell::scan(text, &mut regions),
            Self::DotEnv => lines::dot_env(text, &mut regions),
            Self::Properties => lines::properties(text, &mut regions),
            Self::Dockerfile => lines::dockerfile(text, &mut regions),
        }
        let filled = regions.fill(text, finds, Attempt::InPlace)?;
        let events: fn(&str) -> Option<Vec<Event>> = match self {
            Self::Json => json_events,
            Self::Toml => toml_events,
            _ => return Ok(filled),
        };
        compare(events, text, &filled, finds)?;
        Ok(filled)
    }

    /// A part of a file: the places inside its own quotes are known, the others are not.
    fn fill_fragment(self, text: &str, finds: &[Find<'_>]) -> Result<String, Unwritable> {
        let mut regions = Regions::of(finds);
        match self {
            Self::Json | Self::JsonLines => {
                regions.push_quoted(0..text.len(), json::in_double_quotes);
            }
            Self::Xml | Self::Html => regions.push_quoted(0..text.len(), markup::anywhere),
            Self::Toml => toml::scan(text, &mut regions),
            Self::Shell => shell::scan(text, &mut regions),
            Self::DotEnv => lines::dot_env(text, &mut regions),
            Self::Properties => lines::properties(text, &mut regions),
            Self::Dockerfile => lines::dockerfile(text, &mut regions),
            Self::Yaml => {}
        }
        regions.fill(text, finds, Attempt::Fragment)
    }

    /// True for a value that reads back as itself wherever a name can be in the format.
    fn is_plain(self, value: &str) -> bool {
        match self {
            Self::Yaml => false,
            Self::Json | Self::JsonLines => {
                json::in_double_quotes(value).as_deref() == Some(value)
                    && !value.contains('\'')
                    && !value.contains('*')
            }
            _ => value.split('-').all(|word| {
                let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
                !word.is_empty() && word.bytes().all(is_word)
            }),
        }
    }
}
