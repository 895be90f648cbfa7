//! `groundplan fleet` over a list of repositories.

use crate::support::{PRODUCT, Ran, Sandbox};
use serde_json::{Value, json};

/// Repositories of the demo catalogue, and a newer version of its README.
fn fleet(names: &[&str]) -> Sandbox {
    let sandbox = Sandbox::with_demo();
    for name in names {
        sandbox.make(&["--defaults", "--into", name]).exits(0);
    }
    sandbox.write(
        "catalog/demo/template/README.md",
        "# __PRODUCT_NAME__\n\nNewer.\n",
    );
    let catalog = sandbox.read("catalog/demo/catalog.yaml");
    sandbox.write(
        "catalog/demo/catalog.yaml",
        catalog.replace("version: v1", "version: v2"),
    );
    sandbox
}

#[track_caller]
fn run(sandbox: &Sandbox, command: &str, more: &[&str]) -> Ran {
    let args = [
        "fleet",
        command,
        "fleet.txt",
        "--catalog",
        ".",
        "--format",
        "json",
    ];
    sandbox.groundplan(args.iter().chain(more))
}

/// A field of each repository, in order.
fn each<'v>(report: &'v Value, field: &str) -> Vec<&'v Value> {
    let all = report["repositories"].as_array().expect("repositories");
    all.iter().map(|one| &one[field]).collect()
}

#[test]
fn the_state_of_each_repository_is_told_in_the_order_of_the_list() {
    let sandbox = fleet(&["untouched", "clean", "conflict"]);
    sandbox.write("clean/own.txt", "mine\n");
    sandbox.commit("clean");
    sandbox.write("conflict/README.md", "# Mine\n");
    sandbox.commit("conflict");
    sandbox
        .groundplan(
            ["new", "--catalog", ".", "--defaults", "--into", "current"]
                .iter()
                .chain(&PRODUCT),
        )
        .exits(0);
    sandbox.write("other/a.txt", "not ours\n");
    sandbox.commit("other");
    sandbox.write(
        "fleet.txt",
        "# ours\nuntouched\nclean  # with more\n\nconflict\ncurrent\nother\n",
    );
    let report = run(&sandbox, "status", &[]).exits(1).json();
    assert_eq!(
        each(&report, "state"),
        [
            "untouched",
            "behind-clean",
            "behind-conflicts",
            "current",
            "cannot-be-remade"
        ]
    );
    assert_eq!(
        report["repositories"][2]["counts"],
        json!({ "conflict": 1 })
    );
    let reason = report["repositories"][4]["reason"].as_str().unwrap();
    assert!(reason.contains("groundplan did not create it"), "{reason}");
    let text = sandbox
        .groundplan(["fleet", "status", "fleet.txt", "--catalog", "."])
        .exits(1);
    assert!(
        text.stdout
            .contains("behind, conflicts  conflict  1 conflict"),
        "{}",
        text.stdout
    );
    assert!(text.stdout.ends_with("5 repositories: 1 current; 1 behind, clean; 1 behind, conflicts; 1 behind, untouched; 1 cannot be remade\n"), "{}", text.stdout);
}

#[test]
fn an_update_of_a_fleet_goes_on_after_a_failure_and_continues_when_it_is_run_again() {
    let sandbox = fleet(&["one", "two", "three"]);
    sandbox.git("two", &["branch", "next"]);
    sandbox.write("fleet.txt", "one\ntwo\nthree\n");
    let report = run(&sandbox, "update", &["--into-branch", "next"])
        .exits(1)
        .json();
    assert_eq!(each(&report, "outcome"), ["proposed", "failed", "proposed"]);
    let error = report["repositories"][1]["error"].as_str().unwrap();
    assert!(error.contains("has a branch `next` already"), "{error}");
    for name in ["one", "three"] {
        assert_eq!(
            sandbox.git(name, &["show", "next:README.md"]),
            "# Acme Web\n\nNewer.\n"
        );
        sandbox.git(name, &["merge", "-q", "--ff-only", "next"]);
    }
    sandbox.git("two", &["branch", "-D", "next"]);
    let report = run(&sandbox, "update", &["--into-branch", "next"])
        .exits(0)
        .json();
    assert_eq!(each(&report, "outcome"), ["current", "proposed", "current"]);
}

#[test]
fn all_repositories_of_an_owner_are_compared() {
    let sandbox = Sandbox::with_demo();
    std::fs::create_dir_all(sandbox.join("forge")).unwrap();
    let forge = ["--forge", "local", "--forge-url", "forge"];
    sandbox
        .make(&[&["--defaults"], &forge[..]].concat())
        .exits(0);
    let args = [
        "fleet",
        "status",
        "--owner",
        "acme",
        "--catalog",
        ".",
        "--format",
        "json",
    ];
    let report = sandbox
        .groundplan(args.iter().chain(&forge))
        .exits(0)
        .json();
    assert_eq!(each(&report, "state"), ["current"]);
    let none = args.map(|arg| if arg == "acme" { "nobody" } else { arg });
    let report = sandbox
        .groundplan(none.iter().chain(&forge))
        .exits(0)
        .json();
    assert_eq!(report["repositories"], json!([]));
}

#[test]
fn authors_see_the_effect_of_a_change_on_existing_repositories() {
    let sandbox = fleet(&["one", "two"]);
    sandbox.write("two/README.md", "# Mine\n");
    sandbox.commit("two");
    let args = [
        "catalog",
        "diff",
        ".",
        ".",
        "--against",
        "one",
        "--against",
        "two",
    ];
    let report = sandbox
        .groundplan(args.iter().chain(&["--format", "json"]))
        .exits(0)
        .json();
    assert_eq!(each(&report, "state"), ["untouched", "behind-conflicts"]);
    let text = sandbox.groundplan(args).exits(0);
    assert!(
        text.stdout.contains("behind, conflicts  two  1 conflict"),
        "{}",
        text.stdout
    );
    let comment = sandbox
        .groundplan(args.iter().chain(&["--format", "markdown"]))
        .exits(0);
    assert!(
        comment.stdout.contains("| two | behind, conflicts |"),
        "{}",
        comment.stdout
    );
}
