//! Listings and tree ids after any writing and removing: always those of a plain map of the same files.

use crate::support::Sandbox;
use groundplan::model::content::{File, Mode};
use groundplan::model::exclude::ExcludePattern;
use groundplan::model::path::TreePath;
use groundplan::tree::git::{GitTree, TemplatePart};
use groundplan::tree::ids::{self, tree_id};
use groundplan::tree::listing::FileInfo;
use groundplan::tree::memory::MemoryTree;
use groundplan::tree::overlay::Overlay;
use groundplan::tree::validate::Links;
use groundplan::tree::{Tree, TreeError, TreeMut as _};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestRunner;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;

/// Names around those where `/` sorts differently from what files and folders suggest.
const PATHS: [&str; 18] = [
    "a", "a-b", "a-b/c", "a.b", "a/b", "a/b-c", "a/b/c", "a/b/d/e", "a/b0", "a0", "b", "b/x",
    "b/y/z", "b/y/z0", "é/ü", "z", "z/z", "z/z/z",
];

type Model = BTreeMap<TreePath, File>;
/// What is done at a path: a file is written there, or what is there is removed.
type Step = (TreePath, Option<File>);

fn path(text: &str) -> TreePath {
    TreePath::parse(text).unwrap()
}

fn files() -> impl Strategy<Value = File> {
    let modes = select(vec![Mode::Regular, Mode::Executable, Mode::Symlink]);
    (modes, select(vec!["", "x", "longer\n"])).prop_map(|(mode, text)| File {
        mode,
        ..File::regular(text.to_owned())
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (
        select(&PATHS[..]).prop_map(path),
        proptest::option::weighted(0.6, files()),
    );
    vec(step, 0..30)
}

/// Three bases: nothing, files in folders, and one file at every other name.
fn bases() -> [Model; 3] {
    let of = |paths: &[&str]| {
        let file = |(number, name): (usize, &&str)| {
            let mode = [Mode::Regular, Mode::Executable, Mode::Symlink][number % 3];
            (
                path(name),
                File {
                    mode,
                    ..File::regular(format!("base {number}"))
                },
            )
        };
        paths.iter().enumerate().map(file).collect::<Model>()
    };
    [
        of(&[]),
        of(&[
            "a-b/c", "a.b", "a/b-c", "a/b/c", "a/b/d/e", "a/b0", "a0", "b/x", "b/y/z", "b/y/z0",
            "é/ü", "z/z/z",
        ]),
        of(&["a", "a-b", "b", "z/z"]),
    ]
}

/// What stands in the way of a file at a path.
fn in_the_way(model: &Model, at: &TreePath) -> bool {
    let below = format!("{at}/");
    at.folders().any(|folder| model.contains_key(folder))
        || model.keys().any(|path| path.as_str().starts_with(&below))
}

/// Does the same to the model and to an overlay, which must agree at the end.
fn follow(base: &dyn Tree, model: &mut Model, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let mut tree = Overlay::over(base).unwrap();
    for (at, file) in steps {
        let Some(file) = file else {
            tree.remove(&at).unwrap();
            model.remove(&at);
            continue;
        };
        let written = tree.write(&at, file.clone());
        if in_the_way(model, &at) {
            prop_assert!(matches!(written, Err(TreeError::Blocked { .. })), "{}", at);
        } else {
            written.unwrap();
            model.insert(at, file);
        }
    }
    agree(&tree, model)
}

fn agree(tree: &dyn Tree, model: &Model) -> Result<(), TestCaseError> {
    let expected: Vec<(&str, FileInfo)> = model
        .iter()
        .map(|(path, file)| (path.as_str(), FileInfo::of(file)))
        .collect();
    let listing = tree.list().unwrap();
    prop_assert_eq!(&listing.iter().collect::<Vec<_>>(), &expected);
    prop_assert_eq!(listing.len(), expected.len());
    prop_assert_eq!(listing.is_empty(), expected.is_empty());
    for name in PATHS
        .iter()
        .flat_map(|name| [name, name.split('/').next().unwrap()])
    {
        let below = format!("{name}/");
        let inside = expected.iter().filter(|(path, _)| path.starts_with(&below));
        let inside: Vec<_> = inside.copied().collect();
        prop_assert_eq!(
            &listing.below(name).collect::<Vec<_>>(),
            &inside,
            "{}",
            name
        );
        prop_assert_eq!(listing.is_folder(name), !inside.is_empty(), "{}", name);
        let file = model.get(&path(name)).cloned();
        let entry = file.as_ref().map(FileInfo::of);
        prop_assert_eq!(listing.get(name), entry, "{}", name);
        prop_assert_eq!(tree.read(&path(name)).unwrap(), file, "{}", name);
    }
    let plain = MemoryTree::of(model.clone()).unwrap();
    prop_assert_eq!(tree_id(tree).unwrap(), tree_id(&plain).unwrap());
    prop_assert_eq!(ids::files(tree).unwrap(), ids::files(&plain).unwrap());
    Ok(())
}

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases)
    })
}

#[test]
fn an_overlay_over_memory_is_a_map_of_its_files() {
    for base in bases() {
        let below = MemoryTree::of(base.clone()).unwrap();
        let holds = |steps| follow(&below, &mut base.clone(), steps);
        runner(300).run(&steps(), holds).unwrap();
    }
}

