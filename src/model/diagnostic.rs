//! Findings: stable code, location, message and help. Every output format renders the same value.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An error or a warning about a document, a plan or a forge, with its location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Diagnostic {
    pub code: Code,
    pub severity: Severity,
    pub message: String,
    /// JSON pointer to the value inside its document (RFC 6901); empty for the whole document.
    pub pointer: String,
    #[serde(rename = "place")]
    pub location: Option<Location>,
    /// Other locations that belong to the finding.
    pub related: Vec<Related>,
    /// The next step.
    pub help: Option<String>,
}

/// A range of a file. Lines and columns count characters from 1; the end is exclusive.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Location {
    pub file: String,
    pub line: usize,
    pub column: usize,
    pub end_line: usize,
    pub end_column: usize,
}

/// A second location and its relation to the finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Related {
    #[serde(rename = "place")]
    pub location: Location,
    pub message: String,
}

/// The severity of a finding. An error stops the work.
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

            /// The code in output.
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
    /// A document contains at most 50,000 values.
    TooManyValues = "GP107",
    /// A value has the type of its field.
    WrongType = "GP201",
    /// Only known fields are used.
    UnknownField = "GP202",
    /// Required fields are present.
    MissingField = "GP203",
    /// A value is one of the allowed words.
    UnknownWord = "GP204",
    /// A value follows the rule of its type.
    BadValue = "GP205",
    /// A path follows the rules for paths.
    BadPath = "GP206",
    /// Recipes run no code.
    CodeRefused = "GP207",
    /// A slug is unique among its siblings.
    DuplicateSlug = "GP301",
    /// `requires`, `conflicts` and `when` name options that exist.
    UnknownOption = "GP302",
    /// `requires` must not form a cycle.
    RequiresCycle = "GP303",
    /// A SINGLE category has at most one default.
    SeveralDefaults = "GP304",
    /// A required category has a default.
    MissingDefault = "GP305",
    /// An option can be selected together with what it requires.
    Impossible = "GP306",
    /// Files are in the folder of their catalogue, category and option.
    Misplaced = "GP307",
    /// Every option has a recipe.
    NoRecipe = "GP308",
    /// A catalogue contains at most 100 categories with 100 options each.
    TooManyOptions = "GP309",
    /// The template of a catalogue exists.
    MissingTemplate = "GP310",
    /// The name of an input is no other placeholder.
    InputName = "GP311",
    /// An input has the fields of its type.
    InputFields = "GP312",
    /// Conditions and defaults name inputs that exist, and their values.
    UnknownInput = "GP313",
    /// Defaults and conditions of inputs must not form a cycle.
    InputCycle = "GP314",
    /// The earlier catalogue of a case can be opened.
    EarlierCatalog = "GP315",
    /// Each edit and each decision of a case has an effect.
    UselessEdit = "GP316",
    /// An update gives the verdicts that its case lists.
    UnexpectedVerdict = "GP317",
    /// Two actions that can run together do not create the same path.
    TwoOnOnePath = "GP401",
    /// Paths differ by more than letter case, and no path is both a file and a folder.
    PathClash = "GP402",
    /// A replacement does not contain the text it replaces.
    EndlessReplacement = "GP403",
    /// A decision record's number is unique among options that can be selected together.
    AdrNumberTwice = "GP404",
    /// A dependency has a valid package name and an exact or range version.
    BadDependency = "GP405",
    /// A literal file that an action copies exists.
    MissingLiteral = "GP406",
    /// Every literal file is copied by an action.
    UnusedLiteral = "GP407",
    /// A recipe or plan contains at most 200 actions.
    TooManyActions = "GP408",
    /// A COPY_FILE has exactly one source.
    CopySource = "GP409",
    /// Text in double underscores is a known placeholder.
    UnknownPlaceholder = "GP410",
    /// Placeholders are in files of UTF-8 text.
    PlaceholderNotText = "GP411",
    /// A path with its placeholders replaced is valid.
    PlaceholderInPath = "GP412",
    /// Recipes do not write `.gitmodules`.
    WritesSubmodules = "GP413",
    /// Included recipes exist and do not include each other.
    IncludedRecipe = "GP414",
    /// A selected category or option exists.
    UnknownSelection = "GP501",
    /// Every required category has a selected option.
    NothingSelected = "GP502",
    /// At most one option of a SINGLE category is selected.
    SeveralSelected = "GP503",
    /// The requirements of a selected option are selected too.
    RequirementUnmet = "GP504",
    /// Selected options do not conflict.
    OptionsConflict = "GP505",
    /// A given input exists and applies to the selection.
    UnusedInput = "GP506",
    /// Every input without a default has a value.
    MissingInput = "GP507",
    /// The value of an input follows the rules of the catalogue.
    InvalidInput = "GP508",
    /// The slug of a product follows the rules of the catalogue.
    InvalidSlug = "GP509",
    /// A catalogue and its template contain only regular files with portable names.
    TemplateEntry = "GP601",
    /// A template is within the limits on entries, depth and size.
    TemplateLimit = "GP602",
    /// A template contains no Git LFS pointers.
    LfsPointer = "GP603",
    /// A template folder contains no ignored and no uncommitted files.
    UncommittedFiles = "GP604",
    /// No other content exists where an action writes.
    FileExists = "GP701",
    /// The file that an action edits or copies exists.
    FileMissing = "GP702",
    /// The text to replace occurs as often as `count` says.
    TextNotFound = "GP703",
    /// The file that an action edits is text.
    NotText = "GP704",
    /// A manifest is valid and can be edited.
    BadManifest = "GP705",
    /// Version ranges of one package are compatible.
    DependencyConflict = "GP706",
    /// A lock file matches its manifest.
    StaleLockFile = "GP707",
    /// A file is at most 5 MiB, and all files that a plan writes 32 MiB.
    FileTooLarge = "GP708",
    /// A second run of a plan changes nothing.
    Unstable = "GP709",
    /// The value of a placeholder can be written at its place.
    UnwritableValue = "GP710",
    /// A change leaves a valid file valid.
    BrokenFormat = "GP711",
    /// A template has no provenance file.
    ProvenanceReplaced = "GP712",
    /// A value can be set at its pointer.
    UnsettableValue = "GP713",
    /// Options do not set one value differently.
    ValueConflict = "GP714",
    /// Only one action decides where a file is.
    MovedFile = "GP715",
    /// The repository name is free on the forge.
    NameTaken = "GP801",
    /// The repository name is not the former name of another repository.
    NameMoved = "GP802",
    /// The forge accepts the token.
    TokenRefused = "GP803",
    /// The token has the scopes that publishing needs.
    MissingScope = "GP804",
    /// The token is valid for at least two more weeks.
    TokenExpires = "GP805",
    /// The account may create repositories for the owner.
    OwnerClosed = "GP806",
    /// The forge shows whether the account may create repositories for the owner.
    OwnerUnknown = "GP807",
    /// The token may delete an unfinished repository.
    NoRemoval = "GP808",
    /// The rate limit leaves enough requests for publishing.
    LowBudget = "GP809",
    /// The forge answers the questions of a preview.
    Unanswered = "GP810",
}

