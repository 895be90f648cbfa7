//! Runs that update repositories: the comparison, the branch or pull request, approvals, and what happens when a worker dies.

use super::runs::{github, sealed, store_token};
use super::support::{Options, WorkerFixture};
use crate::forge::fake::{Dialect, Fault as ForgeFault, TOKEN};
use crate::forge_cli::Joint;
use crate::support::faulty::{Call, Fault, FaultTiming, FaultyStore, Point, at_every_call};
use crate::support::jobs::{StoreFixture, on, on_both_databases, product, user};
use groundplan::model::update::{FleetState, ProposalOutcome};
use groundplan::policy::Policy;
use groundplan::publish::ledger::PublishStep;
use groundplan::store::Store as _;
use groundplan::store::change::{Actor, RunChange};
use groundplan::store::recovery::Recovery;
use groundplan::store::run::Run;
use groundplan::store::sql::Dialect as Sql;
use groundplan::store::update::{UpdateMode, UpdateResult, UpdateSubmission};
use groundplan::worker::outcome::AttemptOutcome;
use std::path::PathBuf;
use std::sync::Arc;

const RESUME: Recovery = Recovery::Resume {
    attempts: Recovery::ATTEMPTS,
};

/// A fixture with the repository `acme/web-1` of the product `p1`, and a newer catalogue.
async fn behind(jobs: StoreFixture) -> WorkerFixture {
    let fixture = WorkerFixture::over(jobs);
    fixture.submit(1).await;
    let context = fixture.context(fixture.options(fixture.store()));
    assert_eq!(fixture.work(&context).await, AttemptOutcome::Succeeded);
    raise(&fixture, "# __PRODUCT_NAME__\n\nNewer.\n");
    fixture
}

/// A new version of the template, in which the README has another text.
fn raise(fixture: &WorkerFixture, readme: &str) {
    let file = "catalog/demo/catalog.yaml";
    let catalog = fixture.sandbox.read(file);
    let raised = catalog.replace("version: v", "version: v1");
    fixture.sandbox.write(file, raised);
    fixture
        .sandbox
        .write("catalog/demo/template/README.md", readme);
}

async fn queue(fixture: &WorkerFixture, number: u32, mode: UpdateMode) -> Run {
    let submission = UpdateSubmission {
        user: user("ada"),
        product: product(&format!("p{number}")),
        mode,
        key: None,
    };
    let run = fixture.jobs.store.submit_update(&submission).await;
    run.expect("the product has a repository")
}

/// Executes the oldest job, and reads the result of the update.
async fn work(fixture: &WorkerFixture, run: &Run) -> UpdateResult {
    let context = fixture.context(fixture.options(fixture.store()));
    let outcome = fixture.work(&context).await;
    let row = fixture.jobs.run(&run.id).await;
    assert_eq!(outcome, AttemptOutcome::Succeeded, "{:?}", row.error);
    row.update.unwrap().result.expect("it was compared")
}

fn folder(number: u32) -> String {
    format!("forge/acme/web-{number}.git")
}

/// The branches of a repository on the local forge.
fn branches(fixture: &WorkerFixture, number: u32) -> Vec<String> {
    let args = ["for-each-ref", "--format=%(refname:short)", "refs/heads"];
    let listed = fixture.sandbox.git(&folder(number), &args);
    listed.lines().map(str::to_owned).collect()
}

/// Pushes a commit with this README to the repository.
fn edit(fixture: &WorkerFixture, number: u32, readme: &str) {
    let clone = format!("clone-{number}");
    if !fixture.sandbox.join(&clone).exists() {
        let args = ["clone", "-q", &folder(number), &clone];
        fixture.sandbox.git(".", &args);
    }
    fixture.sandbox.write(&format!("{clone}/README.md"), readme);
    fixture.sandbox.commit(&clone);
    fixture
        .sandbox
        .git(&clone, &["push", "-q", "origin", "HEAD:main"]);
}

