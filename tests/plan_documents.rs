//! Plan documents: Markdown with a plan as front matter.

use crate::support::Sandbox;
use serde_json::Value;

const EXAMPLE: &str = include_str!("../examples/plans/bootstrap.md");

#[test]
fn the_example_has_one_item_four_stories_and_22_tasks() {
    let sandbox = Sandbox::new();
    sandbox.write("plan.md", EXAMPLE);
    let text = sandbox.groundplan(["plan-document", "check", "plan.md"]);
    assert_eq!(
        text.exits(0).stdout,
        "plan.md: 1 backlog item, 4 stories, 22 tasks\n"
    );
    let json = sandbox.groundplan(["plan-document", "check", "plan.md", "--format", "json"]);
    let plan: Value = serde_json::from_str(&json.exits(0).stdout).unwrap();
    assert_eq!(plan["stories"][3]["tasks"][4]["verify_only"], true);
}

#[test]
fn each_fault_is_shown_at_its_line() {
    // What is replaced in the example, and what the report then says.
    let faults = [
        ("---\n", "", "the document has no front matter"),
        ("\n---\n\n#", "\n\n#", "the front matter has no end"),
        ("  priority: 1\nstories", "stories", "priority"),
        ("stories:", "tales:", "tales"),
        (
            "verify_required: PARTIAL",
            "verify_required: MAYBE",
            "MAYBE",
        ),
        (
            "- `src/worker/log.rs`",
            "- src/worker/log.rs",
            "is not in backticks",
        ),
        ("- `src/worker/log.rs`", "- `../log.rs`", "is not a path"),
    ];
    for (from, to, expected) in faults {
        assert!(EXAMPLE.contains(from), "{from}");
        let sandbox = Sandbox::new();
        sandbox.write("plan.md", EXAMPLE.replacen(from, to, 1));
        let ran = sandbox
            .groundplan(["plan-document", "check", "plan.md"])
            .exits(1);
        assert!(
            ran.stderr.contains(expected),
            "{from} -> {to}: {}",
            ran.stderr
        );
        assert!(ran.stderr.contains("plan.md:"), "{}", ran.stderr);
    }
    let sandbox = Sandbox::new();
    sandbox.write(
        "plan.md",
        EXAMPLE.replacen("MAYBE", "", 1).replacen(
            "verify_required: PARTIAL",
            "verify_required: MAYBE",
            1,
        ),
    );
    let line = EXAMPLE
        .lines()
        .position(|line| line.contains("verify_required: PARTIAL"))
        .unwrap()
        + 1;
    let ran = sandbox
        .groundplan(["plan-document", "check", "plan.md"])
        .exits(1);
    assert!(
        ran.stderr.contains(&format!("plan.md:{line}:")),
        "{}",
        ran.stderr
    );
}

#[test]
fn an_empty_or_very_long_document_is_refused() {
    for text in [
        String::new(),
        " \n".to_owned(),
        format!("{EXAMPLE}{}", "x".repeat(100_000)),
    ] {
        let sandbox = Sandbox::new();
        sandbox.write("plan.md", text);
        sandbox
            .groundplan(["plan-document", "check", "plan.md"])
            .exits(1);
    }
}
