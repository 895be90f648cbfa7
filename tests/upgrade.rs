//! `groundplan upgrade` over a container program that keeps its state in files: every fault ends in a working installation.

use crate::support::{Ran, Sandbox};
use std::fs;
use std::path::Path;

/// The container program: a container runs an image, a database is a list of lines. A call that contains a line of the file
/// `fail` fails.
const CONTAINERS: &str = r#"#!/bin/sh
set -eu
state=STATE
echo "$*" >>"$state/calls"
image=${GROUNDPLAN_IMAGE:-$(sed -n 's/^GROUNDPLAN_IMAGE=//p' .env)}
[ -n "$image" ] || image=$(sed -n 's/.*{GROUNDPLAN_IMAGE:-\(.*\)}/\1/p' compose.yaml | head -n 1)
while read -r fault; do
    case "$* [$image]" in *"$fault"*) echo "error: no luck with postgres://groundplan:hunter2@postgres at $fault" >&2; exit 1 ;; esac
done <"$state/fail"
case "$*" in
compose\ stop*) : >"$state/running" ;;
compose\ run*" migrate") echo "$image" >>"$state/tables" ;;
*pg_dump* | *tar\ -cf*) cat "$state/tables" ;;
*tar\ -xf*) cat >"$state/tables" ;;
compose\ up*) echo "$image" >"$state/running" ;;
esac
"#;

/// A deployment that runs the version 0.0.9.
struct InstalledVersion {
    sandbox: Sandbox,
}

const FORMER: &str = "registry.example.org/groundplan:0.0.9";

fn new_image() -> String {
    format!(
        "registry.example.org/groundplan:{}",
        env!("CARGO_PKG_VERSION")
    )
}

impl InstalledVersion {
    fn new(database: &str) -> Self {
        let sandbox = Sandbox::new();
        let flags = [
            "--image",
            FORMER,
            "--database",
            database,
            "--into",
            "deployment",
            "--generate-secrets",
        ];
        fs::create_dir(sandbox.join("deployment")).unwrap();
        sandbox
            .groundplan([&["compose"], &flags[..]].concat())
            .exits(0);
        let state = sandbox.join("containers");
        sandbox.write(
            "docker",
            CONTAINERS.replace("STATE", state.to_str().unwrap()),
        );
        sandbox.make_executable("docker");
        for (file, text) in [
            ("running", FORMER),
            ("tables", FORMER),
            ("fail", ""),
            ("calls", ""),
        ] {
            let line = if text.is_empty() {
                String::new()
            } else {
                format!("{text}\n")
            };
            sandbox.write(&format!("containers/{file}"), line);
        }
        Self { sandbox }
    }

    fn upgrade(&self, flags: &[&str]) -> Ran {
        let program = self.sandbox.join("docker");
        let program = [
            "upgrade",
            "deployment",
            "--container-program",
            program.to_str().unwrap(),
        ];
        self.sandbox.groundplan([&program, flags].concat())
    }

    fn fails_at(&self, faults: &[&str]) {
        let lines: String = faults.iter().flat_map(|fault| [fault, "\n"]).collect();
        self.sandbox.write("containers/fail", lines);
    }

    fn state(&self, file: &str) -> String {
        self.sandbox.read(&format!("containers/{file}"))
    }

    fn files(&self) -> [String; 2] {
        ["compose.yaml", ".env"].map(|file| self.sandbox.read(&format!("deployment/{file}")))
    }

    fn has(&self, file: &str) -> bool {
        self.sandbox.join("deployment").join(file).exists()
    }

    fn backups(&self) -> usize {
        let folder = self.sandbox.join("deployment/backups");
        fs::read_dir(folder).map_or(0, Iterator::count)
    }
}

