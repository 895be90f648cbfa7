//! Single runs: their outcome, their record, and the repository they leave.

use super::support::{Options, WorkerFixture};
use crate::forge::fake::{Dialect, Fault, TOKEN};
use crate::forge_cli::Joint;
use crate::support::faulty::{Call, Fault as StoreFault, FaultTiming, FaultyStore};
use crate::support::jobs::{on, on_both_databases, user};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use groundplan::forge::address::ForgeAddress;
use groundplan::forge::site::Site;
use groundplan::model::plan::TemplateOrigin;
use groundplan::pat::key::Key;
use groundplan::pat::sealed::{Binding, Opener, Sealer};
use groundplan::policy::Policy;
use groundplan::publish::ledger::PublishStep;
use groundplan::secret::Secret;
use groundplan::store::Store as _;
use groundplan::store::change::{Actor, RunChange};
use groundplan::store::lease::ClaimTarget;
use groundplan::store::recovery::Recovery;
use groundplan::store::sql::Dialect as Sql;
use groundplan::worker::outcome::AttemptOutcome;

#[test]
fn a_job_creates_exactly_the_accepted_repository() {
    on_both_databases(async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        let run = fixture.submit(1).await;
        let context = fixture.context(fixture.options(fixture.store()));
        assert_eq!(fixture.work(&context).await, AttemptOutcome::Succeeded);
        assert_eq!(fixture.repositories(), ["acme/web-1.git"]);
        assert!(fixture.is_right(1));
        assert_eq!(fixture.jobs.status(&run.id).await, "SUCCEEDED/DONE");
        assert_eq!(
            fixture.event_kinds(&run.id).await,
            [
                "submitted",
                "started",
                "intended",
                "ended",
                "intended",
                "ended",
                "intended",
                "ended",
                "succeeded"
            ]
        );
        let url = fixture
            .sandbox
            .join("forge/acme/web-1.git")
            .display()
            .to_string();
        assert_eq!(
            fixture
                .jobs
                .value("repo_url", "products WHERE id = 'p1'")
                .await,
            url
        );
        assert_eq!(
            fixture
                .jobs
                .value("template_version", "products WHERE id = 'p1'")
                .await,
            "v1"
        );
        assert_eq!(fixture.leftovers(), Vec::<String>::new());
        let log = fixture.sandbox.read(&format!("logs/runs/{}.log", run.id));
        assert!(
            log.contains(" build: the tree matches the accepted one\n"),
            "{log}"
        );
        assert!(log.ends_with(" end: succeeded\n"), "{log}");
    });
}

#[test]
fn a_plan_that_was_changed_in_the_database_is_not_executed() {
    on_both_databases(async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        let run = fixture.submit(1).await;
        let (from, to) = ("iron-session", "evil-session");
        let changed = match fixture.jobs.dialect() {
            Sql::Sqlite => format!("replace(recipe_snapshot, '{from}', '{to}')"),
            Sql::Postgres => {
                format!("CAST(replace(CAST(recipe_snapshot AS TEXT), '{from}', '{to}') AS jsonb)")
            }
        };
        fixture
            .jobs
            .write(&format!(
                "UPDATE bootstrap_runs SET recipe_snapshot = {changed}"
            ))
            .await;
        let context = fixture.context(fixture.options(fixture.store()));
        assert_eq!(
            fixture.work(&context).await,
            AttemptOutcome::Failed { remains: false }
        );
        assert_eq!(fixture.repositories(), Vec::<String>::new());
        assert_eq!(fixture.jobs.status(&run.id).await, "FAILED/FAILED");
        let error = fixture.jobs.run(&run.id).await.error.unwrap();
        assert!(
            error.contains("stored plan was changed after it was accepted: the recipe hash"),
            "{error}"
        );
    });
}

