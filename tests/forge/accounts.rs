//! Accounts, owners and renamed repositories of both HTTP forges.

use super::fake::{Dialect, Fake, NOON, Page};
use super::support::{FakeClock, client, client_with, marker, proof, repo, wait};
use groundplan::forge::account::{Account, OwnerOption, RateLimit};
use groundplan::forge::denial::Denial;
use groundplan::forge::error::ForgeError;
use groundplan::forge::ownership::OwnershipError;
use groundplan::forge::repository::{Availability, NewRepository, Remote, RepositoryId};
use groundplan::model::input::Owner;
use groundplan::model::preflight::{OwnerKind, OwnerStanding, Permission};

fn order(kind: OwnerKind, owner: &str) -> NewRepository {
    NewRepository {
        repo: repo(owner, "web"),
        owner_kind: kind,
        marker: marker(),
    }
}

#[test]
fn github_shows_scopes_expiry_and_rate_limit_of_a_classic_token() {
    let fake = Fake::start(Dialect::GitHub);
    let forge = client(&fake, FakeClock::new());
    let mut account = Account {
        login: "jane".to_owned(),
        id: 7,
        scopes: Some(
            ["delete_repo", "repo", "workflow"]
                .map(str::to_owned)
                .into(),
        ),
        expires_at: Some(1_800_000_000),
        answered_at: None,
        can_delete: Permission::Yes,
        rate_limit: Some(RateLimit {
            limit: 5000,
            remaining: 4999,
            resets_at: NOON,
        }),
    };
    assert_eq!(wait(forge.current_user()), Ok(account.clone()));
    fake.state().scopes = "public_repo";
    account.scopes = Some(["public_repo".to_owned()].into());
    account.can_delete = Permission::No;
    assert_eq!(account.missing_scopes(&["repo"]), ["repo"]);
    assert_eq!(wait(forge.current_user()), Ok(account));
}

#[test]
fn another_token_is_rejected() {
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        let fake = Fake::start(dialect);
        let forge = client_with(&fake, FakeClock::new(), "ghp_another0123456789");
        let message = "status 401: Bad credentials".to_owned();
        assert_eq!(
            wait(forge.current_user()),
            Err(ForgeError::Unauthorized { message })
        );
    }
}

#[test]
fn every_owner_is_listed_with_its_standing() {
    let option = |login: &str, kind, standing| OwnerOption {
        login: login.to_owned(),
        kind,
        standing,
        denial: (standing == OwnerStanding::PolicyBlocked).then_some(Denial::Policy),
    };
    let blocked = OwnerStanding::PolicyBlocked;
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        let fake = Fake::start(dialect);
        let forge = client(&fake, FakeClock::new());
        let owners = wait(forge.owners()).unwrap();
        assert!(owners.is_complete);
        assert_eq!(
            owners.options,
            [
                option("jane", OwnerKind::CurrentUser, OwnerStanding::Visible),
                option("acme", OwnerKind::Organisation, OwnerStanding::Visible),
                option("closed", OwnerKind::Organisation, blocked),
            ]
        );
        let owner = |name| wait(forge.owner(&repo(name, "web").owner));
        assert_eq!(
            owner("jane"),
            Ok(option(
                "jane",
                OwnerKind::CurrentUser,
                OwnerStanding::Visible
            ))
        );
        assert_eq!(
            owner("bob"),
            Ok(option("bob", OwnerKind::OtherUser, blocked))
        );
        assert!(matches!(owner("nobody"), Err(ForgeError::NotFound { .. })));
    }
}

#[test]
fn a_repository_is_created_for_the_user_or_an_organisation_only() {
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        let fake = Fake::start(dialect);
        let forge = client(&fake, FakeClock::new());
        let create = |kind, owner| wait(forge.create(&order(kind, owner)));
        assert_eq!(
            create(OwnerKind::CurrentUser, "jane").unwrap().full_name,
            "jane/web"
        );
        assert_eq!(
            create(OwnerKind::Organisation, "acme").unwrap().full_name,
            "acme/web"
        );
        let closed = create(OwnerKind::Organisation, "closed");
        assert!(
            matches!(
                closed,
                Err(ForgeError::Forbidden {
                    denial: Denial::Policy,
                    ..
                })
            ),
            "{closed:?}"
        );
        let calls = fake.state().calls.len();
        let bob = create(OwnerKind::OtherUser, "bob");
        assert!(matches!(bob, Err(ForgeError::Invalid { .. })), "{bob:?}");
        assert_eq!(fake.state().calls.len(), calls);
    }
}

