//! Real repositories for the fakes, for pushes by git.

use super::fake::Repo;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

/// A folder of bare repositories, `owner/name.git`.
pub(crate) struct Disk {
    pub folder: PathBuf,
    /// The `pre-receive` hook of new repositories.
    pub hook: Option<&'static str>,
}

impl Disk {
    pub(crate) fn path(&self, repo: &Repo) -> PathBuf {
        self.folder
            .join(&repo.owner)
            .join(format!("{}.git", repo.name))
    }

    pub(super) fn create(&self, repo: &Repo) {
        let path = self.path(repo);
        let status = Command::new("git")
            .args(["init", "-q", "--bare", "-b", "main"])
            .arg(&path)
            .status();
        assert!(status.unwrap().success());
        if let Some(hook) = self.hook {
            let file = path.join("hooks/pre-receive");
            fs::create_dir_all(path.join("hooks")).unwrap();
            fs::write(&file, format!("#!/bin/sh\n{hook}\n")).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    pub(super) fn remove(&self, repo: &Repo) {
        fs::remove_dir_all(self.path(repo)).unwrap();
    }

    pub(super) fn remove_branch(&self, repo: &Repo, name: &str) {
        let status = Command::new("git")
            .arg("--git-dir")
            .arg(self.path(repo))
            .args(["update-ref", "-d"])
            .arg(format!("refs/heads/{name}"))
            .status();
        assert!(status.unwrap().success());
    }

    /// Reads the branches.
    pub(super) fn read(&self, repo: &mut Repo) {
        let path = self.path(repo);
        if !path.exists() {
            return;
        }
        let output = Command::new("git")
            .arg("--git-dir")
            .arg(&path)
            .args(["for-each-ref", "refs/heads"])
            .arg("--format=%(refname:short) %(objectname) %(tree)")
            .output()
            .unwrap();
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        let branch = |line: &str| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            let [name, commit, tree] = words.try_into().unwrap();
            (name, (commit, tree))
        };
        repo.branches = text.lines().map(branch).collect();
    }
}

/// In seconds since 1970.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}
