//! The catalogue `python-package`: its packages are imported and run with Python.

use crate::support::{PRODUCT, Ran, Sandbox};
use std::process::Command;

/// A sandbox with a package with these options in `package`, and the defaults of all others.
#[track_caller]
fn package(options: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    create(&sandbox, options).exits(0);
    sandbox
}

fn create(sandbox: &Sandbox, options: &[&str]) -> Ran {
    let mut args = vec!["new", "--catalog", "python-package", "--defaults"];
    args.extend(["--into", "package", "--author", "Ada <ada@example.org>"]);
    for option in options {
        let is_input = option.starts_with(char::is_uppercase);
        args.extend([if is_input { "--input" } else { "--select" }, option]);
    }
    sandbox.groundplan(args.iter().chain(&PRODUCT))
}

fn manifest(sandbox: &Sandbox) -> toml::Table {
    sandbox.read("package/pyproject.toml").parse().unwrap()
}

/// Runs Python with the package as if it were installed: the file METADATA contains its version.
fn python(sandbox: &Sandbox, args: &[&str]) -> Ran {
    let metadata = "Metadata-Version: 2.4\nName: acme-web\nVersion: 0.1.0\n";
    sandbox.write("installed/acme_web-0.1.0.dist-info/METADATA", metadata);
    let folders = [sandbox.join("package/src"), sandbox.join("installed")];
    let mut command = Command::new("python3");
    command
        .args(args)
        .env("PYTHONPATH", std::env::join_paths(folders).unwrap())
        .env("PYTHONDONTWRITEBYTECODE", "1");
    sandbox.run(&mut command)
}

#[test]
fn a_library_is_imported_by_its_package_name() {
    let sandbox = package(&["PACKAGE=acme_lib"]);
    let script = "import acme_lib; print(acme_lib.greet(' Ada '), acme_lib.__version__)";
    let ran = python(&sandbox, &["-c", script]).exits(0);
    assert_eq!(ran.stdout, "Hello, Ada! 0.1.0\n");
    let script = "import acme_lib; acme_lib.greet('')";
    let ran = python(&sandbox, &["-c", script]).exits(1);
    assert!(ran.stderr.contains("AcmeLibError: the name is empty"));
    assert!(!sandbox.files().iter().any(|file| file.contains("cli.py")));
}

#[test]
fn a_command_prints_results_and_errors() {
    let sandbox = package(&["interface=argparse"]);
    let run = |args: &[&str]| python(&sandbox, &[&["-m", "acme_web"], args].concat());
    assert_eq!(run(&["Ada"]).exits(0).stdout, "Hello, Ada!\n");
    assert_eq!(run(&["--version"]).exits(0).stdout, "acme-web 0.1.0\n");
    assert_eq!(run(&[""]).exits(1).stderr, "error: the name is empty\n");
    run(&["Ada", "Grace"]).exits(2);
    let scripts = &manifest(&sandbox)["project"]["scripts"];
    assert_eq!(scripts["acme-web"].as_str(), Some("acme_web.cli:main"));
}

#[test]
fn inputs_are_in_the_manifest_the_licence_and_the_workflow() {
    let sandbox = package(&[
        "PYTHON=3.14",
        "DESCRIPTION=Says \"hello\"",
        "LICENCE_HOLDER=Acme",
    ]);
    let manifest = manifest(&sandbox);
    let project = &manifest["project"];
    assert_eq!(project["description"].as_str(), Some("Says \"hello\""));
    assert_eq!(project["requires-python"].as_str(), Some(">=3.14"));
    assert_eq!(project["authors"][0]["name"].as_str(), Some("Ada"));
    let licence = sandbox.read("package/LICENSE");
    assert!(licence.contains("Copyright (c) 2026 Acme\n"), "{licence}");
    let workflow = sandbox.read("package/.github/workflows/ci.yml");
    assert!(workflow.contains("python: [\"3.14\"]\n"), "{workflow}");
}

#[test]
fn names_that_python_uses_itself_are_refused() {
    for name in ["Import", "JSON", "1st"] {
        let sandbox = Sandbox::new();
        let options = [&PRODUCT[2..], &["--name", name, "--into", "package"]].concat();
        let new = ["new", "--catalog", "python-package", "--defaults"];
        let ran = sandbox.groundplan(new.iter().chain(&options)).exits(1);
        assert!(ran.stderr.contains("GP509"), "{}", ran.stderr);
    }
}

#[test]
fn each_option_adds_its_tools_and_files() {
    for (interface, types, docs, licence, ci) in [
        ("library", "mypy", "sphinx", "MIT", "github"),
        ("argparse", "pyright", "mkdocs", "Apache-2.0", "forgejo"),
        ("typer", "mypy", "none", "LicenseRef-Proprietary", "none"),
    ] {
        let licence_option = match licence {
            "MIT" => "mit",
            "Apache-2.0" => "apache",
            _ => "closed",
        };
        let sandbox = package(&[
            &format!("interface={interface}"),
            &format!("types={types}"),
            &format!("docs={docs}"),
            &format!("licence={licence_option}"),
            &format!("ci={ci}"),
            "addons=coverage,pre-commit,renovate",
        ]);
        let manifest = manifest(&sandbox);
        assert_eq!(manifest["project"]["license"].as_str(), Some(licence));
        let groups = &manifest["dependency-groups"];
        let development = format!("{:?}", groups["dev"]);
        for tool in ["pytest>=", "ruff>=", "pytest-cov>=", "pre-commit>=", types] {
            assert!(development.contains(tool), "{tool} in {development}");
        }
        assert_eq!(groups.get("docs").is_some(), docs != "none");
        assert!(manifest["tool"].get(types).is_some());
        let files = sandbox.files();
        for (file, exists) in [
            ("package/LICENSE", true),
            ("package/mkdocs.yml", docs == "mkdocs"),
            ("package/docs/conf.py", docs == "sphinx"),
            ("package/.github/workflows/ci.yml", ci == "github"),
            ("package/.forgejo/workflows/ci.yml", ci == "forgejo"),
            ("package/.pre-commit-config.yaml", true),
            ("package/tests/test_cli.py", interface != "library"),
        ] {
            assert_eq!(files.iter().any(|it| it == file), exists, "{file}");
        }
    }
}
