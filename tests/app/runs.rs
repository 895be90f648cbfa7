//! Runs: who may submit, approve, see and change them.

use super::{explained, prepared};
use crate::support::Sandbox;
use crate::support::jobs::{StoreFixture, on_both_databases, product, user, worker};
use groundplan::app::caller::{Caller, Scope};
use groundplan::app::error::AppError;
use groundplan::app::runs::{self, RunName, SubmitRequest};
use groundplan::app::templates::TemplateRequest;
use groundplan::error::Class;
use groundplan::model::digest::GitId;
use groundplan::policy::Policy;
use groundplan::store::run::{Run, RunStatus};

const POLICY: &str =
    "[tiers]\ndemo = \"high\"\n[approval]\nadministrators = [\"root\", \"demo\"]\n";

fn policy() -> Policy {
    Policy::parse(POLICY).unwrap()
}

fn as_user(id: &str) -> Caller {
    Caller::User(user(id))
}

fn for_product(id: &str) -> SubmitRequest {
    SubmitRequest {
        product: Some(product(id)),
        expected: None,
        key: None,
    }
}

async fn submit(
    fixture: &StoreFixture,
    caller: &Caller,
    request: &SubmitRequest,
) -> Result<Run, AppError> {
    let prepared = prepared(&TemplateRequest::default());
    let preview = prepared.preview()?;
    runs::submit(&fixture.store, &policy(), caller, request, &preview, None).await
}

/// A run of `ada` that waits for an approval, and its tree.
async fn submitted(fixture: &StoreFixture) -> (Run, GitId) {
    let submitted = submit(fixture, &as_user("ada"), &for_product("p0")).await;
    let run = submitted.unwrap();
    let tree = GitId::parse(run.tree.as_deref().unwrap()).unwrap();
    (run, tree)
}

async fn count(fixture: &StoreFixture, table: &str) -> String {
    fixture.value("COUNT(*)", table).await
}

#[test]
fn a_demo_user_submits_nothing() {
    on_both_databases(async |fixture| {
        let demo = as_user("demo");
        let refused = submit(&fixture, &demo, &for_product("demo-product")).await;
        let (_, message) = explained(refused.unwrap_err());
        assert!(message.contains("`demo` is a demo user"), "{message}");
        assert_eq!(count(&fixture, "bootstrap_runs").await, "0");
    });
}

#[test]
fn a_product_of_another_user_looks_missing() {
    on_both_databases(async |fixture| {
        let refused = submit(&fixture, &as_user("bob"), &for_product("p0")).await;
        let (_, message) = explained(refused.unwrap_err());
        assert!(
            message.contains("product `p0` of user `bob` does not exist"),
            "{message}"
        );
        assert_eq!(count(&fixture, "bootstrap_runs").await, "0");
    });
}

#[test]
fn an_unexpected_tree_is_not_submitted() {
    on_both_databases(async |fixture| {
        let request = SubmitRequest {
            expected: Some(GitId::parse(&"a".repeat(40)).unwrap()),
            ..for_product("p0")
        };
        let refused = submit(&fixture, &as_user("ada"), &request).await;
        let (class, message) = explained(refused.unwrap_err());
        assert_eq!(class, Class::Conflict);
        assert!(message.ends_with("nothing was submitted"), "{message}");
        assert_eq!(count(&fixture, "bootstrap_runs").await, "0");
    });
}

#[test]
fn a_template_folder_of_this_machine_is_not_submitted() {
    on_both_databases(async |fixture| {
        let sandbox = Sandbox::with_demo();
        let template = sandbox.path().join("catalog/demo/template");
        let prepared = prepared(&TemplateRequest {
            template: Some(template.to_str().unwrap().to_owned()),
            ..TemplateRequest::default()
        });
        let preview = prepared.preview().unwrap();
        let (request, ada, policy) = (for_product("p0"), as_user("ada"), policy());
        let submitted = runs::submit(&fixture.store, &policy, &ada, &request, &preview, None).await;
        let (class, message) = explained(submitted.unwrap_err());
        assert_eq!(class, Class::Refused);
        assert!(message.contains("template folder"), "{message}");
    });
}

#[test]
fn only_an_administrator_of_the_policy_approves_and_only_the_tree_of_the_run() {
    on_both_databases(async |fixture| {
        let (run, tree) = submitted(&fixture).await;
        let policy = policy();
        let root = as_user("root");
        let unknown =
            runs::approve(&fixture.store, &policy, &root, &run.id, tree.clone(), None).await;
        let (_, message) = explained(unknown.unwrap_err());
        assert!(message.contains("user `root` does not exist"), "{message}");
        fixture.store.ensure_user(&user("root")).await.unwrap();
        let approve = async |caller: Caller, tree: GitId| {
            runs::approve(&fixture.store, &policy, &caller, &run.id, tree, None).await
        };
        for caller in [as_user("ada"), Caller::Operator(user("zoe"))] {
            let name = caller.user().clone();
            let refused = approve(caller, tree.clone()).await;
            let (class, message) = explained(refused.unwrap_err());
            assert_eq!(class, Class::Refused);
            let expected = format!("user `{name}` is not an administrator");
            assert_eq!(message, expected);
        }
        let demo = approve(as_user("demo"), tree.clone()).await;
        let (_, message) = explained(demo.unwrap_err());
        assert!(message.contains("demo user"), "{message}");
        let other = GitId::parse(&"a".repeat(40)).unwrap();
        let refused = approve(as_user("root"), other).await;
        assert!(refused.is_err());
        let approval = "COUNT(approved_tree)";
        assert_eq!(fixture.value(approval, "bootstrap_tiers").await, "0");
        let approved = approve(as_user("root"), tree.clone()).await.unwrap();
        assert_eq!(approved.approval.unwrap().by, user("root"));
    });
}

