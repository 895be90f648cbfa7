//! The formats of files in which a value can be written so that it reads back as itself.

mod json;
mod lines;
mod markup;
mod parsed;
mod regions;
mod shell;
mod toml;
mod yaml;

pub(super) use parsed::SyntaxProblem;
pub(super) use regions::Find;

use crate::base::pattern::pattern;
use parsed::{Event, json_events, toml_events};
use regions::{Attempt, Regions};

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    /// One JSON document a line.
    JsonLines,
    Toml,
    Yaml,
    Xml,
    /// HTML, whose scripts and styles are no markup.
    Html,
    Shell,
    /// Lines `NAME=value`, as shells and dotenv libraries read them.
    DotEnv,
    /// Java properties.
    Properties,
    Dockerfile,
}

/// The part of a file that a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    /// Whole lines that are appended.
    Lines,
    /// Any part, whose surroundings are unknown.
    Fragment,
}

/// The number of the find whose value cannot be written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unwritable(pub(super) usize);

impl Format {
    /// The format of a file by its name, or by its first line.
    pub(super) fn of(path: &str, text: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        if pattern!(r"^(.*\.)?(dockerfile|containerfile)(\..*)?$").is_match(&name) {
            return Some(Self::Dockerfile);
        }
        if pattern!(r"^\.env(\..*)?$").is_match(&name) {
            return Some(Self::DotEnv);
        }
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        match ending {
            "json" | "jsonc" | "json5" | "webmanifest" | "geojson" | "topojson" | "jsonld"
            | "map" | "code-workspace" | "ipynb" | "importmap" | "avsc" | "har" | "babelrc"
            | "swcrc" => Some(Self::Json),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            "toml" => Some(Self::Toml),
            "yaml" | "yml" => Some(Self::Yaml),
            "xml" | "svg" | "xsd" | "xsl" | "xslt" | "plist" | "csproj" | "fsproj" | "vbproj"
            | "props" | "targets" | "nuspec" | "resx" | "xaml" | "rss" | "atom" | "xhtml"
            | "wsdl" | "pom" => Some(Self::Xml),
            "html" | "htm" => Some(Self::Html),
            "sh" | "bash" | "zsh" | "ksh" | "envrc" | "bashrc" | "zshrc" | "profile" => {
                Some(Self::Shell)
            }
            "env" => Some(Self::DotEnv),
            "properties" => Some(Self::Properties),
            _ if name == "pipfile" => Some(Self::Toml),
            _ if pattern!(r"^\x{feff}?#!\S*[/ ](env +)?(ba|da|z|k)?sh\b").is_match(text) => {
                Some(Self::Shell)
            }
            _ => None,
        }
    }

    /// The name of the format in messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Json | Self::JsonLines => "JSON",
            Self::Toml => "TOML",
            Self::Yaml => "YAML",
            Self::Xml => "XML",
            Self::Html => "HTML",
            Self::Shell => "shell script",
            Self::DotEnv => "environment file",
            Self::Properties => "properties file",
            Self::Dockerfile => "Dockerfile",
        }
    }

    /// The first problem that makes `after` invalid, if `before` is valid. Only for formats with a parser here.
    pub(super) fn damage(self, before: &str, after: &str) -> Option<SyntaxProblem> {
        let check = match self {
            Self::Json => parsed::check_json,
            Self::Toml => parsed::check_toml,
            Self::Yaml => parsed::check_yaml,
            Self::JsonLines
            | Self::Xml
            | Self::Html
            | Self::Shell
            | Self::DotEnv
            | Self::Properties
            | Self::Dockerfile => return None,
        };
        let problem = check(after).err()?;
        if self == Self::Json && check(before).is_err() {
            // A file with comments stays one.
            return parsed::check_json_with_comments(before)
                .is_ok()
                .then(|| parsed::check_json_with_comments(after).err())?;
        }
        check(before).is_ok().then_some(problem)
    }

    /// The text with a value at each find, written as its place needs it.
    ///
    /// For JSON, TOML and YAML the result is read again: each text in it contains the value itself.
    pub(super) fn fill(
        self,
        text: &str,
        finds: &[Find<'_>],
        part: Part,
    ) -> Result<String, Unwritable> {
        if finds.iter().all(|find| self.is_plain(find.value)) {
            return Ok(regions::fill_plainly(text, finds));
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
        parsed::compare(events, text, &filled, finds)?;
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
            _ => pattern!("^[A-Za-z0-9_]+(-[A-Za-z0-9_]+)*$").is_match(value),
        }
    }
}

#[cfg(test)]
mod tests;
