//! The text newtypes whose rules a JSON Schema names as a format.

use crate::model::action::SingleLine;
use crate::model::date::Day;
use crate::model::digest::{Digest, GitId};
use crate::model::exclude::ExcludePattern;
use crate::model::input::{Identity, Owner, ProductName, RepoName, RepoUrl};
use crate::model::input_pattern::InputPattern;
use crate::model::path::{ActionPath, SafeRelPath, TreePath};
use crate::model::placeholder::PlaceholderName;
use crate::model::ref_name::RefName;
use crate::model::remote::RemoteUrl;
use crate::model::repository_settings::{AccountName, LabelColor};
use crate::model::slug::{OptionRef, Slug};
use crate::model::value_pointer::ValuePointer;

/// A text newtype, by the format in its schema.
pub(super) struct Format {
    pub(super) name: &'static str,
    /// The error of the newtype's `parse`.
    pub(super) refuse: fn(&str) -> Option<String>,
    pub(super) help: &'static str,
}

/// All text newtypes.
pub(super) const FORMATS: [Format; 22] = [
    Format {
        name: "groundplan-account",
        refuse: |text| {
            AccountName::parse(text)
                .err()
                .map(|error| error.to_string())
        },
        help: "write a login as in `planner-bot`, or a placeholder as in `__AGENT__`",
    },
    Format {
        name: "groundplan-color",
        refuse: |text| LabelColor::parse(text).err().map(|error| error.to_string()),
        help: "write six digits between quotes, as in `\"d4c5f9\"`",
    },
    Format {
        name: "groundplan-slug",
        refuse: |text| Slug::parse(text).err().map(|error| error.to_string()),
        help: "write words as in `iron-session`",
    },
    Format {
        name: "groundplan-option",
        refuse: |text| OptionRef::parse(text).err().map(|error| error.to_string()),
        help: "write a category and one of its options, as in `auth/iron-session`",
    },
    Format {
        name: "groundplan-safe-path",
        refuse: |text| {
            SafeRelPath::parse(text)
                .err()
                .map(|error| error.to_string())
        },
        help: "write a path as in `docs/notes.md`; copy files with other names by a COPY_FILE of their folder",
    },
    Format {
        name: "groundplan-path",
        // The stricter rule first: most refused paths break both, and it has the clearer reasons.
        refuse: |text| {
            let error = ActionPath::parse(text).err();
            error.map(|error| SafeRelPath::parse(text).err().unwrap_or(error).to_string())
        },
        help: "write a path as in `docs/notes.md`; copy files with other names by a COPY_FILE of their folder",
    },
    Format {
        name: "groundplan-placeholder",
        refuse: |text| {
            PlaceholderName::parse(text)
                .err()
                .map(|error| error.to_string())
        },
        help: "write a name as in `PACKAGE_NAME`",
    },
    Format {
        name: "groundplan-pattern",
        refuse: |text| {
            InputPattern::parse(text)
                .err()
                .map(|error| error.to_string())
        },
        help: "write a regular expression as in `[a-z][a-z0-9_]*`",
    },
    Format {
        name: "groundplan-repo-url",
        refuse: |text| RepoUrl::parse(text).err().map(|error| error.to_string()),
        help: "write an address as in `https://git.example.org/acme/acme-web`",
    },
    Format {
        name: "groundplan-tree-path",
        refuse: |text| TreePath::parse(text).err().map(|error| error.to_string()),
        help: "write a path as in `docs/notes.md`",
    },
    Format {
        name: "groundplan-line",
        refuse: |text| SingleLine::parse(text).err().map(|error| error.to_string()),
        help: "write one line of 1 to 200 characters",
    },
    Format {
        name: "groundplan-pointer",
        refuse: |text| {
            ValuePointer::parse(text)
                .err()
                .map(|error| error.to_string())
        },
        help: "write a pointer as in `/scripts/test`",
    },
    Format {
        name: "groundplan-day",
        refuse: |text| Day::parse(text).err().map(|error| error.to_string()),
        help: "write a date as in `2026-11-21`",
    },
    Format {
        name: "groundplan-sha256",
        refuse: |text| Digest::parse(text).err().map(|error| error.to_string()),
        help: "copy all 64 digits of the SHA-256",
    },
    Format {
        name: "groundplan-git-id",
        refuse: |text| GitId::parse(text).err().map(|error| error.to_string()),
        help: "copy all 40 digits of the git id",
    },
    Format {
        name: "groundplan-product-name",
        refuse: |text| {
            ProductName::parse(text)
                .err()
                .map(|error| error.to_string())
        },
        help: "write the name on one line of 1 to 100 characters",
    },
    Format {
        name: "groundplan-owner",
        refuse: |text| Owner::parse(text).err().map(|error| error.to_string()),
        help: "write the name as on the forge",
    },
    Format {
        name: "groundplan-repo",
        refuse: |text| RepoName::parse(text).err().map(|error| error.to_string()),
        help: "choose a name like `acme-web`",
    },
    Format {
        name: "groundplan-identity",
        refuse: |text| Identity::parse(text).err().map(|error| error.to_string()),
        help: "write an author as in `Jane Doe <jane@example.org>`",
    },
    Format {
        name: "groundplan-remote-url",
        refuse: |text| RemoteUrl::parse(text).err().map(|error| error.to_string()),
        help: "write an address as in `https://github.com/acme/baseline.git`",
    },
    Format {
        name: "groundplan-ref",
        refuse: |text| RefName::parse(text).err().map(|error| error.to_string()),
        help: "name a tag, a branch or a full commit id",
    },
    Format {
        name: "groundplan-exclude",
        refuse: |text| {
            ExcludePattern::parse(text)
                .err()
                .map(|error| error.to_string())
        },
        help: "write a line of .gitignore, as in `docs/` or `*.md`",
    },
];
