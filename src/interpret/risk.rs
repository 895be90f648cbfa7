//! How much attention a result deserves: what runs by itself, what runs when asked, what others wrote.

use super::interpreter::Interpreter;
use crate::model::action::{Action, RiskLevel};
use crate::model::content::{File, Mode};
use crate::model::path::TreePath;
use crate::model::report::{Risk, RiskReason};
use crate::tree::TreeError;
use crate::tree::listing::FileInfo;
use crate::tree::validate::fold_into;
use serde_json::{Map, Value};

/// Folders whose files a forge runs by itself after a push, as paths from the root begin.
const WORKFLOWS: [&str; 3] = [
    "/.github/workflows/",
    "/.gitea/workflows/",
    "/.forgejo/workflows/",
];
/// Scripts of package.json that npm runs by itself on install.
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
/// Files that change what installing or building runs, as paths end.
const TOOL_SETTINGS: [&str; 6] = [
    "/.npmrc",
    "/.yarnrc.yml",
    "/.pnpmfile.cjs",
    "/.cargo/config.toml",
    "/.cargo/config",
    "/.gitmodules",
];

/// The level and every reason, over the whole result.
pub(super) fn assess(work: &Interpreter<'_>) -> Result<Risk, TreeError> {
    let mut reasons = Vec::new();
    let mut folded = String::new();
    for (path, FileInfo { mode, .. }) in work.tree().list()?.iter() {
        // As file systems that ignore letter case would find it. One text for all, since there are many.
        folded.clear();
        folded.push('/');
        fold_into(path, &mut folded);
        let mut add = |level, message: &str| {
            reasons.push(RiskReason {
                level,
                path: TreePath::of_checked(path),
                message: message.to_owned(),
            });
        };
        if WORKFLOWS.iter().any(|folder| folded.starts_with(folder)) {
            add(
                RiskLevel::High,
                "a workflow that the forge runs after a push",
            );
        }
        if mode == Mode::Executable {
            add(RiskLevel::Medium, "an executable file");
        }
        if mode == Mode::Symlink {
            add(RiskLevel::Medium, "a symbolic link");
        }
        if TOOL_SETTINGS.iter().any(|name| folded.ends_with(name)) || folded.starts_with("/.husky/")
        {
            add(RiskLevel::Medium, "a setting that changes what tools run");
        }
        if folded.ends_with("/package.json") {
            scripts(work, &TreePath::of_checked(path), &mut reasons)?;
        }
    }
    for planned in &work.plan().recipe.actions {
        if let Action::AddDependency(dependency) = &planned.action {
            reasons.push(RiskReason {
                level: RiskLevel::Medium,
                path: dependency.manifest.as_tree().clone(),
                message: format!(
                    "a new dependency: {} {}",
                    dependency.name, dependency.version
                ),
            });
        }
        if let (Some(level), Ok(path)) = (
            planned.action.common().risk_level,
            TreePath::parse(&planned.action.target()),
        ) {
            let message = format!("the recipe of {} says so", planned.origin.option);
            reasons.push(RiskReason {
                level,
                path,
                message,
            });
        }
    }
    let level = reasons
        .iter()
        .map(|reason| reason.level)
        .max()
        .unwrap_or_default();
    Ok(Risk { level, reasons })
}

/// Install scripts of the result, and other scripts that the plan changed.
fn scripts(
    work: &Interpreter<'_>,
    path: &TreePath,
    reasons: &mut Vec<RiskReason>,
) -> Result<(), TreeError> {
    let now = scripts_of(work.tree().read(path)?.as_ref().and_then(File::text));
    let before = match work.touched().get(path) {
        Some(touched) => scripts_of(touched.before.as_ref().and_then(File::text)),
        None => now.clone(),
    };
    for (name, command) in &now {
        let reason = if INSTALL_SCRIPTS.contains(&name.as_str()) {
            (
                RiskLevel::High,
                format!("a script that npm runs on install: `{name}`"),
            )
        } else if before.get(name) != Some(command) {
            (
                RiskLevel::Medium,
                format!("a new or changed script: `{name}`"),
            )
        } else {
            continue;
        };
        reasons.push(RiskReason {
            level: reason.0,
            path: path.clone(),
            message: reason.1,
        });
    }
    Ok(())
}

fn scripts_of(manifest: Option<&str>) -> Map<String, Value> {
    let manifest: Option<Value> = manifest
        .and_then(|text| serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(text)).ok());
    manifest
        .and_then(|manifest| manifest.get("scripts")?.as_object().cloned())
        .unwrap_or_default()
}
