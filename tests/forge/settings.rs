//! Settings of repositories: set, read back and compared on both forges.

use super::fake::{Dialect, Fake, Fault};
use super::settings_fake::merge;
use super::support::{FakeClock, client, repo, wait};
use groundplan::error::{Class, Explain as _};
use groundplan::forge::settings::{SettingDifference, SettingsError};
use groundplan::model::repository_settings::RepositorySettings;
use serde_json::{Value, json};

const DIALECTS: [Dialect; 2] = [Dialect::GitHub, Dialect::Forgejo];

/// Settings of every kind. `planner-bot` writes, `jane` approves.
pub(crate) fn all() -> RepositorySettings {
    let document = json!({
        "labels": [
            { "name": "bug", "color": "d73a4a", "description": "Something does not work" },
            { "name": "needs human", "color": "d93f0b" },
        ],
        "collaborators": [{ "account": "planner-bot", "role": "write" }],
        "protection": {
            "approvals": 1,
            "approvers": ["jane"],
            "mergers": ["jane", "planner-bot"],
        },
        "issues": [{ "title": "Begin", "body": "Read it.", "labels": ["bug"] }],
    });
    serde_json::from_value(document).unwrap()
}

fn fake(dialect: Dialect) -> Fake {
    let fake = Fake::start(dialect);
    fake.state().add("acme", "ops", "Operations");
    fake
}

fn apply(
    fake: &Fake,
    needed: &RepositorySettings,
) -> Result<Vec<SettingDifference>, SettingsError> {
    let forge = client(fake, FakeClock::new());
    let settings = forge.settings().unwrap();
    wait(settings.apply(&repo("acme", "ops"), needed))
}

fn compare(fake: &Fake, needed: &RepositorySettings) -> Vec<SettingDifference> {
    let forge = client(fake, FakeClock::new());
    let settings = forge.settings().unwrap();
    wait(settings.compare(&repo("acme", "ops"), needed)).unwrap()
}

fn names(differences: &[SettingDifference]) -> Vec<&str> {
    let names = differences.iter().map(|one| one.setting.as_str());
    names.collect()
}

#[test]
fn every_setting_is_set_once_and_read_back() {
    for dialect in DIALECTS {
        let fake = fake(dialect);
        let before = compare(&fake, &all());
        assert_eq!(
            names(&before),
            [
                "label `bug`",
                "label `needs human`",
                "collaborator `planner-bot`",
                "protection of `main`",
                "issue `Begin`",
            ]
        );
        assert!(before.iter().all(|one| !one.help.is_empty()));
        apply(&fake, &all()).unwrap();
        assert_eq!(compare(&fake, &all()), []);
        let state = fake.state();
        let settings = &state.settings;
        let labels: Vec<&Value> = settings.labels.iter().map(|one| &one["name"]).collect();
        assert_eq!(labels, ["bug", "needs human"]);
        assert_eq!(settings.labels[0]["description"], "Something does not work");
        assert_eq!(settings.collaborators["planner-bot"], "write");
        assert_eq!(settings.issues.len(), 1);
        drop(state);

        let changes = |fake: &Fake| {
            let state = fake.state();
            ["POST", "PUT", "PATCH"].map(|method| state.count(method))
        };
        let done = changes(&fake);
        apply(&fake, &all()).unwrap();
        assert_eq!(changes(&fake), done, "a repetition changes nothing");
    }
}

#[test]
fn a_protection_has_the_fields_of_its_forge() {
    let github = fake(Dialect::GitHub);
    apply(&github, &all()).unwrap();
    let expected = json!({
        "required_status_checks": null,
        "enforce_admins": false,
        "required_pull_request_reviews": {
            "required_approving_review_count": 1,
            "require_code_owner_reviews": true,
            "dismiss_stale_reviews": true,
        },
        "restrictions": null,
        "allow_force_pushes": false,
        "allow_deletions": false,
    });
    assert_eq!(github.state().settings.protection, Some(expected));

    let forgejo = fake(Dialect::Forgejo);
    apply(&forgejo, &all()).unwrap();
    let expected = json!({
        "rule_name": "main",
        "enable_push": false,
        "required_approvals": 1,
        "enable_approvals_whitelist": true,
        "approvals_whitelist_username": ["jane"],
        "approvals_whitelist_teams": [],
        "enable_merge_whitelist": true,
        "merge_whitelist_usernames": ["jane", "planner-bot"],
        "merge_whitelist_teams": [],
        "dismiss_stale_approvals": true,
        "block_on_rejected_reviews": true,
        "apply_to_admins": false,
        "block_admin_merge_override": false,
    });
    assert_eq!(forgejo.state().settings.protection, Some(expected));
}

