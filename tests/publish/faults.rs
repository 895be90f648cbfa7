//! Every call of a run fails in every way, once or permanently; then the run is resumed or cleaned up.

use super::{MemoryLedger, Operation, Published, PushFault, is_empty, is_right, run};
use crate::forge::fake::{Dialect, FAULTS, Fake, Fault, PERMANENTLY};
use groundplan::publish::error::PublishError;
use groundplan::publish::remains::RemainsKind;

pub(super) const ONCE: usize = 1;

/// A fake with a repository of another user.
fn fake(dialect: Dialect) -> Fake {
    let fake = Fake::start(dialect);
    fake.state().add("acme", "stranger", "mine");
    fake
}

/// Checks the properties that hold after every operation.
#[track_caller]
fn check_invariants(fake: &Fake, published: &Published, case: &str) {
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
    match published {
        Ok(Some(_)) | Err(PublishError::AlreadyPublished { .. }) => {
            assert!(is_right(fake), "{case}");
        }
        Ok(None) | Err(PublishError::NotCreated { .. } | PublishError::RolledBack { .. }) => {
            assert!(is_empty(fake), "{case}: {published:?}");
        }
        Err(PublishError::Incomplete { remains, .. }) => {
            let removal = remains.removal.as_deref().unwrap();
            assert!(
                removal.contains("web") || removal.contains("repositories/"),
                "{case}"
            );
            if remains.kind == RemainsKind::Complete {
                assert!(!is_empty(fake), "{case}: {published:?}");
            }
        }
        Err(other) => panic!("{case}: {other:?}"),
    }
}

/// One case. Returns the result of the first operation in a word.
fn case(
    dialect: Dialect,
    fault: Option<(usize, Fault, usize)>,
    push: Option<PushFault>,
    then: Operation,
) -> &'static str {
    skewed_case(None, dialect, fault, push, then)
}

/// One case with a forge whose clock differs from this machine's by some seconds.
fn skewed_case(
    skew: Option<i64>,
    dialect: Dialect,
    fault: Option<(usize, Fault, usize)>,
    push: Option<PushFault>,
    then: Operation,
) -> &'static str {
    let case = format!("{dialect:?} {fault:?} {push:?} {then:?} {skew:?}");
    let fake = fake(dialect);
    fake.state().fault = fault;
    fake.state().skew = skew;
    let mut ledger = MemoryLedger::default();
    let first = run(&fake, &mut ledger, push, Operation::Publish);
    check_invariants(&fake, &first, &case);

    fake.state().fault = None;
    fake.state().calls.clear();
    let second = run(&fake, &mut ledger, None, then);
    check_invariants(&fake, &second, &case);
    match then {
        Operation::Resume => assert!(
            second.is_ok() && is_right(&fake),
            "{case}: {first:?}, {second:?}"
        ),
        Operation::Publish | Operation::Cleanup => {
            assert!(
                is_empty(&fake) || is_right(&fake),
                "{case}: {first:?}, {second:?}"
            );
        }
    }
    let texts = format!("{first:?} {second:?} {}", ledger.0.join("\n"));
    assert!(!texts.contains("canary"), "{case}");
    match first {
        Ok(_) => "published",
        Err(error) if error.leaves_nothing() => "nothing left",
        Err(_) => "left",
    }
}

/// The calls of a run in which nothing fails.
const CALLS: usize = 10;

#[test]
fn a_run_without_faults_takes_ten_calls() {
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        let fake = fake(dialect);
        let published = run(
            &fake,
            &mut MemoryLedger::default(),
            None,
            Operation::Publish,
        );
        check_invariants(&fake, &published, "no fault");
        assert!(published.is_ok());
        let calls = fake.state().calls.clone();
        assert_eq!(calls.len(), CALLS, "{calls:?}");
    }
}

fn test_all(dialect: Dialect, then: Operation) {
    let mut results = std::collections::BTreeMap::<&str, usize>::new();
    for fault in FAULTS {
        for from in 0..CALLS {
            *results
                .entry(case(dialect, Some((from, fault, ONCE)), None, then))
                .or_default() += 1;
            // Permanently only those that end quickly; a late answer is a closed connection for the client.
            if fault != Fault::Late && fault != Fault::Huge {
                let permanently = Some((from, fault, PERMANENTLY));
                *results
                    .entry(case(dialect, permanently, None, then))
                    .or_default() += 1;
            }
        }
    }
    // docs/forges.md and docs/reliability.md have the same figures.
    let expected = [("left", 120), ("nothing left", 35), ("published", 85)];
    assert_eq!(results, expected.into());
}

#[test]
fn on_github_every_fault_can_be_resumed() {
    test_all(Dialect::GitHub, Operation::Resume);
}

#[test]
fn on_github_every_fault_can_be_cleaned_up() {
    test_all(Dialect::GitHub, Operation::Cleanup);
}

#[test]
fn on_forgejo_every_fault_can_be_resumed() {
    test_all(Dialect::Forgejo, Operation::Resume);
}

#[test]
fn on_forgejo_every_fault_can_be_cleaned_up() {
    test_all(Dialect::Forgejo, Operation::Cleanup);
}

/// Differences of a forge's clock, in seconds: up to a day, and around five minutes.
const SKEWS: [i64; 6] = [-86_400, -3600, -301, 299, 3600, 86_400];

#[test]
fn a_forge_with_another_clock_has_the_same_results() {
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        for then in [Operation::Resume, Operation::Cleanup] {
            for from in 0..=CALLS {
                let fault = Some((from, Fault::CutAfter, ONCE));
                let right = skewed_case(None, dialect, fault, None, then);
                for skew in SKEWS {
                    let result = skewed_case(Some(skew), dialect, fault, None, then);
                    assert_eq!(result, right, "{dialect:?} {then:?} {fault:?} {skew}");
                }
            }
            for push in [
                PushFault::Refused,
                PushFault::UnknownBefore,
                PushFault::UnknownAfter,
            ] {
                let right = skewed_case(None, dialect, None, Some(push), then);
                for skew in SKEWS {
                    let result = skewed_case(Some(skew), dialect, None, Some(push), then);
                    assert_eq!(result, right, "{dialect:?} {then:?} {push:?} {skew}");
                }
            }
        }
    }
}

#[test]
fn a_push_that_fails_in_any_way_leaves_nothing_or_all() {
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        for then in [Operation::Resume, Operation::Cleanup] {
            for (fault, end) in [
                (PushFault::Refused, "nothing left"),
                (PushFault::NotSent, "nothing left"),
                (PushFault::Insecure, "nothing left"),
                (PushFault::UnknownBefore, "nothing left"),
                (PushFault::UnknownAfter, "published"),
            ] {
                assert_eq!(case(dialect, None, Some(fault), then), end, "{fault:?}");
                // The forge fails with the push or during the removal as well.
                for from in 5..CALLS {
                    case(
                        dialect,
                        Some((from, Fault::CutAfter, PERMANENTLY)),
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
