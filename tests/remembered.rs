//! What is remembered of templates may be lost, damaged or in the way: the result is the same.

use crate::support::served::{Served, over};
use crate::support::{Ran, Sandbox, files_below};
use groundplan::model::content::File;
use groundplan::model::date::Day;
use groundplan::model::digest::GitId;
use groundplan::model::input::Identity;
use groundplan::model::path::TreePath;
use groundplan::tree::Tree as _;
use groundplan::tree::git::{GitTree, TemplatePart};
use groundplan::tree::ids::{FirstCommit, tree_id};
use groundplan::tree::inventory_cache::InventoryCache;
use groundplan::tree::repository::{CreatedRepository, Layout, Target};
use groundplan::tree::validate::Links;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;

/// A repository of some files, and the folder in which what is known of it is kept.
struct Known {
    sandbox: Sandbox,
    commit: GitId,
}

impl Known {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        for number in 0..12 {
            sandbox.write(
                &format!("t/{}/{number}.txt", number % 3),
                format!("__REPO_NAME__ {number}"),
            );
        }
        sandbox
            .write("t/run", "")
            .make_executable("t/run")
            .symlink("run", "t/link");
        let commit = sandbox.commit("t");
        Self { sandbox, commit }
    }

    /// Everything that is said of the template, with this folder to remember it in.
    fn said(&self, folder: Option<&str>) -> String {
        let part = TemplatePart {
            commit: self.commit.clone(),
            folder: None,
            exclude: &[],
            links: Links::Kept,
        };
        let remembered = folder.map(|folder| InventoryCache::at(&self.sandbox.join(folder)));
        let tree = GitTree::open(&self.sandbox.join("t"), &part, remembered.as_ref()).unwrap();
        let listing = tree.list().unwrap();
        let files: Vec<_> = listing.iter().collect();
        format!("{} {} {files:?}", tree_id(&tree).unwrap(), listing.len())
    }

    /// Every file with its contents.
    fn files(&self) -> Vec<(TreePath, File)> {
        let tree = self.sandbox.tree_of("t", &self.commit);
        let listing = tree.list().unwrap();
        let paths = listing
            .iter()
            .map(|(path, _)| TreePath::parse(path).unwrap());
        let read = |path: TreePath| (path.clone(), tree.read(&path).unwrap().unwrap());
        paths.map(read).collect()
    }

    fn file(&self) -> PathBuf {
        let tree = self.sandbox.git_id("t", "HEAD^{tree}");
        self.sandbox.join(&format!("trees/{tree}.inventory"))
    }
}

#[test]
fn a_damaged_inventory_is_taken_anew() {
    let known = Known::new();
    let said = known.said(None);
    assert_eq!(known.said(Some("trees")), said);
    let whole = fs::read(known.file()).unwrap();
    assert_eq!(known.said(Some("trees")), said);
    let cut = (0..whole.len())
        .step_by(97)
        .map(|end| whole[..end].to_vec());
    let flipped = (0..whole.len()).step_by(5).map(|at| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        bytes
    });
    let longer = [
        [&whole[..], b"x"].concat(),
        whole.repeat(2),
        vec![0; 48],
        vec![0xff; 4096],
    ];
    for damaged in cut.chain(flipped).chain(longer) {
        fs::write(known.file(), &damaged).unwrap();
        assert_eq!(known.said(Some("trees")), said, "{damaged:?}");
        assert_eq!(fs::read(known.file()).unwrap(), whole);
    }
}

#[test]
fn an_inventory_of_another_tree_or_form_is_not_believed() {
    let known = Known::new();
    let said = known.said(Some("trees"));
    let whole = fs::read(known.file()).unwrap();
    let mut newer = whole;
    newer[6] = b'9';
    fs::write(known.file(), newer).unwrap();
    assert_eq!(known.said(Some("trees")), said);
    let other = Known::new();
    other.sandbox.write("t/more", "more");
    let other = Known {
        commit: other.sandbox.commit("t"),
        ..other
    };
    other.said(Some("trees"));
    fs::copy(other.file(), known.file()).unwrap();
    assert_eq!(known.said(Some("trees")), said);
}

#[test]
fn what_stands_in_the_place_of_an_inventory_does_no_harm() {
    let known = Known::new();
    let said = known.said(None);
    let trees = known.sandbox.join("trees");
    fs::create_dir_all(known.file().join("inside")).unwrap();
    assert_eq!(known.said(Some("trees")), said);
    fs::remove_dir_all(&trees).unwrap();
    fs::write(&trees, "a file").unwrap();
    assert_eq!(known.said(Some("trees")), said);
    fs::remove_file(&trees).unwrap();
    known.sandbox.symlink("loop", "trees");
    assert_eq!(known.said(Some("trees")), said);
    fs::remove_file(&trees).unwrap();
    fs::create_dir(&trees).unwrap();
    let mut pipe = Command::new("mkfifo");
    known.sandbox.run(pipe.arg(known.file())).exits(0);
    assert_eq!(known.said(Some("trees")), said);
    assert_eq!(known.said(Some("/proc/none")), said);
}

