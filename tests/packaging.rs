//! Packaging: the image, the compose file, the systemd unit, the list of variables and the test script match the program.

use crate::support::{Ran, Sandbox};
use groundplan::git::GitSettings;
use groundplan::source;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Variables read by libraries.
const LIBRARY_VARIABLES: [&str; 3] = ["NO_COLOR", "CLICOLOR_FORCE", "TMPDIR"];
/// A job kind that looks like a variable, and variables that the program sets for its child processes.
const NOT_SETTINGS: [&str; 4] = [
    "BOOTSTRAP_REPO",
    "GROUNDPLAN_SELECTION",
    "GROUNDPLAN_HELPER_SECRET",
    "GROUNDPLAN_HELPER_USER",
];
const VOLUMES: [&str; 3] = ["cache", "logs", "state"];

/// The text of a file of this repository.
#[track_caller]
fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn is_variable(word: &str) -> bool {
    let is_inside = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    word.starts_with(|c: char| c.is_ascii_uppercase()) && word.chars().all(is_inside)
}

/// The variables in a text that start with GROUNDPLAN_ or BOOTSTRAP_.
fn mentioned(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| {
            ["GROUNDPLAN_", "BOOTSTRAP_"].iter().any(|prefix| {
                word.len() > prefix.len() && word.starts_with(prefix) && is_variable(word)
            })
        })
        .filter(|word| !NOT_SETTINGS.contains(word))
        .map(str::to_owned)
        .collect()
}

/// Collects the variables in the help of a command and its subcommands, `[env: NAME=…]`.
fn collect_flag_variables(sandbox: &Sandbox, command: &[&str], found: &mut BTreeSet<String>) {
    let help = [command, &["--help"]].concat();
    let help = sandbox.groundplan(&help).exits(0).stdout;
    for part in help.split("[env: ").skip(1) {
        let name = part.split(['=', ']']).next().unwrap();
        found.insert(name.to_owned());
    }
    let commands = help.split("\nCommands:\n").nth(1).unwrap_or_default();
    for line in commands.lines().take_while(|line| !line.is_empty()) {
        let name = line
            .strip_prefix("  ")
            .and_then(|line| line.split(' ').next());
        if let Some(name) = name.filter(|name| !name.is_empty() && *name != "help") {
            collect_flag_variables(sandbox, &[command, &[name]].concat(), found);
        }
    }
}

/// The text of all `.rs` files in `src`.
fn sources() -> String {
    let mut all = String::new();
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                all.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }
    all
}

/// The variables that the program reads: those of flags, secrets without a flag, and system variables.
fn read_by_the_program() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect_flag_variables(&Sandbox::new(), &[], &mut found);
    let sources = sources();
    found.extend(mentioned(&sources));
    // Variables passed by name to the functions that read the environment.
    for call in [
        "environment(\"",
        "absolute(\"",
        "user_folder(\"",
        "secret(\"",
    ] {
        let names = sources.split(call).skip(1);
        let names = names.map(|part| part.split('"').next().unwrap());
        found.extend(names.filter(|name| is_variable(name)).map(str::to_owned));
    }
    found.extend(GitSettings::PASSED.map(str::to_owned));
    found.extend(LIBRARY_VARIABLES.map(str::to_owned));
    found
}

/// The variables and values in `NAME=value` lines of a file, with or without a `#` before the name.
fn listed(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter_map(|line| {
        let (name, value) = line.strip_prefix('#').unwrap_or(line).split_once('=')?;
        let is_name =
            !name.is_empty() && !name.contains(|c: char| c != '_' && !c.is_ascii_alphanumeric());
        is_name.then(|| (name.to_owned(), value.to_owned()))
    });
    let mut found = BTreeMap::new();
    for (name, value) in lines {
        assert!(
            found.insert(name.clone(), value).is_none(),
            "{name} is listed twice"
        );
    }
    found
}

/// The variables in `${NAME…}` of a compose file.
fn interpolated(text: &str) -> BTreeSet<String> {
    let parts = text.split("${").skip(1);
    parts
        .map(|part| {
            part.split(|c: char| c != '_' && !c.is_ascii_alphanumeric())
                .next()
                .unwrap()
                .to_owned()
        })
        .collect()
}

