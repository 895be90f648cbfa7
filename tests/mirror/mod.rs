//! `groundplan mirror` and the template cache, against real repositories over HTTP.

mod faults;
mod hostile;

use crate::support::git_server::{Fault, GitServer};
use crate::support::{Ran, Sandbox, files_below};
use groundplan::git::mirror::{Freshness, MirrorError, Mirrors, Pinned};
use groundplan::git::{AllowedHosts, Credential, Git, GitAccess, GitSettings};
use groundplan::model::digest::GitId;
use groundplan::model::ref_name::RefName;
use groundplan::model::remote::RemoteUrl;
use std::fs;
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// A server with the repository `acme/web.git`, in a sandbox.
struct Origin {
    sandbox: Sandbox,
    server: GitServer,
}

impl Origin {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        fs::create_dir(sandbox.join("srv")).unwrap();
        let server = GitServer::over(&sandbox.join("srv"));
        let origin = Self { sandbox, server };
        origin.commit("acme/web", "first");
        origin
    }

    /// Commits a file to the `main` of a repository, which is made when there is none, and gives the commit's id.
    fn commit(&self, name: &str, text: &str) -> GitId {
        let (work, bare) = (format!("work/{name}"), format!("srv/{name}.git"));
        if !self.sandbox.join(&work).exists() {
            fs::create_dir_all(self.sandbox.join(&work)).unwrap();
            self.sandbox
                .git(".", &["init", "-q", "--bare", "-b", "main", &bare]);
            self.sandbox.git(&work, &["init", "-q", "-b", "main"]);
        }
        self.sandbox.write(&format!("{work}/README.md"), text);
        self.git(name, &["add", "."]);
        self.git(name, &["commit", "-qm", text]);
        self.push(name, &["main"]);
        GitId::parse(self.git(name, &["rev-parse", "HEAD"]).trim()).unwrap()
    }

    fn push(&self, name: &str, what: &[&str]) {
        let bare = self.sandbox.join(&format!("srv/{name}.git"));
        let args = ["push", "-q", "--force", bare.to_str().unwrap()];
        self.git(name, &[&args[..], what].concat());
    }

    fn tag(&self, name: &str, tag: &str) {
        self.git(name, &["tag", "-f", "-a", "-m", "tagged", tag]);
        self.push(name, &[tag]);
    }

    fn git(&self, name: &str, args: &[&str]) -> String {
        let author = ["-c", "user.name=a", "-c", "user.email=a@b.c"];
        self.sandbox
            .git(&format!("work/{name}"), &[&author[..], args].concat())
    }

    fn url(&self) -> String {
        self.server.url("acme/web.git")
    }

    fn remote(&self) -> RemoteUrl {
        RemoteUrl::parse(&self.url()).unwrap()
    }

    #[track_caller]
    fn mirror(&self, args: &[&str]) -> Ran {
        self.sandbox.run(&mut command(args))
    }

    /// Pins as the library does it for other commands.
    fn pin(&self, reference: &str, freshness: Freshness) -> Result<Pinned, MirrorError> {
        let reference = RefName::parse(reference).unwrap();
        self.with_access(|mirrors, access| {
            mirrors.pin(access, &self.remote(), &reference, freshness)
        })
    }

    fn with_access<T>(&self, act: impl FnOnce(&Mirrors, &GitAccess<'_>) -> T) -> T {
        let git = Git::new(settings());
        let stop = AtomicBool::new(false);
        let access = GitAccess {
            git: &git,
            credential: None,
            stop: &stop,
        };
        act(&self.mirrors(), &access)
    }

    fn mirrors(&self) -> Mirrors {
        Mirrors::at(&self.sandbox.join(".cache"))
    }

    /// The one repository in the cache.
    fn git_dir(&self) -> std::path::PathBuf {
        let mut found = fs::read_dir(self.sandbox.join(".cache/mirrors"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|end| end == "git"));
        let one = found.next().expect("a repository in the cache");
        assert_eq!(found.next(), None);
        one
    }

    fn cached_files(&self) -> Vec<String> {
        files_below(&self.sandbox.join(".cache"))
    }
}

/// A `groundplan mirror` that is not started yet.
fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_groundplan"));
    command.arg("mirror").args(args);
    command
}

fn settings() -> GitSettings {
    GitSettings {
        path: std::env::var_os("PATH").unwrap(),
        passed: Vec::new(),
        allow_file: false,
        allow_hosts: AllowedHosts::All,
        timeout: Duration::from_mins(1),
        max_bytes: GitSettings::MAX_BYTES,
    }
}

const HOUR: Freshness = Freshness::AtMost(Duration::from_hours(1));

#[test]
fn a_reference_is_fetched_once_and_asked_again_only_when_it_is_old() {
    let origin = Origin::new();
    let first = origin.pin("main", HOUR).unwrap().commit;
    let second = origin.commit("acme/web", "second");
    assert_eq!(origin.pin("main", HOUR).unwrap().commit, first);
    assert_eq!(
        origin.pin("main", Freshness::Offline).unwrap().commit,
        first
    );
    assert_eq!(origin.server.fetches(), 1);
    assert_eq!(origin.pin("main", Freshness::Now).unwrap().commit, second);
    assert_eq!(
        origin.pin(first.as_str(), Freshness::Now).unwrap().commit,
        first
    );
    assert_eq!(origin.server.fetches(), 2);
}

