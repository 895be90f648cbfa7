//! Tests of the compiled program.

use std::process::{Command, Output};

fn run(args: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE___PRODUCT_SLUG__");
    Command::new(program).args(args).output().unwrap()
}

#[test]
fn a_name_is_greeted() {
    let output = run(&["Ada"]);
    assert!(output.status.success());
    assert_eq!(output.stdout, b"Hello, Ada!\n");
}

#[test]
fn an_empty_name_is_an_error() {
    let output = run(&[""]);
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.contains("the name is empty"), "{stderr}");
    assert!(output.stdout.is_empty());
}

#[test]
fn an_extra_argument_is_a_usage_error() {
    assert_eq!(run(&["Ada", "Grace"]).status.code(), Some(2));
}
