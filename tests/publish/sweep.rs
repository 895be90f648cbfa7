//! Every call fails in every way, once or from then on; then the run is resumed or cleaned up.

use super::{Act, Ended, MemoryLedger, PushFault, is_empty, is_right, run};
use crate::forge::fake::{Dialect, FAULTS, Fake, Fault};
use groundplan::publish::outcome::{PublishError, RemainsKind};

const ONCE: usize = 1;
const FROM_THEN_ON: usize = usize::MAX / 2;

/// A fake on which somebody else has a repository.
fn fake(dialect: Dialect) -> Fake {
    let fake = Fake::start(dialect);
    fake.state().add("acme", "stranger", "mine");
    fake
}

/// What holds after every process, whatever happened to it.
#[track_caller]
fn nothing_is_worse(fake: &Fake, ended: &Ended, case: &str) {
    let state = fake.state();
    assert!(state.count("POST") <= 1, "one process creates once: {case}");
    let stranger: Vec<_> = state
        .repos
        .values()
        .filter(|repo| repo.name == "stranger")
        .collect();
    assert_eq!(stranger.len(), 1, "{case}");
    assert_eq!(stranger[0].description, "mine", "{case}");
    assert!(
        state.deletes.iter().all(|id| state.creates.contains(id)),
        "only what was created is deleted: {case}"
    );
    assert!(
        state.creates.len() - state.deletes.len() <= 1,
        "never two: {case}"
    );
    drop(state);
    match ended {
        Ok(Some(_)) | Err(PublishError::Finished { .. }) => assert!(is_right(fake), "{case}"),
        Ok(None) | Err(PublishError::NothingLeft { .. }) => {
            assert!(is_empty(fake), "{case}: {ended:?}");
        }
        Err(PublishError::Left { left, .. }) => {
            assert!(
                left.removal.contains("web") || left.removal.contains("repositories/"),
                "{case}"
            );
            if left.kind == RemainsKind::Complete {
                assert!(!is_empty(fake), "{case}: {ended:?}");
            }
        }
        Err(other) => panic!("{case}: {other:?}"),
    }
}

/// One case; says in a word how the first process ended.
fn case(
    dialect: Dialect,
    fault: Option<(usize, Fault, usize)>,
    push: Option<PushFault>,
    then: Act,
) -> &'static str {
    let case = format!("{dialect:?} {fault:?} {push:?} {then:?}");
    let fake = fake(dialect);
    fake.state().fault = fault;
    let mut ledger = MemoryLedger::default();
    let first = run(&fake, &mut ledger, push, Act::Publish);
    nothing_is_worse(&fake, &first, &case);

    fake.state().fault = None;
    fake.state().calls.clear();
    let second = run(&fake, &mut ledger, None, then);
    nothing_is_worse(&fake, &second, &case);
    match then {
        Act::Resume => assert!(
            second.is_ok() && is_right(&fake),
            "{case}: {first:?}, {second:?}"
        ),
        Act::Publish | Act::Cleanup => {
            assert!(
                is_empty(&fake) || is_right(&fake),
                "{case}: {first:?}, {second:?}"
            );
        }
    }
    let told = format!("{first:?} {second:?} {}", ledger.0.join("\n"));
    assert!(!told.contains("canary"), "{case}");
    match first {
        Ok(_) => "published",
        Err(PublishError::NothingLeft { .. }) => "nothing left",
        Err(_) => "left",
    }
}

/// The calls of a run in which nothing fails.
const CALLS: usize = 10;

#[test]
fn a_run_without_faults_takes_ten_calls() {
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        let fake = fake(dialect);
        let ended = run(&fake, &mut MemoryLedger::default(), None, Act::Publish);
        nothing_is_worse(&fake, &ended, "no fault");
        assert!(ended.is_ok());
        let calls = fake.state().calls.clone();
        assert_eq!(calls.len(), CALLS, "{calls:?}");
    }
}

fn sweep(dialect: Dialect, then: Act) {
    let mut ends = std::collections::BTreeMap::<&str, usize>::new();
    for fault in FAULTS {
        for from in 0..CALLS {
            *ends
                .entry(case(dialect, Some((from, fault, ONCE)), None, then))
                .or_default() += 1;
            // For the rest of a run only those that end quickly; a late answer is a cut one for the client.
            if fault != Fault::Late && fault != Fault::Huge {
                let for_ever = Some((from, fault, FROM_THEN_ON));
                *ends.entry(case(dialect, for_ever, None, then)).or_default() += 1;
            }
        }
    }
    // The same figures stand in docs/forges.md.
    let expected = [("left", 120), ("nothing left", 35), ("published", 85)];
    assert_eq!(ends, expected.into());
}

#[test]
fn on_github_every_fault_can_be_resumed() {
    sweep(Dialect::GitHub, Act::Resume);
}

#[test]
fn on_github_every_fault_can_be_cleaned_up() {
    sweep(Dialect::GitHub, Act::Cleanup);
}

#[test]
fn on_forgejo_every_fault_can_be_resumed() {
    sweep(Dialect::Forgejo, Act::Resume);
}

#[test]
fn on_forgejo_every_fault_can_be_cleaned_up() {
    sweep(Dialect::Forgejo, Act::Cleanup);
}

#[test]
fn a_push_that_fails_in_any_way_leaves_nothing_or_all() {
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        for then in [Act::Resume, Act::Cleanup] {
            for (fault, end) in [
                (PushFault::Refused, "nothing left"),
                (PushFault::UnknownBefore, "nothing left"),
                (PushFault::UnknownAfter, "published"),
            ] {
                assert_eq!(case(dialect, None, Some(fault), then), end, "{fault:?}");
                // And the forge goes away with the push, or during the removal.
                for from in 5..CALLS {
                    case(
                        dialect,
                        Some((from, Fault::CutAfter, FROM_THEN_ON)),
                        Some(fault),
                        then,
                    );
                    case(
                        dialect,
                        Some((from, Fault::BadGatewayAfter, ONCE)),
                        Some(fault),
                        then,
                    );
                }
            }
        }
    }
}