#[test]
fn rules_of_a_protection_that_no_plan_declares_stay() {
    let rules = json!({
        "required_status_checks": {
            "strict": true,
            "checks": [{ "context": "build", "app_id": 15368 }, { "context": "lint", "app_id": -1 }],
        },
        "restrictions": { "users": ["jane"], "teams": ["core"], "apps": ["super-ci"] },
        "required_linear_history": true,
        "required_conversation_resolution": true,
        "lock_branch": true,
    });
    let reviews = json!({
        "require_last_push_approval": true,
        "dismissal_restrictions": { "users": ["jane"], "teams": [], "apps": [] },
        "bypass_pull_request_allowances": { "users": [], "teams": [], "apps": ["renovate"] },
    });
    let fake = fake(Dialect::GitHub);
    apply(&fake, &all()).unwrap();
    let mut kept = fake.state().settings.protection.clone().unwrap();
    merge(&mut kept, &rules);
    merge(&mut kept["required_pull_request_reviews"], &reviews);
    fake.state().settings.protection = Some(kept.clone());

    assert_eq!(compare(&fake, &all()), [], "they are somebody's decision");
    apply(
        &fake,
        &protected(&json!({ "approvals": 2, "approvers": ["jane"] })),
    )
    .unwrap();
    kept["required_pull_request_reviews"]["required_approving_review_count"] = json!(2);
    assert_eq!(fake.state().settings.protection, Some(kept));
}

#[test]
fn a_list_is_read_to_its_end_or_refused() {
    for dialect in DIALECTS {
        let fake = fake(dialect);
        fake.state().page.length = 1;
        let needed = RepositorySettings {
            labels: all().labels,
            ..RepositorySettings::default()
        };
        for number in 0..199 {
            fake.state().settings.labels.push(json!({
                "id": number,
                "name": format!("label {number}"),
                "color": "ffffff",
                "description": "",
            }));
        }
        let found = compare(&fake, &needed).len();
        assert_eq!(found, 2, "all pages are read");
        apply(&fake, &needed).unwrap_err();
        let forge = client(&fake, FakeClock::new());
        let compared = wait(
            forge
                .settings()
                .unwrap()
                .compare(&repo("acme", "ops"), &needed),
        );
        assert_eq!(
            compared.unwrap_err().to_string(),
            "the forge's list of labels has more than 200 entries, which is too long"
        );
    }
}

#[test]
fn a_team_is_an_account_with_a_role() {
    for dialect in DIALECTS {
        let fake = fake(dialect);
        let mut needed = protected(&json!({ "approvals": 1, "approvers": ["acme/Reviewers"] }));
        needed.collaborators[0].account = "acme/Reviewers".parse().unwrap();
        let before = compare(&fake, &needed);
        assert_eq!(before[2].setting, "collaborator `acme/Reviewers`");
        apply(&fake, &needed).unwrap();
        assert_eq!(compare(&fake, &needed), []);
        let state = fake.state();
        let kept = state.settings.protection.as_ref().unwrap();
        match dialect {
            Dialect::GitHub => assert_eq!(state.settings.teams["reviewers"], "push"),
            Dialect::Forgejo => {
                assert_eq!(state.settings.teams["reviewers"], "write");
                assert_eq!(kept["approvals_whitelist_teams"], json!(["Reviewers"]));
            }
        }
    }
}

/// `all()` with other fields of the protection.
fn protected(protection: &Value) -> RepositorySettings {
    RepositorySettings {
        protection: Some(serde_json::from_value(protection.clone()).unwrap()),
        ..all()
    }
}

#[test]
fn a_change_by_somebody_is_a_difference_and_is_set_again() {
    for dialect in DIALECTS {
        let fake = fake(dialect);
        apply(&fake, &all()).unwrap();
        let stricter = protected(&json!({ "approvals": 2, "include_administrators": true }));
        let found = compare(&fake, &stricter);
        let lists: &[&str] = match dialect {
            Dialect::GitHub => &["approvals", "approvals of code owners"],
            Dialect::Forgejo => &["approvals", "approvers", "mergers"],
        };
        let fields = [lists, &["inclusion of administrators"]].concat();
        let expected: Vec<String> = fields
            .iter()
            .map(|field| format!("protection of `main`: {field}"))
            .collect();
        assert_eq!(names(&found), expected);
        assert_eq!(
            found[0].to_string(),
            "protection of `main`: approvals is 1 instead of 2"
        );
        apply(&fake, &stricter).unwrap();
        assert_eq!(compare(&fake, &stricter), []);
    }
}

#[test]
fn a_branch_without_protection_is_left_so_and_another_one_is_shown() {
    for dialect in DIALECTS {
        let fake = fake(dialect);
        let open = protected(&json!({ "enabled": false }));
        apply(&fake, &open).unwrap();
        assert_eq!(fake.state().settings.protection, None);
        apply(&fake, &all()).unwrap();
        let error = apply(&fake, &open).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the forge does not keep the settings: protection of `main` is protected instead of none"
        );
        assert!(
            fake.state().settings.protection.is_some(),
            "it is somebody's"
        );
    }
}

