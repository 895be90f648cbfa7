//! What answers mean, by table.

use crate::forge::fake::NOON;
use crate::forge::support::place;
use crate::support::request;
use groundplan::catalog::{self, builtin};
use groundplan::forge::account::{
    Account, Budget, OwnerKind, OwnerOption, OwnerStanding, Permission,
};
use groundplan::forge::error::{Denial, ForgeError};
use groundplan::forge::repository::{Availability, RepositoryId};
use groundplan::model::preflight::ForgeKind;
use groundplan::preflight::ask::Answers;
use groundplan::preflight::judge::{Intent, Judgement, judge, outside, scopes_for};
use std::time::Duration;

const DAY: i64 = 24 * 3600;

/// Answers that leave nothing to wish for.
fn good() -> Answers {
    Answers {
        account: Ok(Account {
            login: "jane".to_owned(),
            id: 7,
            scopes: Some(
                ["repo", "workflow", "delete_repo"]
                    .map(str::to_owned)
                    .into(),
            ),
            expires_at: None,
            may_delete: Permission::Yes,
            budget: Some(Budget {
                limit: 5000,
                left: 5000,
                resets_at: NOON,
            }),
        }),
        owner: Some(Ok(OwnerOption {
            login: "acme".to_owned(),
            kind: OwnerKind::Organisation,
            standing: OwnerStanding::Visible,
        })),
        name: Some(Ok(Availability::Free)),
    }
}

fn judged(answers: &Answers) -> Judgement {
    let catalog = catalog::load(&builtin::files(), "nextjs").catalog.unwrap();
    let template = request(&catalog).template;
    let intent = Intent {
        kind: ForgeKind::Github,
        host: "forge.example".to_owned(),
        place: place("acme", "web"),
        scopes: &["repo", "workflow"],
        template: &template,
        now: NOON,
    };
    judge(&intent, answers).unwrap()
}

/// Asserts the findings: `E` stops, `C` collides, `W` warns.
#[track_caller]
fn says(change: impl FnOnce(&mut Answers), expected: &[&str]) {
    let mut answers = good();
    change(&mut answers);
    let judgement = judged(&answers);
    let lists = [
        ("E", &judgement.errors),
        ("C", &judgement.collisions),
        ("W", &judgement.warnings),
    ];
    let found: Vec<String> = lists
        .iter()
        .flat_map(|(word, list)| {
            list.iter()
                .map(move |finding| format!("{word} {} {}", finding.code.as_str(), finding.message))
        })
        .collect();
    assert_eq!(found, expected);
}

fn account(change: impl FnOnce(&mut Account)) -> impl FnOnce(&mut Answers) {
    |answers| change(answers.account.as_mut().unwrap())
}

fn owner(kind: OwnerKind, standing: OwnerStanding) -> impl FnOnce(&mut Answers) {
    move |answers| {
        answers.owner = Some(Ok(OwnerOption {
            login: "acme".to_owned(),
            kind,
            standing,
        }));
    }
}

#[test]
fn nothing_stands_in_the_way_of_good_answers() {
    says(|_| (), &[]);
}

#[test]
fn a_token_is_judged_by_its_scopes_its_end_and_its_budget() {
    let given = |scopes: &[&str]| Some(scopes.iter().map(|scope| (*scope).to_owned()).collect());
    says(account(|account| account.scopes = None), &[]);
    says(
        account(|account| account.scopes = given(&["repo"])),
        &["E GP804 the token for forge.example lacks the scope `workflow`"],
    );
    says(
        account(|account| account.scopes = given(&[])),
        &["E GP804 the token for forge.example lacks the scopes `repo` and `workflow`"],
    );
    let ends = |seconds: i64| account(move |account| account.expires_at = Some(NOON + seconds));
    says(ends(14 * DAY), &[]);
    says(
        ends(14 * DAY - 1),
        &["W GP805 the token for forge.example ends in 13 days, at 2026-12-05T11:59:59Z"],
    );
    says(
        ends(1),
        &["W GP805 the token for forge.example ends in less than a day, at 2026-11-21T12:00:01Z"],
    );
    says(
        ends(0),
        &["W GP805 the token for forge.example ended at 2026-11-21T12:00:00Z"],
    );
    says(account(|account| account.expires_at = Some(i64::MAX)), &[]);
    says(
        account(|account| account.may_delete = Permission::Unknown),
        &[],
    );
    says(
        account(|account| account.may_delete = Permission::No),
        &[
            "W GP808 the token for forge.example may not remove repositories, so one that is not finished stays",
        ],
    );
    says(
        account(|account| account.budget.as_mut().unwrap().left = 49),
        &["W GP809 forge.example answers only 49 more requests"],
    );
}

