//! `groundplan compose`: the same bytes each time, valid YAML, and no edited file that is lost.

use crate::support::Sandbox;
use groundplan::source;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// The flags behind the compose.yaml of this repository.
const OWN: [&str; 3] = ["--build", "--services", "worker"];

/// Every combination of choices, with its flags.
fn combinations() -> Vec<Vec<&'static str>> {
    let mut all = Vec::new();
    for image in [
        &["--build"][..],
        &["--image", "registry.example.org/groundplan:0.1.0"],
    ] {
        for database in ["postgres", "sqlite"] {
            for services in ["worker", "together", "apart"] {
                all.push([image, &["--database", database, "--services", services]].concat());
            }
        }
    }
    all
}

#[track_caller]
fn printed(sandbox: &Sandbox, flags: &[&str]) -> String {
    sandbox
        .groundplan([&["compose"], flags].concat())
        .exits(0)
        .stdout
}

#[track_caller]
fn parsed(text: &str) -> Value {
    let document = source::read("compose.yaml", text.as_bytes());
    document
        .unwrap_or_else(|findings| panic!("{findings:?}"))
        .root
        .to_value()
}

#[test]
fn the_compose_file_of_this_repository_is_its_output() {
    crate::support::matches_or_updates(Path::new("compose.yaml"), &printed(&Sandbox::new(), &OWN));
}

#[test]
fn every_combination_is_valid_and_the_same_each_time() {
    let sandbox = Sandbox::new();
    for flags in combinations() {
        let text = printed(&sandbox, &flags);
        assert_eq!(text, printed(&sandbox, &flags));
        let yaml = parsed(&text);
        let services = yaml["services"].as_object().unwrap();
        let names: Vec<&str> = services.keys().map(String::as_str).collect();
        let mut expected = match flags[flags.len() - 1] {
            "worker" => vec!["migrate", "worker"],
            "together" => vec!["migrate", "server"],
            _ => vec!["migrate", "server", "worker"],
        };
        let has_postgres = flags.contains(&"postgres");
        if has_postgres {
            expected.push("postgres");
        }
        expected.sort_unstable();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, expected, "{flags:?}");
        let builds = services
            .values()
            .filter(|service| service.get("build").is_some());
        assert_eq!(builds.count(), usize::from(flags.contains(&"--build")));
        let mut ports = Vec::new();
        for (name, service) in services {
            assert_eq!(service["read_only"], true, "{name}");
            assert_eq!(service["cap_drop"], json!(["ALL"]), "{name}");
            assert!(
                service["image"].as_str().unwrap().starts_with("${"),
                "{name}"
            );
            for network in service["networks"].as_array().into_iter().flatten() {
                assert!(
                    yaml["networks"].get(network.as_str().unwrap()).is_some(),
                    "{network}"
                );
            }
            for volume in service["volumes"].as_array().into_iter().flatten() {
                let volume = volume.as_str().unwrap().split(':').next().unwrap();
                assert!(yaml["volumes"].get(volume).is_some(), "{volume}");
            }
            for other in service["depends_on"]
                .as_object()
                .into_iter()
                .flat_map(|all| all.keys())
            {
                assert!(services.contains_key(other), "{name} waits for {other}");
            }
            for port in service["ports"].as_array().into_iter().flatten() {
                assert!(port.as_str().unwrap().starts_with("127.0.0.1:"), "{port}");
                assert!(!ports.contains(port), "{port}");
                ports.push(port.clone());
            }
        }
        if flags.contains(&"together") {
            assert_eq!(services["server"]["command"][0], "serve");
        }
        let env = printed(&sandbox, &[&flags[..], &["--env"]].concat());
        assert_eq!(env.contains("POSTGRES_PASSWORD=change-me\n"), has_postgres);
        assert!(env.contains("\nBOOTSTRAP_ENCRYPTION_KEY=\n"), "{env}");
        assert_eq!(
            env.contains("\nDATABASE_URL=sqlite:/var/lib/groundplan/state/"),
            !has_postgres
        );
    }
}

#[test]
fn the_commands_of_every_combination_are_those_of_the_program() {
    let sandbox = Sandbox::new();
    for flags in combinations() {
        let yaml = parsed(&printed(&sandbox, &flags));
        for service in yaml["services"].as_object().unwrap().values() {
            let Some(command) = service["command"].as_array() else {
                continue;
            };
            let mut args: Vec<&str> = command.iter().map(|word| word.as_str().unwrap()).collect();
            for word in args.iter_mut().filter(|word| word.starts_with("${FORGE")) {
                *word = "github";
            }
            args.push("--help");
            sandbox.groundplan(args).exits(0);
        }
    }
}