#[test]
fn a_template_from_a_folder_of_another_machine_is_refused() {
    on(Sql::Sqlite, async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        let mut submission = fixture.submission(1);
        submission.plan.template.repo = TemplateOrigin::Folder;
        submission.report.template.repo = TemplateOrigin::Folder;
        submission.report.plan_hash = submission.plan.hash(&submission.report.recipe_hash);
        let run = fixture.jobs.store.submit(&submission).await.unwrap();
        let context = fixture.context(fixture.options(fixture.store()));
        assert_eq!(
            fixture.work(&context).await,
            AttemptOutcome::Failed { remains: false }
        );
        let error = fixture.jobs.run(&run.id).await.error.unwrap();
        assert!(
            error.contains("a folder of the machine that created it"),
            "{error}"
        );
    });
}

#[test]
fn a_high_tier_waits_for_an_approval_of_exactly_its_tree() {
    on_both_databases(async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        let run = fixture.submit(1).await;
        let context = fixture.context(Options {
            policy: Policy::parse(
                "[tiers]\nother = \"low\"\n[approval]\nadministrators = [\"ada\"]",
            )
            .unwrap(),
            ..fixture.options(fixture.store())
        });
        assert_eq!(
            fixture.work(&context).await,
            AttemptOutcome::AwaitingApproval
        );
        assert_eq!(fixture.jobs.status(&run.id).await, "PENDING/QUEUED");
        let next = fixture
            .jobs
            .store
            .claim(&context.worker, &ClaimTarget::Oldest)
            .await
            .unwrap();
        assert_eq!(next, None);
        let tree = fixture.submission(1).report.tree_id.unwrap();
        let ada = user("ada");
        let approve = RunChange::Approve { tree, note: None };
        fixture
            .jobs
            .store
            .change(&run.id, Actor::Person(&ada), &approve)
            .await
            .unwrap();
        assert_eq!(fixture.work(&context).await, AttemptOutcome::Succeeded);
        assert!(fixture.is_right(1));
        let kinds = fixture.event_kinds(&run.id).await;
        assert_eq!(kinds[..3], ["submitted", "held", "approved"]);
    });
}

#[test]
fn a_name_that_is_taken_fails_the_run_and_changes_nothing() {
    on(Sql::Sqlite, async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        let run = fixture.submit(1).await;
        fixture
            .sandbox
            .git(".", &["init", "-q", "--bare", "forge/acme/web-1.git"]);
        let before = crate::support::files_below(&fixture.sandbox.join("forge"));
        let context = fixture.context(fixture.options(fixture.store()));
        assert_eq!(
            fixture.work(&context).await,
            AttemptOutcome::Failed { remains: false }
        );
        assert_eq!(
            crate::support::files_below(&fixture.sandbox.join("forge")),
            before
        );
        let error = fixture.jobs.run(&run.id).await.error.unwrap();
        assert_eq!(error, "`acme/web-1` already exists; nothing was created");
    });
}

/// A key, and the token of `ada` sealed with it for a host.
pub(super) fn sealed(token: &str, host: &str) -> (Opener, String) {
    let key = || Key::parse(&BASE64_STANDARD.encode((1..33).collect::<Vec<u8>>())).unwrap();
    let secret = Secret::parse(token.to_owned()).unwrap();
    let binding = Binding { owner: "ada", host };
    let sealed = Sealer::new(key()).seal(&secret, binding).unwrap();
    (Opener::new(key(), None), sealed)
}

/// A worker for a forge with a real git behind it.
pub(super) fn github(fixture: &WorkerFixture, joint: &Joint, opener: Opener) -> Options {
    let site = Site::github(&joint.address(), &[]).unwrap();
    Options {
        forge: ForgeAddress::GitHub(site),
        opener: Some(opener),
        ..fixture.options(fixture.store())
    }
}

pub(super) async fn store_token(fixture: &WorkerFixture, sealed: &str) {
    let sql = format!("UPDATE users SET github_pat_encrypted = '{sealed}' WHERE id = 'ada'");
    fixture.jobs.write(&sql).await;
}