#[test]
fn an_upgrade_backs_up_migrates_and_starts_the_new_version_once() {
    for database in ["postgres", "sqlite"] {
        let installed = InstalledVersion::new(database);
        let ran = installed.upgrade(&[]).exits(0);
        assert_eq!(ran.stdout, format!("Upgraded to {}.\n", new_image()));
        assert_eq!(installed.state("running"), format!("{}\n", new_image()));
        assert_eq!(
            installed.state("tables"),
            format!("{FORMER}\n{}\n", new_image())
        );
        let calls = installed.state("calls");
        let order = [
            "compose version",
            "pull --quiet",
            "compose stop server",
            "groundplan",
            "migrate",
            "compose up",
        ];
        let mut from = 0;
        for call in order {
            from += calls[from..]
                .find(call)
                .unwrap_or_else(|| panic!("{call} in {calls}"));
        }
        let name = fs::read_dir(installed.sandbox.join("deployment/backups"))
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .file_name();
        let backup = Path::new("deployment/backups").join(name);
        let saved = installed
            .sandbox
            .read(backup.join("database").to_str().unwrap());
        assert_eq!(saved, format!("{FORMER}\n"));
        assert!(!installed.has("upgrade.state"));
        let log = installed.sandbox.read("deployment/upgrade.log");
        assert!(
            log.contains("Z migrate\n") && log.contains("Z finish\n"),
            "{log}"
        );

        let again = installed.upgrade(&[]).exits(0);
        assert_eq!(
            again.stdout,
            "Nothing to upgrade: the services run this version.\n"
        );
        assert_eq!(installed.backups(), 1);
        assert_eq!(installed.state("tables").lines().count(), 2);
    }
}

#[test]
fn every_fault_ends_with_the_former_version_running() {
    let unhealthy = format!(
        "compose up --detach --no-deps --wait --wait-timeout 120 server [{}]",
        new_image()
    );
    // No network, no disk for the backup, a migration that fails, a service that does not become healthy.
    let faults = [
        ("pull --quiet", "runs unchanged"),
        ("pg_dump", "runs again"),
        ("tar -cf", "runs again"),
        ("-T migrate", "runs again"),
        (unhealthy.as_str(), "runs again"),
    ];
    for database in ["postgres", "sqlite"] {
        for (fault, outcome) in faults {
            let is_of_other = match database {
                "postgres" => fault == "tar -cf",
                _ => fault == "pg_dump",
            };
            if is_of_other {
                continue;
            }
            let installed = InstalledVersion::new(database);
            let before = installed.files();
            installed.fails_at(&[fault]);
            let ran = installed.upgrade(&[]).exits(3);
            assert!(ran.stderr.contains(outcome), "{fault}: {}", ran.stderr);
            assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
            assert_eq!(installed.state("running"), format!("{FORMER}\n"), "{fault}");
            assert_eq!(installed.files(), before, "{fault}");
            assert!(!installed.has("upgrade.state"), "{fault}");
            if database == "sqlite" {
                assert_eq!(installed.state("tables"), format!("{FORMER}\n"), "{fault}");
            }
            installed.fails_at(&[]);
            installed.upgrade(&[]).exits(0);
            assert_eq!(installed.state("running"), format!("{}\n", new_image()));
        }
    }
}

#[test]
fn an_interrupted_upgrade_continues_from_its_backup() {
    let installed = InstalledVersion::new("sqlite");
    let before = installed.files();
    installed.fails_at(&["-T migrate", "tar -xf"]);
    let ran = installed.upgrade(&[]).exits(3);
    assert!(
        ran.stderr.contains("and so did the way back"),
        "{}",
        ran.stderr
    );
    assert!(installed.has("upgrade.state"));
    // The second attempt fails too, and this time goes back.
    installed.fails_at(&["-T migrate"]);
    installed.upgrade(&[]).exits(3);
    assert_eq!(installed.files(), before);
    assert_eq!(installed.state("running"), format!("{FORMER}\n"));
    assert_eq!(installed.backups(), 1);
    installed.fails_at(&[]);
    installed.upgrade(&[]).exits(0);
    assert_eq!(installed.state("running"), format!("{}\n", new_image()));
}

#[test]
fn the_image_of_the_variables_follows_the_upgrade() {
    let installed = InstalledVersion::new("sqlite");
    let [_, env] = installed.files();
    let pinned = format!("{env}GROUNDPLAN_IMAGE={FORMER}\n# the end\n");
    installed.sandbox.write("deployment/.env", &pinned);
    let image = "registry.example.org/mirror/groundplan:0.2.0";
    installed.upgrade(&["--image", image]).exits(0);
    let end = format!("\nGROUNDPLAN_IMAGE={image}\n# the end\n");
    assert_eq!(installed.files()[1], format!("{}{end}", env.trim_end()));
    assert_eq!(installed.state("running"), format!("{image}\n"));
}

/// Runs an upgrade that is refused, and checks that it changed nothing and called no container program.
#[track_caller]
fn refused(installed: &InstalledVersion, flags: &[&str], code: i32) -> String {
    let before = installed.files();
    let ran = installed.upgrade(flags).exits(code);
    assert_eq!(installed.files(), before);
    assert_eq!(installed.state("calls"), "");
    ran.stderr
}