#[test]
fn a_link_that_was_let_in_once_is_refused_where_links_are() {
    let served = Served::new();
    served.sandbox.symlink("run", "srv/web/link");
    served.sandbox.commit("srv/web");
    let flags = ["--template", "srv/web", "--ref", "main"];
    let catalog = served.sandbox.read("catalog/demo/catalog.yaml");
    let allowing = format!("{catalog}symlinks: ALLOW\n");
    served.sandbox.write("catalog/demo/catalog.yaml", &allowing);
    served.over("preview", &flags).exits(0);
    served.sandbox.write("catalog/demo/catalog.yaml", &catalog);
    let refused = served.over("preview", &flags).exits(1);
    assert!(
        refused.stderr.contains("is a symbolic link"),
        "{}",
        refused.stderr
    );
    served.sandbox.write("catalog/demo/catalog.yaml", &allowing);
    served.over("preview", &flags).exits(0);
}

/// Damages the bytes of one file of the template in every pack of the cache, where they are stored.
fn damage(served: &Served, path: &str) {
    let id = served.sandbox.git_id("srv/web", &format!("main:{path}"));
    let mirrors = served.sandbox.join(".cache/mirrors");
    let entries = fs::read_dir(mirrors)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mirror = entries
        .into_iter()
        .find(|path| path.extension().is_some_and(|end| end == "git"));
    let packs = mirror.unwrap().join("objects/pack");
    let pack = fs::read_dir(packs)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let pack = pack
        .into_iter()
        .find(|path| path.extension().is_some_and(|end| end == "pack"))
        .unwrap();
    let list = served
        .sandbox
        .git(".", &["verify-pack", "-v", pack.to_str().unwrap()]);
    let line = list
        .lines()
        .find(|line| line.starts_with(id.as_str()))
        .unwrap();
    let words: Vec<usize> = line
        .split_whitespace()
        .skip(2)
        .filter_map(|word| word.parse().ok())
        .collect();
    let mut bytes = fs::read(&pack).unwrap();
    let middle = words[2] + words[1] - 6;
    bytes[middle] ^= 0x55;
    fs::remove_file(&pack).unwrap();
    fs::write(&pack, bytes).unwrap();
}

#[test]
fn a_damaged_file_deep_in_the_cache_is_fetched_anew_or_reported() {
    let served = Served::new();
    let url = served.url();
    let flags = ["--template", &url, "--ref", "main", "--format", "json"];
    let report = served.over("preview", &flags).exits(0).json();
    // One that every preview reads, and one that is only copied.
    for path in ["README.md", "second.txt"] {
        for forget in [true, false] {
            for layout in [&[][..], &["--bare"]] {
                damage(&served, path);
                if forget {
                    fs::remove_dir_all(served.sandbox.join(".cache/trees")).unwrap();
                }
                let case = format!("{path} forget={forget} {layout:?}");
                let mut make = flags.to_vec();
                make.extend(["--into", "out"]);
                make.extend(layout);
                let offline = served.over("new", &[&make[..], &["--offline"]].concat());
                assert_eq!(offline.code, 3, "{case}: {}", offline.stderr);
                assert!(
                    offline.stderr.contains("hint: "),
                    "{case}: {}",
                    offline.stderr
                );
                assert!(!served.sandbox.join("out").exists(), "{case}");
                // Damage behind a remembered inventory is mended by the command that meets it.
                if !forget {
                    served.over("preview", &flags).exits(0);
                    damage(&served, path);
                }
                served.over("new", &make).exits(0);
                served.sandbox.git("out", &["fsck", "--strict", "--full"]);
                let made = served.sandbox.git_id("out", "main");
                assert_eq!(report["commitId"], made.as_str(), "{case}");
                fs::remove_dir_all(served.sandbox.join("out")).unwrap();
            }
        }
    }
}