#[test]
fn a_sealed_token_is_opened_for_the_run_and_never_shown() {
    on_both_databases(async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        let joint = Joint::start(Dialect::GitHub);
        let (opener, sealed) = sealed(TOKEN, "127.0.0.1");
        store_token(&fixture, &sealed).await;
        let run = fixture.submit(1).await;
        let context = fixture.context(github(&fixture, &joint, opener));
        let outcome = fixture.work(&context).await;
        let row = fixture.jobs.run(&run.id).await;
        assert_eq!(outcome, AttemptOutcome::Succeeded, "{:?}", row.error);
        let events = fixture.jobs.store.events(0, None, 1000).await.unwrap();
        let texts = format!("{row:?} {events:?} {}", context.metrics.encode());
        crate::forge_cli::check("rows, events and metrics", texts.as_bytes());
        for file in crate::support::files_below(fixture.sandbox.path()) {
            let bytes = std::fs::read(fixture.sandbox.join(&file)).unwrap();
            crate::forge_cli::check(&file, &bytes);
        }
    });
}

#[test]
fn a_token_that_is_refused_fails_the_run_and_creates_no_repository() {
    on_both_databases(async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        let joint = Joint::start(Dialect::GitHub);
        let (opener, sealed) = sealed("ghp_anotherTokenThatNobodyKnows0123456789", "127.0.0.1");
        store_token(&fixture, &sealed).await;
        let run = fixture.submit(1).await;
        let context = fixture.context(github(&fixture, &joint, opener));
        assert_eq!(fixture.work(&context).await, AttemptOutcome::Refused);
        assert_eq!(fixture.jobs.status(&run.id).await, "FAILED/FAILED");
        assert_eq!(joint.state().creates, [0; 0]);
        let error = fixture.jobs.run(&run.id).await.error.unwrap();
        assert!(error.starts_with("the forge rejects the token"), "{error}");
    });
}

#[test]
fn a_token_that_is_missing_or_does_not_open_fails_the_run_before_the_forge_is_asked() {
    on(Sql::Sqlite, async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        let joint = Joint::start(Dialect::GitHub);
        let (opener, elsewhere) = sealed(TOKEN, "example.org");
        let context = fixture.context(github(&fixture, &joint, opener));
        for (token, why) in [
            (None, "the user has no stored token"),
            (Some(elsewhere.as_str()), "stored token cannot be decrypted"),
        ] {
            if let Some(token) = token {
                store_token(&fixture, token).await;
            }
            let run = fixture.submit(1).await;
            assert_eq!(fixture.work(&context).await, AttemptOutcome::Refused);
            let error = fixture.jobs.run(&run.id).await.error.unwrap();
            assert!(error.contains(why), "{error}");
            assert_eq!(joint.state().calls, Vec::<String>::new());
        }
    });
}

#[test]
fn the_repository_of_a_failed_run_is_removed_under_a_new_lease() {
    on_both_databases(async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        let run = fixture.submit(1).await;
        // The folder of repositories is moved away after the repository is created: the push fails, and so does the removal.
        let context = fixture.context(fixture.options(fixture.store()));
        let lease = fixture.claim(&context).await;
        let forge = fixture.sandbox.join("forge");
        let move_away = StoreFault::interlude(move || {
            std::fs::rename(&forge, forge.with_extension("away")).unwrap();
            async {}
        });
        let at = Call::RecordOutcome(PublishStep::Create);
        let store = FaultyStore::new(fixture.store(), at, move_away);
        let broken = fixture.context(fixture.options(store));
        let outcome = fixture.execute(&broken, lease).await;
        assert_eq!(outcome, AttemptOutcome::RetryLater);
        assert_eq!(
            fixture.jobs.status(&run.id).await,
            "FAILED_NEEDS_CLEANUP/FAILED"
        );
        let forge = fixture.sandbox.join("forge");
        std::fs::rename(forge.with_extension("away"), &forge).unwrap();
        assert_eq!(fixture.repositories(), ["acme/web-1.git"]);
        fixture.clean_up(&context, &run.id).await.unwrap();
        assert_eq!(fixture.repositories(), Vec::<String>::new());
        assert_eq!(fixture.jobs.status(&run.id).await, "FAILED/FAILED");
    });
}