#[test]
fn an_edited_incomplete_or_foreign_installation_is_refused_with_what_helps() {
    let installed = InstalledVersion::new("postgres");
    let [compose, env] = installed.files();
    let edit = |file: &str, text: &str| {
        installed.sandbox.write(&format!("deployment/{file}"), text);
    };
    edit("compose.yaml", &compose.replace("512m", "1g"));
    let message = refused(&installed, &[], 1);
    assert!(
        message.contains("error: compose.yaml was edited"),
        "{message}"
    );
    assert!(message.contains("docs/upgrading.md"), "{message}");

    edit(
        "compose.yaml",
        &compose.replace("--services together", "--services many"),
    );
    let message = refused(&installed, &[], 1);
    assert!(
        message.contains("flags that this version does not know"),
        "{message}"
    );
    edit("compose.yaml", &compose);

    edit(
        ".env",
        &env.replace("POSTGRES_PASSWORD=", "#POSTGRES_PASSWORD="),
    );
    let message = refused(&installed, &[], 1);
    assert!(
        message.contains("error: .env lacks POSTGRES_PASSWORD\n"),
        "{message}"
    );

    edit(
        ".env",
        &env.replace("@postgres:5432", "@db.example.org:5432"),
    );
    let message = refused(&installed, &[], 1);
    assert!(message.contains("outside of this deployment"), "{message}");
    installed.upgrade(&["--no-backup"]).exits(0);
    assert!(!installed.state("calls").contains("pg_dump"));

    let message = installed
        .sandbox
        .groundplan(["upgrade", "nowhere"])
        .exits(3)
        .stderr;
    assert!(
        message.contains("cannot read `nowhere/compose.yaml`"),
        "{message}"
    );
}

#[test]
fn changed_sources_of_a_built_image_are_refused() {
    let installed = InstalledVersion::new("sqlite");
    let flags = [
        "--build",
        "--database",
        "sqlite",
        "--into",
        "deployment",
        "--force",
    ];
    installed
        .sandbox
        .groundplan([&["compose"], &flags[..]].concat())
        .exits(0);
    installed
        .sandbox
        .write("deployment/main.rs", "fn main() {}\n");
    installed.sandbox.commit("deployment");
    installed
        .sandbox
        .write("deployment/main.rs", "fn main() { todo!() }\n");
    let ran = installed.upgrade(&[]).exits(3);
    assert!(
        ran.stderr.contains("no clean git work tree"),
        "{}",
        ran.stderr
    );
    installed.sandbox.commit("deployment");
    installed.upgrade(&[]).exits(0);
}

/// A deployment whose image is built from sources without changes.
fn built_from_sources() -> InstalledVersion {
    let installed = InstalledVersion::new("sqlite");
    let into = ["--build", "--database", "sqlite", "--into", "deployment"];
    let sandbox = &installed.sandbox;
    sandbox
        .groundplan([&["compose"], &into[..], &["--force"]].concat())
        .exits(0);
    sandbox.write("deployment/main.rs", "fn main() {}\n");
    sandbox.commit("deployment");
    installed
}

#[test]
fn a_built_image_replaces_the_former_one_once_it_is_healthy() {
    let tag = "tag groundplan:new groundplan:local\n";
    let installed = built_from_sources();
    installed.upgrade(&[]).exits(0);
    let calls = installed.state("calls");
    assert!(calls.ends_with(tag), "{calls}");
    assert_eq!(installed.state("running"), "groundplan:new\n");

    for fault in ["compose build", "-T migrate", "server [groundplan:new]"] {
        let installed = built_from_sources();
        installed.fails_at(&[fault]);
        installed.upgrade(&[]).exits(3);
        let calls = installed.state("calls");
        assert!(!calls.contains("tag "), "{fault}: {calls}");
        let former = match fault {
            "compose build" => FORMER,
            _ => "groundplan:local",
        };
        assert_eq!(installed.state("running"), format!("{former}\n"), "{fault}");
    }

    let installed = built_from_sources();
    installed.fails_at(&["tag groundplan:new"]);
    let ran = installed.upgrade(&[]).exits(3);
    assert!(
        ran.stderr.contains("the new version runs"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains(tag.trim_end()), "{}", ran.stderr);
    assert_eq!(installed.state("running"), "groundplan:new\n");
    assert!(!installed.has("upgrade.state"));
}
