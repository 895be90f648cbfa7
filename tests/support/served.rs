//! The demo catalogue with a template of two versions in a repository over HTTP.

use super::git_server::GitServer;
use super::{PRODUCT, Ran, Sandbox};
use groundplan::model::digest::GitId;
use std::process::Command;

/// A sandbox with the demo catalogue and the repository `srv/web`: `v1` is an annotated tag, `main` is one commit later.
pub(crate) struct Served {
    pub sandbox: Sandbox,
    pub server: GitServer,
    pub first: GitId,
    pub second: GitId,
}

impl Served {
    pub(crate) fn new() -> Self {
        let sandbox = Sandbox::with_demo();
        sandbox
            .write("srv/web/README.md", "# __PRODUCT_NAME__ from git\n")
            .write(
                "srv/web/package.json",
                "{\n  \"name\": \"__PRODUCT_SLUG__\"\n}\n",
            )
            .write("srv/web/docs/a.md", "a\n")
            .write("srv/web/docs/deep/b.md", "b\n")
            .write("srv/web/docs/c.txt", "c\n")
            .write("srv/web/run", "#!/bin/sh\n")
            .make_executable("srv/web/run");
        let first = sandbox.commit("srv/web");
        let author = ["-c", "user.name=a", "-c", "user.email=a@b.c"];
        sandbox.git(
            "srv/web",
            &[&author[..], &["tag", "-am", "x", "v1"]].concat(),
        );
        sandbox.write("srv/web/second.txt", "second\n");
        let second = sandbox.commit("srv/web");
        let server = GitServer::over(&sandbox.join("srv"));
        Self {
            sandbox,
            server,
            first,
            second,
        }
    }

    pub(crate) fn url(&self) -> String {
        self.server.url("web")
    }

    /// Runs a command over the demo catalogue with its defaults.
    #[track_caller]
    pub(crate) fn over(&self, command: &str, more: &[&str]) -> Ran {
        self.sandbox.run(&mut over(command, more))
    }

    /// Sets the source of the catalogue's template, by the content of `template: {…}`.
    pub(crate) fn template_is(&self, source: &str) {
        let path = "catalog/demo/catalog.yaml";
        let text = self.sandbox.read(path);
        let line = text
            .lines()
            .find(|line| line.starts_with("template: "))
            .unwrap();
        self.sandbox
            .write(path, text.replace(line, &format!("template: {{{source}}}")));
    }
}

/// A command over the demo catalogue with its defaults.
pub(crate) fn over(command: &str, more: &[&str]) -> Command {
    let mut command_line = Command::new(env!("CARGO_BIN_EXE_groundplan"));
    command_line
        .args([command, "--catalog", ".", "--defaults"])
        .args(PRODUCT)
        .args(more);
    command_line
}
