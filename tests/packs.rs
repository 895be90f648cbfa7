//! The pack of a new repository: whatever way the template's objects are stored, git finds it whole.

use crate::support::git_server::GitServer;
use crate::support::{Sandbox, files_below};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Texts that differ little from each other, so that git stores one as what differs from the other.
fn similar(number: usize) -> String {
    let mut text = String::new();
    for line in 0..200 {
        writeln!(text, "{} line {line} of all", (line * 7919) % 1013).unwrap();
    }
    writeln!(text, "{number} is what differs").unwrap();
    text
}

/// A sandbox with the repository `t`: similar files in two folders, one with a placeholder, one executable.
fn with_similar_files() -> Sandbox {
    let sandbox = Sandbox::with_demo();
    for number in 0..12 {
        sandbox.write(&format!("t/kept/{number}.txt"), similar(number));
        sandbox.write(&format!("t/other/{number}.txt"), similar(100 + number));
    }
    sandbox
        .write("t/kept/run", "#!/bin/sh\n")
        .make_executable("t/kept/run");
    sandbox.write("t/kept/name.txt", similar(50) + "__PRODUCT_NAME__\n");
    sandbox.commit("t");
    sandbox
}

/// Makes the repository `out` in each layout, asks git whether it is whole, and tells how many deltas it holds.
#[track_caller]
fn whole(sandbox: &Sandbox, more: &[&str]) -> usize {
    let mut args = vec!["--defaults", "--select", "auth=none", "--format", "json"];
    args.extend(more);
    let report = sandbox.preview(&args).exits(0).json();
    let mut deltas = 0;
    for layout in [&[][..], &["--bare"], &["--bare", "--shared"]] {
        let made = sandbox.make(&[&args[..], &["--into", "out"], layout].concat());
        made.exits(0);
        let is = |name: &str, id: &serde_json::Value| {
            assert_eq!(sandbox.git_id("out", name).as_str(), id, "{layout:?}");
        };
        is("main^{tree}", &report["treeId"]);
        is("main", &report["commitId"]);
        sandbox.git("out", &["fsck", "--strict", "--full"]);
        let git_dir = sandbox.git("out", &["rev-parse", "--absolute-git-dir"]);
        let git_dir = Path::new(git_dir.trim());
        let stored = files_below(&git_dir.join("objects"));
        assert!(
            stored.iter().all(|file| !file.contains("tmp")),
            "{stored:?}"
        );
        let loose = stored.iter().filter(|file| file.as_bytes()[2] == b'/');
        assert_eq!(loose.count(), 0);
        let indexes: Vec<_> = stored
            .iter()
            .filter(|file| file.rsplit_once('.').is_some_and(|(_, end)| end == "idx"))
            .collect();
        assert_eq!(indexes.len(), 1);
        let index = git_dir.join("objects").join(indexes[0]);
        let list = sandbox.git("out", &["verify-pack", "-v", index.to_str().unwrap()]);
        // Size, packed size, offset, depth and base come after id and kind.
        let is_delta = |line: &&str| line.split_whitespace().count() == 7;
        deltas = deltas.max(list.lines().filter(is_delta).count());
        sandbox.git(".", &["clone", "-q", "--no-local", "out", "clone"]);
        assert_eq!(
            sandbox.git_id("clone", "main"),
            sandbox.git_id("out", "main")
        );
        assert_eq!(sandbox.git("clone", &["status", "--porcelain"]), "");
        sandbox.git("clone", &["fsck", "--strict", "--full"]);
        for made in ["out", "clone"] {
            fs::remove_dir_all(sandbox.join(made)).unwrap();
        }
    }
    deltas
}

const TEMPLATE: [&str; 4] = ["--template", "t", "--ref", "main"];
const KEPT: [&str; 6] = [
    "--template",
    "t",
    "--ref",
    "main",
    "--template-path",
    "kept",
];

#[test]
fn a_pack_of_deltas_is_copied_as_deltas() {
    let sandbox = with_similar_files();
    sandbox.git("t", &["gc", "-q", "--aggressive", "--prune=now"]);
    assert!(whole(&sandbox, &TEMPLATE) > 10);
}