fn compose() -> Value {
    let document = source::read("compose.yaml", read("compose.yaml").as_bytes());
    let document = document.unwrap_or_else(|findings| panic!("{findings:?}"));
    document.root.to_value()
}

#[test]
fn the_list_of_variables_is_complete() {
    let listed: BTreeSet<String> = listed(&read(".env.example")).into_keys().collect();
    let mut used = read_by_the_program();
    assert!(
        used.contains("DATABASE_URL") && used.contains("BOOTSTRAP_ENCRYPTION_KEY_PREVIOUS"),
        "{used:?}"
    );
    used.extend(interpolated(&read("compose.yaml")));
    let missing: Vec<_> = used.difference(&listed).collect();
    let unknown: Vec<_> = listed.difference(&used).collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        ".env.example does not list {missing:?}, and {unknown:?} are not read"
    );
}

#[test]
fn packaging_and_documents_mention_only_known_variables() {
    let mut known: BTreeSet<String> = listed(&read(".env.example")).into_keys().collect();
    known.insert("FORGE".to_owned());
    for file in [
        "Dockerfile",
        "compose.yaml",
        "packaging/groundplan.service",
        "docs/operations.md",
        "README.md",
    ] {
        let unknown: Vec<String> = mentioned(&read(file)).difference(&known).cloned().collect();
        assert!(unknown.is_empty(), "{file} mentions {unknown:?}");
    }
}

#[test]
fn the_list_of_variables_contains_no_secrets_and_only_valid_values() {
    let listed = listed(&read(".env.example"));
    for (name, value) in &listed {
        let is_secret = ["TOKEN", "KEY", "PASSWORD"]
            .iter()
            .any(|word| name.contains(word));
        assert!(
            !is_secret || value.is_empty() || value == "change-me",
            "{name}"
        );
    }
    let sandbox = Sandbox::new();
    let is_own = |name: &String| name.starts_with("GROUNDPLAN_") || name == "DIRECT_URL";
    let folders = ["GROUNDPLAN_CATALOGS", "GROUNDPLAN_POLICY"];
    let settings = listed.iter().filter(|(name, value)| {
        is_own(name) && !folders.contains(&name.as_str()) && !value.is_empty()
    });
    let mut command = Command::new(env!("CARGO_BIN_EXE_groundplan"));
    command
        .args(["doctor", "--format", "json"])
        .envs(settings)
        .env("DATABASE_URL", "");
    let ran = sandbox.run(&mut command);
    assert!(ran.code < 2, "{}", ran.stderr);
}

