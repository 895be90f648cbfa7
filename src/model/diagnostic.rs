//! A finding: a stable code, a place, what was expected and what to do. The same value feeds every renderer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something wrong or doubtful, with the place it stands at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Diagnostic {
    pub code: Code,
    pub severity: Severity,
    pub message: String,
    /// JSON pointer to the value inside its document (RFC 6901); empty for the whole document.
    pub pointer: String,
    pub place: Option<Location>,
    /// Other places that belong to the finding.
    pub related: Vec<Related>,
    /// What to do next.
    pub help: Option<String>,
}

/// A stretch of a file. Lines and columns count characters from 1; an empty stretch is a point.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Location {
    pub file: String,
    pub line: usize,
    pub column: usize,
    pub end_line: usize,
    pub end_column: usize,
}

/// A second place and what it has to do with the finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Related {
    pub place: Location,
    pub message: String,
}

/// Whether a finding stops the work.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:literal,)+) => {
        /// The stable codes of all findings; `docs/diagnostics.md` explains each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        pub enum Code {
            $($(#[doc = $doc])+ #[serde(rename = $code)] $variant,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The code as it is printed.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }

            /// The rule in one sentence.
            pub fn rule(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($doc),+).trim_ascii(),)+
                }
            }
        }
    };
}

codes! {
    /// A document is at most 1 MiB.
    DocumentTooLarge = "GP101",
    /// A document is UTF-8 text without a byte order mark and without control characters.
    NotPlainText = "GP102",
    /// A document is well-formed YAML or JSON.
    Syntax = "GP103",
    /// A key is used once in its mapping.
    DuplicateKey = "GP104",
    /// Tags, anchors, aliases and merge keys are not used.
    YamlFeature = "GP105",
    /// A document nests at most 64 levels deep.
    TooDeep = "GP106",
    /// A document holds at most 50,000 values.
    TooManyValues = "GP107",
    /// A value has the type its field asks for.
    WrongType = "GP201",
    /// Only known fields are used.
    UnknownField = "GP202",
    /// Required fields are present.
    MissingField = "GP203",
    /// A value is one of the allowed words.
    UnknownWord = "GP204",
    /// A value keeps the rule of its type.
    BadValue = "GP205",
    /// A path keeps the rules for paths.
    BadPath = "GP206",
    /// Recipes run no code.
    CodeRefused = "GP207",
    /// A slug is used once among its neighbours.
    DuplicateSlug = "GP301",
    /// `requires`, `conflicts` and `when` name options that exist.
    UnknownOption = "GP302",
    /// `requires` does not lead back to its start.
    RequiresCycle = "GP303",
    /// A SINGLE category has at most one default.
    SeveralDefaults = "GP304",
    /// A required category has a default.
    MissingDefault = "GP305",
    /// An option can be selected together with what it requires.
    Impossible = "GP306",
    /// Files stand where their catalogue, category and option say.
    Misplaced = "GP307",
    /// Every option has a recipe.
    NoRecipe = "GP308",
    /// A catalogue holds at most 100 categories with 100 options each.
    TooManyOptions = "GP309",
    /// The template a catalogue names is there.
    MissingTemplate = "GP310",
    /// Two actions that can run together do not make the same path.
    TwoOnOnePath = "GP401",
    /// Paths differ by more than letter case, and no file stands where another needs a folder.
    PathClash = "GP402",
    /// A replacement does not contain what it replaces.
    EndlessReplacement = "GP403",
    /// A decision record's number is used once among options that can be selected together.
    AdrNumberTwice = "GP404",
    /// A dependency has a package's name and an exact or range version.
    BadDependency = "GP405",
    /// A literal file that an action copies exists.
    MissingLiteral = "GP406",
    /// Every literal file is copied by an action.
    UnusedLiteral = "GP407",
    /// A recipe, and a plan, holds at most 200 actions.
    TooManyActions = "GP408",
    /// A COPY_FILE has exactly one source.
    CopySource = "GP409",
    /// What looks like a placeholder is one.
    UnknownPlaceholder = "GP410",
    /// A selected category or option exists.
    UnknownSelection = "GP501",
    /// Every required category is answered.
    NothingSelected = "GP502",
    /// A SINGLE category has one answer.
    SeveralSelected = "GP503",
    /// What a selected option requires is selected too.
    RequirementUnmet = "GP504",
    /// Selected options do not exclude each other.
    OptionsConflict = "GP505",
    /// A catalogue and its template hold only plain files with portable names.
    TemplateEntry = "GP601",
    /// A template keeps the limits on entries, depth and size.
    TemplateLimit = "GP602",
    /// No other content stands where an action writes.
    FileExists = "GP701",
    /// The file an action edits or copies is there.
    FileMissing = "GP702",
    /// The text a REPLACE_STRING looks for is there as often as it says.
    TextNotFound = "GP703",
    /// The file an action edits is text.
    NotText = "GP704",
    /// A manifest can be read and edited.
    BadManifest = "GP705",
    /// Version ranges wanted for one package fit together.
    DependencyConflict = "GP706",
    /// A lock file matches its manifest.
    StaleLockFile = "GP707",
    /// A resulting file is at most 5 MiB, and all that a plan writes 32 MiB.
    FileTooLarge = "GP708",
    /// A plan changes nothing when it is interpreted again over its own result.
    Unstable = "GP709",
    /// The repository's name is free on the forge.
    NameTaken = "GP801",
    /// The repository's name is not the old name of another one.
    NameMoved = "GP802",
    /// The forge accepts the token.
    TokenRefused = "GP803",
    /// The token has the scopes that publishing needs.
    MissingScope = "GP804",
    /// The token is valid for two more weeks.
    TokenExpires = "GP805",
    /// The owner lets this account make repositories.
    OwnerClosed = "GP806",
    /// The forge says whether this account can make repositories for the owner.
    OwnerUnknown = "GP807",
    /// The token may remove a repository that was not finished.
    NoRemoval = "GP808",
    /// The forge answers as many requests as publishing makes.
    LowBudget = "GP809",
    /// The forge answers what a preview asks it.
    Unanswered = "GP810",
}