#[test]
fn an_owner_stops_only_when_it_certainly_does() {
    let blocked = OwnerStanding::PolicyBlocked;
    says(owner(OwnerKind::Myself, OwnerStanding::Visible), &[]);
    says(
        owner(OwnerKind::Organisation, OwnerStanding::Unknown),
        &["W GP807 forge.example does not say whether this token may make repositories for `acme`"],
    );
    says(
        owner(OwnerKind::Organisation, blocked(Denial::ClassicTokens)),
        &[
            "E GP806 `acme` on forge.example takes no new repository of this token's, because the organisation takes no classic tokens",
        ],
    );
    says(
        owner(OwnerKind::SomebodyElse, blocked(Denial::Policy)),
        &[
            "E GP806 `acme` on forge.example is not the token's: it is another person, who alone makes repositories there",
        ],
    );
    let message = "status 404".to_owned();
    says(
        |answers| answers.owner = Some(Err(ForgeError::NotFound { message })),
        &["W GP807 forge.example knows no `acme`, or hides it from this token"],
    );
}

#[test]
fn a_name_that_is_taken_collides_and_a_redirect_warns() {
    let stands = |standing| |answers: &mut Answers| answers.name = Some(Ok(standing));
    says(
        stands(Availability::Taken {
            id: RepositoryId(1),
            full_name: "Acme/Web".to_owned(),
        }),
        &["C GP801 `Acme/Web` already stands on forge.example"],
    );
    says(
        stands(Availability::Moved),
        &["W GP802 `acme/web` on forge.example points to a repository that was renamed or moved"],
    );
}

#[test]
fn only_a_refused_token_makes_a_missing_answer_an_error() {
    let fails = |error: ForgeError| {
        |answers: &mut Answers| {
            *answers = Answers {
                account: Err(error),
                owner: None,
                name: None,
            }
        }
    };
    let message = "status 401: Bad credentials".to_owned();
    says(
        fails(ForgeError::Unauthorized { message }),
        &[
            "E GP803 forge.example refuses the token: the forge does not accept the credential: status 401: Bad credentials",
        ],
    );
    let retry_after = Duration::from_secs(20);
    says(
        fails(ForgeError::RateLimited { retry_after }),
        &[
            "W GP810 forge.example does not say whose the token is: the forge asks to wait 20 seconds",
        ],
    );
    says(
        |answers| answers.name = Some(Err(ForgeError::Moved)),
        &[
            "W GP810 forge.example does not say whether `acme/web` is free: it was renamed or moved, and the forge points elsewhere",
        ],
    );
}

#[test]
fn workflows_need_a_scope_of_their_own() {
    let needed = |paths: &[&'static str]| scopes_for(paths.iter().copied());
    assert_eq!(needed(&["README.md", ".github/dependabot.yml"]), ["repo"]);
    assert_eq!(
        needed(&["README.md", ".github/workflows/test.yaml"]),
        ["repo", "workflow"]
    );
}

#[test]
fn what_a_forge_says_is_repeated_in_one_short_line_without_tokens() {
    let long = "x".repeat(300);
    for (said, repeated) in [
        ("jane", "jane"),
        ("two\nlines\u{1b}[31m", "two lines [31m"),
        ("is ghp_canary0123456789canary0123456789", "is [secret]"),
        (&long, &long[..200]),
    ] {
        assert_eq!(outside(said), repeated);
    }
}
