//! Addresses, settings and repositories that try to run something, or to read what is not theirs.

use super::{Fault, HOUR, Origin, command};
use groundplan::git::mirror::MirrorError;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

#[test]
fn an_address_or_a_reference_is_never_an_option_or_a_program() {
    let origin = Origin::new();
    let touch = "touch marker";
    for url in [
        &format!("--upload-pack={touch}") as &str,
        "-u",
        &format!("ext::sh -c {touch}"),
        "ext::sh",
        "ssh://-oProxyCommand=touch marker/x",
        "-oProxyCommand=x:y",
        "$(touch marker)",
        "file:///etc",
        "/etc",
        "http://169.254.169.254/latest",
        "https://user:canary@127.0.0.1/x",
    ] {
        let ran = origin.mirror(&["add", "--", url]);
        assert!([1, 2].contains(&ran.code), "{url}: {ran:?}");
    }
    for reference in [
        &format!("--upload-pack={touch}") as &str,
        "main:refs/heads/x",
        "^main",
        "refs/heads/*",
        "a..b",
        "HEAD^{tree}",
    ] {
        origin
            .mirror(&["add", &origin.url(), &format!("--ref={reference}")])
            .exits(2);
    }
    assert!(!origin.sandbox.join("marker").exists());
    assert_eq!(origin.server.requests(), Vec::<String>::new());
}

/// Addresses of this machine, of its link and of its cloud, in the notations that a resolver understands.
#[test]
fn a_special_host_is_contacted_only_with_the_permission_of_the_operator() {
    let origin = Origin::new();
    let hosts = [
        "localhost",
        "LocalHost.",
        "127.0.0.1",
        "127.1",
        "0x7f000001",
        "0177.0.0.1",
        "2130706433",
        "0",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[fe80::1]",
        "169.254.1.1",
        "169.254.169.254",
        "metadata.google.internal",
    ];
    let template = |url: &str, allowed: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_groundplan"));
        command
            .args(["preview", "--defaults", "--template", url])
            .args(crate::support::PRODUCT)
            .env("GROUNDPLAN_ALLOW_HOST", allowed)
            // A git that is started is not found.
            .env("PATH", "");
        origin.sandbox.run(&mut command)
    };
    for host in hosts {
        let mut urls = vec![
            format!("https://{host}/a/b"),
            format!("http://{host}:8080/a/b"),
            format!("ssh://git@{host}/a/b"),
        ];
        if !host.starts_with('[') {
            urls.push(format!("git@{host}:a/b"));
        }
        for url in urls {
            for allowed in ["", "example.org,10.0.0.1"] {
                let ran = template(&url, allowed).exits(1);
                assert!(
                    ran.stderr.contains("`--allow-host`"),
                    "{url}: {}",
                    ran.stderr
                );
            }
            let ran = template(&url, host).exits(3);
            assert!(
                ran.stderr.contains("`git` was not found"),
                "{url}: {}",
                ran.stderr
            );
        }
    }
    for url in [
        "https://%31%32%37.1/a",
        "git://localhost/a",
        "https://\u{ff11}27.0.0.1/a",
    ] {
        template(url, "").exits(1);
    }
    for url in ["https://10.0.0.1/a", "ssh://git@forge.lan/a"] {
        template(url, "").exits(3);
    }
    assert_eq!(origin.server.requests(), Vec::<String>::new());
    let url = origin.url().replace("127.0.0.1", "127.1");
    let mut add = command(&["add", &url, "--allow-host", "2130706433"]);
    origin
        .sandbox
        .run(add.env("GROUNDPLAN_ALLOW_HOST", ""))
        .exits(0);
}

#[test]
fn files_of_this_machine_are_read_only_when_that_is_allowed() {
    let origin = Origin::new();
    let url = format!(
        "file://{}",
        origin.sandbox.join("srv/acme/web.git").display()
    );
    let refused = origin.mirror(&["add", &url]).exits(1);
    assert!(
        refused.stderr.contains("--allow-file"),
        "{}",
        refused.stderr
    );
    origin.mirror(&["add", &url, "--allow-file"]).exits(0);
    assert!(!origin.git_dir().join("objects/info/alternates").exists());
}

