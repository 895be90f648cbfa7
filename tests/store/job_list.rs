//! The list of jobs of all kinds, and counts that agree with it.

use crate::support::jobs::{StoreFixture, product, promises, user};
use groundplan::app::caller::Caller;
use groundplan::app::jobs;
use groundplan::store::error::StoreError;
use groundplan::store::id::JobId;
use groundplan::store::job::JobStatus;
use groundplan::store::job_list::{JobEntry, JobFilter};
use groundplan::store::listed::Listed;
use groundplan::store::sql::Dialect;

promises! {
    a_filter_selects_what_its_counts_count,
    pages_follow_each_other_and_lose_none,
    a_user_sees_own_jobs_and_an_administrator_all,
    a_damaged_job_hides_no_other,
    the_throughput_counts_every_kind,
}

/// Adds jobs as the application does: each with a kind, a status and a summary, one millisecond after the other.
async fn add(fixture: &StoreFixture, jobs: &[(&str, &str, &str, &str)]) {
    for (number, (id, kind, status, summary)) in jobs.iter().enumerate() {
        let at = match fixture.dialect() {
            Dialect::Sqlite => format!("{number}"),
            Dialect::Postgres => format!("timestamp 'epoch' + {number} * interval '1 millisecond'"),
        };
        fixture
            .write(&format!(
                "INSERT INTO claude_jobs (id, user_id, product_id, kind, status, summary, created_at, updated_at) \
                 VALUES ('{id}', 'ada', 'p1', '{kind}', '{status}', '{summary}', {at}, {at})"
            ))
            .await;
    }
}

async fn listed(fixture: &StoreFixture, filter: &JobFilter) -> Vec<JobEntry> {
    let jobs = fixture.store.jobs(filter, 100).await.unwrap();
    let readable = jobs.into_iter().map(|job| job.into_result("job"));
    readable.collect::<Result<_, _>>().unwrap()
}

fn ids(jobs: &[JobEntry]) -> Vec<&str> {
    jobs.iter().map(|job| job.id.as_str()).collect()
}

async fn a_filter_selects_what_its_counts_count(fixture: StoreFixture) {
    add(
        &fixture,
        &[
            ("a", "PLAN_CHAT", "QUEUED", "the 100% plan"),
            ("b", "PLAN_CHAT", "DONE", "A LONG talk"),
            ("c", "IDEA_GRILL", "DONE", "x_y"),
        ],
    )
    .await;
    let run = fixture.submit("p0").await;
    let all = JobFilter::default();
    let of_kinds = |kinds: &[&str]| JobFilter {
        kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        ..all.clone()
    };
    let of_text = |text: &str| JobFilter {
        text: Some(text.to_owned()),
        ..all.clone()
    };
    let done = JobFilter {
        statuses: vec![JobStatus::Done, JobStatus::Failed],
        ..all.clone()
    };
    let of_product = JobFilter {
        product: Some(product("p0")),
        ..all.clone()
    };
    let ours = run.job.as_str();
    for (filter, expected) in [
        (all.clone(), vec![ours, "c", "b", "a"]),
        (of_kinds(&["PLAN_CHAT"]), vec!["b", "a"]),
        (of_kinds(&["PLAN_CHAT", "IDEA_GRILL"]), vec!["c", "b", "a"]),
        (of_kinds(&["SOMETHING_NEW"]), vec![]),
        (done, vec!["c", "b"]),
        (of_product, vec![ours]),
        (of_text("long"), vec!["b"]),
        (of_text("0% P"), vec!["a"]),
        (of_text("_"), vec!["c"]),
        (of_text("\\"), vec![]),
        (of_text(run.id.as_str()), vec![ours]),
    ] {
        let jobs = listed(&fixture, &filter).await;
        assert_eq!(ids(&jobs), expected, "{filter:?}");
        let admin = Caller::Operator(user("root"));
        let counts = jobs::counts(&fixture.store, &admin, filter.clone())
            .await
            .unwrap();
        let of_kind = |kind: &str| jobs.iter().filter(|job| job.kind == kind).count() as u64;
        let of_status = |status| jobs.iter().filter(|job| job.status == status).count() as u64;
        assert_eq!(counts.total.count, expected.len() as u64, "{filter:?}");
        assert_eq!((counts.kinds.len(), counts.statuses.len()), (8, 7));
        for kind in &counts.kinds {
            assert_eq!(
                kind.number.count,
                of_kind(&kind.info.kind),
                "{filter:?} {kind:?}"
            );
        }
        for status in &counts.statuses {
            assert_eq!(
                status.number.count,
                of_status(status.status),
                "{filter:?} {status:?}"
            );
        }
    }
    let first = &listed(&fixture, &all).await[0];
    assert_eq!(
        (
            first.run.as_deref(),
            first.product_name.as_str(),
            first.status
        ),
        (Some(run.id.as_str()), "p0", "queued")
    );
}

