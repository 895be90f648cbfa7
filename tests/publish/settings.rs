//! Publishing with settings on the forge: set after the push, before the description.

use super::{MemoryLedger, Operation, is_empty, is_right, request, run, run_request};
use crate::forge::fake::{Dialect, Fake};
use crate::forge::settings::all;
use crate::forge::support::{FakeClock, client, repo, wait};
use groundplan::publish::error::PublishError;
use groundplan::publish::ledger::PublishRequest;
use groundplan::publish::remains::RemainsKind;

const DIALECTS: [Dialect; 2] = [Dialect::GitHub, Dialect::Forgejo];

fn with_settings() -> PublishRequest {
    PublishRequest {
        settings: Box::new(all()),
        ..request()
    }
}

fn publish(fake: &Fake, ledger: &mut MemoryLedger) -> super::Published {
    run_request(fake, ledger, None, Operation::Publish, with_settings())
}

/// True if the forge has every setting.
fn is_set(fake: &Fake) -> bool {
    let forge = client(fake, FakeClock::new());
    let settings = forge.settings().unwrap();
    let compared = wait(settings.compare(&repo("acme", "web"), &all()));
    compared.unwrap().is_empty()
}

#[test]
fn settings_are_set_between_the_push_and_the_description() {
    for dialect in DIALECTS {
        let fake = Fake::start(dialect);
        let mut ledger = MemoryLedger::default();
        publish(&fake, &mut ledger).unwrap();
        assert!(is_right(&fake) && is_set(&fake));
        let steps: Vec<&str> = ledger
            .0
            .iter()
            .filter_map(|line| line.split("\"step\":\"").nth(1)?.split('"').next())
            .collect();
        assert_eq!(steps, ["create", "push", "configure", "describe"]);
        let calls = fake.state().calls.clone();
        let position = |text: &str| calls.iter().position(|call| call.contains(text)).unwrap();
        assert!(position("/labels") < position("PATCH /"), "{calls:?}");
    }
}

#[test]
fn a_refused_setting_names_what_is_set_and_a_cleanup_removes_the_repository() {
    for dialect in DIALECTS {
        let fake = Fake::start(dialect);
        let mut ledger = MemoryLedger::default();
        let mut request = with_settings();
        request.settings.collaborators[0].account = "nobody-here".parse().unwrap();
        let first = run_request(&fake, &mut ledger, None, Operation::Publish, request);
        let Err(PublishError::Incomplete { cause, remains }) = first else {
            panic!("the account does not exist: {first:?}");
        };
        assert_eq!(remains.kind, RemainsKind::Complete);
        let cause = cause.to_string();
        assert!(
            cause.starts_with("cannot set collaborator `nobody-here`"),
            "{cause}"
        );
        assert!(
            cause.contains("; set: label `bug`, label `needs human`; left: "),
            "{cause}"
        );
        let state = fake.state();
        assert!(
            state
                .repos
                .values()
                .any(|repo| repo.name == "web" && repo.description != "Acme Web")
        );
        drop(state);

        // A cleanup of the same run removes the repository, because nobody else has used it.
        run(&fake, &mut ledger, None, Operation::Cleanup).unwrap();
        assert!(is_empty(&fake));
    }
}
