//! The ledger in a file, and crashes between any two of its lines.

use super::{Operation, is_empty, is_right, request, run};
use crate::forge::fake::{Dialect, Fake};
use crate::support::Sandbox;
use async_trait::async_trait;
use groundplan::forge::repository::RepositoryId;
use groundplan::publish::error::PublishError;
use groundplan::publish::file_ledger::FileLedger;
use groundplan::publish::ledger::{
    CreatedRepo, Ledger, LedgerEntry, LedgerError, PublishStep, StepOutcome,
};

/// A ledger that fails at one entry, before or after it has reached the disk.
struct CrashingLedger {
    inner: FileLedger,
    records_left: usize,
    is_stored: bool,
}

#[async_trait]
impl Ledger for CrashingLedger {
    async fn record(&mut self, entry: &LedgerEntry) -> Result<(), LedgerError> {
        if self.records_left > 0 {
            self.records_left -= 1;
            return self.inner.record(entry).await;
        }
        if self.is_stored {
            self.inner.record(entry).await?;
        }
        Err(LedgerError::Storage {
            ledger: "crashing".to_owned(),
            action: "written",
            message: "the process was killed".to_owned(),
        })
    }

    async fn entries(&mut self) -> Result<Vec<LedgerEntry>, LedgerError> {
        self.inner.entries().await
    }
}

/// Opens a ledger that this process has closed. A program that another test starts may hold a copy of the lock until it runs.
fn reopen(path: &std::path::Path) -> FileLedger {
    loop {
        match FileLedger::open(path) {
            Err(LedgerError::Locked { .. }) => std::thread::yield_now(),
            opened => return opened.unwrap(),
        }
    }
}

#[test]
fn a_run_that_crashes_between_any_two_lines_is_resumed_or_cleaned_up() {
    // The request, then intent and outcome of create, push and describe.
    const LINES: usize = 7;
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        for (then, is_stored) in [
            (Operation::Resume, false),
            (Operation::Resume, true),
            (Operation::Cleanup, false),
            (Operation::Cleanup, true),
        ] {
            for records_left in 0..LINES {
                let case = format!("{dialect:?} {then:?} {records_left} {is_stored}");
                let sandbox = Sandbox::new();
                let path = sandbox.join("run.ledger");
                let fake = Fake::start(dialect);
                let inner = FileLedger::create(&path).unwrap();
                let mut crashing = CrashingLedger {
                    inner,
                    records_left,
                    is_stored,
                };
                let first = run(&fake, &mut crashing, None, Operation::Publish);
                assert!(first.is_err(), "{case}");
                drop(crashing);

                let mut ledger = reopen(&path);
                let second = run(&fake, &mut ledger, None, then);
                if records_left == 0 && !is_stored {
                    let nothing = PublishError::Ledger(LedgerError::OutOfOrder { entry: 1 });
                    assert_eq!(second, Err(nothing), "an empty ledger has no request");
                    assert!(is_empty(&fake));
                    continue;
                }
                let is_as_expected = match then {
                    Operation::Resume => second.is_ok() && is_right(&fake),
                    Operation::Publish | Operation::Cleanup => is_empty(&fake) || is_right(&fake),
                };
                assert!(is_as_expected, "{case}: {first:?}, {second:?}");
                assert!(fake.state().creates.len() <= 1, "{case}");
            }
        }
    }
}