#[test]
fn after_a_fault_of_the_forge_at_any_call_a_retry_creates_the_repository_once() {
    on(Sql::Sqlite, async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        let mut results = std::collections::BTreeMap::<&str, usize>::new();
        for fault in [
            Fault::CutAfter,
            Fault::BadGatewayAfter,
            Fault::TooMany,
            Fault::Unauthorized,
        ] {
            // Permanently only those that say the least about the effect of a call.
            let is_unsaid = matches!(fault, Fault::CutAfter | Fault::Unauthorized);
            let times = if is_unsaid { &[1, 1000][..] } else { &[1] };
            for (call, times) in
                (0..13).flat_map(|call| times.iter().map(move |times| (call, *times)))
            {
                let case = format!("{fault:?} {call} {times}");
                let joint = Joint::start(Dialect::GitHub);
                let (opener, sealed) = sealed(TOKEN, "127.0.0.1");
                store_token(&fixture, &sealed).await;
                let run = fixture.submit(1).await;
                let context = fixture.context(github(&fixture, &joint, opener));
                joint.state().fault = Some((call, fault, times));
                let first = fixture.work(&context).await;
                *results.entry(first.as_str()).or_default() += 1;
                joint.state().fault = None;
                if first != AttemptOutcome::Succeeded {
                    let row = fixture.jobs.run(&run.id).await;
                    assert!(!row.status.is_active(), "{case}: {row:?}");
                    let ada = user("ada");
                    let retried =
                        fixture
                            .jobs
                            .store
                            .change(&run.id, Actor::Person(&ada), &RunChange::Retry);
                    retried.await.unwrap();
                    let second = fixture.work(&context).await;
                    let row = fixture.jobs.run(&run.id).await;
                    assert_eq!(
                        second,
                        AttemptOutcome::Succeeded,
                        "{case}: {first:?}, {row:?}"
                    );
                }
                let repos: Vec<_> = joint.state().repos.values().cloned().collect();
                assert_eq!(repos.len(), 1, "{case}");
                let found = (repos[0].name.as_str(), repos[0].description.as_str());
                assert_eq!(found, ("web-1", "Acme Web"), "{case}");
                assert_eq!(
                    fixture.jobs.status(&run.id).await,
                    "SUCCEEDED/DONE",
                    "{case}"
                );
            }
        }
        // docs/reliability.md has the same figures.
        assert_eq!(
            results,
            [("refused", 26), ("succeeded", 34), ("troubled", 18)].into()
        );
    });
}

#[test]
fn the_repository_of_a_failed_run_is_removed_or_released_by_a_command() {
    on(Sql::Sqlite, async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        for (number, more, says, is_kept) in [
            (
                1,
                &[][..],
                "is cleaned up: removed repository number",
                false,
            ),
            (2, &["--release"][..], "is yours from now on", true),
        ] {
            let run = fixture.submit(number).await;
            let death = StoreFault::Death(FaultTiming::After);
            let at = Call::RecordIntent(PublishStep::Push);
            let store = FaultyStore::new(fixture.store(), at, death);
            let context = fixture.context(fixture.options(store));
            fixture.work(&context).await;
            fixture.jobs.expire_leases().await;
            fixture
                .jobs
                .store
                .recover_expired(Recovery::Fail)
                .await
                .unwrap();
            assert_eq!(
                fixture.jobs.status(&run.id).await,
                "FAILED_NEEDS_CLEANUP/FAILED"
            );
            let base = [
                "runs",
                "cleanup",
                run.id.as_str(),
                "--as",
                "ada",
                "--forge",
                "local",
                "--forge-url",
                "forge",
            ];
            let folders = ["--catalogs", ".", "--state", "state"];
            let command =
                || super::process::program(&fixture, &[&base[..], &folders, more].concat());
            let ran = fixture.sandbox.run(&mut command()).exits(0);
            assert!(ran.stdout.contains(says), "{}", ran.stdout);
            assert_eq!(fixture.jobs.status(&run.id).await, "FAILED/FAILED");
            let name = format!("acme/web-{number}.git");
            assert_eq!(fixture.repositories().contains(&name), is_kept);
            let again = fixture.sandbox.run(&mut command()).exits(1);
            assert!(!again.stderr.is_empty());
        }
    });
}

