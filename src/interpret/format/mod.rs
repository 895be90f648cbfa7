//! The formats of files in which a value can be written so that it reads back as itself.

mod fill;
mod json;
mod lines;
mod markup;
mod parsed;
mod regions;
mod shell;
mod toml;
mod yaml;

pub(crate) use parsed::SyntaxProblem;
pub(super) use parsed::is_no_text;
pub(super) use regions::Find;

use crate::model::content::BYTE_ORDER_MARK;

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
        let mut parts = name.split('.');
        if parts
            .clone()
            .any(|part| part == "dockerfile" || part == "containerfile")
        {
            return Some(Self::Dockerfile);
        }
        if (parts.next(), parts.next()) == (Some(""), Some("env")) {
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
            _ if is_shell_script(text) => Some(Self::Shell),
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
            Self::Xml => parsed::check_xml,
            Self::JsonLines => parsed::check_json_lines,
            Self::Html | Self::Shell | Self::DotEnv | Self::Properties | Self::Dockerfile => {
                return None;
            }
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
}

/// The first problem that makes the text `after` of a file invalid, if `before` is valid; none for a format without a
/// parser here.
pub(crate) fn damage(path: &str, before: &str, after: &str) -> Option<SyntaxProblem> {
    Format::of(path, after)?.damage(before, after)
}

/// True for a text whose first line names a shell.
fn is_shell_script(text: &str) -> bool {
    const SHELLS: [&str; 5] = ["sh", "bash", "dash", "ksh", "zsh"];
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    text.strip_prefix("#!")
        .and_then(|line| line.lines().next())
        .is_some_and(|line| line.split(['/', ' ']).any(|word| SHELLS.contains(&word)))
}

#[cfg(test)]
mod tests;