async fn pages_follow_each_other_and_lose_none(fixture: StoreFixture) {
    let names: Vec<String> = (0..7).map(|number| format!("job{number}")).collect();
    let rows: Vec<_> = names
        .iter()
        .map(|id| (id.as_str(), "PLAN_CHAT", "QUEUED", ""))
        .collect();
    add(&fixture, &rows).await;
    // Jobs of the same moment are in the order of their ids.
    let epoch = match fixture.dialect() {
        Dialect::Sqlite => "0",
        Dialect::Postgres => "timestamp 'epoch'",
    };
    fixture
        .write(&format!("UPDATE claude_jobs SET created_at = {epoch}"))
        .await;
    let mut filter = JobFilter::default();
    let mut found = Vec::new();
    loop {
        let page = fixture.store.jobs(&filter, 2).await.unwrap();
        let Some(Listed::Readable(last)) = page.last() else {
            break;
        };
        filter.after = Some(JobId::parse(&last.id).unwrap());
        found.extend(page.into_iter().map(|job| job.readable().unwrap().id));
    }
    let newest_first: Vec<_> = names.into_iter().rev().collect();
    assert_eq!(found, newest_first);
    filter.after = Some(JobId::parse("gone").unwrap());
    let error = fixture.store.jobs(&filter, 2).await.unwrap_err();
    assert!(matches!(error, StoreError::NoJob { .. }), "{error:?}");
}

async fn a_user_sees_own_jobs_and_an_administrator_all(fixture: StoreFixture) {
    add(&fixture, &[("a", "PLAN_CHAT", "QUEUED", "")]).await;
    let of = async |caller: Caller| {
        let filter = JobFilter::default();
        let list = jobs::list(&fixture.store, &caller, filter.clone(), 100).await;
        let counts = jobs::counts(&fixture.store, &caller, filter).await;
        (list.unwrap().len(), counts.unwrap().total.count)
    };
    assert_eq!(of(Caller::User(user("ada"))).await, (1, 1));
    assert_eq!(of(Caller::Demo(user("demo"))).await, (0, 0));
    assert_eq!(of(Caller::Administrator(user("root"))).await, (1, 1));
}

async fn a_damaged_job_hides_no_other(fixture: StoreFixture) {
    add(
        &fixture,
        &[
            ("a", "PLAN_CHAT", "QUEUED", ""),
            ("b", "PLAN_CHAT", "QUEUED", ""),
        ],
    )
    .await;
    let broken = match fixture.dialect() {
        Dialect::Sqlite => "'soon'",
        Dialect::Postgres => "'infinity'",
    };
    fixture
        .write(&format!(
            "UPDATE claude_jobs SET created_at = {broken} WHERE id = 'b'"
        ))
        .await;
    let jobs = fixture
        .store
        .jobs(&JobFilter::default(), 100)
        .await
        .unwrap();
    match jobs.as_slice() {
        [Listed::Unreadable(row), Listed::Readable(job)] => {
            assert_eq!((row.id.as_str(), job.id.as_str()), ("b", "a"));
        }
        other => panic!("{other:?}"),
    }
}

async fn the_throughput_counts_every_kind(fixture: StoreFixture) {
    add(
        &fixture,
        &[
            ("a", "PLAN_CHAT", "DONE", ""),
            ("b", "PLAN_CHAT", "FAILED", ""),
            ("c", "IDEA_GRILL", "DONE", ""),
            ("d", "IDEA_GRILL", "CANCELLED", ""),
        ],
    )
    .await;
    let now = match fixture.dialect() {
        Dialect::Sqlite => "unixepoch() * 1000",
        Dialect::Postgres => "now() AT TIME ZONE 'UTC'",
    };
    fixture
        .write(&format!("UPDATE claude_jobs SET finished_at = {now}"))
        .await;
    let days = fixture.store.throughput(None, 2).await.unwrap();
    let counts: Vec<_> = days
        .iter()
        .map(|day| {
            (
                day.kind.as_str(),
                day.label.as_str(),
                day.succeeded,
                day.failed,
            )
        })
        .collect();
    assert_eq!(
        counts,
        [
            ("IDEA_GRILL", "Question idea", 1, 0),
            ("PLAN_CHAT", "Discuss plan", 1, 1)
        ]
    );
    assert!(days.iter().all(|day| day.cost.is_none()));
}

#[test]
fn a_count_of_more_than_a_thousand_says_so() {
    crate::support::jobs::on(Dialect::Sqlite, async |fixture: StoreFixture| {
        fixture
            .write(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1001) \
                 INSERT INTO claude_jobs (id, user_id, product_id, kind, updated_at) \
                 SELECT 'j' || i, 'ada', 'p1', CASE WHEN i = 1 THEN 'PLAN_CHAT' ELSE 'IDEA_GRILL' END, 0 FROM n",
            )
            .await;
        let admin = Caller::Operator(user("root"));
        let counts = jobs::counts(&fixture.store, &admin, JobFilter::default())
            .await
            .unwrap();
        let of = |name: &str| {
            let mut kinds = counts.kinds.iter();
            let kind = kinds.find(|kind| kind.info.kind == name).unwrap();
            (kind.number.count, kind.number.more)
        };
        assert_eq!((counts.total.count, counts.total.more), (1000, true));
        assert_eq!(of("IDEA_GRILL"), (1000, false));
        assert_eq!(of("PLAN_CHAT"), (1, false));
    });
}
