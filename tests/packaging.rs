//! What is shipped beside the program: the image, the compose file, the service and the list of variables fit the program.

use crate::support::Sandbox;
use groundplan::git::GitSettings;
use groundplan::source;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

/// What others read in our place: the shell's colours, where temporary files go.
const OF_LIBRARIES: [&str; 3] = ["NO_COLOR", "CLICOLOR_FORCE", "TMPDIR"];
/// A job's kind, which is spelled like a variable, and what the program sets for those that it starts.
const NO_SETTINGS: [&str; 4] = [
    "BOOTSTRAP_REPO",
    "GROUNDPLAN_SELECTION",
    "GROUNDPLAN_HELPER_SECRET",
    "GROUNDPLAN_HELPER_USER",
];
const VOLUMES: [&str; 3] = ["cache", "logs", "state"];

#[track_caller]
fn shipped(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn is_variable(word: &str) -> bool {
    let is_inside = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    word.starts_with(|c: char| c.is_ascii_uppercase()) && word.chars().all(is_inside)
}

/// Words of a text that begin like a variable of ours.
fn mentioned(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| {
            ["GROUNDPLAN_", "BOOTSTRAP_"].iter().any(|prefix| {
                word.len() > prefix.len() && word.starts_with(prefix) && is_variable(word)
            })
        })
        .filter(|word| !NO_SETTINGS.contains(word))
        .map(str::to_owned)
        .collect()
}

/// The variables that the help of a command and of all below it names, by `[env: NAME=…]`.
fn asked_by_flags(sandbox: &Sandbox, command: &[&str], found: &mut BTreeSet<String>) {
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
            asked_by_flags(sandbox, &[command, &[name]].concat(), found);
        }
    }
}

/// Every `.rs` file of the program, as one text.
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

/// The variables that the program reads: those of its flags, secrets that are no flags, those of the system.
fn read_by_the_program() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    asked_by_flags(&Sandbox::new(), &[], &mut found);
    let sources = sources();
    found.extend(mentioned(&sources));
    // What goes by name through the one door to the environment.
    for call in ["environment(\"", "absolute(\"", "user_folder(\""] {
        let names = sources.split(call).skip(1);
        let names = names.map(|part| part.split('"').next().unwrap());
        found.extend(names.filter(|name| is_variable(name)).map(str::to_owned));
    }
    found.extend(GitSettings::PASSED.map(str::to_owned));
    found.extend(OF_LIBRARIES.map(str::to_owned));
    found
}

/// The variables that a file with `NAME=value` lines sets or, behind a `#`, proposes.
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
            "{name} stands twice"
        );
    }
    found
}

/// The variables that compose puts in for `${NAME…}`.
fn put_in(text: &str) -> BTreeSet<String> {
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
    let document = source::read("compose.yaml", shipped("compose.yaml").as_bytes());
    let document = document.unwrap_or_else(|findings| panic!("{findings:?}"));
    document.root.to_value()
}

#[test]
fn the_list_of_variables_is_exactly_what_the_program_and_compose_read() {
    let listed: BTreeSet<String> = listed(&shipped(".env.example")).into_keys().collect();
    let mut read = read_by_the_program();
    assert!(
        read.contains("DATABASE_URL") && read.contains("BOOTSTRAP_ENCRYPTION_KEY_PREVIOUS"),
        "{read:?}"
    );
    read.extend(put_in(&shipped("compose.yaml")));
    let missing: Vec<_> = read.difference(&listed).collect();
    let unknown: Vec<_> = listed.difference(&read).collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        ".env.example lacks {missing:?}, and nobody reads {unknown:?}"
    );
}

#[test]
fn what_is_shipped_and_what_is_written_about_it_names_only_variables_that_are_read() {
    let mut known: BTreeSet<String> = listed(&shipped(".env.example")).into_keys().collect();
    known.insert("FORGE".to_owned());
    for file in [
        "Dockerfile",
        "compose.yaml",
        "packaging/groundplan.service",
        "docs/operations.md",
        "README.md",
    ] {
        let unknown: Vec<String> = mentioned(&shipped(file))
            .difference(&known)
            .cloned()
            .collect();
        assert!(unknown.is_empty(), "{file} names {unknown:?}");
    }
}

