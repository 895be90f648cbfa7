//! Licences of the SPDX list, with their texts.

use super::single_line::SingleLine;
use license::{License, licenses};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A licence by its identifier in the SPDX list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum LicenceId {
    /// BSD Zero Clause License.
    #[serde(rename = "0BSD")]
    ZeroBsd,
    /// GNU Affero General Public License v3.0 only.
    #[serde(rename = "AGPL-3.0-only")]
    Agpl3Only,
    /// GNU Affero General Public License v3.0 or later.
    #[serde(rename = "AGPL-3.0-or-later")]
    Agpl3OrLater,
    /// Apache License 2.0.
    #[serde(rename = "Apache-2.0")]
    Apache2,
    /// Blue Oak Model License 1.0.0.
    #[serde(rename = "BlueOak-1.0.0")]
    BlueOak1,
    /// BSD 2-Clause "Simplified" License.
    #[serde(rename = "BSD-2-Clause")]
    Bsd2Clause,
    /// BSD 3-Clause "New" or "Revised" License.
    #[serde(rename = "BSD-3-Clause")]
    Bsd3Clause,
    /// Boost Software License 1.0.
    #[serde(rename = "BSL-1.0")]
    Boost1,
    /// Creative Commons Attribution 4.0 International.
    #[serde(rename = "CC-BY-4.0")]
    CcBy4,
    /// Creative Commons Zero v1.0 Universal.
    #[serde(rename = "CC0-1.0")]
    Cc0,
    /// Eclipse Public License 2.0.
    #[serde(rename = "EPL-2.0")]
    Epl2,
    /// European Union Public License 1.2.
    #[serde(rename = "EUPL-1.2")]
    Eupl1,
    /// GNU General Public License v2.0 only.
    #[serde(rename = "GPL-2.0-only")]
    Gpl2Only,
    /// GNU General Public License v2.0 or later.
    #[serde(rename = "GPL-2.0-or-later")]
    Gpl2OrLater,
    /// GNU General Public License v3.0 only.
    #[serde(rename = "GPL-3.0-only")]
    Gpl3Only,
    /// GNU General Public License v3.0 or later.
    #[serde(rename = "GPL-3.0-or-later")]
    Gpl3OrLater,
    /// ISC License.
    #[serde(rename = "ISC")]
    Isc,
    /// GNU Lesser General Public License v2.1 only.
    #[serde(rename = "LGPL-2.1-only")]
    Lgpl2Only,
    /// GNU Lesser General Public License v2.1 or later.
    #[serde(rename = "LGPL-2.1-or-later")]
    Lgpl2OrLater,
    /// GNU Lesser General Public License v3.0 only.
    #[serde(rename = "LGPL-3.0-only")]
    Lgpl3Only,
    /// GNU Lesser General Public License v3.0 or later.
    #[serde(rename = "LGPL-3.0-or-later")]
    Lgpl3OrLater,
    /// MIT License.
    #[serde(rename = "MIT")]
    Mit,
    /// MIT No Attribution.
    #[serde(rename = "MIT-0")]
    Mit0,
    /// Mozilla Public License 2.0.
    #[serde(rename = "MPL-2.0")]
    Mpl2,
    /// The Unlicense.
    #[serde(rename = "Unlicense")]
    Unlicense,
    /// zlib License.
    #[serde(rename = "Zlib")]
    Zlib,
}

/// The year and the copyright holder in the texts of the list.
const NOTICES: [&str; 5] = [
    "<year> <copyright holders>",
    "<year> <owner>",
    "<YEAR> <COPYRIGHT HOLDER>",
    "[yyyy] [name of copyright owner]",
    "YEAR by AUTHOR EMAIL",
];

/// The longest line, in characters.
const WIDTH: usize = 80;

impl LicenceId {
    /// The text with a year and a copyright holder in its notice, if it has one. Long lines are wrapped.
    pub fn text(self, year: &str, holder: &str) -> String {
        let notice = format!("{year} {holder}");
        let mut text = NOTICES
            .iter()
            .fold(self.source().text().to_owned(), |text, blank| {
                text.replace(blank, &notice)
            });
        if self == Self::Zlib {
            // The list leaves out the notice of this licence.
            text = format!("Copyright (c) {notice}\n\n{text}");
        }
        let mut wrapped = String::with_capacity(text.len() + 200);
        for line in text.trim_end().lines() {
            wrap(line, &mut wrapped);
        }
        wrapped
    }