#[test]
fn an_update_on_a_forge_without_pull_requests_is_a_branch_with_exactly_its_tree() {
    on_both_databases(async |jobs| {
        let fixture = behind(jobs).await;
        let run = queue(&fixture, 1, UpdateMode::Propose).await;
        assert_eq!(run.kind.as_db(), "UPDATE_REPO");
        let result = work(&fixture, &run).await;
        assert_eq!(result.state, FleetState::Untouched);
        let proposal = result.proposal.expect("it is proposed");
        assert_eq!(proposal.pull_request, None);
        let branch = &proposal.branch;
        assert_eq!(branches(&fixture, 1), [branch, "main"]);
        let read = |what: &str| fixture.sandbox.git(&folder(1), &["show", what]);
        assert_eq!(
            read(&format!("{branch}:README.md")),
            "# Acme Web\n\nNewer.\n"
        );
        let id = |name: &str| Some(fixture.sandbox.git_id(&folder(1), name));
        assert_eq!(id(branch), Some(proposal.commit_id.clone()));
        assert_eq!(id(&format!("{branch}^{{tree}}")), result.tree_id);
        assert_eq!(id(&format!("{branch}^")), id("main"));
        // The base of the next update is on the forge too.
        assert_eq!(id("refs/groundplan/generated^{tree}"), result.tree_id);
        let kinds = fixture.event_kinds(&run.id).await;
        let expected = [
            "submitted",
            "started",
            "compared",
            "intended",
            "ended",
            "succeeded",
        ];
        assert_eq!(kinds, expected);
        let job = format!("claude_jobs WHERE id = '{}'", run.job);
        assert_eq!(fixture.jobs.value("branch", &job).await, *branch);
        let summary = fixture.jobs.value("summary", &job).await;
        assert_eq!(summary, "behind, untouched: 1 take");
        assert_eq!(fixture.leftovers(), Vec::<String>::new());

        fixture
            .sandbox
            .git(&folder(1), &["update-ref", "refs/heads/main", branch]);
        let again = queue(&fixture, 1, UpdateMode::Propose).await;
        let result = work(&fixture, &again).await;
        assert_eq!((result.state, result.proposal), (FleetState::Current, None));
        assert_eq!(fixture.jobs.status(&again.id).await, "SUCCEEDED/DONE");
        // The product still names the run that created its repository.
        let last = fixture
            .jobs
            .value("last_bootstrap_run_id", "products WHERE id = 'p1'")
            .await;
        assert!(last != run.id.as_str() && last != again.id.as_str());
    });
}

#[test]
fn a_comparison_tells_the_state_and_changes_nothing() {
    on(Sql::Sqlite, async |jobs| {
        let fixture = behind(jobs).await;
        edit(&fixture, 1, "# Mine\n");
        let run = queue(&fixture, 1, UpdateMode::Compare).await;
        let result = work(&fixture, &run).await;
        assert_eq!(result.state, FleetState::BehindConflicts);
        assert_eq!(result.conflicts, ["README.md"]);
        assert_eq!(branches(&fixture, 1), ["main"]);
        assert_eq!(fixture.event_kinds(&run.id).await.len(), 4);

        // A repository that groundplan did not create any more: its record is gone.
        let clone = "clone-1";
        fixture
            .sandbox
            .git(clone, &["rm", "-q", ".scrum4me/bootstrap.json"]);
        edit(&fixture, 1, "# Mine too\n");
        let run = queue(&fixture, 1, UpdateMode::Compare).await;
        let result = work(&fixture, &run).await;
        assert_eq!(result.state, FleetState::CannotBeRemade);
        let reason = result.reason.expect("a reason");
        assert!(reason.contains(".scrum4me/bootstrap.json"), "{reason}");
        // To propose an update of it fails, with the same reason.
        let run = queue(&fixture, 1, UpdateMode::Propose).await;
        let context = fixture.context(fixture.options(fixture.store()));
        let outcome = fixture.work(&context).await;
        assert_eq!(outcome, AttemptOutcome::Failed { remains: false });
        let row = fixture.jobs.run(&run.id).await;
        assert_eq!(fixture.jobs.status(&run.id).await, "FAILED/FAILED");
        assert!(row.error.unwrap().contains(&reason));
    });
}

