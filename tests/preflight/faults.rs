//! A forge with any fault at any request: no preview fails, and no obstacle is invented.

use super::reports::{codes, preview};
use crate::forge::fake::{Dialect, FAULTS, Fake, Fault};
use crate::forge::support::{FakeClock, client, repo, wait};
use crate::support::{Sandbox, request};
use groundplan::catalog::{self, builtin};
use groundplan::model::diagnostic::{Code, Diagnostic};
use groundplan::model::preflight::ForgeKind;
use groundplan::model::repository_settings::RepositorySettings;
use groundplan::preflight::PlannedPublication;
use groundplan::preflight::answers::Answers;
use groundplan::preflight::assessment::Assessment;
use std::thread;
use std::time::Duration;

#[test]
fn a_forge_that_fails_at_once_fails_no_preview() {
    let fails = |fault| {
        let sandbox = Sandbox::with_demo();
        let fake = Fake::start(Dialect::GitHub);
        fake.state().fault = Some((0, fault, usize::MAX));
        let more = ["--format", "json", "--forge-timeout", "1"];
        let ran = preview(&sandbox, &fake, &more);
        let report = ran.json();
        let (code, list, exit) = match fault {
            Fault::Unauthorized => ("GP803", "errors", 1),
            _ => ("GP810", "warnings", 0),
        };
        assert_eq!(codes(&report, list), [code], "{fault:?}");
        let fact = &report["forge"]["facts"][0]["fact"];
        assert_eq!(fact, "unanswered", "{fault:?}");
        assert!(report["treeId"].is_string(), "{fault:?}");
        ran.exits(exit);
    };
    // Most wait for a second: all at once.
    thread::scope(|scope| {
        for fault in FAULTS {
            scope.spawn(move || fails(fault));
        }
    });
}

#[test]
fn a_failure_at_any_request_is_at_most_a_warning() {
    let catalog = catalog::load(&builtin::files(), "nextjs").catalog.unwrap();
    let template = request(&catalog).template;
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        let publication = PlannedPublication {
            kind: match dialect {
                Dialect::GitHub => ForgeKind::Github,
                Dialect::Forgejo => ForgeKind::Forgejo,
            },
            host: "forge.example".to_owned(),
            repo: repo("acme", "web"),
            scopes: &["repo"],
            template: &template,
            settings: &RepositorySettings::default(),
            now: crate::forge::fake::NOON,
        };
        let run = |fault| {
            let fake = Fake::start(dialect);
            fake.state().fault = fault;
            let forge = client(&fake, FakeClock::new());
            let answers = wait(Answers::from_forge(
                forge.as_ref(),
                &publication.repo,
                Duration::from_mins(1),
            ));
            let assessment = Assessment::of(&publication, &answers).unwrap();
            (assessment, fake.state().calls.len())
        };
        let (good, calls) = run(None);
        assert!(good.warnings.is_empty() && calls >= 4, "{calls} calls");
        for call in 0..calls {
            for fault in FAULTS.into_iter().filter(|fault| *fault != Fault::Late) {
                let (assessment, _) = run(Some((call, fault, usize::MAX)));
                let case = format!("{dialect:?} {call} {fault:?}: {assessment:?}");
                let codes: Vec<Code> = assessment.errors.iter().map(|error| error.code).collect();
                match fault {
                    Fault::Unauthorized => assert_eq!(codes, [Code::TokenRefused], "{case}"),
                    _ => assert_eq!(codes, [], "{case}"),
                }
                assert_eq!(assessment.collisions, Vec::<Diagnostic>::new(), "{case}");
                let once = run(Some((call, fault, 1))).0;
                assert_eq!(once.collisions, Vec::<Diagnostic>::new(), "{case}");
            }
        }
    }
}