#[test]
fn tags_branches_full_names_commits_and_head_lead_to_their_commit() {
    let origin = Origin::new();
    let first = origin.commit("acme/web", "first of two");
    origin.tag("acme/web", "v1");
    origin.tag("acme/web", "v1.0.0+build.5");
    origin.push("acme/web", &["main:refs/heads/v1/x"]);
    let second = origin.commit("acme/web", "second of two");
    for (reference, commit) in [
        ("v1", &first),
        ("v1/x", &first),
        ("v1.0.0+build.5", &first),
        ("refs/tags/v1", &first),
        ("refs/heads/main", &second),
        ("main", &second),
        ("HEAD", &second),
        (first.as_str(), &first),
    ] {
        let pinned = origin.pin(reference, HOUR).unwrap();
        assert_eq!(&pinned.commit, commit, "{reference}");
        let shown = Command::new("git")
            .args([
                "--git-dir",
                pinned.git_dir.to_str().unwrap(),
                "cat-file",
                "-p",
            ])
            .arg(format!("{commit}:README.md"))
            .output()
            .unwrap();
        assert!(shown.stdout.ends_with(b"of two"), "{shown:?}");
    }
}

#[test]
fn what_is_no_commit_is_not_pinned() {
    let origin = Origin::new();
    origin.git("acme/web", &["tag", "tree", "HEAD^{tree}"]);
    origin.push("acme/web", &["tree"]);
    let result = origin.pin("tree", HOUR);
    assert!(
        matches!(result, Err(MirrorError::NotACommit { .. })),
        "{result:?}"
    );
}

#[test]
fn a_planned_commit_is_found_though_its_branch_went_on() {
    let origin = Origin::new();
    let planned = origin.commit("acme/web", "planned");
    origin.commit("acme/web", "later");
    let reference = RefName::parse("main").unwrap();
    let pinned = origin.with_access(|mirrors, access| {
        mirrors.pin_commit(access, &origin.remote(), &reference, &planned, HOUR)
    });
    assert_eq!(pinned.unwrap().commit, planned);
}

#[test]
fn a_planned_commit_that_is_gone_is_told_with_both_ids() {
    let origin = Origin::new();
    let planned = origin.commit("acme/web", "planned");
    origin.tag("acme/web", "v1");
    fs::remove_dir_all(origin.sandbox.join("work/acme/web")).unwrap();
    fs::remove_dir_all(origin.sandbox.join("srv/acme/web.git")).unwrap();
    let now = origin.commit("acme/web", "another history");
    origin.tag("acme/web", "v1");
    let reference = RefName::parse("v1").unwrap();
    let pinned = origin.with_access(|mirrors, access| {
        mirrors.pin_commit(access, &origin.remote(), &reference, &planned, HOUR)
    });
    let Err(MirrorError::Moved {
        planned: one,
        found,
        ..
    }) = pinned
    else {
        panic!("{pinned:?}");
    };
    assert_eq!((one, found), (planned, now));
}

#[test]
fn a_repository_that_changes_between_two_requests_gives_one_of_its_commits() {
    let origin = Origin::new();
    let before = origin.pin("main", HOUR).unwrap().commit;
    let after = origin.commit("acme/web", "second");
    let (bare, old) = (origin.sandbox.join("srv/acme/web.git"), before.to_string());
    origin.server.before("/git-upload-pack", move || {
        let moved = Command::new("git")
            .args([
                "--git-dir",
                bare.to_str().unwrap(),
                "update-ref",
                "refs/heads/main",
                &old,
            ])
            .status()
            .unwrap();
        assert!(moved.success());
    });
    let pinned = origin.pin("main", Freshness::Now).unwrap();
    assert!([before, after].contains(&pinned.commit));
}

#[test]
fn keeping_syncing_listing_and_pruning_tell_what_they_did() {
    let origin = Origin::new();
    let url = origin.url();
    let first = origin.commit("acme/web", "one");
    origin.tag("acme/web", "v1");
    let added = origin
        .mirror(&["add", &url, "--ref", "v1", "--ref", "main"])
        .exits(0);
    let short = &first.as_str()[..12];
    assert_eq!(
        added.stdout,
        format!("{url}  v1  {short}  new\n{url}  main  {short}  new\n")
    );
    origin
        .mirror(&["add", &url, "--ref", "v1", "--ref", "main"])
        .exits(0);
    let second = origin.commit("acme/web", "two");
    let synced = origin.mirror(&["sync", "--format", "json"]).exits(0).json();
    assert_eq!(synced["fetched"][0]["before"], first.as_str());
    assert_eq!(synced["fetched"][0]["commit"], second.as_str());
    assert_eq!(synced["fetched"][1]["commit"], first.as_str());
    let listed = origin.mirror(&["list", "--format", "json"]).exits(0).json();
    let mirror = &listed["mirrors"][0];
    assert_eq!(
        (&mirror["url"], &mirror["state"]),
        (&url.into(), &"whole".into())
    );
    assert_eq!(mirror["refs"][0]["commit"], second.as_str());
    assert!(mirror["bytes"].as_u64() > Some(1000), "{mirror}");
    let text = origin.mirror(&["list"]).exits(0).stdout;
    assert!(text.contains(&format!("  v1    {short}  ")), "{text}");
    origin.mirror(&["prune"]).exits(0);
    assert_eq!(
        origin.mirror(&["list", "--format", "json"]).json()["mirrors"][0]["kept"],
        true
    );
    origin.mirror(&["prune", &origin.url()]).exits(0);
    assert_eq!(origin.cached_files(), Vec::<String>::new());
}