#[test]
fn a_risky_update_waits_for_the_approval_of_exactly_its_tree() {
    on_both_databases(async |jobs| {
        let fixture = behind(jobs).await;
        let policy = "[tiers]\ndemo = \"high\"\n[approval]\nadministrators = [\"ada\"]\n";
        let context = fixture.context(Options {
            policy: Policy::parse(policy).unwrap(),
            ..fixture.options(fixture.store())
        });
        let run = queue(&fixture, 1, UpdateMode::Propose).await;
        let outcome = fixture.work(&context).await;
        assert_eq!(outcome, AttemptOutcome::AwaitingApproval);
        let held = fixture.jobs.run(&run.id).await;
        assert!(held.awaits_approval());
        assert_eq!(branches(&fixture, 1), ["main"]);
        let tree = held.risk.unwrap().tree;
        assert_eq!(held.tree.as_deref(), Some(tree.as_str()));

        // The repository moves on after the approval, which is void then.
        let ada = user("ada");
        let change = async |change: RunChange| {
            let changed = fixture
                .jobs
                .store
                .change(&run.id, Actor::Person(&ada), &change);
            changed.await.unwrap();
        };
        let approve = |tree| RunChange::Approve { tree, note: None };
        change(approve(tree.clone())).await;
        edit(&fixture, 1, "# Acme Web\n\nOf acme.\n\nMine.\n");
        assert_eq!(
            fixture.work(&context).await,
            AttemptOutcome::AwaitingApproval
        );
        let held = fixture.jobs.run(&run.id).await;
        let newer = held.risk.unwrap().tree;
        assert_ne!(newer, tree);
        assert_eq!((held.approval, branches(&fixture, 1).len()), (None, 1));
        let kinds = fixture.jobs.event_kinds(&run.id).await;
        assert!(kinds.contains(&"approval_void"), "{kinds:?}");

        change(approve(newer.clone())).await;
        assert_eq!(fixture.work(&context).await, AttemptOutcome::Succeeded);
        let row = fixture.jobs.run(&run.id).await;
        let proposal = row.update.unwrap().result.unwrap().proposal.unwrap();
        let proposed = format!("{}^{{tree}}", proposal.branch);
        assert_eq!(fixture.sandbox.git_id(&folder(1), &proposed), newer);
    });
}

#[test]
fn a_refused_update_is_cancelled_and_proposes_nothing() {
    on(Sql::Sqlite, async |jobs| {
        let fixture = behind(jobs).await;
        let context = fixture.context(Options {
            policy: Policy::parse("[tiers]\ndemo = \"high\"\n").unwrap(),
            ..fixture.options(fixture.store())
        });
        let run = queue(&fixture, 1, UpdateMode::Propose).await;
        fixture.work(&context).await;
        let ada = user("ada");
        let refuse = RunChange::Refuse { note: None };
        let refused = fixture
            .jobs
            .store
            .change(&run.id, Actor::Person(&ada), &refuse);
        refused.await.unwrap();
        assert_eq!(fixture.jobs.status(&run.id).await, "CANCELLED/CANCELLED");
        assert_eq!(branches(&fixture, 1), ["main"]);
    });
}

/// The calls of an update without a fault, in order.
const CALLS: [Call; 8] = [
    Call::Payload,
    Call::Start,
    Call::Change,
    Call::Entries,
    Call::RecordRequest,
    INTENT,
    Call::RecordOutcome(PublishStep::Propose),
    Call::Succeed,
];
const INTENT: Call = Call::RecordIntent(PublishStep::Propose);