    /// The text with the placeholders of the year and of a holder, by default the owner of the repository.
    pub fn with_placeholders(self, holder: Option<&SingleLine>) -> String {
        let holder = holder.map_or("__GITHUB_OWNER__", SingleLine::as_str);
        self.text("__YEAR__", holder)
    }

    /// The entry of the list. Only the texts that are named here are part of the program.
    fn source(self) -> &'static dyn License {
        match self {
            Self::ZeroBsd => &licenses::Bsd0,
            Self::Agpl3Only => &licenses::Agpl3_0Only,
            Self::Agpl3OrLater => &licenses::Agpl3_0OrLater,
            Self::Apache2 => &licenses::Apache2_0,
            Self::BlueOak1 => &licenses::BlueoAk1_0_0,
            Self::Bsd2Clause => &licenses::Bsd2Clause,
            Self::Bsd3Clause => &licenses::Bsd3Clause,
            Self::Boost1 => &licenses::Bsl1_0,
            Self::CcBy4 => &licenses::CcBy4_0,
            Self::Cc0 => &licenses::Cc0_1_0,
            Self::Epl2 => &licenses::Epl2_0,
            Self::Eupl1 => &licenses::Eupl1_2,
            Self::Gpl2Only => &licenses::Gpl2_0Only,
            Self::Gpl2OrLater => &licenses::Gpl2_0OrLater,
            Self::Gpl3Only => &licenses::Gpl3_0Only,
            Self::Gpl3OrLater => &licenses::Gpl3_0OrLater,
            Self::Isc => &licenses::Isc,
            Self::Lgpl2Only => &licenses::Lgpl2_1Only,
            Self::Lgpl2OrLater => &licenses::Lgpl2_1OrLater,
            Self::Lgpl3Only => &licenses::Lgpl3_0Only,
            Self::Lgpl3OrLater => &licenses::Lgpl3_0OrLater,
            Self::Mit => &licenses::Mit,
            Self::Mit0 => &licenses::Mit0,
            Self::Mpl2 => &licenses::Mpl2_0,
            Self::Unlicense => &licenses::Unlicense,
            Self::Zlib => &licenses::Zlib,
        }
    }
}

/// Appends a line, broken between words into lines with its indentation.
fn wrap(line: &str, text: &mut String) {
    let indent = &line[..line.len() - line.trim_start().len()];
    let mut length = 0;
    for word in line.split_whitespace() {
        let word_length = word.chars().count();
        if length == 0 {
            text.push_str(indent);
            length = indent.len();
        } else if length + 1 + word_length > WIDTH {
            text.push('\n');
            text.push_str(indent);
            length = indent.len();
        } else {
            text.push(' ');
            length += 1;
        }
        text.push_str(word);
        length += word_length;
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All licences.
    fn all() -> Vec<LicenceId> {
        let schema = schemars::schema_for!(LicenceId).to_value();
        let one_of = schema["oneOf"].as_array().expect("a schema of words");
        let read = |word: &serde_json::Value| serde_json::from_value(word["const"].clone());
        one_of
            .iter()
            .map(read)
            .collect::<Result<_, _>>()
            .expect("words")
    }

    #[test]
    fn each_identifier_has_the_text_of_its_entry() {
        for licence in all() {
            let id = serde_json::json!(licence);
            assert_eq!(id, licence.source().id());
            let text = licence.text("2026", "Acme");
            assert!(
                text.lines().all(|line| line.chars().count() <= WIDTH),
                "{id}"
            );
            assert!(text.lines().all(|line| line == line.trim_end()), "{id}");
            let words = |text: &str| text.split_whitespace().count();
            assert!(
                words(&text).abs_diff(words(licence.source().text())) <= 5,
                "{id}"
            );
        }
    }

    #[test]
    fn notices_have_year_and_holder() {
        let with_notice: Vec<String> = all()
            .into_iter()
            .filter(|licence| licence.text("2026", "Acme").contains("2026 Acme"))
            .map(|licence| licence.source().id().to_owned())
            .collect();
        let expected = [
            "0BSD",
            "Apache-2.0",
            "BSD-2-Clause",
            "BSD-3-Clause",
            "ISC",
            "MIT",
            "MIT-0",
            "Zlib",
        ];
        assert_eq!(with_notice, expected);
        let mit = LicenceId::Mit.text("2026", "Acme");
        assert!(
            mit.starts_with("MIT License\n\nCopyright (c) 2026 Acme\n\nPermission is hereby"),
            "{mit}"
        );
        assert!(mit.ends_with("SOFTWARE.\n"), "{mit}");
    }
}
