//! The ledger in a file, and a process that dies between any two of its lines.

use super::{Act, is_empty, is_right, order, run};
use crate::forge::fake::{Dialect, Fake};
use crate::support::Sandbox;
use async_trait::async_trait;
use groundplan::publish::file_ledger::FileLedger;
use groundplan::publish::ledger::{Ledger, LedgerEntry, LedgerError};
use groundplan::publish::outcome::PublishError;

/// A ledger whose process dies at one of its records, before or after that has reached the disk.
struct Dying {
    inner: FileLedger,
    records_left: usize,
    is_stored: bool,
}

#[async_trait]
impl Ledger for Dying {
    async fn record(&mut self, entry: &LedgerEntry) -> Result<(), LedgerError> {
        if self.records_left > 0 {
            self.records_left -= 1;
            return self.inner.record(entry).await;
        }
        if self.is_stored {
            self.inner.record(entry).await?;
        }
        Err(LedgerError::Storage {
            ledger: "dying".to_owned(),
            action: "written",
            message: "the process was killed".to_owned(),
        })
    }

    async fn entries(&mut self) -> Result<Vec<LedgerEntry>, LedgerError> {
        self.inner.entries().await
    }
}

#[test]
fn a_run_that_dies_between_any_two_lines_is_resumed_or_cleaned_up() {
    // Begun, then intent and outcome of create, push and describe.
    const LINES: usize = 7;
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        for (then, is_stored) in [
            (Act::Resume, false),
            (Act::Resume, true),
            (Act::Cleanup, false),
            (Act::Cleanup, true),
        ] {
            for records_left in 0..LINES {
                let case = format!("{dialect:?} {then:?} {records_left} {is_stored}");
                let sandbox = Sandbox::new();
                let path = sandbox.join("run.ledger");
                let fake = Fake::start(dialect);
                let inner = FileLedger::create(&path).unwrap();
                let mut dying = Dying {
                    inner,
                    records_left,
                    is_stored,
                };
                let first = run(&fake, &mut dying, None, Act::Publish);
                assert!(first.is_err(), "{case}");
                drop(dying);

                let mut ledger = FileLedger::open(&path).unwrap();
                let second = run(&fake, &mut ledger, None, then);
                if records_left == 0 && !is_stored {
                    let nothing = PublishError::Ledger(LedgerError::OutOfOrder { at: 1 });
                    assert_eq!(second, Err(nothing), "an empty ledger is none");
                    assert!(is_empty(&fake));
                    continue;
                }
                let is_as_wanted = match then {
                    Act::Resume => second.is_ok() && is_right(&fake),
                    Act::Publish | Act::Cleanup => is_empty(&fake) || is_right(&fake),
                };
                assert!(is_as_wanted, "{case}: {first:?}, {second:?}");
                assert!(fake.state().creates.len() <= 1, "{case}");
            }
        }
    }
}

#[test]
fn a_line_that_was_cut_short_is_as_if_it_was_never_written() {
    let sandbox = Sandbox::new();
    let path = sandbox.join("run.ledger");
    let fake = Fake::start(Dialect::GitHub);
    run(
        &fake,
        &mut FileLedger::create(&path).unwrap(),
        None,
        Act::Publish,
    )
    .unwrap();
    let text = sandbox.read("run.ledger");
    assert_eq!(text.lines().count(), 7);
    sandbox.write("run.ledger", &text[..text.len() - 10]);
    let mut ledger = FileLedger::open(&path).unwrap();
    assert!(
        run(&fake, &mut ledger, None, Act::Resume)
            .unwrap()
            .is_some()
    );
    drop(ledger);
    let again = sandbox.read("run.ledger");
    assert_eq!(again.lines().count(), 7, "{again}");
    assert!(
        again.ends_with("\"outcome\":{\"outcome\":\"done\"}}\n"),
        "{again}"
    );
}

#[test]
fn a_ledger_belongs_to_one_process_and_one_run() {
    let sandbox = Sandbox::new();
    let path = sandbox.join("run.ledger");
    let fake = Fake::start(Dialect::GitHub);
    let mut ledger = FileLedger::create(&path).unwrap();
    assert!(matches!(
        FileLedger::open(&path),
        Err(LedgerError::Locked { .. })
    ));
    assert!(matches!(
        FileLedger::create(&path),
        Err(LedgerError::Storage {
            action: "created",
            ..
        })
    ));
    run(&fake, &mut ledger, None, Act::Publish).unwrap();
    let calls = fake.state().calls.len();
    assert_eq!(
        run(&fake, &mut ledger, None, Act::Publish),
        Err(PublishError::InUse)
    );
    let finished = PublishError::Finished {
        full_name: "acme/web".to_owned(),
    };
    assert_eq!(run(&fake, &mut ledger, None, Act::Cleanup), Err(finished));
    assert_eq!(fake.state().calls.len(), calls);
    run(&fake, &mut ledger, None, Act::Resume).unwrap();
    assert_eq!(fake.state().count("POST"), 1);
}

#[test]
fn a_ledger_that_was_changed_is_refused_with_its_line() {
    let sandbox = Sandbox::new();
    let fake = Fake::start(Dialect::GitHub);
    let begun = serde_json::to_string(&LedgerEntry::Begun { order: order() }).unwrap();
    let ended = r#"{"entry":"ended","nonce":1,"at":0,"outcome":{"outcome":"done"}}"#;
    for (text, expected) in [
        (format!("{ended}\n"), LedgerError::OutOfOrder { at: 1 }),
        (
            format!("{begun}\n{ended}\n"),
            LedgerError::OutOfOrder { at: 2 },
        ),
        (
            format!("{begun}\n{begun}\n"),
            LedgerError::OutOfOrder { at: 2 },
        ),
    ] {
        sandbox.write("run.ledger", text);
        let mut ledger = FileLedger::open(&sandbox.join("run.ledger")).unwrap();
        let resumed = run(&fake, &mut ledger, None, Act::Resume);
        assert_eq!(resumed, Err(PublishError::Ledger(expected)));
    }
    sandbox.write("run.ledger", format!("{begun}\n{{}}\n"));
    let mut ledger = FileLedger::open(&sandbox.join("run.ledger")).unwrap();
    let resumed = run(&fake, &mut ledger, None, Act::Resume);
    let is_damaged = matches!(
        resumed,
        Err(PublishError::Ledger(LedgerError::Damaged { line: 2, .. }))
    );
    assert!(is_damaged, "{resumed:?}");
    assert_eq!(fake.state().calls.len(), 0);
}
