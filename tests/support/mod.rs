//! The one harness: a folder of its own, the real program, and what both leave behind.

pub(crate) mod faulty;
pub(crate) mod gate;
pub(crate) mod git_server;
pub(crate) mod jobs;
pub(crate) mod postgres;
pub(crate) mod rows;
pub(crate) mod served;
mod snapshot;
pub(crate) mod tls;

use groundplan::catalog::Catalog;
use groundplan::model::condition::InputValues;
use groundplan::model::date::Day;
use groundplan::model::digest::GitId;
use groundplan::model::input::{Identity, Inputs, Owner, ProductName, RepoName};
use groundplan::model::plan::{TemplateOrigin, TemplatePin};
use groundplan::model::provenance::CatalogSource;
use groundplan::model::selection::Selection;
use groundplan::model::slug::Slug;
use groundplan::resolve::{self, Request};
use groundplan::tree::git::{GitTree, TemplatePart};
use groundplan::tree::validate::Links;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A folder that goes away with the test, in which commands run.
pub(crate) struct Sandbox {
    folder: tempfile::TempDir,
}

/// What a command left on its streams, and its exit code.
#[derive(Debug)]
pub(crate) struct Ran {
    pub stdout: String,
    pub stderr: String,
    pub code: i32,
}

/// The product that tests preview and make.
pub(crate) const PRODUCT: [&str; 8] = [
    "--name",
    "Acme Web",
    "--owner",
    "acme",
    "--repo",
    "acme-web",
    "--date",
    "2026-11-21",
];

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A sandbox with the small catalogue `demo`: one required category `auth` with the options `session` (default)
    /// and `none`, one free category `addons` with `docs`, and a template of three files.
    pub(crate) fn with_demo() -> Self {
        let sandbox = Self::new();
        for (path, text) in DEMO {
            sandbox.write(path, text);
        }
        sandbox
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn join(&self, path: &str) -> PathBuf {
        self.path().join(path)
    }

    /// Writes a file and the folders above it.
    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    pub(crate) fn make_executable(&self, path: &str) -> &Self {
        fs::set_permissions(self.join(path), fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    pub(crate) fn symlink(&self, target: &str, path: &str) -> &Self {
        std::os::unix::fs::symlink(target, self.join(path)).unwrap();
        self
    }

    #[track_caller]
    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Runs groundplan here.
    #[track_caller]
    pub(crate) fn groundplan<I: AsRef<str>>(&self, args: impl IntoIterator<Item = I>) -> Ran {
        let args: Vec<String> = args
            .into_iter()
            .map(|arg| arg.as_ref().to_owned())
            .collect();
        let mut command = Command::new(env!("CARGO_BIN_EXE_groundplan"));
        self.run(command.args(args))
    }

    /// Runs `groundplan preview` over the demo catalogue.
    #[track_caller]
    pub(crate) fn preview(&self, more: &[&str]) -> Ran {
        self.groundplan(
            ["preview", "--catalog", "."]
                .iter()
                .chain(&PRODUCT)
                .chain(more),
        )
    }

    /// Runs `groundplan new` over the demo catalogue.
    #[track_caller]
    pub(crate) fn make(&self, more: &[&str]) -> Ran {
        self.groundplan(["new", "--catalog", "."].iter().chain(&PRODUCT).chain(more))
    }

    /// Runs git here, with nothing of the machine's own settings.
    #[track_caller]
    pub(crate) fn git(&self, folder: &str, args: &[&str]) -> String {
        let mut command = Command::new("git");
        command.arg("-C").arg(self.join(folder)).args(args);
        let ran = self.run(&mut command);
        assert_eq!(ran.code, 0, "git {args:?}: {}", ran.stderr);
        ran.stdout
    }

    /// Commits all of a folder to its `main`, makes it a repository first when it is none, and gives the commit's id.
    #[track_caller]
    pub(crate) fn commit(&self, folder: &str) -> GitId {
        if !self.join(folder).join(".git").exists() {
            self.git(folder, &["init", "-q", "-b", "main"]);
        }
        self.git(folder, &["add", "-A", "--force"]);
        let author = ["-c", "user.name=a", "-c", "user.email=a@b.c"];
        let commit = ["commit", "-qm", "x", "--allow-empty"];
        self.git(folder, &[&author[..], &commit].concat());
        self.git_id(folder, "HEAD")
    }

    /// The id that git knows under a name.
    #[track_caller]
    pub(crate) fn git_id(&self, folder: &str, name: &str) -> GitId {
        GitId::parse(self.git(folder, &["rev-parse", name]).trim()).unwrap()
    }

    /// The tree of a commit, links included.
    #[track_caller]
    pub(crate) fn tree_of(&self, repository: &str, commit: &GitId) -> GitTree {
        let part = TemplatePart {
            commit: commit.clone(),
            folder: None,
            exclude: &[],
            links: Links::Kept,
        };
        GitTree::open(&self.join(repository), &part, None).unwrap()
    }

    /// Runs any command here, without terminal, home and git settings.
    #[track_caller]
    pub(crate) fn run(&self, command: &mut Command) -> Ran {
        let output = self
            .settle(command)
            .output()
            .unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
        Ran::from(output)
    }

    /// Gives a command this folder, home and cache, and nothing of the machine's own settings. What the command sets
    /// itself stays.
    pub(crate) fn settle<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        let own: Vec<_> = command
            .get_envs()
            .map(|(name, _)| name.to_owned())
            .collect();
        let cache = self.join(".cache");
        let given = [
            ("HOME", self.path()),
            ("GROUNDPLAN_CACHE_DIR", &cache),
            ("NO_COLOR", Path::new("1")),
            ("GIT_CONFIG_NOSYSTEM", Path::new("1")),
            ("GIT_CONFIG_GLOBAL", Path::new("/dev/null")),
            // The servers of the tests.
            ("GROUNDPLAN_ALLOW_HOST", Path::new("127.0.0.1")),
        ];
        for (name, value) in given {
            if !own.iter().any(|own| own == name) {
                command.env(name, value);
            }
        }
        let of_machine = |name: &str| {
            let name = name.to_ascii_lowercase();
            ["xdg_cache_home", "database_url", "direct_url"].contains(&name.as_str())
                || ["groundplan_", "bootstrap_"]
                    .iter()
                    .any(|start| name.starts_with(start))
                || name.ends_with("_proxy")
        };
        for (name, _) in std::env::vars_os() {
            let is_given = own.contains(&name)
                || name == "GROUNDPLAN_CACHE_DIR"
                || name == "GROUNDPLAN_ALLOW_HOST";
            if !is_given && name.to_str().is_some_and(of_machine) {
                command.env_remove(name);
            }
        }
        command.current_dir(self.path()).stdin(Stdio::null())
    }

    /// Every file below the sandbox, by path, without `.git` and without the template cache.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut files = files_below(self.path());
        files.retain(|file| !file.starts_with(".cache/"));
        files
    }
}