#[test]
fn an_edited_file_is_overwritten_only_by_force_and_kept_beside_the_new_one() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.join("here")).unwrap();
    let write = |more: &[&str]| sandbox.groundplan([&["compose", "--into", "here"], more].concat());
    let ran = write(&["--services", "worker"]).exits(0);
    assert!(
        ran.stdout
            .contains("wrote    here/compose.yaml\nwrote    here/.env\n"),
        "{}",
        ran.stdout
    );
    for file in ["compose.yaml", ".env"] {
        let mode = fs::metadata(sandbox.join(&format!("here/{file}")))
            .unwrap()
            .permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
    }
    // Other choices replace an unedited compose.yaml; .env stays as it is.
    sandbox.write("here/.env", "DATABASE_URL=mine\n");
    let ran = write(&["--services", "apart"]).exits(0);
    assert!(
        ran.stdout.contains(
            "kept     here/.env: it lacks BOOTSTRAP_ENCRYPTION_KEY, POSTGRES_PASSWORD, FORGE\n"
        ),
        "{}",
        ran.stdout
    );
    assert!(sandbox.read("here/compose.yaml").contains("\n  server:\n"));
    assert_eq!(sandbox.read("here/.env"), "DATABASE_URL=mine\n");

    let edited = sandbox.read("here/compose.yaml").replace("512m", "1g");
    sandbox.write("here/compose.yaml", &edited);
    let ran = write(&["--services", "worker"]).exits(1);
    assert!(
        ran.stderr
            .starts_with("error: `here/compose.yaml` was edited; nothing was written\nhint: "),
        "{}",
        ran.stderr
    );
    assert_eq!(sandbox.read("here/compose.yaml"), edited);
    write(&["--services", "worker", "--force"]).exits(0);
    assert_eq!(sandbox.read("here/compose.yaml.old"), edited);
    assert_eq!(sandbox.read("here/.env.old"), "DATABASE_URL=mine\n");
    let new = sandbox.read("here/compose.yaml");
    assert_eq!(new, printed(&sandbox, &["--services", "worker"]));
    // A second backup would overwrite the first.
    sandbox.write("here/compose.yaml", &edited);
    let ran = write(&["--force"]).exits(1);
    assert!(
        ran.stderr
            .contains("`here/compose.yaml.old` exists; nothing was written"),
        "{}",
        ran.stderr
    );
    assert_eq!(sandbox.read("here/compose.yaml"), edited);
}

#[test]
fn secrets_are_generated_on_request_alone() {
    let sandbox = Sandbox::new();
    let generate = || printed(&sandbox, &["--env", "--generate-secrets"]);
    let (one, other) = (generate(), generate());
    assert_ne!(one, other);
    let value = |name: &str| {
        let start = format!("{name}=");
        one.lines()
            .find_map(|line| line.strip_prefix(&start))
            .unwrap()
            .to_owned()
    };
    let password = value("POSTGRES_PASSWORD");
    assert_eq!(
        value("DATABASE_URL"),
        format!("postgres://groundplan:{password}@postgres:5432/groundplan")
    );
    assert!(groundplan::pat::key::Key::parse(&value("BOOTSTRAP_ENCRYPTION_KEY")).is_ok());
    assert!(!printed(&sandbox, &["--generate-secrets"]).contains(&password));
}

#[test]
fn an_image_that_is_not_pinned_is_refused() {
    let sandbox = Sandbox::new();
    let digest = format!("a.example/b@sha256:{}", "0".repeat(64));
    for image in ["a:1", "localhost:5000/a/b:0.1.0", &digest] {
        assert!(
            printed(&sandbox, &["--image", image])
                .contains(&format!("${{GROUNDPLAN_IMAGE:-{image}}}"))
        );
    }
    for (image, said) in [
        ("groundplan", "is not pinned"),
        ("groundplan:latest", "is not pinned"),
        ("localhost:5000/groundplan", "is not pinned"),
        ("a@sha256:12", "invalid image name"),
        ("a b:1", "invalid image name"),
        ("a:1}", "invalid image name"),
        ("", "invalid image name"),
    ] {
        let ran = sandbox.groundplan(["compose", "--image", image]).exits(2);
        assert!(ran.stderr.contains(said), "{image}: {}", ran.stderr);
    }
    sandbox.groundplan(["compose", "--force"]).exits(2);
    let ran = sandbox
        .groundplan(["compose", "--into", "missing"])
        .exits(3);
    assert!(
        ran.stderr.contains("cannot write `missing/compose.yaml`"),
        "{}",
        ran.stderr
    );
}