/// Settings and variables that each run a program or send git elsewhere, when git listens to them.
#[test]
fn no_setting_of_the_user_and_no_variable_has_a_say() {
    let origin = Origin::new();
    let sandbox = &origin.sandbox;
    let marker = sandbox.join("marker");
    sandbox.write("evil", format!("#!/bin/sh\ntouch '{}'\n", marker.display()));
    sandbox.make_executable("evil");
    let evil = sandbox.join("evil").display().to_string();
    let hooks = [
        "post-checkout",
        "reference-transaction",
        "pre-auto-gc",
        "post-index-change",
    ];
    for hook in hooks {
        sandbox.write(&format!("hooks/{hook}"), sandbox.read("evil"));
        sandbox.make_executable(&format!("hooks/{hook}"));
        sandbox.write(&format!("templates/hooks/{hook}"), sandbox.read("evil"));
        sandbox.make_executable(&format!("templates/hooks/{hook}"));
    }
    let hooks = sandbox.join("hooks").display().to_string();
    let config = format!(
        "[core]\n fsmonitor = {evil}\n hooksPath = {hooks}\n sshCommand = {evil}\n askPass = {evil}\n\
         [credential]\n helper = {evil}\n[url \"http://127.0.0.1:1/\"]\n insteadOf = http://127\n\
         [protocol \"ext\"]\n allow = always\n[init]\n templateDir = {}\n[http]\n proxy = http://127.0.0.1:1\n",
        sandbox.join("templates").display()
    );
    sandbox.write(".gitconfig", &config);
    sandbox.write(".config/git/config", &config);
    sandbox.write(".netrc", "machine 127.0.0.1 login me password canary\n");
    origin.server.requires("x-access-token", "right");
    let mut add = command(&["add", &origin.url()]);
    for (name, value) in [
        (
            "GIT_CONFIG_GLOBAL",
            sandbox.join(".gitconfig").display().to_string(),
        ),
        (
            "GIT_CONFIG_SYSTEM",
            sandbox.join(".gitconfig").display().to_string(),
        ),
        ("GIT_CONFIG_NOSYSTEM", "0".to_owned()),
        ("GIT_CONFIG_PARAMETERS", format!("'core.sshCommand={evil}'")),
        ("GIT_DIR", sandbox.join("nowhere").display().to_string()),
        (
            "GIT_OBJECT_DIRECTORY",
            sandbox.join("nowhere").display().to_string(),
        ),
        ("GIT_EXEC_PATH", sandbox.join("hooks").display().to_string()),
        (
            "GIT_TEMPLATE_DIR",
            sandbox.join("templates").display().to_string(),
        ),
        ("GIT_SSH_COMMAND", evil.clone()),
        ("GIT_ASKPASS", evil.clone()),
        ("SSH_ASKPASS", evil.clone()),
        ("GIT_PROXY_COMMAND", evil.clone()),
        ("GIT_TRACE", sandbox.join("trace").display().to_string()),
        (
            "GIT_TRACE_CURL",
            sandbox.join("trace").display().to_string(),
        ),
        ("GIT_TRACE_REDACT", "0".to_owned()),
        ("GROUNDPLAN_GIT_TOKEN", "right".to_owned()),
        ("GROUNDPLAN_GIT_HOST", origin.server.host()),
    ] {
        add.env(name, value);
    }
    sandbox.run(&mut add).exits(0);
    let mut add = command(&["add", &origin.url()]);
    add.env("GIT_CONFIG_GLOBAL", sandbox.join(".gitconfig"));
    sandbox.run(&mut add).exits(1);
    assert!(!marker.exists());
    assert!(!sandbox.join("trace").exists());
}

