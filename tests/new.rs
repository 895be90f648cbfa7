//! `groundplan new`: the preview's repository, whole or not at all.

use crate::support::Sandbox;

#[test]
fn git_itself_computes_the_promised_ids() {
    let sandbox = Sandbox::with_demo();
    let report = sandbox
        .preview(&["--defaults", "--format", "json"])
        .exits(0)
        .json();
    let tree = report["treeId"].as_str().unwrap();
    sandbox
        .make(&["--defaults", "--into", "out", "--expect", tree])
        .exits(0);
    assert_eq!(
        sandbox.git("out", &["rev-parse", "HEAD^{tree}"]).trim(),
        tree
    );
    assert_eq!(
        sandbox.git("out", &["rev-parse", "main"]).trim(),
        report["commitId"].as_str().unwrap()
    );
    assert_eq!(sandbox.git("out", &["status", "--porcelain"]), "");
    sandbox.git("out", &["fsck", "--strict"]);
}
