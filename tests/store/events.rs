//! The audit log: in the order of the commits, so that who remembers the last number misses nothing.

use crate::support::jobs::{StoreFixture, promises, user};
use groundplan::store::Store as _;
use groundplan::store::change::{Actor, RunChange};
use std::collections::BTreeSet;

promises! {
    a_reader_who_continues_after_the_last_number_misses_no_event,
    an_event_names_its_author_and_time,
}

async fn a_reader_who_continues_after_the_last_number_misses_no_event(fixture: StoreFixture) {
    let writers: Vec<_> = (0..6)
        .map(|number| {
            let store = fixture.store.clone();
            let product = format!("p{number}");
            tokio::spawn(async move {
                for _ in 0..8 {
                    let submission = crate::support::jobs::submission(
                        &product,
                        groundplan::model::action::RiskLevel::Low,
                    );
                    let run = store.submit(&submission).await.unwrap();
                    let ada = user("ada");
                    let actor = Actor::Person(&ada);
                    store
                        .change(&run.id, actor, &RunChange::Cancel)
                        .await
                        .unwrap();
                }
            })
        })
        .collect();
    let mut seen = Vec::new();
    let mut last = 0;
    loop {
        let is_over = writers.iter().all(tokio::task::JoinHandle::is_finished);
        let page = fixture.store.events(last, None, 7).await.unwrap();
        if page.is_empty() && is_over {
            break;
        }
        for event in page {
            assert!(event.sequence > last);
            last = event.sequence;
            seen.push(event);
        }
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(seen.len(), 6 * 8 * 3);
    let runs: BTreeSet<_> = seen.iter().map(|event| event.run.clone()).collect();
    for run in &runs {
        let own: Vec<_> = seen.iter().filter(|event| event.run == *run).collect();
        let numbers: Vec<_> = own.iter().map(|event| event.number).collect();
        assert_eq!(numbers, [1, 2, 3]);
        let endings = own.iter().filter(|event| event.kind.is_terminal()).count();
        assert_eq!(endings, 1);
    }
}

async fn an_event_names_its_author_and_time(fixture: StoreFixture) {
    let run = fixture.submit("p0").await;
    let lease = fixture.claim(1).await;
    let start = fixture
        .store
        .change(&run.id, Actor::Worker(&lease), &RunChange::Start);
    let started = start.await.unwrap();
    let events = fixture.store.events(0, Some(&run.id), 10).await.unwrap();
    assert_eq!(events[0].by, "ada");
    assert_eq!(events[0].at, run.created_at);
    assert_eq!(events[1].by, "host-1-1795000000000");
    assert_eq!(Some(events[1].at), started.started_at);
}