#[test]
fn the_list_of_variables_holds_no_secret_and_its_values_are_accepted() {
    let listed = listed(&shipped(".env.example"));
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
    let of_the_system = |name: &String| !name.starts_with("GROUNDPLAN_") && name != "DIRECT_URL";
    let folders = ["GROUNDPLAN_CATALOGS", "GROUNDPLAN_POLICY"];
    let settings = listed.iter().filter(|(name, value)| {
        !of_the_system(name) && !folders.contains(&name.as_str()) && !value.is_empty()
    });
    let mut command = Command::new(env!("CARGO_BIN_EXE_groundplan"));
    command
        .args(["doctor", "--format", "json"])
        .envs(settings)
        .env("DATABASE_URL", "");
    let ran = sandbox.run(&mut command);
    assert!(ran.code < 2, "{}", ran.stderr);
}

/// The instructions of the Dockerfile, each as one line, by stage.
fn stages() -> Vec<Vec<String>> {
    let text = shipped("Dockerfile").replace("\\\n", " ");
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
fn the_image_runs_as_nobody_in_particular_below_a_small_init_and_says_how_it_is() {
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
    let start: Vec<String> = serde_json::from_str(&instruction("ENTRYPOINT ")).unwrap();
    assert_eq!(start, ["/usr/bin/tini", "--", "/usr/local/bin/groundplan"]);
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
}

#[test]
fn the_image_is_built_from_what_its_build_needs_and_nothing_else() {
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
            "{path} is copied and is not there"
        );
    }
    let sent: BTreeSet<String> = shipped(".dockerignore")
        .lines()
        .filter_map(|line| line.strip_prefix('!').map(str::to_owned))
        .collect();
    assert_eq!(
        copied, sent,
        "the Dockerfile copies what .dockerignore lets through"
    );
    // What build.rs embeds, what the manifest names, what the sources include from beside them.
    let mut needed: BTreeSet<&str> =
        ["Cargo.toml", "Cargo.lock", "build.rs", "src", "benches"].into();
    needed.extend(["catalog", "recipes"]);
    let sources = sources();
    let included = sources.split("include_str!(\"").skip(1);
    needed.extend(included.map(|part| {
        let path = part.split('"').next().unwrap().trim_start_matches("../");
        path.split('/').next().unwrap()
    }));
    let missing: Vec<_> = needed
        .iter()
        .filter(|path| !copied.contains(**path))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_service_is_locked_in_and_the_volumes_are_those_of_the_image() {
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
        assert!(service["pids_limit"].as_u64().unwrap() <= 256, "{name}");
        assert!(!service.to_string().contains("docker.sock"), "{name}");
        assert!(
            service["image"].as_str().unwrap().starts_with("${"),
            "{name}: an image is pinned by a variable"
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
fn the_database_is_ready_and_migrated_before_a_worker_starts_and_nobody_outside_reaches_it() {
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

/// The worker's own patience, from its help.
fn grace() -> u64 {
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
fn whoever_stops_the_worker_waits_longer_than_its_last_step_may_take() {
    let compose = compose();
    let waits = compose["services"]["worker"]["stop_grace_period"]
        .as_str()
        .unwrap();
    assert!(
        waits.trim_end_matches('s').parse::<u64>().unwrap() > grace(),
        "{waits}"
    );
    let unit = unit();
    assert!(unit["TimeoutStopSec"][0].parse::<u64>().unwrap() > grace());
    assert_eq!(unit["KillSignal"], ["SIGTERM"]);
    assert_eq!(unit["KillMode"], ["mixed"]);
    assert_eq!(unit["SuccessExitStatus"], ["143"]);
}

/// The settings of the unit, by name.
fn unit() -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in shipped("packaging/groundplan.service").lines() {
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
fn the_service_has_a_user_and_folders_of_its_own_and_sees_little_else() {
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

/// Says nothing where systemd is not installed: its own judgement is one more, not the only one.
#[test]
fn systemd_finds_nothing_wrong_with_the_service() {
    let sandbox = Sandbox::new();
    let text = shipped("packaging/groundplan.service");
    let program = env!("CARGO_BIN_EXE_groundplan");
    sandbox.write(
        "groundplan.service",
        text.replace("/usr/local/bin/groundplan", program),
    );
    let judge = |args: &[&str]| {
        let mut command = Command::new("systemd-analyze");
        command.args(args).arg(sandbox.join("groundplan.service"));
        sandbox.settle(&mut command).output()
    };
    let Ok(verified) = judge(&["verify", "--man=no"]) else {
        return;
    };
    let said = String::from_utf8_lossy(&verified.stderr);
    assert!(
        verified.status.success() && !said.contains("groundplan.service"),
        "{said}"
    );
    // Tenths, of ten at most: what a service in a cage of its own comes to.
    let secure = judge(&["security", "--offline=true", "--threshold=20"]).unwrap();
    let said = String::from_utf8_lossy(&secure.stdout);
    assert!(secure.status.success(), "{said}");
}