#[test]
fn an_incomplete_last_line_is_ignored() {
    let sandbox = Sandbox::new();
    let path = sandbox.join("run.ledger");
    let fake = Fake::start(Dialect::GitHub);
    run(
        &fake,
        &mut FileLedger::create(&path).unwrap(),
        None,
        Operation::Publish,
    )
    .unwrap();
    let text = sandbox.read("run.ledger");
    assert_eq!(text.lines().count(), 7);
    sandbox.write("run.ledger", &text[..text.len() - 10]);
    let mut ledger = FileLedger::open(&path).unwrap();
    assert!(
        run(&fake, &mut ledger, None, Operation::Resume)
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
    run(&fake, &mut ledger, None, Operation::Publish).unwrap();
    let calls = fake.state().calls.len();
    assert_eq!(
        run(&fake, &mut ledger, None, Operation::Publish),
        Err(PublishError::LedgerInUse)
    );
    let published = PublishError::AlreadyPublished {
        full_name: "acme/web".to_owned(),
    };
    assert_eq!(
        run(&fake, &mut ledger, None, Operation::Cleanup),
        Err(published)
    );
    assert_eq!(fake.state().calls.len(), calls);
    run(&fake, &mut ledger, None, Operation::Resume).unwrap();
    assert_eq!(fake.state().count("POST"), 1);
}

#[test]
fn a_ledger_that_was_edited_is_refused_with_its_line() {
    let sandbox = Sandbox::new();
    let fake = Fake::start(Dialect::GitHub);
    let started = serde_json::to_string(&LedgerEntry::Started { request: request() }).unwrap();
    let finished = r#"{"entry":"ended","nonce":1,"at":0,"outcome":{"outcome":"done"}}"#;
    for (text, expected) in [
        (
            format!("{finished}\n"),
            LedgerError::OutOfOrder { entry: 1 },
        ),
        (
            format!("{started}\n{finished}\n"),
            LedgerError::OutOfOrder { entry: 2 },
        ),
        (
            format!("{started}\n{started}\n"),
            LedgerError::OutOfOrder { entry: 2 },
        ),
    ] {
        sandbox.write("run.ledger", text);
        let mut ledger = FileLedger::open(&sandbox.join("run.ledger")).unwrap();
        let resumed = run(&fake, &mut ledger, None, Operation::Resume);
        assert_eq!(resumed, Err(PublishError::Ledger(expected)));
    }
    sandbox.write("run.ledger", format!("{started}\n{{}}\n"));
    let mut ledger = FileLedger::open(&sandbox.join("run.ledger")).unwrap();
    let resumed = run(&fake, &mut ledger, None, Operation::Resume);
    let is_damaged = matches!(
        resumed,
        Err(PublishError::Ledger(LedgerError::Damaged { line: 2, .. }))
    );
    assert!(is_damaged, "{resumed:?}");
    assert_eq!(fake.state().calls.len(), 0);
}

#[test]
fn the_format_of_a_ledger_is_that_of_earlier_versions() {
    let finished = |outcome| LedgerEntry::Finished {
        nonce: 1,
        at: 3,
        outcome,
    };
    let repo = CreatedRepo {
        id: RepositoryId(42),
        full_name: "Acme/Web".to_owned(),
        created_at: 2,
    };
    let message = "gone".to_owned();
    let (marker, noon) = (request().marker.to_string(), request().requested_at);
    let (ones, twos) = ("1".repeat(40), "2".repeat(40));
    for (entry, expected) in [
        (
            LedgerEntry::Started { request: request() },
            format!(
                r#"{{"entry":"begun","order":{{"place":{{"owner":"acme","name":"web"}},"kind":"organisation","marker":"{marker}","commit":"{ones}","tree":"{twos}","description":"Acme Web","asked_at":{noon}}}}}"#
            ),
        ),
        (
            LedgerEntry::Intended {
                step: PublishStep::Create,
                nonce: 1,
                at: 2,
            },
            r#"{"entry":"intended","step":"create","nonce":1,"at":2}"#.to_owned(),
        ),
        (
            finished(StepOutcome::Created { repo }),
            r#"{"entry":"ended","nonce":1,"at":3,"outcome":{"outcome":"made","made":{"id":42,"full_name":"Acme/Web","created_at":2}}}"#.to_owned(),
        ),
        (
            finished(StepOutcome::NotDone { message }),
            r#"{"entry":"ended","nonce":1,"at":3,"outcome":{"outcome":"not_done","message":"gone"}}"#.to_owned(),
        ),
    ] {
        assert_eq!(serde_json::to_string(&entry).unwrap(), expected);
        assert_eq!(serde_json::from_str::<LedgerEntry>(&expected).unwrap(), entry);
    }
}