#[test]
fn a_cache_that_cannot_be_written_costs_only_time() {
    let served = Served::new();
    let expected = served.over(
        "preview",
        &["--template", "srv/web", "--ref", "main", "--format", "json"],
    );
    let expected = expected.exits(0).json();
    served.sandbox.write("no-folder", "");
    for cache in ["no-folder", "no-folder/below", "/proc/none"] {
        let mut command = over(
            "preview",
            &["--template", "srv/web", "--ref", "main", "--format", "json"],
        );
        let ran = served
            .sandbox
            .run(command.env("GROUNDPLAN_CACHE_DIR", cache))
            .exits(0);
        assert_eq!(ran.json(), expected);
        // What must be fetched needs a place.
        let url = served.url();
        let mut command = over("preview", &["--template", &url]);
        let ran = served
            .sandbox
            .run(command.env("GROUNDPLAN_CACHE_DIR", cache))
            .exits(3);
        assert!(ran.stderr.contains("hint: "), "{}", ran.stderr);
    }
}

#[test]
fn programs_that_start_at_once_over_an_empty_cache_say_the_same() {
    let served = Served::new();
    let url = served.url();
    let start = |number: usize| {
        let into = format!("out-{number}");
        let flags = [
            "--template",
            &url,
            "--ref",
            "v1",
            "--format",
            "json",
            "--into",
            &into,
        ];
        let mut command = over("new", &flags);
        served
            .sandbox
            .settle(&mut command)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let started: Vec<_> = (0..4).map(start).collect();
    let mut ids = Vec::new();
    for child in started {
        let ran = Ran::from(child.wait_with_output().unwrap()).exits(0);
        ids.push(ran.json()["commitId"].as_str().unwrap().to_owned());
    }
    ids.dedup();
    assert_eq!(ids.len(), 1);
    for number in 0..4 {
        served
            .sandbox
            .git(&format!("out-{number}"), &["fsck", "--strict"]);
    }
}

/// Damages each byte of a pack in turn, one at a time, with everything about its template remembered.
#[test]
fn no_damaged_byte_of_a_pack_gets_into_a_result() {
    let known = Known::new();
    let sandbox = &known.sandbox;
    for number in 0..3 {
        sandbox.write(
            &format!("t/long-{number}"),
            format!("{number}{}", "some text that repeats ".repeat(9)),
        );
    }
    let known = Known {
        commit: sandbox.commit("t"),
        ..known
    };
    let sandbox = &known.sandbox;
    sandbox.git("t", &["gc", "-q", "--aggressive", "--prune=now"]);
    known.said(Some("trees"));
    let files = known.files();
    let remembered_in = known.file();
    let inventory = fs::read(&remembered_in).unwrap();
    let packs = sandbox.join("t/.git/objects/pack");
    let pack = files_below(&packs)
        .into_iter()
        .find(|file| file.rsplit_once('.').is_some_and(|(_, end)| end == "pack"))
        .unwrap();
    let pack = packs.join(pack);
    let whole = fs::read(&pack).unwrap();
    fs::remove_file(&pack).unwrap();
    let first = FirstCommit {
        author: Identity::default(),
        date: Day::parse("2026-11-21").unwrap(),
        message: "x\n".to_owned(),
    };
    let mut noticed = 0;
    for at in (12..whole.len() - 20).step_by(11) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        fs::write(&pack, bytes).unwrap();
        fs::write(&remembered_in, &inventory).unwrap();
        for layout in [Layout::WorkTree, Layout::Bare] {
            let part = TemplatePart {
                commit: known.commit.clone(),
                folder: None,
                exclude: &[],
                links: Links::Kept,
            };
            let remembered = InventoryCache::at(&sandbox.join("trees"));
            let Ok(tree) = GitTree::open(&sandbox.join("t"), &part, Some(&remembered)) else {
                continue;
            };
            for (path, file) in &files {
                let read = tree.read(path);
                assert!(
                    read.is_err() || read.unwrap().as_ref() == Some(file),
                    "byte {at}: {path}"
                );
            }
            fs::write(&remembered_in, &inventory).unwrap();
            let made = CreatedRepository {
                tree: &tree,
                template: Some(&tree),
                commit: &first,
                signer: None,
                layout,
            };
            let target = Target::check(&sandbox.join("out")).unwrap();
            if target.create(&made, &AtomicBool::new(false)).is_err() {
                noticed += 1;
                assert!(
                    !remembered_in.exists(),
                    "the next look is a whole one: byte {at}, {layout:?}"
                );
                fs::write(&remembered_in, &inventory).unwrap();
                continue;
            }
            sandbox.git("out", &["fsck", "--strict", "--full"]);
            if layout == Layout::WorkTree {
                assert_eq!(
                    sandbox.git("out", &["status", "--porcelain"]),
                    "",
                    "byte {at}"
                );
            }
            fs::remove_dir_all(sandbox.join("out")).unwrap();
        }
    }
    assert!(noticed > 20, "{noticed}");
}