#[test]
fn a_run_of_another_user_looks_missing() {
    on_both_databases(async |fixture| {
        let (run, _) = submitted(&fixture).await;
        let (store, id) = (&fixture.store, &run.id);
        let bob = as_user("bob");
        let missing = format!("run `{id}` does not exist");
        let refused = [
            runs::cancel(store, &bob, id).await.unwrap_err(),
            runs::retry(store, &bob, id).await.unwrap_err(),
            runs::release(store, &bob, id).await.unwrap_err(),
            runs::show(store, &bob.scope(), id).await.unwrap_err(),
            runs::follow(store, &bob.scope(), id, 0).await.unwrap_err(),
            runs::check_remains(store, &bob, id).await.unwrap_err(),
        ];
        for error in refused {
            let (_, message) = explained(error);
            assert!(message.contains(&missing), "{message}");
        }
        let claimed = runs::claim_for_cleanup(store, &bob, &worker(1), id).await;
        assert!(claimed.is_err());
        let shown = runs::show(store, &as_user("ada").scope(), id)
            .await
            .unwrap();
        assert_eq!(shown.run.status, RunStatus::Pending);
        assert!(!shown.events.is_empty());
    });
}

#[test]
fn an_operator_changes_the_runs_of_all_users_under_a_known_name() {
    on_both_databases(async |fixture| {
        let (run, _) = submitted(&fixture).await;
        let (store, id) = (&fixture.store, &run.id);
        let unknown = runs::cancel(store, &Caller::Operator(user("zoe")), id).await;
        let (_, message) = explained(unknown.unwrap_err());
        assert!(message.contains("user `zoe` does not exist"), "{message}");
        let demo = runs::cancel(store, &Caller::Operator(user("demo")), id).await;
        let (_, message) = explained(demo.unwrap_err());
        assert!(message.contains("demo user"), "{message}");
        store.ensure_user(&user("zoe")).await.unwrap();
        let cancelled = runs::cancel(store, &Caller::Operator(user("zoe")), id).await;
        assert_eq!(cancelled.unwrap().status, RunStatus::Cancelled);
    });
}

#[test]
fn a_run_that_left_nothing_is_not_cleaned_up() {
    on_both_databases(async |fixture| {
        let (run, _) = submitted(&fixture).await;
        let ada = as_user("ada");
        let claimed = runs::claim_for_cleanup(&fixture.store, &ada, &worker(1), &run.id).await;
        let (class, message) = explained(claimed.unwrap_err());
        assert_eq!(class, Class::Conflict);
        assert!(message.contains("left nothing to clean up"), "{message}");
    });
}

#[test]
fn a_run_is_named_by_its_id_its_beginning_or_as_the_latest() {
    on_both_databases(async |fixture| {
        let store = &fixture.store;
        let find = async |scope: &Scope, name: &str| {
            runs::find_id(store, scope, &RunName::parse(name).unwrap()).await
        };
        let (_, message) = explained(find(&Scope::All, "latest").await.unwrap_err());
        assert_eq!(message, "there are no runs yet");
        let (first, _) = submitted(&fixture).await;
        let second = submit(&fixture, &as_user("ada"), &for_product("p1")).await;
        let second = second.unwrap();
        let (first, second) = (first.id, second.id);
        let mut common: usize = 0;
        while first.as_str()[..=common] == second.as_str()[..=common] {
            common += 1;
        }
        assert_eq!(find(&Scope::All, first.as_str()).await.unwrap(), first);
        let unique = &second.as_str()[..=common];
        assert_eq!(find(&Scope::All, unique).await.unwrap(), second);
        assert_eq!(find(&Scope::All, "latest").await.unwrap(), second);
        let several = find(&Scope::All, &first.as_str()[..common]).await;
        let (class, message) = explained(several.unwrap_err());
        assert_eq!(class, Class::Usage);
        assert!(message.contains("several runs begin with"), "{message}");
        let bob = Scope::Of(user("bob"));
        for name in [first.as_str(), unique] {
            let (_, message) = explained(find(&bob, name).await.unwrap_err());
            assert_eq!(message, format!("run `{name}` does not exist"));
        }
    });
}