impl Diagnostic {
    /// An error without a place yet.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            pointer: String::new(),
            place: None,
            related: Vec::new(),
            help: None,
        }
    }

    /// A warning without a place yet.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, message)
        }
    }

    /// The same finding at a place.
    #[must_use]
    pub fn at(self, pointer: impl Into<String>, place: impl Into<Option<Location>>) -> Self {
        Self {
            pointer: pointer.into(),
            place: place.into(),
            ..self
        }
    }

    /// The same finding with what to do next.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Self {
            help: Some(help.into()),
            ..self
        }
    }

    /// The same finding with a second place.
    #[must_use]
    pub fn also(mut self, place: Option<Location>, message: impl Into<String>) -> Self {
        self.related.extend(place.map(|place| Related {
            place,
            message: message.into(),
        }));
        self
    }

    /// The same finding with its places below `folder`.
    #[must_use]
    pub fn below(mut self, folder: &str) -> Self {
        let related = self.related.iter_mut().map(|related| &mut related.place);
        for place in self.place.iter_mut().chain(related) {
            place.file = format!("{folder}/{}", place.file);
        }
        self
    }

    /// Whether the finding stops the work.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl Location {
    /// The beginning of a file.
    pub fn start_of(file: impl Into<String>) -> Self {
        Self::point(file, 1, 1)
    }

    /// A single point of a file.
    pub fn point(file: impl Into<String>, line: usize, column: usize) -> Self {
        Self {
            file: file.into(),
            line,
            column,
            end_line: line,
            end_column: column,
        }
    }
}

/// Orders findings as a reader meets them: by file, place and code.
pub fn sort(diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by(|a, b| {
        (&a.place, a.code, &a.pointer, &a.message).cmp(&(&b.place, b.code, &b.pointer, &b.message))
    });
}
