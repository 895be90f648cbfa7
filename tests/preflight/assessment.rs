//! The assessment of a forge's answers, by table.

use crate::forge::fake::NOON;
use crate::forge::support::repo;
use crate::support::request;
use groundplan::catalog::{self, builtin};
use groundplan::forge::account::{Account, OwnerOption, RateLimit};
use groundplan::forge::denial::Denial;
use groundplan::forge::error::ForgeError;
use groundplan::forge::repository::{Availability, RepositoryId};
use groundplan::model::preflight::{ForgeKind, OwnerKind, OwnerStanding, Permission};
use groundplan::model::repository_settings::RepositorySettings;
use groundplan::preflight::answers::Answers;
use groundplan::preflight::assessment::Assessment;
use groundplan::preflight::{PlannedPublication, excerpt, scopes_for};
use std::time::Duration;

const DAY: i64 = 24 * 3600;

/// Answers without an obstacle.
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
            answered_at: None,
            can_delete: Permission::Yes,
            rate_limit: Some(RateLimit {
                limit: 5000,
                remaining: 5000,
                resets_at: NOON,
            }),
        }),
        owner: Some(Ok(OwnerOption {
            login: "acme".to_owned(),
            kind: OwnerKind::Organisation,
            standing: OwnerStanding::Visible,
            denial: None,
        })),
        availability: Some(Ok(Availability::Free)),
    }
}

fn assess(answers: &Answers) -> Assessment {
    let catalog = catalog::load(&builtin::files(), "nextjs").catalog.unwrap();
    let template = request(&catalog).template;
    let publication = PlannedPublication {
        kind: ForgeKind::Github,
        host: "forge.example".to_owned(),
        repo: repo("acme", "web"),
        scopes: &["repo", "workflow"],
        template: &template,
        settings: &RepositorySettings::default(),
        now: NOON,
    };
    Assessment::of(&publication, answers).unwrap()
}