/// The instructions of the Dockerfile by stage, one line each.
fn stages() -> Vec<Vec<String>> {
    let text = read("Dockerfile").replace("\\\n", " ");
    let mut stages = vec![Vec::new()];
    for line in text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        if line.starts_with("FROM ") {
            stages.push(Vec::new());
        }
        stages
            .last_mut()
            .unwrap()
            .push(line.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    stages
}

#[test]
fn the_image_runs_unprivileged_under_an_init_process_with_a_health_check() {
    let stages = stages();
    let last = stages.last().unwrap();
    let instruction = |name: &str| {
        let found: Vec<&str> = last
            .iter()
            .filter_map(|line| line.strip_prefix(name))
            .collect();
        assert_eq!(found.len(), 1, "{name}{found:?}");
        found[0].trim().to_owned()
    };
    assert_eq!(instruction("USER "), "65532:65532");
    assert_eq!(instruction("STOPSIGNAL "), "SIGTERM");
    assert!(
        instruction("HEALTHCHECK ").ends_with(r#"CMD ["/usr/local/bin/groundplan", "health"]"#)
    );
    let entrypoint: Vec<String> = serde_json::from_str(&instruction("ENTRYPOINT ")).unwrap();
    assert_eq!(
        entrypoint,
        ["/usr/bin/tini", "--", "/usr/local/bin/groundplan"]
    );
    let installed = instruction("RUN ");
    for package in ["ca-certificates", "git", "tini"] {
        assert!(
            installed.split(' ').any(|word| word == package),
            "{package}"
        );
    }
    assert!(
        stages[1]
            .iter()
            .any(|line| line.contains("cargo build --locked --release"))
    );
    let labels = instruction("LABEL ");
    for label in ["title", "description", "licenses", "version", "revision"] {
        assert!(
            labels.contains(&format!("org.opencontainers.image.{label}=")),
            "{label}"
        );
    }
    assert!(labels.contains(r#"groundplan.managed-by="groundplan""#));
}

#[test]
fn the_image_build_copies_exactly_the_files_it_needs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut copied: BTreeSet<String> = BTreeSet::new();
    for line in stages().concat() {
        if let Some(paths) = line
            .strip_prefix("COPY ")
            .filter(|line| !line.starts_with("--from"))
        {
            let paths: Vec<&str> = paths.split(' ').collect();
            copied.extend(
                paths[..paths.len() - 1]
                    .iter()
                    .map(|path| (*path).to_owned()),
            );
        }
    }
    for path in &copied {
        assert!(
            root.join(path).exists(),
            "{path} is copied but does not exist"
        );
    }
    let allowed: BTreeSet<String> = read(".dockerignore")
        .lines()
        .filter_map(|line| line.strip_prefix('!').map(str::to_owned))
        .collect();
    assert_eq!(
        copied, allowed,
        "the Dockerfile copies the files that .dockerignore allows"
    );
    // The files embedded by build.rs, named in the manifest, or included by sources.
    let mut needed: BTreeSet<&str> = [
        "Cargo.toml",
        "Cargo.lock",
        "build.rs",
        "askama.toml",
        "src",
        "benches",
    ]
    .into();
    needed.extend(["catalog", "recipes"]);
    let sources = sources();
    // A path without `../` is in the folder of its source file.
    let included = sources.split("include_str!(\"").skip(1);
    needed.extend(included.filter_map(|part| {
        let path = part.split('"').next()?;
        let outside = path
            .starts_with("../")
            .then(|| path.trim_start_matches("../"))?;
        outside.split('/').next()
    }));
    let missing: Vec<_> = needed
        .iter()
        .filter(|path| !copied.contains(**path))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_service_is_sandboxed_and_mounts_the_volumes_of_the_image() {
    let compose = compose();
    for (name, service) in compose["services"].as_object().unwrap() {
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(service["cap_drop"], serde_json::json!(["ALL"]), "{name}");
        assert_eq!(
            service["security_opt"],
            serde_json::json!(["no-new-privileges:true"]),
            "{name}"
        );
        assert_eq!(service["mem_limit"], "512m", "{name}");
        for limit in ["cpus", "cpu_shares", "mem_reservation"] {
            assert!(service.get(limit).is_some(), "{name} has no {limit}");
        }
        assert!(service["pids_limit"].as_u64().unwrap() <= 256, "{name}");
        assert!(!service.to_string().contains("docker.sock"), "{name}");
        assert!(
            service["image"].as_str().unwrap().starts_with("${"),
            "{name}: the image must be set by a variable"
        );
    }
    let stages = stages();
    let last = stages.last().unwrap();
    let declared = last
        .iter()
        .find_map(|line| line.strip_prefix("VOLUME "))
        .unwrap();
    let declared: Vec<String> = serde_json::from_str(declared).unwrap();
    let environment = last.iter().find(|line| line.starts_with("ENV ")).unwrap();
    for service in ["worker", "migrate"] {
        let service = &compose["services"][service];
        assert_eq!(service["pids_limit"], 128);
        assert_eq!(service["env_file"], ".env");
        let mounted = service["volumes"].as_array().unwrap();
        assert_eq!(mounted.len(), declared.len());
        for (name, folder) in VOLUMES.iter().zip(&declared) {
            assert_eq!(folder, &format!("/var/lib/groundplan/{name}"));
            assert!(
                mounted.contains(&format!("{name}:{folder}").into()),
                "{name}"
            );
            assert!(compose["volumes"].get(name).is_some(), "{name}");
            let variable = format!("GROUNDPLAN_{}_DIR={folder}", name.to_uppercase());
            assert!(environment.contains(&variable), "{variable}");
        }
    }
}

#[test]
fn the_worker_starts_after_the_migration_and_the_database_has_no_public_port() {
    let services = &compose()["services"];
    let after =
        |service: &str, other: &str| services[service]["depends_on"][other]["condition"].clone();
    assert_eq!(after("worker", "migrate"), "service_completed_successfully");
    assert_eq!(after("migrate", "postgres"), "service_healthy");
    assert_eq!(
        services["migrate"]["command"],
        serde_json::json!(["migrate"])
    );
    assert_eq!(
        services["postgres"]["networks"],
        serde_json::json!(["database"])
    );
    assert!(services["postgres"].get("ports").is_none());
    assert_eq!(compose()["networks"]["database"]["internal"], true);
    let ports = services["worker"]["ports"].as_array().unwrap();
    assert!(
        ports
            .iter()
            .all(|port| port.as_str().unwrap().starts_with("127.0.0.1:"))
    );
}

/// The default of `--grace` in seconds, from the help of `work`.
fn default_grace() -> u64 {
    let help = Sandbox::new()
        .groundplan(["work", "--help"])
        .exits(0)
        .stdout;
    let flag = help.split("--grace").nth(1).unwrap();
    let value = flag
        .split("[default: ")
        .nth(1)
        .unwrap()
        .split(']')
        .next()
        .unwrap();
    value.parse().unwrap()
}

#[test]
fn service_managers_wait_longer_than_the_grace_period() {
    let compose = compose();
    let stop_grace_period = compose["services"]["worker"]["stop_grace_period"]
        .as_str()
        .unwrap();
    assert!(
        stop_grace_period
            .trim_end_matches('s')
            .parse::<u64>()
            .unwrap()
            > default_grace(),
        "{stop_grace_period}"
    );
    let unit = unit();
    assert!(unit["TimeoutStopSec"][0].parse::<u64>().unwrap() > default_grace());
    assert_eq!(unit["KillSignal"], ["SIGTERM"]);
    assert_eq!(unit["KillMode"], ["mixed"]);
    assert_eq!(unit["SuccessExitStatus"], ["143"]);
}

/// The settings of the systemd unit by name.
fn unit() -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in read("packaging/groundplan.service").lines() {
        if let Some((name, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) {
            found
                .entry(name.to_owned())
                .or_default()
                .push(value.to_owned());
        }
    }
    found
}

#[test]
fn the_systemd_unit_is_sandboxed_and_contains_no_secrets() {
    let unit = unit();
    for (name, value) in [
        ("DynamicUser", "yes"),
        ("StateDirectory", "groundplan"),
        ("CacheDirectory", "groundplan"),
        ("LogsDirectory", "groundplan"),
        ("ProtectSystem", "strict"),
        ("NoNewPrivileges", "yes"),
        ("CapabilityBoundingSet", ""),
        ("UMask", "0077"),
        ("TasksMax", "128"),
        ("MemoryMax", "512M"),
        ("LimitCORE", "0"),
    ] {
        assert_eq!(unit[name], [value], "{name}");
    }
    assert!(unit["ExecStart"][0].starts_with("/usr/local/bin/groundplan work "));
    let secrets = ["TOKEN", "_KEY", "DATABASE_URL"];
    let set = unit["Environment"].iter().chain(&unit["ExecStart"]);
    for line in set {
        assert!(
            !secrets.iter().any(|secret| line.contains(secret)),
            "{line}"
        );
    }
}

/// Passes without a check if systemd is not installed; the other tests do not need it.
#[test]
fn systemd_accepts_the_unit() {
    let sandbox = Sandbox::new();
    let text = read("packaging/groundplan.service");
    let program = env!("CARGO_BIN_EXE_groundplan");
    sandbox.write(
        "groundplan.service",
        text.replace("/usr/local/bin/groundplan", program),
    );
    let analyze = |args: &[&str]| {
        let mut command = Command::new("systemd-analyze");
        command.args(args).arg(sandbox.join("groundplan.service"));
        sandbox.settle(&mut command).output()
    };
    let Ok(verified) = analyze(&["verify", "--man=no"]) else {
        return;
    };
    let errors = String::from_utf8_lossy(&verified.stderr);
    assert!(
        verified.status.success() && !errors.contains("groundplan.service"),
        "{errors}"
    );
    // The exposure level in tenths, from 0 to 100.
    let secure = analyze(&["security", "--offline=true", "--threshold=20"]).unwrap();
    let report = String::from_utf8_lossy(&secure.stdout);
    assert!(secure.status.success(), "{report}");
}

/// Runs `scripts/test` on a machine with these programs and this package manager, whose installation always succeeds.
/// Debian's folder of PostgreSQL programs is visible to the script on any machine, so `initdb` may count as installed.
fn run_test_script(programs: &[&str], manager: &str, user_id: u32) -> Ran {
    let sandbox = Sandbox::new();
    let stub = |name: &str, body: &str| {
        let path = format!("bin/{name}");
        sandbox.write(&path, format!("#!/bin/sh\n{body}\n"));
        sandbox.make_executable(&path);
    };
    for program in programs {
        stub(program, &format!("echo {program} \"$@\""));
    }
    stub("id", &format!("echo {user_id}"));
    let install = "cd \"$BIN\" && for name in git cc node npm python3 chromium initdb; do : >$name; chmod +x $name; done";
    stub(
        manager,
        &format!("case \" $* \" in *\" install \"*) {install};; esac"),
    );
    let path = std::env::var_os("PATH").unwrap();
    for tool in ["bash", "sh", "chmod", "dirname", "echo", "sort", "xargs"] {
        let mut candidates = std::env::split_paths(&path).map(|folder| folder.join(tool));
        let program = candidates.find(|program| program.is_file()).unwrap();
        sandbox.symlink(program.to_str().unwrap(), &format!("bin/{tool}"));
    }
    let bin = sandbox.join("bin");
    let mut command = Command::new(bin.join("bash"));
    command
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/test"))
        .arg("--lib")
        .env("PATH", &bin)
        .env("BIN", &bin);
    sandbox.run(&mut command)
}

#[test]
fn the_test_script_only_runs_cargo_if_nothing_is_missing() {
    let programs = [
        "git", "cc", "node", "npm", "python3", "chromium", "initdb", "cargo",
    ];
    let ran = run_test_script(&programs, "apt-get", 1000).exits(0);
    assert_eq!(ran.stdout, "cargo test --locked --lib\n");
    assert_eq!(ran.stderr, "");
}

#[test]
fn the_test_script_installs_missing_packages_or_prints_the_command() {
    for (manager, install) in [
        (
            "apt-get",
            "apt-get install -y -q --no-install-recommends gcc libc6-dev npm",
        ),
        ("dnf", "dnf install -y gcc npm"),
    ] {
        let programs = ["git", "node", "python3", "chromium", "initdb", "cargo"];
        let ran = run_test_script(&programs, manager, 0).exits(0);
        assert!(ran.stderr.contains(install), "{}", ran.stderr);
        assert_eq!(ran.stdout, "cargo test --locked --lib\n");
        let ran = run_test_script(&programs, manager, 1000).exits(1);
        let hint = format!("{install}`, then `scripts/test` again\n").replace("`,", "'`,");
        assert!(
            ran.stderr.contains("error: missing programs: cc npm\n"),
            "{}",
            ran.stderr
        );
        assert!(ran.stderr.contains(&hint), "{}", ran.stderr);
    }
}

#[test]
fn the_test_script_needs_no_root_rights_for_homebrew() {
    let programs = ["git", "cc", "npm", "chromium", "initdb", "cargo"];
    let ran = run_test_script(&programs, "brew", 501).exits(0);
    assert!(
        ran.stderr.contains("brew install node python\n"),
        "{}",
        ran.stderr
    );
}

#[test]
fn the_test_script_without_a_package_manager_lists_the_missing_programs() {
    let ran = run_test_script(&["git", "cc", "npm", "chromium", "initdb"], "none", 0).exits(1);
    assert_eq!(
        ran.stderr,
        "error: missing programs: node python3\nhint: install them, then run `scripts/test` again\n"
    );
}
