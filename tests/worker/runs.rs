//! Runs one by one: how they end, and what is written and left then.

use super::support::{Blow, Options, Struck, Yard};
use crate::forge::fake::{Dialect, Fault, TOKEN};
use crate::forge_cli::Joint;
use crate::support::jobs::{on, on_both_databases, user};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use groundplan::forge::address::ForgeAddress;
use groundplan::forge::site::Site;
use groundplan::model::plan::TemplateOrigin;
use groundplan::pat::key::Key;
use groundplan::pat::sealed::{Binding, Opener, Sealer};
use groundplan::policy::Policy;
use groundplan::secret::Secret;
use groundplan::store::Store as _;
use groundplan::store::change::{Actor, RunChange};
use groundplan::store::lease::ClaimTarget;
use groundplan::store::recovery::Recovery;
use groundplan::store::sql::Dialect as Sql;
use groundplan::worker::outcome::AttemptOutcome;

#[test]
fn a_job_becomes_exactly_the_repository_that_was_accepted() {
    on_both_databases(async |desk| {
        let yard = Yard::over(desk);
        let run = yard.submit(1).await;
        let means = yard.means(yard.options(yard.store()));
        assert_eq!(yard.work(&means).await, AttemptOutcome::Succeeded);
        assert_eq!(yard.repositories(), ["acme/web-1.git"]);
        assert!(yard.is_right(1));
        assert_eq!(yard.desk.status(&run.id).await, "SUCCEEDED/DONE");
        assert_eq!(
            yard.story(&run.id).await,
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
        let url = yard
            .sandbox
            .join("forge/acme/web-1.git")
            .display()
            .to_string();
        assert_eq!(
            yard.desk
                .value("repo_url", "products WHERE id = 'p1'")
                .await,
            url
        );
        assert_eq!(
            yard.desk
                .value("template_version", "products WHERE id = 'p1'")
                .await,
            "v1"
        );
        assert_eq!(yard.rest(), Vec::<String>::new());
        let log = yard.sandbox.read(&format!("logs/runs/{}.log", run.id));
        assert!(
            log.contains(" build: the tree is the promised one\n"),
            "{log}"
        );
        assert!(log.ends_with(" end: succeeded\n"), "{log}");
    });
}

#[test]
fn a_plan_that_was_changed_in_the_database_is_not_carried_out() {
    on_both_databases(async |desk| {
        let yard = Yard::over(desk);
        let run = yard.submit(1).await;
        let (from, to) = ("iron-session", "evil-session");
        let changed = match yard.desk.dialect() {
            Sql::Sqlite => format!("replace(recipe_snapshot, '{from}', '{to}')"),
            Sql::Postgres => {
                format!("CAST(replace(CAST(recipe_snapshot AS TEXT), '{from}', '{to}') AS jsonb)")
            }
        };
        yard.desk
            .write(&format!(
                "UPDATE bootstrap_runs SET recipe_snapshot = {changed}"
            ))
            .await;
        let means = yard.means(yard.options(yard.store()));
        assert_eq!(
            yard.work(&means).await,
            AttemptOutcome::Failed { left: false }
        );
        assert_eq!(yard.repositories(), Vec::<String>::new());
        assert_eq!(yard.desk.status(&run.id).await, "FAILED/FAILED");
        let error = yard.desk.run(&run.id).await.error.unwrap();
        assert!(
            error.contains("the stored plan was changed after it was accepted: the recipe hash"),
            "{error}"
        );
    });
}

#[test]
fn a_template_that_is_somebodys_folder_is_refused() {
    on(Sql::Sqlite, async |desk| {
        let yard = Yard::over(desk);
        let mut submission = yard.submission(1);
        submission.plan.template.repo = TemplateOrigin::Folder;
        submission.report.template.repo = TemplateOrigin::Folder;
        submission.report.plan_hash = submission.plan.hash(&submission.report.recipe_hash);
        let run = yard.desk.store.submit(&submission).await.unwrap();
        let means = yard.means(yard.options(yard.store()));
        assert_eq!(
            yard.work(&means).await,
            AttemptOutcome::Failed { left: false }
        );
        let error = yard.desk.run(&run.id).await.error.unwrap();
        assert!(
            error.contains("a folder of the machine that made it"),
            "{error}"
        );
    });
}

#[test]
fn a_high_tier_waits_for_an_approval_of_exactly_its_tree() {
    on_both_databases(async |desk| {
        let yard = Yard::over(desk);
        let run = yard.submit(1).await;
        let means = yard.means(Options {
            policy: Policy::parse("[tiers]\nother = \"low\"").unwrap(),
            ..yard.options(yard.store())
        });
        assert_eq!(yard.work(&means).await, AttemptOutcome::Held);
        assert_eq!(yard.desk.status(&run.id).await, "PENDING/QUEUED");
        let next = yard
            .desk
            .store
            .claim(&means.worker, &ClaimTarget::Oldest)
            .await
            .unwrap();
        assert_eq!(next, None);
        let tree = yard.submission(1).report.tree_id.unwrap();
        let ada = user("ada");
        let approve = RunChange::Approve { tree };
        yard.desk
            .store
            .change(&run.id, Actor::Person(&ada), &approve)
            .await
            .unwrap();
        assert_eq!(yard.work(&means).await, AttemptOutcome::Succeeded);
        assert!(yard.is_right(1));
        let story = yard.story(&run.id).await;
        assert_eq!(story[..3], ["submitted", "held", "approved"]);
    });
}

#[test]
fn a_name_that_is_taken_fails_the_run_and_touches_nothing() {
    on(Sql::Sqlite, async |desk| {
        let yard = Yard::over(desk);
        let run = yard.submit(1).await;
        yard.sandbox
            .git(".", &["init", "-q", "--bare", "forge/acme/web-1.git"]);
        let before = crate::support::files_below(&yard.sandbox.join("forge"));
        let means = yard.means(yard.options(yard.store()));
        assert_eq!(
            yard.work(&means).await,
            AttemptOutcome::Failed { left: false }
        );
        assert_eq!(
            crate::support::files_below(&yard.sandbox.join("forge")),
            before
        );
        let error = yard.desk.run(&run.id).await.error.unwrap();
        assert_eq!(
            error,
            "`acme/web-1` exists and is not of this run; nothing was left behind"
        );
    });
}

/// A key, and the token of `ada` sealed with it for a host.
fn sealed(token: &str, host: &str) -> (Opener, String) {
    let key = || Key::parse(&BASE64_STANDARD.encode((1..33).collect::<Vec<u8>>())).unwrap();
    let secret = Secret::parse(token.to_owned()).unwrap();
    let binding = Binding { owner: "ada", host };
    let sealed = Sealer::new(key()).seal(&secret, binding).unwrap();
    (Opener::new(key(), None), sealed)
}

/// A worker for a forge with a real git behind it.
fn github(yard: &Yard, joint: &Joint, opener: Opener) -> Options {
    let site = Site::github(&joint.address(), &[]).unwrap();
    Options {
        forge: ForgeAddress::GitHub(site),
        opener: Some(opener),
        ..yard.options(yard.store())
    }
}

async fn store_token(yard: &Yard, sealed: &str) {
    let sql = format!("UPDATE users SET github_pat_encrypted = '{sealed}' WHERE id = 'ada'");
    yard.desk.write(&sql).await;
}

#[test]
fn a_sealed_token_is_opened_for_the_run_and_shown_to_nobody() {
    on_both_databases(async |desk| {
        let yard = Yard::over(desk);
        let joint = Joint::start(Dialect::GitHub);
        let (opener, sealed) = sealed(TOKEN, "127.0.0.1");
        store_token(&yard, &sealed).await;
        let run = yard.submit(1).await;
        let means = yard.means(github(&yard, &joint, opener));
        let outcome = yard.work(&means).await;
        let row = yard.desk.run(&run.id).await;
        assert_eq!(outcome, AttemptOutcome::Succeeded, "{:?}", row.error);
        let events = yard.desk.store.events(0, None, 1000).await.unwrap();
        let told = format!("{row:?} {events:?} {}", means.meter.text());
        crate::forge_cli::check("rows, events and metrics", told.as_bytes());
        for file in crate::support::files_below(yard.sandbox.path()) {
            let bytes = std::fs::read(yard.sandbox.join(&file)).unwrap();
            crate::forge_cli::check(&file, &bytes);
        }
    });
}

#[test]
fn a_token_that_is_refused_fails_the_run_and_makes_no_repository() {
    on_both_databases(async |desk| {
        let yard = Yard::over(desk);
        let joint = Joint::start(Dialect::GitHub);
        let (opener, sealed) = sealed("ghp_anotherTokenThatNobodyKnows0123456789", "127.0.0.1");
        store_token(&yard, &sealed).await;
        let run = yard.submit(1).await;
        let means = yard.means(github(&yard, &joint, opener));
        assert_eq!(yard.work(&means).await, AttemptOutcome::Refused);
        assert_eq!(yard.desk.status(&run.id).await, "FAILED/FAILED");
        assert_eq!(joint.state().creates, [0; 0]);
        let error = yard.desk.run(&run.id).await.error.unwrap();
        assert!(
            error.starts_with("the forge does not accept the credential"),
            "{error}"
        );
    });
}

#[test]
fn a_token_that_is_missing_or_does_not_open_fails_the_run_before_the_forge_is_asked() {
    on(Sql::Sqlite, async |desk| {
        let yard = Yard::over(desk);
        let joint = Joint::start(Dialect::GitHub);
        let (opener, elsewhere) = sealed(TOKEN, "example.org");
        let means = yard.means(github(&yard, &joint, opener));
        for (token, why) in [
            (None, "there is no token of this user"),
            (
                Some(elsewhere.as_str()),
                "the stored token cannot be opened",
            ),
        ] {
            if let Some(token) = token {
                store_token(&yard, token).await;
            }
            let run = yard.submit(1).await;
            assert_eq!(yard.work(&means).await, AttemptOutcome::Refused);
            let error = yard.desk.run(&run.id).await.error.unwrap();
            assert!(error.contains(why), "{error}");
            assert_eq!(joint.state().calls, Vec::<String>::new());
        }
    });
}

#[test]
fn what_a_run_left_is_removed_under_a_lease_of_its_own() {
    on_both_databases(async |desk| {
        let yard = Yard::over(desk);
        let run = yard.submit(1).await;
        // The folder of repositories goes away after the repository is made: the push fails, and so does its removal.
        let means = yard.means(yard.options(yard.store()));
        let lease = yard.claim(&means).await;
        let forge = yard.sandbox.join("forge");
        let struck = Struck::new(
            yard.store(),
            5,
            Blow::Meanwhile(Box::new(move || {
                let (forge, away) = (forge.clone(), forge.with_extension("away"));
                Box::pin(async move { std::fs::rename(forge, away).unwrap() })
            })),
        );
        let broken = yard.means(yard.options(struck));
        let outcome = yard.carry_out(&broken, lease).await;
        assert_eq!(outcome, AttemptOutcome::Troubled);
        assert_eq!(
            yard.desk.status(&run.id).await,
            "FAILED_NEEDS_CLEANUP/FAILED"
        );
        let forge = yard.sandbox.join("forge");
        std::fs::rename(forge.with_extension("away"), &forge).unwrap();
        assert_eq!(yard.repositories(), ["acme/web-1.git"]);
        yard.clean_up(&means, &run.id).await.unwrap();
        assert_eq!(yard.repositories(), Vec::<String>::new());
        assert_eq!(yard.desk.status(&run.id).await, "FAILED/FAILED");
    });
}

#[test]
fn whatever_the_forge_does_at_any_call_a_retry_makes_the_repository_once() {
    on(Sql::Sqlite, async |desk| {
        let yard = Yard::over(desk);
        let mut ends = std::collections::BTreeMap::<&str, usize>::new();
        for fault in [
            Fault::CutAfter,
            Fault::BadGatewayAfter,
            Fault::TooMany,
            Fault::Unauthorized,
        ] {
            // For the rest of a run only those that say the least about what was done.
            let is_unsaid = matches!(fault, Fault::CutAfter | Fault::Unauthorized);
            let times = if is_unsaid { &[1, 1000][..] } else { &[1] };
            for (call, times) in
                (0..13).flat_map(|call| times.iter().map(move |times| (call, *times)))
            {
                let case = format!("{fault:?} {call} {times}");
                let joint = Joint::start(Dialect::GitHub);
                let (opener, sealed) = sealed(TOKEN, "127.0.0.1");
                store_token(&yard, &sealed).await;
                let run = yard.submit(1).await;
                let means = yard.means(github(&yard, &joint, opener));
                joint.state().fault = Some((call, fault, times));
                let first = yard.work(&means).await;
                *ends.entry(first.as_str()).or_default() += 1;
                joint.state().fault = None;
                if first != AttemptOutcome::Succeeded {
                    let row = yard.desk.run(&run.id).await;
                    assert!(!row.status.is_active(), "{case}: {row:?}");
                    let ada = user("ada");
                    let retried =
                        yard.desk
                            .store
                            .change(&run.id, Actor::Person(&ada), &RunChange::Retry);
                    retried.await.unwrap();
                    let second = yard.work(&means).await;
                    let row = yard.desk.run(&run.id).await;
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
                assert_eq!(yard.desk.status(&run.id).await, "SUCCEEDED/DONE", "{case}");
            }
        }
        // The same figures stand in docs/reliability.md.
        assert_eq!(
            ends,
            [("refused", 26), ("succeeded", 34), ("troubled", 18)].into()
        );
    });
}

#[test]
fn what_a_run_left_is_removed_or_released_by_a_command() {
    on(Sql::Sqlite, async |desk| {
        let yard = Yard::over(desk);
        for (number, more, says, is_kept) in [
            (
                1,
                &[][..],
                "is cleaned up: the repository with number",
                false,
            ),
            (2, &["--release"][..], "belongs to you from now on", true),
        ] {
            let run = yard.submit(number).await;
            let store = Struck::new(yard.store(), 6, Blow::Dies { is_stored: true });
            let means = yard.means(yard.options(store));
            yard.work(&means).await;
            yard.desk.expire_leases().await;
            yard.desk
                .store
                .recover_expired(Recovery::Fail)
                .await
                .unwrap();
            assert_eq!(
                yard.desk.status(&run.id).await,
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
            let command = || super::process::program(&yard, &[&base[..], &folders, more].concat());
            let ran = yard.sandbox.run(&mut command()).exits(0);
            assert!(ran.stdout.contains(says), "{}", ran.stdout);
            assert_eq!(yard.desk.status(&run.id).await, "FAILED/FAILED");
            let name = format!("acme/web-{number}.git");
            assert_eq!(yard.repositories().contains(&name), is_kept);
            let again = yard.sandbox.run(&mut command()).exits(1);
            assert!(!again.stderr.is_empty());
        }
    });
}

#[test]
fn a_cancelled_run_ends_cancelled_even_where_it_would_have_failed() {
    on_both_databases(async |desk| {
        let yard = Yard::over(desk);
        let joint = Joint::start(Dialect::GitHub);
        let run = yard.submit(1).await;
        let (store, id) = (yard.desk.store.clone(), run.id.clone());
        let cancel = Blow::Meanwhile(Box::new(move || {
            let (store, id) = (store.clone(), id.clone());
            Box::pin(async move {
                let cancelled = store
                    .change(&id, Actor::Person(&user("ada")), &RunChange::Cancel)
                    .await;
                cancelled.unwrap();
            })
        }));
        // There is no token, which the worker finds out before it looks whether the run was cancelled.
        let (opener, _) = sealed(TOKEN, "127.0.0.1");
        let means = yard.means(Options {
            store: Struck::new(yard.store(), 0, cancel),
            ..github(&yard, &joint, opener)
        });
        assert_eq!(
            yard.work(&means).await,
            AttemptOutcome::Cancelled { left: false }
        );
        assert_eq!(yard.desk.status(&run.id).await, "CANCELLED/CANCELLED");
        assert_eq!(joint.state().calls, Vec::<String>::new());
    });
}