impl Diagnostic {
    /// An error without a location.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            pointer: String::new(),
            location: None,
            related: Vec::new(),
            help: None,
        }
    }

    /// A warning without a location.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, message)
        }
    }

    /// Sets the pointer and the location.
    #[must_use]
    pub fn at(self, pointer: impl Into<String>, location: impl Into<Option<Location>>) -> Self {
        Self {
            pointer: pointer.into(),
            location: location.into(),
            ..self
        }
    }

    /// Sets the help.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Self {
            help: Some(help.into()),
            ..self
        }
    }

    /// Adds a second location, if there is one.
    #[must_use]
    pub fn also(mut self, location: Option<Location>, message: impl Into<String>) -> Self {
        self.related.extend(location.map(|location| Related {
            location,
            message: message.into(),
        }));
        self
    }

    /// Prefixes the files of all locations with `folder`.
    #[must_use]
    pub fn below(mut self, folder: &str) -> Self {
        let related = self.related.iter_mut().map(|related| &mut related.location);
        for location in self.location.iter_mut().chain(related) {
            location.file = format!("{folder}/{}", location.file);
        }
        self
    }

    /// True if the finding stops the work.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl Location {
    /// The start of a file.
    pub fn start_of(file: impl Into<String>) -> Self {
        Self::point(file, 1, 1)
    }

    /// An empty range.
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

/// Sorts findings by location, code, pointer and message.
pub fn sort(diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by(|a, b| {
        (&a.location, a.code, &a.pointer, &a.message).cmp(&(
            &b.location,
            b.code,
            &b.pointer,
            &b.message,
        ))
    });
}
