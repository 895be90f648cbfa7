//! `groundplan check`: everything wrong at once, at its exact place.

use crate::support::Sandbox;

#[test]
fn an_option_without_a_recipe_is_a_warning_and_no_failure() {
    let sandbox = Sandbox::with_demo();
    let ran = sandbox.groundplan(["check", "--format", "json"]).exits(0);
    assert_eq!(ran.findings(), ["GP308 catalog/demo/catalog.yaml:20:15"]);
}

#[test]
fn all_faults_of_all_files_are_reported_in_one_run() {
    let sandbox = Sandbox::with_demo();
    sandbox.write(
        "recipes/demo/auth/session.yaml",
        "actions:\n  - kind: WRITE_FILE\n    path: ../a\n    content: x\n  - kind: COPY_FIL\n    to: x\n",
    );
    sandbox.write(
        "recipes/demo/auth/none.yaml",
        "actions:\n  - kind: RUN_BASH_TEMPLATE\n    script: rm -rf /\n",
    );
    let ran = sandbox
        .groundplan(["check", ".", "--format", "json"])
        .exits(1);
    assert_eq!(
        ran.findings(),
        [
            "GP308 catalog/demo/catalog.yaml:20:15",
            "GP207 recipes/demo/auth/none.yaml:2:11",
            "GP206 recipes/demo/auth/session.yaml:3:11",
            "GP204 recipes/demo/auth/session.yaml:5:11",
        ]
    );
}