#[test]
fn several_repositories_are_named_with_commas_and_one_that_fails_stops_no_other() {
    let origin = Origin::new();
    origin.commit("acme/docs", "docs");
    let urls =
        ["acme/web.git", "acme/none.git", "acme/docs.git"].map(|path| origin.server.url(path));
    let ran = origin.mirror(&["add", &urls.join(",")]).exits(1);
    assert_eq!(ran.stdout.lines().count(), 2, "{}", ran.stdout);
    assert!(
        ran.stderr
            .contains("acme/none.git`: the repository does not exist"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("hint: check the address"),
        "{}",
        ran.stderr
    );
    origin.server.fails("docs.git", Fault::Status(503));
    let ran = origin.mirror(&["sync", "--format", "json"]).exits(1);
    let json = ran.json();
    let fetched = json["fetched"].as_array().unwrap();
    assert_eq!(fetched.len(), 2);
    let failed: Vec<_> = fetched
        .iter()
        .filter(|line| line["error"] != serde_json::Value::Null)
        .collect();
    assert_eq!(
        (failed.len(), &failed[0]["url"]),
        (1, &urls[2].as_str().into())
    );
    assert_eq!(failed[0]["error"]["retry"], true);
}

#[test]
fn what_is_not_kept_is_pruned_with_what_dead_processes_left() {
    let origin = Origin::new();
    origin.pin("main", HOUR).unwrap();
    let listed = origin.mirror(&["list", "--format", "json"]).json();
    assert_eq!(listed["mirrors"][0]["kept"], false);
    origin
        .sandbox
        .write(".cache/mirrors/a-0123456789abcdef.new.git/HEAD", "");
    origin
        .sandbox
        .write(".cache/mirrors/a-0123456789abcdef.lock", "");
    origin.sandbox.write(".cache/mirrors/notes.txt", "mine");
    origin.mirror(&["prune"]).exits(0);
    assert_eq!(origin.cached_files(), ["mirrors/notes.txt"]);
}

#[test]
fn a_token_goes_to_its_own_host_and_opens_what_is_private() {
    let origin = Origin::new();
    origin.server.requires("x-access-token", "canary-secret");
    let url = origin.url();
    let refused = origin.mirror(&["add", &url]).exits(1);
    assert!(
        refused.stderr.contains("set GROUNDPLAN_GIT_TOKEN"),
        "{}",
        refused.stderr
    );
    let mut elsewhere = command(&["add", &url]);
    let elsewhere = origin
        .sandbox
        .run(elsewhere.env("GROUNDPLAN_GIT_TOKEN", "canary-secret"))
        .exits(1);
    assert!(
        elsewhere
            .stderr
            .contains("the token in GROUNDPLAN_GIT_TOKEN is for `github.com` and was not sent"),
        "{}",
        elsewhere.stderr
    );
    let mut right = command(&["add", &url]);
    right
        .env("GROUNDPLAN_GIT_TOKEN", "canary-secret")
        .env("GROUNDPLAN_GIT_HOST", origin.server.host());
    let right = origin.sandbox.run(&mut right).exits(0);
    for text in [refused.stderr, elsewhere.stderr, right.stdout, right.stderr] {
        assert!(!text.contains("canary"), "{text}");
    }
    for file in origin.cached_files() {
        let bytes = fs::read(origin.sandbox.join(".cache").join(&file)).unwrap();
        assert!(
            !String::from_utf8_lossy(&bytes).contains("canary"),
            "{file}"
        );
    }
}

#[test]
fn a_credential_for_the_host_is_used_by_the_library() {
    let origin = Origin::new();
    origin.server.requires("me", "canary-secret");
    let secret = groundplan::secret::Secret::parse("canary-secret".to_owned()).unwrap();
    let credential = Credential::new(&origin.server.host(), "me", secret).unwrap();
    let pinned = origin.with_access(|mirrors, access| {
        let access = GitAccess {
            credential: Some(&credential),
            ..*access
        };
        mirrors.pin(&access, &origin.remote(), &RefName::head(), HOUR)
    });
    assert_eq!(pinned.unwrap().git_dir, origin.git_dir());
}