#[test]
fn a_worker_that_dies_at_any_call_is_recovered_and_the_update_is_proposed_once() {
    for timing in [FaultTiming::Before, FaultTiming::After] {
        on(Sql::Sqlite, async |jobs| {
            let fixture = WorkerFixture::over(jobs);
            let context = fixture.context(fixture.options(fixture.store()));
            for number in 0..7 {
                fixture.submit(number).await;
                assert_eq!(fixture.work(&context).await, AttemptOutcome::Succeeded);
            }
            raise(&fixture, "# __PRODUCT_NAME__\n\nNewer.\n");
            let points: Vec<Point> = CALLS[..7].iter().map(|call| Point::from(*call)).collect();
            let case = async |number, point: Point, store: Arc<FaultyStore>| {
                let case = format!("{timing:?} {point:?}");
                let run = queue(&fixture, number, UpdateMode::Propose).await;
                let context = fixture.context(Options {
                    recovery: RESUME,
                    ..fixture.options(store)
                });
                fixture.work(&context).await;
                fixture.jobs.expire_leases().await;
                let recovered = fixture.jobs.store.recover_expired(RESUME).await.unwrap();
                assert_eq!(recovered.requeued, std::slice::from_ref(&run.id), "{case}");
                let result = work(&fixture, &run).await;
                let proposal = result.proposal.expect("it is proposed");
                assert_eq!(
                    branches(&fixture, number),
                    [&proposal.branch, "main"],
                    "{case}"
                );
                assert_eq!(
                    fixture.jobs.status(&run.id).await,
                    "SUCCEEDED/DONE",
                    "{case}"
                );
                fixture.event_kinds(&run.id).await;
            };
            let fault = || Fault::Death(timing);
            at_every_call(&fixture.store(), &points, fault, case).await;
            assert_eq!(fixture.leftovers(), Vec::<String>::new());
        });
    }
}

#[test]
fn a_branch_of_an_earlier_attempt_follows_a_repository_that_moved_on() {
    on(Sql::Sqlite, async |jobs| {
        let fixture = behind(jobs).await;
        let run = queue(&fixture, 1, UpdateMode::Propose).await;
        let death = Fault::Death(FaultTiming::Before);
        let at = Call::RecordOutcome(PublishStep::Propose);
        let store = FaultyStore::new(fixture.store(), at, death);
        let context = fixture.context(Options {
            recovery: RESUME,
            ..fixture.options(store)
        });
        fixture.work(&context).await;
        let pushed = branches(&fixture, 1);
        assert_eq!(pushed.len(), 2, "{pushed:?}");
        edit(&fixture, 1, "# Acme Web\n\nOf acme.\n\nMine.\n");
        fixture.jobs.expire_leases().await;
        fixture.jobs.store.recover_expired(RESUME).await.unwrap();
        let result = work(&fixture, &run).await;
        let proposal = result.proposal.expect("it is proposed");
        assert_eq!(branches(&fixture, 1), pushed);
        let id = |name: &str| fixture.sandbox.git_id(&folder(1), name);
        assert_eq!(id(&proposal.branch), proposal.commit_id);
        assert_eq!(id(&format!("{}^", proposal.branch)), id("main"));
    });
}

#[test]
fn a_branch_with_the_commit_of_somebody_else_stays() {
    on(Sql::Sqlite, async |jobs| {
        let fixture = behind(jobs).await;
        let run = queue(&fixture, 1, UpdateMode::Propose).await;
        let branch = work(&fixture, &run).await.proposal.unwrap().branch;
        let reference = format!("refs/heads/{branch}");
        fixture
            .sandbox
            .git(&folder(1), &["update-ref", &reference, "main"]);
        let run = queue(&fixture, 1, UpdateMode::Propose).await;
        let context = fixture.context(fixture.options(fixture.store()));
        let outcome = fixture.work(&context).await;
        assert_eq!(outcome, AttemptOutcome::Failed { remains: false });
        let row = fixture.jobs.run(&run.id).await;
        assert!(row.error.unwrap().contains("the push was refused"));
        let id = |name: &str| fixture.sandbox.git_id(&folder(1), name);
        assert_eq!(id(&branch), id("main"));
    });
}

#[test]
fn an_update_that_is_cancelled_before_its_step_proposes_nothing() {
    on(Sql::Sqlite, async |jobs| {
        let fixture = behind(jobs).await;
        let run = queue(&fixture, 1, UpdateMode::Propose).await;
        let (database, id) = (fixture.jobs.store.clone(), run.id.clone());
        let cancel = Fault::interlude(move || {
            let (database, id) = (database.clone(), id.clone());
            async move {
                let ada = user("ada");
                let cancelled = database.change(&id, Actor::Person(&ada), &RunChange::Cancel);
                cancelled.await.unwrap();
            }
        });
        let store = FaultyStore::new(fixture.store(), INTENT, cancel);
        let context = fixture.context(fixture.options(store));
        let outcome = fixture.work(&context).await;
        assert_eq!(outcome, AttemptOutcome::Cancelled { remains: false });
        assert_eq!(fixture.jobs.status(&run.id).await, "CANCELLED/CANCELLED");
        assert_eq!(branches(&fixture, 1), ["main"]);
    });
}