/// Every file below a folder, by path, without `.git`.
pub(crate) fn files_below(folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(inside) = open.pop() {
        for entry in fs::read_dir(inside).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with(".git") {
                continue;
            }
            if path.is_dir() && !path.is_symlink() {
                open.push(path);
            } else {
                let path = path.strip_prefix(folder).unwrap();
                files.push(path.to_string_lossy().into_owned());
            }
        }
    }
    files.sort();
    files
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            stdout: String::from_utf8(output.stdout).expect("results are UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("talk is UTF-8"),
            code: output.status.code().expect("not killed by a signal"),
        }
    }
}

impl Ran {
    /// Asserts the exit code, and shows everything when it is another one.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout, self.stderr
        );
        self
    }

    /// The result as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}{}", self.stdout, self.stderr))
    }

    /// The findings of a `--format json` result as `CODE file:line:column`.
    #[track_caller]
    pub(crate) fn findings(&self) -> Vec<String> {
        let json = self.json();
        let findings = json["diagnostics"].as_array().expect("diagnostics");
        let line = |finding: &Value| {
            let code = finding["code"].as_str().unwrap();
            format!(
                "{code} {}:{}:{}",
                finding["file"].as_str().unwrap_or("-"),
                finding["line"],
                finding["column"]
            )
        };
        findings.iter().map(line).collect()
    }
}