#[test]
fn a_secret_is_in_no_argument_list_while_git_waits() {
    let origin = Origin::new();
    origin.server.requires("x-access-token", "canary-secret");
    origin.server.fails("/git-upload-pack", Fault::Stall);
    let mut add = command(&["add", &origin.url()]);
    add.env("GROUNDPLAN_GIT_TOKEN", "canary-secret")
        .env("GROUNDPLAN_GIT_HOST", origin.server.host());
    let child = origin
        .sandbox
        .settle(&mut add)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    origin.server.wait_for("POST /acme/web.git/git-upload-pack");
    let mut seen = 0;
    for entry in fs::read_dir("/proc").unwrap() {
        let Ok(line) = fs::read(entry.unwrap().path().join("cmdline")) else {
            continue;
        };
        let line = String::from_utf8_lossy(&line).into_owned();
        assert!(!line.contains("canary-secret"), "{line}");
        seen += usize::from(line.contains(&origin.url()));
    }
    assert!(seen >= 3, "groundplan, git and its helper are running");
    origin.server.release();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(!String::from_utf8_lossy(&output.stderr).contains("canary"));
}

#[test]
fn a_server_that_repeats_the_secret_does_not_get_it_printed() {
    let origin = Origin::new();
    origin.server.requires("x-access-token", "canary-secret");
    for status in [403, 429, 500] {
        origin.server.fails("acme", Fault::Status(status));
        let mut add = command(&["add", &origin.url(), "--format", "json"]);
        add.env("GROUNDPLAN_GIT_TOKEN", "canary-secret")
            .env("GROUNDPLAN_GIT_HOST", origin.server.host());
        let ran = origin.sandbox.run(&mut add).exits(1);
        assert!(
            ran.stdout.contains("authorization: Basic [secret]"),
            "{}",
            ran.stdout
        );
        let login = "eC1hY2Nlc3MtdG9rZW46Y2FuYXJ5LXNlY3JldA==";
        for text in [&ran.stdout, &ran.stderr] {
            assert!(!text.contains("canary") && !text.contains(login), "{text}");
        }
        origin.server.heals();
    }
}

#[test]
fn objects_that_git_calls_malformed_do_not_come_in() {
    let origin = Origin::new();
    let sandbox = &origin.sandbox;
    let blob = origin.git("acme/web", &["hash-object", "-w", "README.md"]);
    let mut tree = Vec::new();
    for name in ["a", "a"] {
        tree.extend_from_slice(format!("100644 {name}\0").as_bytes());
        tree.extend_from_slice(&hex::decode(blob.trim()).unwrap());
    }
    sandbox.write("tree", tree);
    let file = sandbox.join("tree").display().to_string();
    let tree = origin.git(
        "acme/web",
        &["hash-object", "-t", "tree", "-w", "--literally", &file],
    );
    let commit = origin.git("acme/web", &["commit-tree", tree.trim(), "-m", "twice"]);
    origin.push("acme/web", &[&format!("{}:refs/heads/main", commit.trim())]);
    let result = origin.pin("main", HOUR);
    let Err(MirrorError::Git { error, .. }) = &result else {
        panic!("{result:?}");
    };
    assert!(error.to_string().contains("duplicateEntries"), "{error}");
    assert!(!error.is_worth_retrying());
}

#[test]
fn links_in_the_cache_are_not_followed() {
    let origin = Origin::new();
    let sandbox = &origin.sandbox;
    origin.mirror(&["add", &origin.url()]).exits(0);
    let git_dir = origin.git_dir();
    fs::rename(&git_dir, sandbox.join("elsewhere.git")).unwrap();
    std::os::unix::fs::symlink(sandbox.join("elsewhere.git"), &git_dir).unwrap();
    origin.mirror(&["sync"]).exits(0);
    assert!(!git_dir.is_symlink());
    assert!(sandbox.join("elsewhere.git/HEAD").exists());
    fs::rename(sandbox.join(".cache/mirrors"), sandbox.join("mirrors")).unwrap();
    sandbox.symlink("../mirrors", ".cache/mirrors");
    for args in [
        &["add", &origin.url()] as &[&str],
        &["prune"],
        &["prune", &origin.url()],
    ] {
        let ran = origin.mirror(args);
        assert!(
            ran.code != 0 && ran.stderr.contains("was not changed"),
            "{ran:?}"
        );
    }
    assert!(sandbox.join("mirrors").read_dir().unwrap().count() > 2);
}

#[test]
fn the_cache_is_for_its_user_alone() {
    let origin = Origin::new();
    origin.pin("main", HOUR).unwrap();
    let mode = |path: &str| {
        origin
            .sandbox
            .join(path)
            .metadata()
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode(".cache/mirrors"), 0o700);
}