/// A repository on a forge with pull requests, and a newer catalogue.
async fn behind_on(jobs: StoreFixture, joint: &Joint) -> WorkerFixture {
    let fixture = WorkerFixture::over(jobs);
    let (opener, sealed) = sealed(TOKEN, "127.0.0.1");
    store_token(&fixture, &sealed).await;
    fixture.submit(1).await;
    let context = fixture.context(github(&fixture, joint, opener));
    let outcome = fixture.work(&context).await;
    assert_eq!(outcome, AttemptOutcome::Succeeded);
    raise(&fixture, "# __PRODUCT_NAME__\n\nNewer.\n");
    fixture
}

async fn work_on(fixture: &WorkerFixture, joint: &Joint) -> (AttemptOutcome, Run) {
    let run = queue(fixture, 1, UpdateMode::Propose).await;
    let (opener, _) = sealed(TOKEN, "127.0.0.1");
    let context = fixture.context(github(fixture, joint, opener));
    let outcome = fixture.work(&context).await;
    (outcome, fixture.jobs.run(&run.id).await)
}

/// The folder of the published repository.
fn published(joint: &Joint) -> PathBuf {
    let state = joint.state();
    let repo = state.repos.values().find(|repo| repo.name == "web-1");
    state.disk.as_ref().unwrap().path(repo.unwrap())
}

#[test]
fn an_update_on_a_forge_becomes_one_pull_request() {
    on_both_databases(async |jobs| {
        let joint = Joint::start(Dialect::GitHub);
        let fixture = behind_on(jobs, &joint).await;
        for expected in [ProposalOutcome::Opened, ProposalOutcome::Adopted] {
            let (outcome, row) = work_on(&fixture, &joint).await;
            assert_eq!(outcome, AttemptOutcome::Succeeded, "{:?}", row.error);
            let result = row.update.unwrap().result.unwrap();
            let proposal = result.proposal.expect("it is proposed");
            let pull = proposal.pull_request.expect("a pull request");
            assert_eq!((pull.outcome, pull.is_draft), (expected, false));
            let pulls = joint.state().pulls.clone();
            assert_eq!(pulls.len(), 1);
            assert_eq!(
                (pulls[0].number, &pulls[0].head),
                (pull.number, &proposal.branch)
            );
            let tree = format!("{}^{{tree}}", proposal.branch);
            let folder = published(&joint);
            let found = joint.sandbox.git_id(folder.to_str().unwrap(), &tree);
            assert_eq!(Some(found), result.tree_id);
            let job = format!("claude_jobs WHERE id = '{}'", row.job);
            assert_eq!(fixture.jobs.value("pr_url", &job).await, pull.url);
        }
        for file in crate::support::files_below(fixture.sandbox.path()) {
            let bytes = std::fs::read(fixture.sandbox.join(&file)).unwrap();
            crate::forge_cli::check(&file, &bytes);
        }
    });
}

#[test]
fn a_forge_that_asks_for_a_pause_gets_it_while_the_run_goes_on() {
    on(Sql::Sqlite, async |jobs| {
        let joint = Joint::start(Dialect::GitHub);
        let fixture = behind_on(jobs, &joint).await;
        // The requests of a run without a fault tell which one opens the pull request.
        let before = joint.state().calls.len();
        work_on(&fixture, &joint).await;
        let is_open = |call: &String| call.starts_with("POST") && call.ends_with("/pulls");
        let opens = joint.state().calls[before..].iter().position(is_open);
        let branch = joint.state().pulls.remove(0).head;
        let folder = published(&joint);
        joint
            .sandbox
            .git(folder.to_str().unwrap(), &["branch", "-q", "-D", &branch]);
        let at = joint.state().calls.len() + opens.expect("a pull request");
        joint.state().fault = Some((at, ForgeFault::Pause, 1));
        let (outcome, row) = work_on(&fixture, &joint).await;
        assert_eq!(outcome, AttemptOutcome::Succeeded, "{:?}", row.error);
        assert_eq!(joint.state().pulls.len(), 1);
    });
}
