//! The selections of a sweep, compared with every selection that the resolver accepts.

use groundplan::catalog::{self, Catalog};
use groundplan::model::content::{File, Files};
use groundplan::model::digest::GitId;
use groundplan::model::path::TreePath;
use groundplan::model::plan::{TemplateOrigin, TemplatePin};
use groundplan::model::selection::Selection;
use groundplan::model::slug::{OptionRef, Slug};
use groundplan::resolve;
use groundplan::sweep::cover::{Strength, cover};
use groundplan::sweep::golden::line_of as line;
use groundplan::sweep::trial::{TrialInput, TrialOutcome, verify};
use groundplan::sweep::{Space, selections};
use groundplan::tree::listing::Listing;
use groundplan::tree::memory::MemoryTree;
use groundplan::tree::{Tree, TreeError};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A catalogue of these categories without recipes: `slug SINGLE|MULTI required|free: option option …`, an option with
/// what it needs after `+` and what it excludes after `-`.
fn catalog(lines: &[&str]) -> Catalog {
    let mut text =
        "catalog: c\ntitle: C\ntemplate: { path: t, version: v1 }\ncategories:\n".to_owned();
    for line in lines {
        let (head, options) = line.split_once(": ").unwrap();
        let head: Vec<&str> = head.split(' ').collect();
        let required = head[2] == "required";
        writeln!(
            text,
            "  - slug: {}\n    title: T\n    selection: {}\n    required: {required}\n    options:",
            head[0], head[1]
        )
        .unwrap();
        for (at, option) in options.split(' ').enumerate() {
            let (rest, conflicts) = option.split_once('-').unwrap_or((option, ""));
            let (slug, requires) = rest.split_once('+').unwrap_or((rest, ""));
            let default = required && at == 0;
            writeln!(text, "      - {{ slug: {slug}, title: T, default: {default}, requires: [{requires}], conflicts: [{conflicts}] }}").unwrap();
        }
    }
    let file = |text: &str| File::regular(text.to_owned());
    let files = Files::from([
        ("catalog/c/catalog.yaml".to_owned(), file(&text)),
        ("catalog/c/t/README.md".to_owned(), file("hi\n")),
    ]);
    let loaded = catalog::load(&files, "c");
    let errors: Vec<_> = loaded
        .findings
        .iter()
        .filter(|finding| finding.is_error())
        .collect();
    loaded
        .catalog
        .unwrap_or_else(|| panic!("{text}\n{errors:#?}"))
}

/// Catalogues with every kind of rule.
fn catalogs() -> Vec<Catalog> {
    let all: [&[&str]; 6] = [
        &[
            "a SINGLE required: x y z",
            "b SINGLE free: x y",
            "c MULTI free: x y z",
        ],
        &[
            "a SINGLE required: x y-b/x z",
            "b SINGLE required: z x y",
            "c MULTI required: x y z",
        ],
        &[
            "a SINGLE required: x y+b/y",
            "b SINGLE free: x y+c/p-d/u",
            "c MULTI free: p q-a/x",
            "d SINGLE free: u v",
        ],
        &["a MULTI required: x y-a/x z+a/y", "b MULTI free: x+a/z y"],
        &["a SINGLE required: only", "b SINGLE required: only+a/only"],
        &[
            "a SINGLE required: x y z",
            "b SINGLE required: x y z",
            "c SINGLE required: x y-a/x,b/x z-a/y,b/y",
        ],
    ];
    all.into_iter().map(catalog).collect()
}

/// Every set of options that the resolver takes: what a sweep must agree with.
fn valid(catalog: &Catalog) -> BTreeSet<String> {
    let options: Vec<OptionRef> = options(catalog);
    let subsets = (0..1_u32 << options.len()).map(|bits| {
        let mut selection = Selection::default();
        for (_, option) in options
            .iter()
            .enumerate()
            .filter(|(at, _)| bits >> at & 1 == 1)
        {
            let slug = |text: &str| Slug::parse(text).unwrap();
            selection.insert(slug(option.category()), slug(option.option()));
        }
        selection
    });
    let fits = |selection: &Selection| resolve::check(catalog, selection).is_ok();
    subsets
        .filter(fits)
        .map(|selection| line(&selection))
        .collect()
}

fn options(catalog: &Catalog) -> Vec<OptionRef> {
    let categories = catalog.categories().iter();
    let of = |category: &catalog::Category| {
        let slug = category.slug.clone();
        let options = category.options.iter();
        options
            .map(move |option| OptionRef::new(&slug, &option.slug))
            .collect::<Vec<_>>()
    };
    categories.flat_map(of).collect()
}

/// Every two facts about a selection, a fact being that an option is selected or not.
fn pairs(catalog: &Catalog, selection: &str) -> BTreeSet<(String, String)> {
    let selected: BTreeSet<&str> = selection.split(' ').collect();
    let fact = |option: &OptionRef| {
        format!(
            "{}{option}",
            if selected.contains(option.as_str()) {
                ""
            } else {
                "not "
            }
        )
    };
    let facts: Vec<String> = options(catalog).iter().map(fact).collect();
    let both = |one: &String| {
        facts
            .iter()
            .map(|other| (one.clone(), other.clone()))
            .collect::<Vec<_>>()
    };
    facts.iter().flat_map(both).collect()
}

#[test]
fn exactly_the_valid_selections_are_listed() {
    for catalog in catalogs() {
        let listed = selections::every(&Space::of(&catalog)).unwrap();
        let lines: BTreeSet<String> = listed.iter().map(line).collect();
        assert_eq!(lines, valid(&catalog));
        assert_eq!(lines.len(), listed.len(), "none is listed twice");
    }
}