/// Whether expected results are to be written anew instead of compared.
pub(crate) fn is_updating() -> bool {
    std::env::var_os("UPDATE_SNAPSHOTS").is_some()
}

/// Compares a file of the repository with what it should hold, or rewrites it when `UPDATE_SNAPSHOTS` is set.
#[track_caller]
pub(crate) fn matches_or_updates(file: &Path, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if is_updating() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        return fs::write(path, expected).unwrap();
    }
    let name = file.display();
    let found = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(
        found == expected,
        "{name} is not up to date: run `UPDATE_SNAPSHOTS=1 cargo test` and review it\n{}",
        similar::TextDiff::from_lines(&*found, expected).unified_diff()
    );
}

/// The default selection of a catalogue for [`PRODUCT`], over an empty template.
pub(crate) fn request(catalog: &Catalog) -> Request {
    let mut selection = Selection::default();
    resolve::fill_with_defaults(catalog, &mut selection);
    Request {
        selection,
        inputs: Inputs {
            product_name: ProductName::parse("Acme Web").unwrap(),
            product_slug: Slug::parse("acme-web").unwrap(),
            owner: Owner::parse("acme").unwrap(),
            repo: RepoName::parse("acme-web").unwrap(),
            date: Day::parse("2026-11-21").unwrap(),
            repo_url: None,
            values: InputValues::new(),
        },
        author: Identity::default(),
        catalog_source: Some(CatalogSource::default()),
        template: TemplatePin {
            repo: TemplateOrigin::Folder,
            r#ref: "v1".to_owned(),
            sha: None,
            path: None,
            tree: GitId::parse("4b825dc642cb6eb9a060e54bf8d69288fbee4904").unwrap(),
        },
    }
}

/// The catalogue of [`Sandbox::with_demo`].
const DEMO: [(&str, &str); 7] = [
    (
        "catalog/demo/catalog.yaml",
        "catalog: demo
title: Demo
template: { path: template, version: v1 }
placeholders: [PRODUCT_NAME, PRODUCT_SLUG, GITHUB_OWNER]
categories:
  - slug: auth
    title: Authentication
    selection: SINGLE
    required: true
    options:
      - slug: session
        title: Sessions
        default: true
      - slug: none
        title: No sign-in
  - slug: addons
    title: Add-ons
    selection: MULTI
    options:
      - slug: docs
        title: Documentation
",
    ),
    (
        "catalog/demo/template/README.md",
        "# __PRODUCT_NAME__\n\nOf __GITHUB_OWNER__.\n",
    ),
    (
        "catalog/demo/template/package.json",
        "{\n  \"name\": \"__PRODUCT_SLUG__\",\n  \"dependencies\": {\n    \"next\": \"^16.0.0\"\n  }\n}\n",
    ),
    (
        "catalog/demo/template/app/[id]/page.tsx",
        "export default () => null;\n",
    ),
    (
        "recipes/demo/auth/session.yaml",
        "actions:
  - kind: ADD_DEPENDENCY
    manifest: package.json
    name: iron-session
    version: ^8.0.4
  - kind: COPY_FILE
    from: files/session.ts
    to: lib/session.ts
",
    ),
    (
        "recipes/demo/auth/session/files/session.ts",
        "export const cookie = \"__PRODUCT_SLUG__\";\n",
    ),
    ("recipes/demo/auth/none.yaml", "actions: []\n"),
];