/// Asserts the findings: `E` for an error, `C` for a collision, `W` for a warning.
#[track_caller]
fn finds(change: impl FnOnce(&mut Answers), expected: &[&str]) {
    let mut answers = good();
    change(&mut answers);
    let assessment = assess(&answers);
    let lists = [
        ("E", &assessment.errors),
        ("C", &assessment.collisions),
        ("W", &assessment.warnings),
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

fn owner(
    kind: OwnerKind,
    standing: OwnerStanding,
    denial: Option<Denial>,
) -> impl FnOnce(&mut Answers) {
    move |answers| {
        answers.owner = Some(Ok(OwnerOption {
            login: "acme".to_owned(),
            kind,
            standing,
            denial,
        }));
    }
}

#[test]
fn good_answers_have_no_findings() {
    finds(|_| (), &[]);
}

#[test]
fn a_token_is_assessed_by_its_scopes_its_expiry_and_its_rate_limit() {
    let given = |scopes: &[&str]| Some(scopes.iter().map(|scope| (*scope).to_owned()).collect());
    finds(account(|account| account.scopes = None), &[]);
    finds(
        account(|account| account.scopes = given(&["repo"])),
        &["E GP804 the token for forge.example lacks the scope `workflow`"],
    );
    finds(
        account(|account| account.scopes = given(&[])),
        &["E GP804 the token for forge.example lacks the scopes `repo` and `workflow`"],
    );
    let ends = |seconds: i64| account(move |account| account.expires_at = Some(NOON + seconds));
    finds(ends(14 * DAY), &[]);
    finds(
        ends(14 * DAY - 1),
        &["W GP805 the token for forge.example expires in 13 days, at 2026-12-05T11:59:59Z"],
    );
    finds(
        ends(1),
        &[
            "W GP805 the token for forge.example expires in less than a day, at 2026-11-21T12:00:01Z",
        ],
    );
    finds(
        ends(0),
        &["W GP805 the token for forge.example expired at 2026-11-21T12:00:00Z"],
    );
    finds(account(|account| account.expires_at = Some(i64::MAX)), &[]);
    finds(
        account(|account| account.can_delete = Permission::Unknown),
        &[],
    );
    finds(
        account(|account| account.can_delete = Permission::No),
        &[
            "W GP808 the token for forge.example cannot delete repositories, so an unfinished one would stay",
        ],
    );
    finds(
        account(|account| account.rate_limit.as_mut().unwrap().remaining = 49),
        &["W GP809 forge.example answers only 49 more requests"],
    );
}

#[test]
fn an_owner_is_an_error_only_when_it_is_certainly_closed() {
    let blocked = OwnerStanding::PolicyBlocked;
    finds(
        owner(OwnerKind::CurrentUser, OwnerStanding::Visible, None),
        &[],
    );
    finds(
        owner(OwnerKind::Organisation, OwnerStanding::Unknown, None),
        &[
            "W GP807 forge.example does not show whether the token may create repositories for `acme`",
        ],
    );
    finds(
        owner(
            OwnerKind::Organisation,
            blocked,
            Some(Denial::ClassicTokens),
        ),
        &[
            "E GP806 the token cannot create repositories for `acme` on forge.example: the organisation does not accept classic tokens",
        ],
    );
    finds(
        owner(OwnerKind::OtherUser, blocked, Some(Denial::Policy)),
        &[
            "E GP806 the token cannot create repositories for `acme` on forge.example: it is another user, and only that user creates repositories there",
        ],
    );
    let message = "status 404".to_owned();
    finds(
        |answers| answers.owner = Some(Err(ForgeError::NotFound { message })),
        &["W GP807 `acme` does not exist on forge.example, or the token cannot see it"],
    );
}

#[test]
fn a_name_that_is_taken_collides_and_a_redirect_warns() {
    let is = |availability| |answers: &mut Answers| answers.availability = Some(Ok(availability));
    finds(
        is(Availability::Taken {
            id: RepositoryId(1),
            full_name: "Acme/Web".to_owned(),
        }),
        &["C GP801 `Acme/Web` already exists on forge.example"],
    );
    finds(
        is(Availability::Moved),
        &[
            "W GP802 `acme/web` on forge.example redirects to a repository that was renamed or moved",
        ],
    );
}

#[test]
fn only_a_refused_token_makes_a_missing_answer_an_error() {
    let fails = |error: ForgeError| {
        |answers: &mut Answers| {
            *answers = Answers {
                account: Err(error),
                owner: None,
                availability: None,
            }
        }
    };
    let message = "status 401: Bad credentials".to_owned();
    finds(
        fails(ForgeError::Unauthorized { message }),
        &[
            "E GP803 forge.example rejects the token: the forge rejects the token: status 401: Bad credentials",
        ],
    );
    let retry_after = Duration::from_secs(20);
    finds(
        fails(ForgeError::RateLimited { retry_after }),
        &[
            "W GP810 the account of the token for forge.example is unknown: the forge's rate limit is reached: wait 20 seconds",
        ],
    );
    finds(
        |answers| answers.availability = Some(Err(ForgeError::Moved)),
        &[
            "W GP810 the availability of `acme/web` on forge.example is unknown: the forge redirects: the repository was renamed or moved",
        ],
    );
}

#[test]
fn workflows_need_their_own_scope() {
    let needed = |paths: &[&'static str]| scopes_for(paths.iter().copied());
    assert_eq!(needed(&["README.md", ".github/dependabot.yml"]), ["repo"]);
    assert_eq!(
        needed(&["README.md", ".github/workflows/test.yaml"]),
        ["repo", "workflow"]
    );
}

#[test]
fn a_forges_text_is_one_short_line_without_tokens() {
    let long = "x".repeat(300);
    for (said, repeated) in [
        ("jane", "jane"),
        ("two\nlines\u{1b}[31m", "two lines [31m"),
        ("is ghp_canary0123456789canary0123456789", "is [secret]"),
        (&long, &format!("{}…", &long[..199])),
    ] {
        assert_eq!(excerpt(said), repeated);
    }
}

#[test]
fn a_scope_that_the_forge_names_in_its_denial_is_an_error() {
    let denied = |message: &str| {
        let error = ForgeError::Forbidden {
            denial: Denial::Scopes,
            message: format!("status 403: {message}"),
        };
        |answers: &mut Answers| {
            *answers = Answers {
                account: Err(error),
                owner: None,
                availability: None,
            }
        }
    };
    let start = "token does not have at least one of required scope(s)";
    let scope = "E GP804 the token for forge.example lacks the scope `read:user`";
    finds(
        denied(&format!(
            "{start}, required=[read:user], token scope=write:repository"
        )),
        &[scope],
    );
    finds(denied(&format!("{start}: [read:user]")), &[scope]);
    finds(
        denied(&format!("{start}: [read:user, all]")),
        &["E GP804 the token for forge.example lacks the scope `read:user` or `all`"],
    );
}