#[test]
fn the_owning_organisation_is_its_team_of_owners_on_forgejo() {
    let fake = fake(Dialect::Forgejo);
    let needed = protected(
        &json!({ "approvals": 1, "approvers": ["Acme"], "mergers": ["acme", "planner-bot"] }),
    );
    apply(&fake, &needed).unwrap();
    let kept = fake.state().settings.protection.clone().unwrap();
    assert_eq!(kept["approvals_whitelist_teams"], json!(["Owners"]));
    assert_eq!(kept["approvals_whitelist_username"], json!([]));
    assert_eq!(kept["merge_whitelist_usernames"], json!(["planner-bot"]));
}

#[test]
fn a_setting_that_the_server_ignores_or_drops_is_reported() {
    for (dialect, field, expected) in [
        (
            Dialect::GitHub,
            "dismiss_stale_reviews",
            "protection of `main`: dismissal of stale approvals is false instead of true",
        ),
        (
            Dialect::Forgejo,
            "required_approvals",
            "protection of `main`: approvals is 0 instead of 1",
        ),
    ] {
        let fake = fake(dialect);
        fake.state().settings.ignores = Some(field);
        let error = apply(&fake, &all()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the forge does not keep the settings: {expected}")
        );
        assert_eq!(error.code(), "settings_not_kept");
        let hint = error.hint().unwrap().render(|_| String::new());
        assert_eq!(hint, "set it in the repository's settings for branches");
    }
    // An account without access is dropped from the list in silence.
    let fake = fake(Dialect::Forgejo);
    let needed = protected(&json!({ "approvals": 1, "mergers": ["bob", "planner-bot"] }));
    let error = apply(&fake, &needed).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the forge does not keep the settings: protection of `main`: mergers is planner-bot instead of bob, planner-bot"
    );
}

#[test]
fn an_invitation_is_pending_until_its_account_accepts() {
    let fake = fake(Dialect::GitHub);
    fake.state().settings.invites = true;
    let found = apply(&fake, &all()).unwrap();
    assert_eq!(compare(&fake, &all()), found);
    assert_eq!(names(&found), ["collaborator `planner-bot`"]);
    assert!(found[0].is_pending);
    assert_eq!(found[0].help, "accept the invitation as `planner-bot`");
    let puts = fake.state().count("PUT");
    apply(&fake, &all()).unwrap();
    assert_eq!(fake.state().count("PUT"), puts, "nobody is invited twice");
}

#[test]
fn a_refusal_names_what_is_set_and_what_is_left() {
    let free = fake(Dialect::GitHub);
    free.state().settings.is_free_plan = true;
    let error = apply(&free, &all()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot set protection of `main`: the forge denies the request (the owner's plan does not include it): status 403: Upgrade to GitHub Pro or make this repository public to enable this feature.; set: label `bug`, label `needs human`, collaborator `planner-bot`; left: protection of `main`, issue `Begin`"
    );
    assert_eq!(error.class(), Class::Refused);
    let open = protected(&json!({ "enabled": false }));
    apply(&free, &open).unwrap();

    for dialect in DIALECTS {
        let fake = fake(dialect);
        let mut needed = all();
        needed.collaborators[0].account = "nobody-here".parse().unwrap();
        let error = apply(&fake, &needed).unwrap_err().to_string();
        assert!(
            error.starts_with("cannot set collaborator `nobody-here`: the forge finds nothing there")
                && error.ends_with("; set: label `bug`, label `needs human`; left: collaborator `nobody-here`, protection of `main`, issue `Begin`"),
            "{error}"
        );
    }
}

#[test]
fn a_request_that_fails_in_any_way_is_made_up_for_by_a_repetition() {
    for dialect in DIALECTS {
        let calls = {
            let fake = fake(dialect);
            apply(&fake, &all()).unwrap();
            fake.state().calls.len()
        };
        for fault in [
            Fault::CutBefore,
            Fault::CutAfter,
            Fault::BadGatewayAfter,
            Fault::TooMany,
        ] {
            for from in 0..calls {
                let fake = fake(dialect);
                fake.state().fault = Some((from, fault, 1));
                // The first attempt may succeed: reads are repeated, and a change that arrived is read back.
                if let Err(error) = apply(&fake, &all()) {
                    assert!(!error.to_string().contains("canary"), "{error}");
                }
                fake.state().fault = None;
                apply(&fake, &all()).unwrap();
                assert_eq!(compare(&fake, &all()), [], "{dialect:?} {fault:?} {from}");
                let state = fake.state();
                assert_eq!(
                    state.settings.labels.len(),
                    2,
                    "{dialect:?} {fault:?} {from}"
                );
                assert_eq!(
                    state.settings.issues.len(),
                    1,
                    "{dialect:?} {fault:?} {from}"
                );
            }
        }
    }
}