#[test]
fn a_redirect_to_a_renamed_repository_is_reported_and_not_followed() {
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        let fake = Fake::start(dialect);
        let forge = client(&fake, FakeClock::new());
        let id = fake.state().add("acme", "renamed", "mine");
        fake.state().redirects.insert("acme/web".to_owned(), id);
        assert_eq!(
            wait(forge.availability(&repo("acme", "web"))),
            Ok(Availability::Moved)
        );
        assert_eq!(fake.state().calls.len(), 1);
    }
}

#[test]
fn a_repository_that_took_the_name_later_is_not_deleted() {
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        let fake = Fake::start(dialect);
        let forge = client(&fake, FakeClock::new());
        let made = wait(forge.create(&order(OwnerKind::Organisation, "acme"))).unwrap();
        let other = {
            let mut state = fake.state();
            state.repos.get_mut(&made.id.0).unwrap().name = "renamed".to_owned();
            state.add("acme", "web", &marker().description())
        };
        let error = OwnershipError::Name {
            found: "acme/renamed".to_owned(),
            expected: "acme/web".to_owned(),
        };
        let deleted = wait(forge.delete(made.id, &proof("acme", "web")));
        assert_eq!(deleted, Err(ForgeError::NotOurs(error)));
        fake.state().repos.get_mut(&other).unwrap().stars = 1;
        let deleted = wait(forge.delete(RepositoryId(other), &proof("acme", "web")));
        assert_eq!(deleted, Err(ForgeError::NotOurs(OwnershipError::Activity)));
        assert_eq!(fake.state().count("DELETE"), 0);
    }
}

#[test]
fn a_token_without_the_right_to_delete_gets_the_reason() {
    let fake = Fake::start(Dialect::GitHub);
    fake.state().scopes = "repo";
    let forge = client(&fake, FakeClock::new());
    let made = wait(forge.create(&order(OwnerKind::Organisation, "acme"))).unwrap();
    let deleted = wait(forge.delete(made.id, &proof("acme", "web")));
    assert!(
        matches!(
            deleted,
            Err(ForgeError::Forbidden {
                denial: Denial::Scopes,
                ..
            })
        ),
        "{deleted:?}"
    );
    assert_eq!(fake.state().repos.len(), 1);
}

#[test]
fn a_rate_limit_without_headers_is_asked_for() {
    let fake = Fake::start(Dialect::GitHub);
    fake.state().hides_rate_limit = true;
    let forge = client(&fake, FakeClock::new());
    let rate_limit = RateLimit {
        limit: 5000,
        remaining: 4999,
        resets_at: NOON,
    };
    let account = wait(forge.current_user()).unwrap();
    assert_eq!(account.rate_limit, Some(rate_limit));
    assert_eq!(fake.state().calls.len(), 2);
}

#[test]
fn every_page_of_organisations_is_read_whatever_its_length() {
    for counts_entries in [true, false] {
        let fake = Fake::start(Dialect::Forgejo);
        {
            let mut state = fake.state();
            state.organisations = vec!["quiet"; 45];
            state.page = Page {
                length: 20,
                counts_entries,
            };
        }
        let forge = client(&fake, FakeClock::new());
        let owners = wait(forge.owners()).unwrap();
        assert!(owners.is_complete);
        assert_eq!(owners.options.len(), 1 + 45);
    }
}

#[test]
fn an_empty_list_may_be_written_as_null() {
    let fake = Fake::start(Dialect::Forgejo);
    fake.state().writes_null = true;
    let forge = client(&fake, FakeClock::new());
    let created = wait(forge.create(&order(OwnerKind::Organisation, "acme"))).unwrap();
    assert_eq!(wait(forge.repository(created.id)), Ok(Some(created)));
}

#[test]
fn the_repositories_of_organisations_and_persons_are_listed_at_their_own_addresses() {
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        let fake = Fake::start(dialect);
        fake.state().page = Page {
            length: 2,
            counts_entries: dialect == Dialect::Forgejo,
        };
        for (owner, name) in [("acme", "api"), ("acme", "web"), ("jane", "notes")] {
            fake.state().add(owner, name, "");
        }
        let forge = client(&fake, FakeClock::new());
        let names = |owner: &str| -> Vec<String> {
            let owner = Owner::parse(owner).unwrap();
            let remotes = wait(forge.repositories(&owner)).unwrap();
            let name = |remote: &Remote| remote.to_string().rsplit('/').next().unwrap().to_owned();
            remotes.iter().map(name).collect()
        };
        assert_eq!(names("acme"), ["api.git", "web.git"]);
        assert_eq!(names("jane"), ["notes.git"]);
        assert_eq!(names("quiet"), Vec::<String>::new());
    }
}
