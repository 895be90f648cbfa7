//! One tree id for one plan: in memory, over a commit, on disk, in a new repository, and by git.

use crate::properties::{plan, said};
use crate::support::Sandbox;
use groundplan::interpret::interpret;
use groundplan::model::content::{File, Mode};
use groundplan::model::date::Day;
use groundplan::model::digest::GitId;
use groundplan::model::input::Identity;
use groundplan::model::path::TreePath;
use groundplan::model::plan::Plan;
use groundplan::tree::TreeMut as _;
use groundplan::tree::disk::DiskTree;
use groundplan::tree::ids::{FirstCommit, Ids, commit_id, tree_id};
use groundplan::tree::memory::MemoryTree;
use groundplan::tree::overlay::Overlay;
use groundplan::tree::repository::{CreatedRepository, Layout, Target};
use proptest::collection::btree_map;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::AtomicBool;

type Template = BTreeMap<TreePath, File>;

/// Files that plans change, that they leave alone, and that stand in their way.
fn template() -> impl Strategy<Value = Template> {
    let paths = select(vec![
        "a.txt",
        "b",
        "b/c.txt",
        "b/d",
        "data.json",
        "package.json",
        "docs/[id].md",
        "docs/adr/README.md",
        "docs/deep/er/x",
        "docs-and/x",
        ".gitattributes",
        ".gitignore",
        "run",
    ]);
    let contents = select(vec![
        &b""[..],
        b"alpha __PRODUCT_NAME__ beta\nalpha\n",
        b"one\r\ntwo\r\n__REPO_NAME__",
        b"{\n  \"name\": \"__PRODUCT_SLUG__\",\n  \"dependencies\": {\n    \"next\": \"^1.0.0\"\n  }\n}\n",
        b"\xff__PRODUCT_NAME__\0",
        b"* text=auto eol=crlf ident filter=x\n*\n",
    ]);
    let modes = select(vec![
        Mode::Regular,
        Mode::Regular,
        Mode::Executable,
        Mode::Symlink,
    ]);
    let file = (contents, modes).prop_map(|(content, mode)| match mode {
        Mode::Symlink => File {
            mode,
            ..File::regular("a.txt".to_owned())
        },
        mode => File {
            mode,
            ..File::regular(content.to_vec())
        },
    });
    btree_map(paths, file, 0..10).prop_map(|files| {
        let is_below = |path: &str| path.starts_with("b/");
        let has_file = files.contains_key("b");
        let fits = files
            .into_iter()
            .filter(|(path, _)| !(has_file && is_below(path)));
        let fits =
            fits.filter(|(path, file)| file.mode != Mode::Symlink || !path.starts_with(".git"));
        fits.map(|(path, file)| (TreePath::parse(path).unwrap(), file))
            .collect()
    })
}

fn disk(sandbox: &Sandbox, name: &str, template: &Template) -> DiskTree {
    fs::create_dir(sandbox.join(name)).unwrap();
    let mut disk = DiskTree::open(&sandbox.join(name)).unwrap();
    for (path, file) in template {
        disk.write(path, file.clone()).unwrap();
    }
    disk
}

/// The tree id that git gives to the files of a folder, whatever attributes and ignored files say.
fn id_by_git(sandbox: &Sandbox, folder: &str) -> GitId {
    sandbox.git(folder, &["init", "-q"]);
    sandbox.write(
        &format!("{folder}/.git/info/attributes"),
        "* -text -eol -ident -filter\n",
    );
    sandbox.git(folder, &["add", "-A", "--force"]);
    GitId::parse(sandbox.git(folder, &["write-tree"]).trim()).unwrap()
}

fn one_id(plan: &Plan, template: &Template, layout: Layout) -> Result<(), TestCaseError> {
    let sandbox = Sandbox::new();
    let mut memory = MemoryTree::of(template.clone()).unwrap();
    let of_template = GitId::of(&tree_id(&memory).unwrap());
    let said_first = said(interpret(plan, &mut memory));
    let id = GitId::of(&tree_id(&memory).unwrap());

    // On a disk, and as git itself reads that disk.
    let mut checkout = disk(&sandbox, "checkout", template);
    prop_assert_eq!(said(interpret(plan, &mut checkout)), &*said_first);
    prop_assert_eq!(GitId::of(&tree_id(&checkout).unwrap()), id.clone());
    prop_assert_eq!(id_by_git(&sandbox, "checkout"), id.clone());

    // Over a commit of git's own making.
    drop(disk(&sandbox, "repo", template));
    prop_assert_eq!(id_by_git(&sandbox, "repo"), of_template.clone());
    let commit = sandbox.commit("repo");
    let below = sandbox.tree_of("repo", &commit);
    prop_assert_eq!(GitId::of(&tree_id(&below).unwrap()), of_template);
    let mut tree = Overlay::over(&below).unwrap();
    prop_assert_eq!(said(interpret(plan, &mut tree)), said_first);
    prop_assert_eq!(GitId::of(&tree_id(&tree).unwrap()), id.clone());

    // As a repository.
    let first = FirstCommit {
        author: Identity::default(),
        date: Day::parse("2026-11-21").unwrap(),
        message: "one\n\ntwo\n".to_owned(),
    };
    let made = CreatedRepository {
        tree: &tree,
        template: Some(&below),
        commit: &first,
        signer: None,
        layout,
    };
    let target = Target::check(&sandbox.join("made")).unwrap();
    let ids = target.create(&made, &AtomicBool::new(false)).unwrap();
    let tree = tree_id(&tree).unwrap();
    let commit = commit_id(tree, &first, None).unwrap();
    prop_assert_eq!(ids, Ids { tree, commit });
    prop_assert_eq!(sandbox.git_id("made", "main^{tree}"), id.clone());
    prop_assert_eq!(sandbox.git_id("made", "main"), GitId::of(&ids.commit));
    sandbox.git("made", &["fsck", "--strict", "--full", "--no-dangling"]);
    if layout == Layout::WorkTree {
        prop_assert_eq!(sandbox.git_id("made", "HEAD"), GitId::of(&ids.commit));
        prop_assert_eq!(sandbox.git("made", &["status", "--porcelain"]), "");
        let of_index = sandbox.git("made", &["write-tree"]);
        prop_assert_eq!(of_index.trim(), id.as_str());
        fs::remove_dir_all(sandbox.join("made/.git")).unwrap();
        prop_assert_eq!(id_by_git(&sandbox, "made"), id);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn memory_disk_commit_repository_and_git_give_one_tree_id(
        plan in plan(),
        template in template(),
        layout in select(vec![Layout::WorkTree, Layout::Bare, Layout::BareShared]),
    ) {
        one_id(&plan, &template, layout)?;
    }
}