#[test]
fn a_delta_on_what_is_not_taken_over_is_written_out() {
    let sandbox = with_similar_files();
    sandbox.git("t", &["gc", "-q", "--aggressive", "--prune=now"]);
    let kept = sandbox.git("t", &["ls-tree", "-r", "main", "kept"]);
    let packed = sandbox.git("t", &["rev-parse", "--git-path", "objects/pack"]);
    let packed = files_below(&sandbox.join("t").join(packed.trim()));
    let index = packed
        .iter()
        .find(|file| file.rsplit_once('.').is_some_and(|(_, end)| end == "idx"))
        .unwrap();
    let index = format!(".git/objects/pack/{index}");
    let list = sandbox.git("t", &["verify-pack", "-v", &index]);
    let builds_on_another = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.len() == 7 && kept.contains(words[0]) && !kept.contains(words[6])
    };
    assert!(list.lines().any(builds_on_another), "{kept}{list}");
    whole(&sandbox, &KEPT);
    whole(&sandbox, &TEMPLATE);
}

#[test]
fn loose_objects_several_packs_and_borrowed_ones_are_taken_over() {
    let sandbox = with_similar_files();
    assert_eq!(whole(&sandbox, &TEMPLATE), 0);
    sandbox.git("t", &["repack", "-q", "-d"]);
    sandbox.write("t/kept/second.txt", similar(2000));
    sandbox.commit("t");
    sandbox.git("t", &["repack", "-q", "-d"]);
    sandbox.write("t/kept/third.txt", similar(3000));
    sandbox.commit("t");
    assert!(whole(&sandbox, &TEMPLATE) > 10);
    // An index over several packs knows no checksums of entries; alternates lie elsewhere.
    sandbox.git("t", &["multi-pack-index", "write"]);
    whole(&sandbox, &TEMPLATE);
    sandbox.git(".", &["clone", "-q", "--shared", "--bare", "t", "u"]);
    whole(&sandbox, &["--template", "u", "--ref", "main"]);
    whole(
        &sandbox,
        &[
            "--template",
            "u",
            "--ref",
            "main",
            "--template-path",
            "kept",
        ],
    );
}

#[test]
fn deltas_that_name_their_base_by_id_are_written_out() {
    let sandbox = with_similar_files();
    let plain = [
        "-c",
        "repack.useDeltaBaseOffset=false",
        "repack",
        "-q",
        "-adf",
    ];
    sandbox.git("t", &plain);
    whole(&sandbox, &TEMPLATE);
}

#[test]
fn a_thin_pack_that_was_fetched_is_taken_over() {
    let sandbox = with_similar_files();
    for number in 0..150 {
        sandbox.write(&format!("t/many/{number}"), similar(5000 + number));
    }
    sandbox.commit("t");
    sandbox.git("t", &["tag", "v1"]);
    let server = GitServer::over(sandbox.path());
    let url = server.url("t/.git");
    whole(&sandbox, &["--template", &url, "--ref", "v1"]);
    for number in 0..150 {
        sandbox.write(
            &format!("t/many/{number}"),
            similar(5000 + number) + "and more\n",
        );
    }
    let second = sandbox.commit("t");
    sandbox.git("t", &["tag", "v2"]);
    sandbox.git("t", &["gc", "-q", "--prune=now"]);
    whole(&sandbox, &["--template", &url, "--ref", "v2"]);
    whole(
        &sandbox,
        &[
            "--template",
            &url,
            "--ref",
            second.as_str(),
            "--template-path",
            "many",
        ],
    );
}

#[test]
fn the_same_file_twice_and_one_that_becomes_another_are_stored_once() {
    let sandbox = Sandbox::with_demo();
    sandbox
        .write("t/one", "same\n")
        .write("t/a/two", "same\n")
        .write("t/b/two", "same\n")
        .write("t/name", "__PRODUCT_NAME__\n")
        .write("t/filled", "Acme Web\n");
    sandbox.commit("t");
    sandbox.git("t", &["gc", "-q"]);
    whole(&sandbox, &TEMPLATE);
}
