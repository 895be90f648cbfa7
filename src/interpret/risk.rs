//! The risk of a result: files that run on their own, files that run on demand, and new dependencies.

use super::interpreter::Interpreter;
use super::step::ActionKind;
use crate::model::action::RiskLevel;
use crate::model::content::{File, Mode};
use crate::model::path::TreePath;
use crate::model::plan::PlannedAction;
use crate::model::report::{Risk, RiskReason};
use crate::tree::TreeError;
use crate::tree::fold::fold_into;
use crate::tree::listing::FileInfo;
use serde_json::{Map, Value};

/// Folders whose files a forge runs after a push, as the beginning of a path from the root.
const WORKFLOWS: [&str; 3] = [
    "/.github/workflows/",
    "/.gitea/workflows/",
    "/.forgejo/workflows/",
];
/// Scripts of package.json that npm runs on install. Source: <https://docs.npmjs.com/cli/using-npm/scripts>
const INSTALL_SCRIPTS: [&str; 8] = [
    "preinstall",
    "install",
    "postinstall",
    "prepare",
    "preprepare",
    "postprepare",
    "prepublish",
    "dependencies",
];
/// Files that change the commands of an install or a build, as the end of a path.
const TOOL_SETTINGS: [&str; 6] = [
    "/.npmrc",
    "/.yarnrc.yml",
    "/.pnpmfile.cjs",
    "/.cargo/config.toml",
    "/.cargo/config",
    "/.gitmodules",
];

/// The level of the whole result, and the reasons for it.
pub(super) fn assess(
    interpreter: &Interpreter<'_>,
    actions: &[&dyn ActionKind],
) -> Result<Risk, TreeError> {
    let mut reasons = Vec::new();
    // One buffer for the folded path of all files, since there are many.
    let mut folded = String::new();
    for (path, FileInfo { mode, .. }) in interpreter.tree().list()?.iter() {
        folded.clear();
        folded.push('/');
        fold_into(path, &mut folded);
        for (level, message) in of_file(&folded, mode) {
            reasons.push(RiskReason {
                level,
                path: TreePath::of_checked(path),
                message: message.to_owned(),
            });
        }
        if folded.ends_with("/package.json") {
            reasons.extend(scripts(interpreter, &TreePath::of_checked(path))?);
        }
    }
    let planned = interpreter.plan().recipe.actions.iter().zip(actions);
    reasons.extend(planned.flat_map(|(planned, kind)| of_action(planned, *kind)));
    let level = reasons
        .iter()
        .map(|reason| reason.level)
        .max()
        .unwrap_or(RiskLevel::Low);
    Ok(Risk { level, reasons })
}

/// The reasons in the path and mode of a file. The path begins with `/` and is folded, as file systems that ignore
/// letter case see it.
fn of_file(folded: &str, mode: Mode) -> impl Iterator<Item = (RiskLevel, &'static str)> {
    let is_workflow = WORKFLOWS.iter().any(|folder| folded.starts_with(folder));
    let is_setting =
        TOOL_SETTINGS.iter().any(|name| folded.ends_with(name)) || folded.starts_with("/.husky/");
    let medium = |applies: bool, message| applies.then_some((RiskLevel::Medium, message));
    [
        is_workflow.then_some((
            RiskLevel::High,
            "a workflow that the forge runs after a push",
        )),
        medium(mode == Mode::Executable, "an executable file"),
        medium(mode == Mode::Symlink, "a symbolic link"),
        medium(is_setting, "a setting that changes the behaviour of tools"),
    ]
    .into_iter()
    .flatten()
}

/// The reasons that an action states itself.
fn of_action(planned: &PlannedAction, kind: &dyn ActionKind) -> impl Iterator<Item = RiskReason> {
    let stated = planned.action.common().risk_level.map(|level| {
        let message = format!("risk level set in the recipe of {}", planned.origin.option);
        (level, message)
    });
    let path = TreePath::parse(&kind.target()).ok();
    kind.risk()
        .into_iter()
        .chain(stated)
        .filter_map(move |(level, message)| {
            Some(RiskReason {
                level,
                path: path.clone()?,
                message,
            })
        })
}

/// The install scripts of a package.json in the result, and its other scripts that the plan changed.
fn scripts(interpreter: &Interpreter<'_>, path: &TreePath) -> Result<Vec<RiskReason>, TreeError> {
    let file = interpreter.tree().read(path)?;
    let now = scripts_of(file.as_ref());
    let before = match interpreter.touched().get(path) {
        Some(touched) => scripts_of(touched.before.as_ref()),
        None => now.clone(),
    };
    let reasons = now.iter().filter_map(|(name, command)| {
        let (level, message) = if INSTALL_SCRIPTS.contains(&name.as_str()) {
            let message = format!("a script that npm runs on install: `{name}`");
            (RiskLevel::High, message)
        } else if before.get(name) == Some(command) {
            return None;
        } else {
            (
                RiskLevel::Medium,
                format!("a new or changed script: `{name}`"),
            )
        };
        Some(RiskReason {
            level,
            path: path.clone(),
            message,
        })
    });
    Ok(reasons.collect())
}

/// The scripts of a package.json; none if it is not JSON, which npm refuses too.
fn scripts_of(manifest: Option<&File>) -> Map<String, Value> {
    let scripts = || -> Option<Map<String, Value>> {
        let text = manifest?.text()?;
        let json: Value =
            serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(text)).ok()?;
        json.get("scripts")?.as_object().cloned()
    };
    scripts().unwrap_or_default()
}
