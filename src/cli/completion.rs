//! Completions of a shell, computed by the program itself: commands, flags and their values, catalogues and their options.

use crate::app::catalogs::{self, OpenedCatalog};
use crate::catalog::builtin;
use crate::cli::args::git::{GitArgs, environment};
use crate::cli::commands::Cli;
use crate::cli::error::Failure;
use clap::CommandFactory as _;
use clap_complete::engine::{
    ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter as _,
};
use clap_complete::env::Shells;
use clap_complete::{CompleteEnv, Shell};
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// The variable by which a shell asks for completions.
const VARIABLE: &str = "_GROUNDPLAN_COMPLETE";
const PROGRAM: &str = "groundplan";
/// The registration for bash. Bash splits words at `=`, which the values of `--select` contain: the words are split again at
/// spaces, and the part before the break is taken off the candidates.
const BASH: &str = r#"_groundplan() {
    local words word before IFS=$' \t\n'
    read -ra words <<< "${COMP_LINE:0:COMP_POINT}"
    [[ ${COMP_LINE:0:COMP_POINT} == *[[:space:]] ]] && words+=("")
    word=${words[${#words[@]} - 1]}
    before=${word%"$2"}
    IFS=$'\013'
    COMPREPLY=( $(_CLAP_IFS="$IFS" _CLAP_COMPLETE_INDEX=$(( ${#words[@]} - 1 )) _GROUNDPLAN_COMPLETE=bash \
        groundplan -- "${words[@]}" 2> /dev/null) ) || COMPREPLY=()
    COMPREPLY=( "${COMPREPLY[@]#"$before"}" )
    [[ ${COMPREPLY-} == *[=/] ]] && compopt -o nospace 2> /dev/null
}
complete -o bashdefault -F _groundplan groundplan
"#;

/// Answers a shell that asks for completions. False if none does.
pub(crate) fn answer(args: &[OsString]) -> clap::error::Result<bool> {
    if environment(VARIABLE).is_none() {
        return Ok(false);
    }
    CompleteEnv::with_factory(Cli::command)
        .var(VARIABLE)
        .try_complete(args.iter().cloned(), Some(Path::new(".")))
}

/// The script by which a shell asks for completions from now on.
pub(crate) fn registration(shell: Shell) -> Result<Vec<u8>, Failure> {
    if shell == Shell::Bash {
        return Ok(BASH.as_bytes().to_owned());
    }
    let mut script = Vec::new();
    if let Some(completer) = Shells::builtins().completer(&shell.to_string()) {
        completer.write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script)?;
    }
    Ok(script)
}

/// Names of built-in catalogues, and folders.
pub(crate) fn catalogs() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let builtin = builtin::CATALOGS.iter();
        let names = starting(builtin.map(|own| (own.name.to_owned(), None)), current);
        let folders = PathCompleter::dir().current_dir(".").complete(current);
        names.into_iter().chain(folders).collect()
    })
}

/// Categories, and behind `=` and each comma options, of the catalogue on the command line.
pub(crate) fn selections() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        // A catalogue that cannot be read has no completions: a shell shows no errors.
        let Ok(opened) = typed_catalog() else {
            return Vec::new();
        };
        let Some(text) = current.to_str() else {
            return Vec::new();
        };
        starting(candidates(&opened, text).into_iter(), current)
    })
}

fn candidates(opened: &OpenedCatalog, text: &str) -> Vec<(String, Option<String>)> {
    let Some((category, options)) = text.split_once('=') else {
        let categories = opened.catalog.categories();
        return categories
            .iter()
            .map(|category| {
                (
                    format!("{}=", category.slug),
                    Some(category.title.to_string()),
                )
            })
            .collect();
    };
    let Some(found) = opened.catalog.category(category) else {
        return Vec::new();
    };
    let given = options.rsplit_once(',').map_or("", |(given, _)| given);
    let before = if given.is_empty() {
        format!("{category}=")
    } else {
        format!("{category}={given},")
    };
    let is_given = |slug: &str| given.split(',').any(|given| given == slug);
    found
        .options
        .iter()
        .filter(|option| !is_given(option.slug.as_str()))
        .map(|option| {
            (
                format!("{before}{}", option.slug),
                Some(option.title.to_string()),
            )
        })
        .collect()
}

fn starting(
    values: impl Iterator<Item = (String, Option<String>)>,
    current: &OsStr,
) -> Vec<CompletionCandidate> {
    values
        .filter(|(value, _)| value.as_bytes().starts_with(current.as_encoded_bytes()))
        .map(|(value, help)| CompletionCandidate::new(value).help(help.map(Into::into)))
        .collect()
}

/// The catalogue that the words typed so far name, or the default one.
fn typed_catalog() -> Result<OpenedCatalog, crate::app::error::AppError> {
    let words: Vec<String> = std::env::args_os()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let behind = words.iter().zip(words.iter().skip(1));
    let typed = behind
        .filter(|(flag, _)| *flag == "--catalog")
        .map(|(_, value)| value.clone())
        .chain(
            words
                .iter()
                .filter_map(|word| Some(word.strip_prefix("--catalog=")?.to_owned())),
        )
        .next();
    let variable = || {
        let name = environment("GROUNDPLAN_CATALOG")?;
        Some(name.to_string_lossy().into_owned()).filter(|name| !name.is_empty())
    };
    let name = typed.or_else(variable);
    let git = GitArgs::offline();
    catalogs::open(name.as_deref().unwrap_or("nextjs"), &|| git.cache())
}