#[test]
fn an_overlay_over_a_commit_is_a_map_of_its_files_and_git_gives_it_the_same_id() {
    for base in bases() {
        let sandbox = Sandbox::new();
        sandbox.git(".", &["init", "-q", "--bare", "repo"]);
        import(&sandbox, &[&base]);
        let below = sandbox.tree_of("repo", &sandbox.git_id("repo", "refs/heads/0"));
        let all = RefCell::new(Vec::new());
        let holds = |steps| {
            let mut model = base.clone();
            follow(&below, &mut model, steps)?;
            all.borrow_mut().push(model);
            Ok(())
        };
        runner(200).run(&steps(), holds).unwrap();
        let all = all.into_inner();
        import(&sandbox, &all.iter().collect::<Vec<_>>());
        let names = (0..all.len()).map(|number| format!("refs/heads/{number}^{{tree}}"));
        let names: Vec<String> = names.collect();
        let mut args = vec!["rev-parse"];
        args.extend(names.iter().map(String::as_str));
        for (model, id) in all.iter().zip(sandbox.git("repo", &args).lines()) {
            let plain = MemoryTree::of(model.clone()).unwrap();
            assert_eq!(tree_id(&plain).unwrap().to_string(), id, "{model:#?}");
        }
    }
}

#[test]
fn what_an_overlay_over_an_overlay_takes_away_is_gone() {
    let [_, base, _] = bases();
    let memory = MemoryTree::of(base.clone()).unwrap();
    let mut one = Overlay::over(&memory).unwrap();
    let mut model = base;
    for gone in ["a/b/c", "a/b/d/e"] {
        one.remove(&path(gone)).unwrap();
        model.remove(&path(gone));
    }
    one.write(&path("a/b"), File::regular("now a file".to_owned()))
        .unwrap();
    model.insert(path("a/b"), File::regular("now a file".to_owned()));
    follow(&one, &mut model, Vec::new()).unwrap();
    let back = vec![
        (path("a/b"), None),
        (path("a/b/c"), Some(File::regular("back".to_owned()))),
    ];
    follow(&one, &mut model, back).unwrap();
}

#[test]
fn exclude_patterns_mean_what_git_means_by_them() {
    let sandbox = Sandbox::new();
    for path in [
        "a.log",
        "deep/a.log",
        "build/x",
        "src/build/x",
        "src/build.rs",
        "[id].ts",
        "docs/a.md",
        "docs/deep/b.md",
        "docs/deep/deep/x",
        "a b",
        "é.md",
        "run",
        "README.md",
    ] {
        sandbox.write(&format!("t/{path}"), path);
    }
    let commit = sandbox.commit("t");
    let listing = sandbox.tree_of("t", &commit).list().unwrap();
    let all: Vec<String> = listing.iter().map(|(path, _)| path.to_owned()).collect();
    for pattern in [
        "*.log",
        "/*.log",
        "build",
        "build/",
        "/build",
        "src/build",
        "src/*",
        "**/deep",
        "docs/**",
        "docs/**/x",
        "deep/**",
        "[a-c]*",
        "\\[id\\].ts",
        "*",
        "?.log",
        "a\\ b",
        "a b",
        "*.MD",
        "é*",
        "docs/*.md",
        "docs/a.md/",
        "**",
        "src/**/x",
        "/",
        "x/../a.log",
        "./a.log",
        "a.log ",
        "a.log\\ ",
        "docs/deep/",
        "*/deep",
        "[!a]*.log",
        "/docs/",
        "docs/",
        "*/",
        "deep",
    ] {
        let exclude = [ExcludePattern::parse(pattern).unwrap()];
        let part = TemplatePart {
            commit: commit.clone(),
            folder: None,
            exclude: &exclude,
            links: Links::Kept,
        };
        let tree = GitTree::open(&sandbox.join("t"), &part, None).unwrap();
        let kept = tree.list().unwrap();
        let left_out: Vec<&str> = all
            .iter()
            .map(String::as_str)
            .filter(|path| kept.get(path).is_none())
            .collect();
        let files = kept
            .iter()
            .map(|(name, _)| (path(name), tree.read(&path(name)).unwrap().unwrap()));
        let copy = MemoryTree::of(files).unwrap();
        assert_eq!(
            tree_id(&tree).unwrap(),
            tree_id(&copy).unwrap(),
            "{pattern:?}"
        );
        sandbox.write("t/.git/info/exclude", format!("{pattern}\n"));
        let script = "git ls-files -z | git check-ignore --no-index -z --stdin | tr '\\0' '\\n'";
        let mut command = Command::new("sh");
        let ignored = sandbox
            .run(command.args(["-c", &format!("cd t; {script}")]))
            .exits(0)
            .stdout;
        assert_eq!(left_out, ignored.lines().collect::<Vec<_>>(), "{pattern:?}");
    }
}

/// Lets git itself write each model as the commit of a branch named by its number.
fn import(sandbox: &Sandbox, models: &[&Model]) {
    let mut stream = String::new();
    for (number, model) in models.iter().enumerate() {
        write!(stream, "reset refs/heads/{number}\ncommit refs/heads/{number}\ncommitter a <a@b.c> 0 +0000\ndata 0\n").unwrap();
        stream.push_str("deleteall\n");
        for (path, file) in *model {
            let text = str::from_utf8(&file.bytes).unwrap();
            write!(
                stream,
                "M {} inline {path}\ndata {}\n{text}\n",
                file.mode.octal(),
                text.len()
            )
            .unwrap();
        }
    }
    sandbox.write("stream", stream);
    let mut command = Command::new("sh");
    command.args(["-c", "git -C repo fast-import --quiet --force < stream"]);
    sandbox.run(&mut command).exits(0);
}