#[test]
fn every_possible_pair_of_options_is_covered() {
    for catalog in catalogs() {
        let valid = valid(&catalog);
        let cover = cover(&Space::of(&catalog), Strength::Pairs, &[]).unwrap();
        let lines: BTreeSet<String> = cover.selections.iter().map(line).collect();
        assert!(lines.is_subset(&valid), "{lines:?}");
        let possible: BTreeSet<_> = valid
            .iter()
            .flat_map(|line| pairs(&catalog, line))
            .collect();
        let covered: BTreeSet<_> = lines
            .iter()
            .flat_map(|line| pairs(&catalog, line))
            .collect();
        // What is wanted are answers, so of a SINGLE category "none of it" instead of a "not" for each option.
        let is_wanted =
            |pair: &&(String, String)| !pair.0.starts_with("not") && !pair.1.starts_with("not");
        let wanted: Vec<_> = possible.iter().filter(is_wanted).collect();
        assert!(
            wanted.iter().all(|pair| covered.contains(*pair)),
            "{lines:#?}"
        );
        assert!(
            lines.len() >= cover.at_least,
            "{} < {}",
            lines.len(),
            cover.at_least
        );
        for (one, other) in &cover.impossible {
            assert!(
                !possible.contains(&(one.to_string(), other.to_string())),
                "{one} {other}"
            );
        }
    }
}

#[test]
fn pairs_include_the_answer_not_selected() {
    let catalog = catalog(&["a SINGLE free: x", "b MULTI free: p q"]);
    let cover = cover(&Space::of(&catalog), Strength::Pairs, &[]).unwrap();
    let lines = cover.selections.iter().map(line);
    let all: BTreeSet<_> = lines.flat_map(|line| pairs(&catalog, &line)).collect();
    for pair in [
        ("not b/p", "not b/q"),
        ("not a/x", "not b/p"),
        ("not b/q", "a/x"),
    ] {
        assert!(
            all.contains(&(pair.0.to_owned(), pair.1.to_owned())),
            "{pair:?}"
        );
    }
    assert_eq!((cover.selections.len(), cover.at_least), (4, 4));
}

#[test]
fn three_questions_of_three_answers_take_nine_selections() {
    let line = "SINGLE required: x y z";
    let catalog = catalog(&[
        &format!("a {line}"),
        &format!("b {line}"),
        &format!("c {line}"),
    ]);
    let cover = cover(&Space::of(&catalog), Strength::Pairs, &[]).unwrap();
    assert_eq!((cover.selections.len(), cover.at_least), (9, 9));
}

#[test]
fn accepted_selections_are_kept() {
    let before = catalog(&[
        "a SINGLE required: x y z",
        "b SINGLE required: x y",
        "c MULTI free: x y",
    ]);
    let after = catalog(&[
        "a SINGLE required: x y z new",
        "b SINGLE required: x y",
        "c MULTI free: x y",
    ]);
    let known = cover(&Space::of(&before), Strength::Pairs, &[])
        .unwrap()
        .selections;
    let again = cover(&Space::of(&before), Strength::Pairs, &known)
        .unwrap()
        .selections;
    assert_eq!(again, known, "a second sweep finds nothing to change");
    let grown = cover(&Space::of(&after), Strength::Pairs, &known)
        .unwrap()
        .selections;
    assert_eq!(grown[..known.len()], known);
    let is_new = |selection: &Selection| selection.has("a", "new");
    assert!(grown[known.len()..].iter().all(is_new) && grown.len() > known.len());
}

#[test]
fn a_sample_is_valid_different_and_the_same_for_the_same_seed() {
    for catalog in catalogs() {
        let space = Space::of(&catalog);
        let valid = valid(&catalog);
        let sample = selections::sample(&space, 5, 7).unwrap();
        let lines: BTreeSet<String> = sample.iter().map(line).collect();
        assert!(lines.is_subset(&valid));
        assert_eq!(lines.len(), sample.len());
        assert_eq!(lines.len(), valid.len().min(5));
        assert_eq!(selections::sample(&space, 5, 7).unwrap(), sample);
    }
    let space = Space::of(&catalogs()[0]);
    assert_ne!(
        selections::sample(&space, 5, 7).unwrap(),
        selections::sample(&space, 5, 8).unwrap()
    );
}

/// A template that holds something else whenever it is read.
struct Restless(AtomicUsize);

impl Tree for Restless {
    fn read(&self, path: &TreePath) -> Result<Option<File>, TreeError> {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        Ok((path.as_str() == "a.txt").then(|| File::regular(format!("{number}\n"))))
    }

    fn list(&self) -> Result<Listing, TreeError> {
        let file = File::regular("0\n");
        MemoryTree::of([(TreePath::parse("a.txt").unwrap(), file)])?.list()
    }
}

#[test]
fn two_different_builds_are_detected() {
    let catalog = catalog(&["a SINGLE required: x y"]);
    let pin = TemplatePin {
        repo: TemplateOrigin::Folder,
        r#ref: "v1".to_owned(),
        sha: None,
        path: None,
        tree: GitId::parse("4b825dc642cb6eb9a060e54bf8d69288fbee4904").unwrap(),
    };
    let selections = selections::every(&Space::of(&catalog)).unwrap();
    let outcome = |template: &dyn Tree| {
        let input = TrialInput {
            catalog: &catalog,
            template,
            pin: &pin,
        };
        verify(input, &selections).unwrap().remove(0).outcome
    };
    assert!(matches!(
        outcome(&Restless(AtomicUsize::new(0))),
        TrialOutcome::Unstable { .. }
    ));
    assert!(matches!(
        outcome(&MemoryTree::default()),
        TrialOutcome::Built(_)
    ));
}