#[test]
fn a_cancelled_run_ends_cancelled_even_where_it_would_have_failed() {
    on_both_databases(async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        let joint = Joint::start(Dialect::GitHub);
        let run = fixture.submit(1).await;
        let (store, id) = (fixture.jobs.store.clone(), run.id.clone());
        let cancel = StoreFault::interlude(move || {
            let (store, id) = (store.clone(), id.clone());
            async move {
                store
                    .change(&id, Actor::Person(&user("ada")), &RunChange::Cancel)
                    .await
                    .unwrap();
            }
        });
        // The token is missing, which the worker finds before it checks for a cancellation.
        let (opener, _) = sealed(TOKEN, "127.0.0.1");
        let context = fixture.context(Options {
            store: FaultyStore::new(fixture.store(), Call::Payload, cancel),
            ..github(&fixture, &joint, opener)
        });
        assert_eq!(
            fixture.work(&context).await,
            AttemptOutcome::Cancelled { remains: false }
        );
        assert_eq!(fixture.jobs.status(&run.id).await, "CANCELLED/CANCELLED");
        assert_eq!(joint.state().calls, Vec::<String>::new());
    });
}

#[test]
fn a_pushed_repository_with_other_content_is_recorded_as_unfinished() {
    on_both_databases(async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        let run = fixture.submit(1).await;
        // Another user pushes right after the run has pushed.
        let folder = fixture.sandbox.join("forge/acme/web-1.git");
        let push = StoreFault::interlude(move || {
            let git = |args: &[&str]| {
                let mut command = std::process::Command::new("git");
                command.arg("-C").arg(&folder).args(args);
                command
                    .env("GIT_AUTHOR_NAME", "Eve")
                    .env("GIT_AUTHOR_EMAIL", "eve@example.org");
                command
                    .env("GIT_COMMITTER_NAME", "Eve")
                    .env("GIT_COMMITTER_EMAIL", "eve@example.org");
                let output = command.output().unwrap();
                assert!(output.status.success(), "{output:?}");
                String::from_utf8(output.stdout).unwrap().trim().to_owned()
            };
            let commit = git(&["commit-tree", "-m", "other", "main^{tree}"]);
            git(&["update-ref", "refs/heads/main", &commit]);
            async {}
        });
        let at = Call::RecordOutcome(PublishStep::Push);
        let store = FaultyStore::new(fixture.store(), at, push);
        let context = fixture.context(fixture.options(store));
        let outcome = fixture.work(&context).await;
        assert_eq!(outcome, AttemptOutcome::Failed { remains: true });
        let status = fixture.jobs.status(&run.id).await;
        assert_eq!(status, "FAILED_NEEDS_CLEANUP/FAILED");
        let events = fixture
            .jobs
            .store
            .events(0, Some(&run.id), 1000)
            .await
            .unwrap();
        let detail = &events.last().unwrap().detail;
        let id = detail["left"].as_str().unwrap();
        let id = id.strip_prefix("`acme/web-1` was created and is unfinished (id ");
        assert!(id.is_some(), "{detail}");
        let error = fixture.jobs.run(&run.id).await.error.unwrap();
        assert!(
            error.starts_with("the forge has `main` at commit "),
            "{error}"
        );
        assert!(
            error.contains("; `acme/web-1` was created and is unfinished (id "),
            "{error}"
        );
        assert!(!error.contains("right commit"), "{error}");
    });
}
